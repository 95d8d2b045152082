// A form the bot asks for. Checks what Discord's client checks, then hands the values over.
import { announce, h, icon, iconButton, refocus } from "../core/dom.js";
import { markdown } from "../text/markdown.js";
import { Field } from "./field.js";

const ROW = 1;
const DISPLAY = 10;
const LABEL = 18;

/** submit(values) → promise of an error sentence or null. */
export function openModal(modal, context, submit) {
  new Modal(modal, context, submit).open();
}

class Modal {
  #fields = [];

  constructor(modal, context, submit) {
    Object.assign(this, { modal, context, submit });
    this.before = document.activeElement;
    this.error = h("div", { class: "modal-error", role: "alert", hidden: true });
    this.send = h("button", { class: "button primary", type: "submit" }, "Submit");
    this.form = h(
      "form",
      { method: "dialog", novalidate: true, class: "modal-form" },
      this.#head(),
      this.#body(),
      this.#foot(),
    );
    this.dialog = h("dialog", { class: "modal", "aria-labelledby": "modal-title" }, this.form);
    this.#listen();
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.#fields[0]?.focus();
    announce(this.modal.title);
  }

  #head() {
    return h(
      "header",
      { class: "modal-head" },
      h("img", { src: "/assets/icon.svg", alt: "" }),
      h("h2", { id: "modal-title" }, this.modal.title),
      iconButton("close", { "aria-label": "Close", onclick: () => this.dialog.close() }),
    );
  }

  #body() {
    const parts = this.modal.components.map((component) => this.#part(component));
    return h("div", { class: "modal-body" }, parts, this.error);
  }

  #foot() {
    const cancel = { class: "button secondary", onclick: () => this.dialog.close() };
    return h("footer", { class: "modal-foot" }, h("button", cancel, "Cancel"), this.send);
  }

  #part(component) {
    switch (component.type) {
      case DISPLAY:
        return h("div", { class: "modal-text" }, markdown(component.content, this.context));
      case ROW:
        return component.components.map((child) => this.#field(child, { label: child.label }));
      case LABEL:
        return this.#field(component.component, component);
      default:
        return this.#field(component, component);
    }
  }

  #field(component, words) {
    const field = new Field(component, words, `field-${this.#fields.length}`, this.context);
    this.#fields.push(field);
    return field.element;
  }

  #listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#trySend();
    });
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
    });
    this.dialog.addEventListener("close", () => {
      this.dialog.remove();
      refocus(this.before);
    });
  }

  async #trySend() {
    if (this.send.disabled) return;
    const wrong = this.#fields.filter((field) => !field.check());
    if (wrong.length) {
      wrong[0].focus();
      return;
    }
    this.#sending(true);
    const values = this.#fields.map((field) => [field.customId, field.value]);
    const refused = await this.submit(Object.fromEntries(values));
    if (!refused) {
      this.dialog.close();
      return;
    }
    this.#sending(false);
    this.error.replaceChildren(icon("warn"), refused);
    this.error.hidden = false;
  }

  #sending(busy) {
    this.send.disabled = busy;
    if (busy) {
      this.send.setAttribute("aria-busy", "true");
      this.error.hidden = true;
    } else this.send.removeAttribute("aria-busy");
  }
}
