// One labelled control of a modal, with what is wrong with it.
import { h } from "../core/dom.js";
import { required } from "./amount.js";
import { BOXES, control, RADIOS } from "./controls.js";

export class Field {
  /** The id is the element's; the component's custom_id is what its value is sent under. */
  constructor(component, { label, description }, id, context) {
    this.customId = component.custom_id;
    this.control = control(component, id, context);
    this.error = h("div", {
      class: "field-error",
      id: `${id}-error`,
      role: "alert",
      hidden: true,
    });
    const group = [RADIOS, BOXES].includes(component.type);
    this.element = h(
      "div",
      {
        class: "field",
        role: group ? "group" : null,
        "aria-labelledby": group ? `${id}-label` : null,
      },
      label ? labelElement(label, component, id, group) : null,
      description ? h("div", { class: "field-description" }, description) : null,
      this.control.element,
      this.control.counter ?? null,
      this.error,
    );
    this.element.addEventListener("input", () => {
      if (!this.error.hidden) this.check();
    });
  }

  get value() {
    return this.control.value();
  }

  focus() {
    const first = this.element.querySelector("input:not([hidden]), textarea, button");
    (first ?? this.element).focus();
  }

  /** True if what is filled in may be sent; says what is wrong if not. */
  check() {
    const sentence = this.control.problem();
    const wrong = Boolean(sentence);
    this.error.hidden = !wrong;
    this.error.textContent = sentence ?? "";
    this.element.classList.toggle("wrong", wrong);
    this.element
      .querySelector("input, textarea, button")
      ?.setAttribute("aria-invalid", String(wrong));
    return !wrong;
  }
}

function labelElement(label, component, id, group) {
  return h(
    group ? "div" : "label",
    { class: "field-label", for: group ? null : id, id: `${id}-label` },
    label,
    required(component) ? h("span", { class: "star", "aria-hidden": "true" }, " *") : null,
  );
}
