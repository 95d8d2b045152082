// The controls of a modal: text, selects, radio buttons, check boxes; files are file-input.js.
import { h } from "../core/dom.js";
import { BOX, required, wrongAmount } from "./amount.js";
import { fileInput } from "./file-input.js";
import { selectMenu } from "./select.js";

const TEXT = 4;
const FILES = 19;
export const RADIOS = 21;
export const BOXES = 22;
const PARAGRAPH = 2;
const LONGEST = 4000;
const CHOICES = { verb: "Make", one: "choice", many: "choices" };

/** → {element, counter?, value(), problem()}: problem is a sentence, or null when all is well. */
export function control(component, id, context) {
  switch (component.type) {
    case TEXT:
      return textInput(component, id);
    case FILES:
      return fileInput(component, id, context);
    case RADIOS:
      return group(component, id, "radio");
    case BOXES:
      return group(component, id, "checkbox");
    case BOX:
      return checkbox(component, id);
    default:
      return select(component, id, context);
  }
}

function textInput(component, id) {
  const paragraph = component.style === PARAGRAPH;
  const input = h(paragraph ? "textarea" : "input", {
    id,
    class: "text-input",
    type: paragraph ? null : "text",
    rows: paragraph ? 4 : null,
    placeholder: component.placeholder,
    autocomplete: "off",
    maxlength: component.max_length ?? LONGEST,
    "aria-required": String(required(component)),
    "aria-describedby": `${id}-error`,
    value: component.value ?? "",
  });
  return {
    element: input,
    counter: component.max_length ? counter(input, component.max_length) : null,
    value: () => input.value,
    problem: () => wrongLength(input.value.length, component),
  };
}

function counter(input, most) {
  const element = h("div", { class: "counter", "aria-hidden": "true" });
  const count = () => {
    element.textContent = `${input.value.length} / ${most}`;
  };
  input.addEventListener("input", count);
  count();
  return element;
}

function wrongLength(length, component) {
  const { min_length: least = 0, max_length: most = LONGEST } = component;
  if (!length) return required(component) ? "This field is required." : null;
  if (length < least) return `Write at least ${least} characters.`;
  return length > most ? `Write at most ${most} characters.` : null;
}

function select(component, id, context) {
  let values = (component.options ?? [])
    .filter((option) => option.default)
    .map((option) => option.value)
    .concat((component.default_values ?? []).map((entry) => entry.id));
  const element = selectMenu(component, context.state.session, {
    id,
    onCommit: (chosen) => {
      values = chosen;
      element.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  return {
    element,
    value: () => values,
    problem: () => wrongAmount(values.length, component, CHOICES),
  };
}

function group(component, id, type) {
  const options = component.options ?? [];
  const inputs = options.map((option, at) =>
    h("input", {
      type,
      name: id,
      id: `${id}-${at}`,
      value: option.value,
      checked: Boolean(option.default),
    }),
  );
  const single = type === "radio";
  const limits = single ? { ...component, max_values: 1 } : component;
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return {
    element: h(
      "div",
      { class: "group" },
      options.map((option, at) => groupItem(option, inputs[at])),
    ),
    value: () => (single ? (chosen()[0] ?? null) : chosen()),
    problem: () => wrongAmount(chosen().length, limits, CHOICES),
  };
}

function groupItem({ label, description }, input) {
  return h(
    "label",
    { class: "group-item", for: input.id },
    input,
    h(
      "span",
      { class: "option-text" },
      h("span", null, label),
      description ? h("small", null, description) : null,
    ),
  );
}

function checkbox(component, id) {
  const input = h("input", { type: "checkbox", id, checked: Boolean(component.default) });
  const text = h("span", null, component.label ?? "Yes");
  return {
    element: h(
      "div",
      { class: "group" },
      h("label", { class: "group-item", for: id }, input, text),
    ),
    value: () => input.checked,
    problem: () => null,
  };
}
