// A form the bot asks for. Checks what Discord's client checks, then hands the values over.
import { announce, h, icon, refocus } from "../core/dom.js";
import { markdown } from "../text/markdown.js";
import { BOXES, control as build, RADIOS, required } from "./fields.js";

const ROW = 1;
const DISPLAY = 10;
const LABEL = 18;

/** submit(values) → promise of an error sentence or null. */
export function openModal(modal, context, submit) {
  const controls = [];
  const before = document.activeElement;
  const error = h("div", { class: "modal-error", role: "alert", hidden: true });
  const send = h("button", { class: "button primary", type: "submit" }, "Submit");
  const form = h(
    "form",
    { method: "dialog", novalidate: true, class: "modal-form" },
    h(
      "header",
      { class: "modal-head" },
      h("img", { src: "/assets/icon.svg", alt: "" }),
      h("h2", { id: "modal-title" }, modal.title),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": "Close",
          onclick: () => dialog.close(),
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "modal-body" },
      modal.components.map((component) => field(component, context, controls)),
      error,
    ),
    h(
      "footer",
      { class: "modal-foot" },
      h(
        "button",
        { class: "button secondary", type: "button", onclick: () => dialog.close() },
        "Cancel",
      ),
      send,
    ),
  );
  const dialog = h("dialog", { class: "modal", "aria-labelledby": "modal-title" }, form);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    const wrong = controls.filter((control) => !control.check());
    if (wrong.length) {
      wrong[0].focus();
      return;
    }
    send.disabled = true;
    send.setAttribute("aria-busy", "true");
    error.hidden = true;
    const failed = await submit(
      Object.fromEntries(controls.map((control) => [control.id, control.value()])),
    );
    if (!failed) {
      dialog.close();
      return;
    }
    send.disabled = false;
    send.removeAttribute("aria-busy");
    error.replaceChildren(icon("warn"), failed);
    error.hidden = false;
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    refocus(before);
  });
  document.body.append(dialog);
  dialog.showModal();
  controls[0]?.focus();
  announce(modal.title);
  return () => dialog.close();
}

function field(component, context, controls) {
  if (component.type === DISPLAY)
    return h("div", { class: "modal-text" }, markdown(component.content, context));
  if (component.type === ROW)
    return component.components.map((child) =>
      labelled(child.label ?? "", "", child, context, controls),
    );
  if (component.type === LABEL)
    return labelled(component.label, component.description, component.component, context, controls);
  return labelled(component.label ?? "", component.description, component, context, controls);
}

function labelled(label, description, component, context, controls) {
  const id = `field-${controls.length}`;
  const control = build(component, id, context);
  const problem = h("div", {
    class: "field-error",
    id: `${id}-error`,
    role: "alert",
    hidden: true,
  });
  const group = [RADIOS, BOXES].includes(component.type);
  const wrapper = h(
    "div",
    {
      class: "field",
      role: group ? "group" : null,
      "aria-labelledby": group ? `${id}-label` : null,
    },
    label
      ? h(
          group ? "div" : "label",
          { class: "field-label", for: group ? null : id, id: `${id}-label` },
          label,
          required(component) ? h("span", { class: "star", "aria-hidden": "true" }, " *") : null,
        )
      : null,
    description ? h("div", { class: "field-description" }, description) : null,
    control.element,
    control.counter ?? null,
    problem,
  );
  controls.push({
    id: component.custom_id,
    value: control.value,
    focus: () =>
      (wrapper.querySelector("input:not([hidden]), textarea, button") ?? wrapper).focus(),
    check: () => {
      const sentence = control.problem();
      problem.hidden = !sentence;
      problem.textContent = sentence ?? "";
      wrapper.classList.toggle("wrong", Boolean(sentence));
      wrapper
        .querySelector("input, textarea, button")
        ?.setAttribute("aria-invalid", String(Boolean(sentence)));
      return !sentence;
    },
  });
  wrapper.addEventListener("input", () => {
    if (!problem.hidden) controls.find((each) => each.id === component.custom_id).check();
  });
  return wrapper;
}
