// The controls of a modal: text, selects, files, radio buttons, check boxes.
import { fileSize, h, icon } from "../core/dom.js";
import { selectMenu } from "./select.js";

const TEXT = 4;
const FILES = 19;
export const RADIOS = 21;
export const BOXES = 22;
const BOX = 23;
const PARAGRAPH = 2;

export function required(component) {
  return component.type !== BOX && component.required !== false && (component.min_values ?? 1) > 0;
}

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
    maxlength: component.max_length ?? 4000,
    "aria-required": String(required(component)),
    "aria-describedby": `${id}-error`,
    value: component.value ?? "",
  });
  const counter = component.max_length
    ? h("div", { class: "counter", "aria-hidden": "true" })
    : null;
  const count = () => {
    if (counter) counter.textContent = `${input.value.length} / ${component.max_length}`;
  };
  input.addEventListener("input", count);
  count();
  return {
    element: input,
    counter,
    value: () => input.value,
    problem: () => {
      const { length } = input.value;
      if (!length) return required(component) ? "This field is required." : null;
      if (length < (component.min_length ?? 0))
        return `Write at least ${component.min_length} characters.`;
      if (length > (component.max_length ?? 4000))
        return `Write at most ${component.max_length ?? 4000} characters.`;
      return null;
    },
  };
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
    problem: () => amount(values.length, component, "choice", "choices"),
  };
}

function amount(count, component, one, many) {
  const least = component.min_values ?? 1;
  if (count === 0 && component.required === false) return null;
  if (
    count < (component.required === false ? least : Math.max(least, required(component) ? 1 : 0))
  ) {
    return least > 1
      ? `Make at least ${least} ${many}.`
      : `Make a ${one}.`.replace("Make a file", "Choose a file");
  }
  const most = component.max_values ?? Infinity;
  return count > most ? `At most ${most} ${most === 1 ? one : many}.` : null;
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
  const element = h(
    "div",
    { class: "group" },
    options.map((option, at) =>
      h(
        "label",
        { class: "group-item", for: `${id}-${at}` },
        inputs[at],
        h(
          "span",
          { class: "option-text" },
          h("span", null, option.label),
          option.description ? h("small", null, option.description) : null,
        ),
      ),
    ),
  );
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return {
    element,
    value: () => (type === "radio" ? (chosen()[0] ?? null) : chosen()),
    problem: () =>
      amount(
        chosen().length,
        type === "radio" ? { ...component, max_values: 1 } : component,
        "choice",
        "choices",
      ),
  };
}

function checkbox(component, id) {
  const input = h("input", { type: "checkbox", id, checked: Boolean(component.default) });
  return {
    element: h(
      "div",
      { class: "group" },
      h(
        "label",
        { class: "group-item", for: id },
        input,
        h("span", null, component.label ?? "Yes"),
      ),
    ),
    value: () => input.checked,
    problem: () => null,
  };
}

function fileInput(component, id, context) {
  const most = component.max_values ?? 1;
  const files = [];
  let waiting = 0;
  let failed = null;
  const input = h("input", { type: "file", multiple: most > 1, hidden: true });
  const button = h(
    "button",
    { class: "drop", type: "button", id, onclick: () => input.click() },
    icon("image"),
    most > 1 ? `Choose up to ${most} files` : "Choose a file",
  );
  const shown = h("div", { class: "file-list" });
  const element = h("div", { class: "file-input" }, input, button, shown);
  const draw = () => {
    shown.replaceChildren(
      ...files.map((file) =>
        h(
          "div",
          { class: "file-chip" },
          icon("file"),
          h("span", null, file.filename),
          h("small", null, fileSize(file.size)),
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": `Remove ${file.filename}`,
              onclick: () => {
                files.splice(files.indexOf(file), 1);
                draw();
              },
            },
            icon("close"),
          ),
        ),
      ),
      waiting ? h("div", { class: "file-chip" }, "Uploading…") : "",
    );
    button.hidden = files.length + waiting >= most;
  };
  const take = async (list) => {
    failed = null;
    for (const file of [...list].slice(0, most - files.length)) {
      waiting += 1;
      draw();
      try {
        files.push(await context.actions.upload(file));
      } catch (problem) {
        failed = problem.message;
      }
      waiting -= 1;
      draw();
    }
    element.dispatchEvent(new Event("input", { bubbles: true }));
  };
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  return {
    element,
    value: () => files.map((file) => file.id),
    problem: () =>
      failed ??
      (waiting
        ? "Wait until the upload is done."
        : amount(files.length, component, "file", "files")),
  };
}
