// A select menu: a button that opens a list box. Used below messages and in modals.
import { h, icon } from "../core/dom.js";
import { choicesOf, STRING } from "./choices.js";
import { ListBox } from "./listbox.js";
import { popover } from "./popover.js";

const SEARCHED_FROM = 8;

/** onCommit(values) is called when the choice is made (single) or the list closes changed (multiple). */
export function selectMenu(component, session, options) {
  return new Select(component, choicesOf(component, session), options).button;
}

class Select {
  #values;

  constructor(component, choices, { onCommit, busy = false, id }) {
    Object.assign(this, { component, choices, onCommit });
    this.least = component.min_values ?? 1;
    this.most = component.max_values ?? 1;
    this.#values = choices.filter((choice) => choice.default).map((choice) => choice.value);
    this.label = h("span", { class: "select-label" });
    this.button = h(
      "button",
      {
        class: "select",
        id,
        disabled: Boolean(component.disabled) || busy,
        "aria-haspopup": "listbox",
        "aria-expanded": "false",
        "aria-busy": busy ? "true" : null,
        dataset: { customId: component.custom_id },
        onclick: () => this.#open(),
        onkeydown: (event) => this.#onKey(event),
      },
      this.label,
      icon("chevron", "select-arrow"),
    );
    this.#draw();
  }

  get #placeholder() {
    const { placeholder } = this.component;
    return placeholder || (this.most > 1 ? "Make your choices" : "Make a choice");
  }

  #draw() {
    const chosen = this.choices.filter((choice) => this.#values.includes(choice.value));
    this.label.classList.toggle("placeholder", chosen.length === 0);
    this.label.replaceChildren(
      ...(chosen.length
        ? chosen.flatMap((choice, at) => [
            at ? ", " : "",
            choice.emoji ? `${choice.emoji} ` : "",
            choice.label,
          ])
        : [this.#placeholder]),
    );
  }

  #onKey(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    this.#open();
  }

  #open() {
    const before = this.#values.join();
    this.button.setAttribute("aria-expanded", "true");
    popover(this.button, (close) => this.#list(close), { onClosed: () => this.#closed(before) });
  }

  #list(close) {
    const list = new ListBox(this.choices, {
      chosen: () => this.#values,
      multiple: this.most > 1,
      searchable: this.component.type !== STRING || this.choices.length > SEARCHED_FROM,
      pick: (choice) => this.#pick(choice, close),
    });
    return list.element;
  }

  #closed(before) {
    this.button.setAttribute("aria-expanded", "false");
    const changed = this.#values.join() !== before;
    if (this.most > 1 && changed && this.#values.length >= this.least) this.onCommit(this.#values);
  }

  #pick({ value }, close) {
    const chosen = this.#values.includes(value);
    if (this.most === 1) {
      this.#values = this.least === 0 && chosen ? [] : [value];
      this.#draw();
      close();
      this.onCommit(this.#values);
    } else if (chosen) this.#values = this.#values.filter((each) => each !== value);
    else if (this.#values.length < this.most) this.#values = [...this.#values, value];
    this.#draw();
  }
}
