// A form the bot asks for. Checks what Discord's client checks, then hands the values over.
import { announce, fileSize, h, icon, refocus } from "./dom.js";
import { markdown } from "./markdown.js";
import { selectMenu } from "./select.js";

const ROW = 1, TEXT = 4, DISPLAY = 10, LABEL = 18, FILES = 19, RADIOS = 21, BOXES = 22, BOX = 23;
const PARAGRAPH = 2;

/** submit(values) → promise of an error sentence or null. */
export function openModal(modal, context, submit) {
  const controls = [];
  const before = document.activeElement;
  const error = h("div", { class: "modal-error", role: "alert", hidden: true });
  const send = h("button", { class: "button primary", type: "submit" }, "Submit");
  const form = h("form", { method: "dialog", novalidate: true, class: "modal-form" },
    h("header", { class: "modal-head" }, h("img", { src: "/assets/icon.svg", alt: "" }), h("h2", { id: "modal-title" }, modal.title),
      h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    h("div", { class: "modal-body" }, modal.components.map((component) => field(component, context, controls)), error),
    h("footer", { class: "modal-foot" }, h("button", { class: "button secondary", type: "button", onclick: () => dialog.close() }, "Cancel"), send));
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
    const failed = await submit(Object.fromEntries(controls.map((control) => [control.id, control.value()])));
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
  dialog.addEventListener("close", () => { dialog.remove(); refocus(before); });
  document.body.append(dialog);
  dialog.showModal();
  controls[0]?.focus();
  announce(modal.title);
  return () => dialog.close();
}

function field(component, context, controls) {
  if (component.type === DISPLAY) return h("div", { class: "modal-text" }, markdown(component.content, context));
  if (component.type === ROW) return component.components.map((child) => labelled(child.label ?? "", "", child, context, controls));
  if (component.type === LABEL) return labelled(component.label, component.description, component.component, context, controls);
  return labelled(component.label ?? "", component.description, component, context, controls);
}

function labelled(label, description, component, context, controls) {
  const id = `field-${controls.length}`;
  const control = build(component, id, context);
  const problem = h("div", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
  const group = [RADIOS, BOXES].includes(component.type);
  const wrapper = h("div", { class: "field", role: group ? "group" : null, "aria-labelledby": group ? `${id}-label` : null },
    label ? h(group ? "div" : "label", { class: "field-label", for: group ? null : id, id: `${id}-label` }, label,
      required(component) ? h("span", { class: "star", "aria-hidden": "true" }, " *") : null) : null,
    description ? h("div", { class: "field-description" }, description) : null,
    control.element, control.counter ?? null, problem);
  controls.push({
    id: component.custom_id,
    value: control.value,
    focus: () => (wrapper.querySelector("input:not([hidden]), textarea, button") ?? wrapper).focus(),
    check: () => {
      const sentence = control.problem();
      problem.hidden = !sentence;
      problem.textContent = sentence ?? "";
      wrapper.classList.toggle("wrong", Boolean(sentence));
      wrapper.querySelector("input, textarea, button")?.setAttribute("aria-invalid", String(Boolean(sentence)));
      return !sentence;
    },
  });
  wrapper.addEventListener("input", () => { if (!problem.hidden) controls.find((each) => each.id === component.custom_id).check(); });
  return wrapper;
}

function required(component) {
  return component.type !== BOX && component.required !== false && (component.min_values ?? 1) > 0;
}

function build(component, id, context) {
  switch (component.type) {
    case TEXT: return textInput(component, id);
    case FILES: return fileInput(component, id, context);
    case RADIOS: return group(component, id, "radio");
    case BOXES: return group(component, id, "checkbox");
    case BOX: return checkbox(component, id);
    default: return select(component, id, context);
  }
}

function textInput(component, id) {
  const paragraph = component.style === PARAGRAPH;
  const input = h(paragraph ? "textarea" : "input", {
    id, class: "text-input", type: paragraph ? null : "text", rows: paragraph ? 4 : null, placeholder: component.placeholder, autocomplete: "off",
    maxlength: component.max_length ?? 4000, "aria-required": String(required(component)), "aria-describedby": `${id}-error`, value: component.value ?? "",
  });
  const counter = component.max_length ? h("div", { class: "counter", "aria-hidden": "true" }) : null;
  const count = () => { if (counter) counter.textContent = `${input.value.length} / ${component.max_length}`; };
  input.addEventListener("input", count);
  count();
  return {
    element: input, counter,
    value: () => input.value,
    problem: () => {
      const { length } = input.value;
      if (!length) return required(component) ? "This field is required." : null;
      if (length < (component.min_length ?? 0)) return `Write at least ${component.min_length} characters.`;
      if (length > (component.max_length ?? 4000)) return `Write at most ${component.max_length ?? 4000} characters.`;
      return null;
    },
  };
}

function select(component, id, context) {
  let values = (component.options ?? []).filter((option) => option.default).map((option) => option.value)
    .concat((component.default_values ?? []).map((entry) => entry.id));
  const element = selectMenu(component, context.state.session, { id, onCommit: (chosen) => { values = chosen; element.dispatchEvent(new Event("input", { bubbles: true })); } });
  return { element, value: () => values, problem: () => amount(values.length, component, "choice", "choices") };
}

function amount(count, component, one, many) {
  const least = component.min_values ?? 1;
  if (count === 0 && component.required === false) return null;
  if (count < (component.required === false ? least : Math.max(least, required(component) ? 1 : 0))) {
    return least > 1 ? `Make at least ${least} ${many}.` : `Make a ${one}.`.replace("Make a file", "Choose a file");
  }
  const most = component.max_values ?? Infinity;
  return count > most ? `At most ${most} ${most === 1 ? one : many}.` : null;
}

function group(component, id, type) {
  const options = component.options ?? [];
  const inputs = options.map((option, at) => h("input", { type, name: id, id: `${id}-${at}`, value: option.value, checked: Boolean(option.default) }));
  const element = h("div", { class: "group" }, options.map((option, at) => h("label", { class: "group-item", for: `${id}-${at}` }, inputs[at],
    h("span", { class: "option-text" }, h("span", null, option.label), option.description ? h("small", null, option.description) : null))));
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return {
    element,
    value: () => (type === "radio" ? chosen()[0] ?? null : chosen()),
    problem: () => amount(chosen().length, type === "radio" ? { ...component, max_values: 1 } : component, "choice", "choices"),
  };
}

function checkbox(component, id) {
  const input = h("input", { type: "checkbox", id, checked: Boolean(component.default) });
  return { element: h("div", { class: "group" }, h("label", { class: "group-item", for: id }, input, h("span", null, component.label ?? "Yes"))), value: () => input.checked, problem: () => null };
}

function fileInput(component, id, context) {
  const most = component.max_values ?? 1;
  const files = [];
  let waiting = 0;
  let failed = null;
  const input = h("input", { type: "file", multiple: most > 1, hidden: true });
  const button = h("button", { class: "drop", type: "button", id, onclick: () => input.click() }, icon("image"), most > 1 ? `Choose up to ${most} files` : "Choose a file");
  const shown = h("div", { class: "file-list" });
  const element = h("div", { class: "file-input" }, input, button, shown);
  const draw = () => {
    shown.replaceChildren(...files.map((file) => h("div", { class: "file-chip" }, icon("file"), h("span", null, file.filename), h("small", null, fileSize(file.size)),
      h("button", { class: "icon-button", type: "button", "aria-label": `Remove ${file.filename}`, onclick: () => { files.splice(files.indexOf(file), 1); draw(); } }, icon("close")))),
    waiting ? h("div", { class: "file-chip" }, "Uploading…") : "");
    button.hidden = files.length + waiting >= most;
  };
  const take = async (list) => {
    failed = null;
    for (const file of [...list].slice(0, most - files.length)) {
      waiting += 1;
      draw();
      try { files.push(await context.actions.upload(file)); } catch (problem) { failed = problem.message; }
      waiting -= 1;
      draw();
    }
    element.dispatchEvent(new Event("input", { bubbles: true }));
  };
  input.addEventListener("change", () => { take(input.files); input.value = ""; });
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
  return {
    element,
    value: () => files.map((file) => file.id),
    problem: () => failed ?? (waiting ? "Wait until the upload is done." : amount(files.length, component, "file", "files")),
  };
}
