// A command being filled in: one chip per option, checked as Discord's client checks it.
import { h, icon } from "../core/dom.js";
import { spread, wire } from "./commands.js";
import { ATTACHMENT } from "./kinds.js";
import { OptionField } from "./option-field.js";
import { read } from "./options.js";
import { Suggestions } from "./suggestions.js";

export class CommandForm {
  #fields = new Map();

  /** host: {state, actions, picker, submit(entry, options, snapshot), exit(text)} */
  constructor(entry, host, { values = {}, fields = {} } = {}) {
    this.entry = entry;
    this.host = host;
    this.suggestions = new Suggestions(this);
    this.more = this.#moreButton();
    this.chips = h(
      "div",
      { class: "chips", role: "group", "aria-label": `Options of /${entry.name}` },
      h("span", { class: "chip-command", title: entry.description }, `/${entry.name}`),
      this.more,
    );
    this.element = h("div", { class: "command-form" }, this.chips);
    this.element.addEventListener("focusout", () => setTimeout(() => this.#left()));
    this.element.addEventListener("keydown", (event) => this.#onBareKey(event));
    for (const option of entry.options) {
      const { [option.name]: saved } = fields;
      if (option.required || saved || option.name in values)
        this.#add(option, saved ?? { text: values[option.name] ?? "" });
    }
    this.#drawMore();
  }

  focus() {
    const fields = [...this.#fields.values()];
    const target = fields.find(isOpen) ?? fields.at(-1);
    if (target) target.focus();
    else if (!this.more.hidden) this.more.focus();
    else {
      this.element.tabIndex = -1;
      this.element.focus();
    }
  }

  snapshot() {
    const fields = [...this.#fields].map(([name, { text, picked, upload }]) => [
      name,
      { text, picked, upload },
    ]);
    return { entry: this.entry, fields: Object.fromEntries(fields) };
  }

  /** Takes a dropped or pasted file into the first free attachment option. True if it found one. */
  takeFile(file) {
    const free = [...this.#fields.values()].find(
      (field) => field.isFile && !field.upload && !field.uploading,
    );
    const option = free ? null : this.#unused().find(({ type }) => type === ATTACHMENT);
    const field = free ?? (option ? this.#add(option, {}) : null);
    if (!field) return false;
    this.#upload(field, file);
    return true;
  }

  /** Sends the command if every option is right, else goes to the first that is not. */
  submit() {
    const fields = [...this.#fields.values()];
    for (const field of fields) field.complain(this.#read(field).error);
    const wrong = fields.find((field) => field.complaint);
    if (wrong) {
      wrong.focus();
      this.suggestions.hint(wrong);
      return;
    }
    this.host.picker.close();
    this.host.submit(this.entry, wire(this.entry, this.filled()), this.snapshot());
  }

  /** Options that have a right value: [{name, type, value}], all but the given field's. */
  filled(except) {
    return [...this.#fields.values()]
      .filter((field) => field !== except)
      .map((field) => ({ ...field.option, value: this.#read(field).value }))
      .filter(({ value }) => value !== undefined)
      .map(({ name, type, value }) => ({ name, type, value }));
  }

  /** Takes an offered value and goes on to the next option that must be filled in. */
  choose(field, offer) {
    field.choose(offer.label, offer.value);
    const order = [...this.#fields.values()];
    const next = order.slice(order.indexOf(field) + 1).find(isOpen);
    (next ?? field).focus();
    if (!next) this.suggestions.hint(field);
  }

  // -- fields --------------------------------------------------------------------------------

  #add(option, saved) {
    const { suggestions } = this;
    const field = new OptionField(option, saved, {
      input: (changed) => suggestions.offer(changed),
      focus: (focused) =>
        focused.isFile ? suggestions.hint(focused) : suggestions.offer(focused, true),
      blur: (left) => left.text.trim() && left.complain(this.#read(left).error),
      key: (event, at) => this.#onKey(event, at),
      file: (file, into) => this.#upload(into, file),
    });
    this.chips.insertBefore(field.chip, this.more);
    this.#fields.set(option.name, field);
    this.#drawMore();
    return field;
  }

  #read(field) {
    return read(field.option, field, this.host.state.session);
  }

  async #upload(field, file) {
    await field.store(file, (each) => this.host.actions.upload(each));
    if (this.element.isConnected) field.focus();
    this.suggestions.hint(field);
  }

  #remove(field) {
    const names = [...this.#fields.keys()];
    const before = names[names.indexOf(field.option.name) - 1];
    this.#fields.delete(field.option.name);
    field.chip.remove();
    this.#drawMore();
    const previous = this.#fields.get(before) ?? [...this.#fields.values()][0];
    (previous ?? this).focus();
  }

  // -- keys ----------------------------------------------------------------------------------

  #onKey(event, field) {
    if (event.isComposing || this.host.picker.handle(event)) return;
    const { key } = event;
    if (key === "Enter" && !event.shiftKey) this.submit();
    else if (key === "Escape") this.#escape(field);
    else if (key === "Backspace" && field.isEmpty) this.#eraseEmpty(field);
    else if (key === "Backspace" && field.isFile) field.clearFile();
    else if (!this.#sideways(event, field)) return;
    event.preventDefault();
  }

  #escape(field) {
    if (this.host.picker.isOpen) this.suggestions.hint(field);
    else this.#exit();
  }

  #eraseEmpty(field) {
    if (field.option.required) this.#exit();
    else this.#remove(field);
  }

  /** At the end of a field's text an arrow goes to its neighbour. True if it went. */
  #sideways({ key }, field) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const { selectionStart: start = 0, selectionEnd: end = 0 } = field.input;
    const edge = step < 0 ? start === 0 : end >= field.text.length;
    if (!step || start !== end || !edge) return false;
    const order = [...this.#fields.values()];
    const to = order[order.indexOf(field) + step];
    to?.focus();
    return Boolean(to);
  }

  #onMoreKey(event) {
    if (this.host.picker.handle(event)) return;
    const last = [...this.#fields.values()].at(-1);
    if (event.key === "Enter") this.submit();
    else if (event.key !== "Escape" && event.key !== "Backspace") return;
    else if (last) last.focus();
    else this.#exit();
    event.preventDefault();
  }

  /** A command without options: the form itself has the focus. */
  #onBareKey(event) {
    if (event.target !== this.element) return;
    if (event.key === "Enter") this.submit();
    else if (event.key === "Escape" || event.key === "Backspace") this.#exit();
    else return;
    event.preventDefault();
  }

  #exit() {
    this.host.picker.close();
    this.host.exit(`/${this.entry.name}`);
  }

  #left() {
    if (!this.element.contains(document.activeElement)) this.host.picker.close();
  }

  // -- optional options ----------------------------------------------------------------------

  #unused() {
    return this.entry.options.filter((option) => !this.#fields.has(option.name));
  }

  #moreButton() {
    return h("button", {
      class: "chip-more",
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-controls": "picker-list",
      onclick: () => this.#offerOptions(0),
      // Nothing is marked, so that Enter sends and only Tab or an arrow goes into the list.
      onfocus: () => this.#offerOptions(-1),
      onkeydown: (event) => this.#onMoreKey(event),
    });
  }

  #drawMore() {
    const left = this.#unused().length;
    this.more.hidden = left === 0;
    this.more.replaceChildren(icon("plus"), `${left} optional`);
    this.more.setAttribute("aria-label", `Add one of ${left} optional options`);
  }

  #offerOptions(active) {
    const add = (option) => this.#add(option, {}).focus();
    this.suggestions.offerOptions(this.more, this.#unused(), active, add);
  }
}

/** Whether it must be filled in and is not. */
function isOpen(field) {
  return field.option.required && field.isEmpty;
}

/** A form for typed text such as "/imagine a fox": the text is spread over the options. */
export function formFromText(entry, rest, host) {
  return new CommandForm(entry, host, { values: spread(entry, rest) });
}
