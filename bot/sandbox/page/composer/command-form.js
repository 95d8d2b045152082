// A command being filled in: one chip per option, checked as Discord's client checks it.
import { avatar, h, icon } from "../core/dom.js";
import { OptionField } from "./option-field.js";
import { ATTACHMENT, BOOLEAN, entities, hint, isEntity, read, spread, wire } from "./options.js";

const AUTOCOMPLETE_DELAY = 150;

export class CommandForm {
  #fields = new Map();
  #timer = 0;
  #asked = 0;

  /** host: {state, actions, picker, submit(entry, options, snapshot), exit(text), changed()} */
  constructor(entry, host, { values = {}, fields = null } = {}) {
    this.entry = entry;
    this.host = host;
    this.more = h("button", {
      class: "chip-more",
      type: "button",
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-controls": "picker-list",
      onclick: () => this.#offerOptions(0),
      // Nothing is marked, so that Enter sends and only Tab or an arrow goes into the list.
      onfocus: () => this.#offerOptions(-1),
      onkeydown: (event) => this.#onMoreKey(event),
    });
    this.chips = h(
      "div",
      { class: "chips", role: "group", "aria-label": `Options of /${entry.name}` },
      h("span", { class: "chip-command", title: entry.description }, `/${entry.name}`),
    );
    this.element = h("div", { class: "command-form" }, this.chips);
    this.element.addEventListener("focusout", () =>
      setTimeout(() => {
        if (!this.element.contains(document.activeElement)) this.host.picker.close();
      }),
    );
    this.chips.append(this.more);
    for (const option of entry.options) {
      const saved = fields?.[option.name];
      if (option.required || saved || option.name in values)
        this.#add(option, saved ?? { text: values[option.name] ?? "" });
    }
    this.#drawMore();
  }

  focus() {
    const fields = [...this.#fields.values()];
    const empty = fields.find((field) => field.option.required && !field.text && !field.upload);
    const target = empty ?? fields.at(-1);
    if (target) target.focus();
    else if (!this.more.hidden) this.more.focus();
    else {
      this.element.tabIndex = -1;
      this.element.focus();
    }
    if (!fields.length) this.#listenBare();
  }

  snapshot() {
    const fields = {};
    for (const [name, { text, picked, upload }] of this.#fields)
      fields[name] = { text, picked, upload };
    return { entry: this.entry, fields };
  }

  /** Takes a dropped or pasted file into the first free attachment option. True if it found one. */
  takeFile(file) {
    const free = [...this.#fields.values()].find(
      (field) => field.option.type === ATTACHMENT && !field.upload && !field.uploading,
    );
    const option = free ? null : this.#unused().find((candidate) => candidate.type === ATTACHMENT);
    const field = free ?? (option ? this.#add(option, {}) : null);
    if (!field) return false;
    this.#upload(field, file);
    return true;
  }

  submit() {
    const options = [];
    let first = null;
    for (const field of this.#fields.values()) {
      const result = this.#read(field);
      field.complain(result.error);
      if (result.error) first ??= { field, error: result.error };
      else if (result.value !== undefined)
        options.push({ name: field.option.name, type: field.option.type, value: result.value });
    }
    if (first) {
      first.field.focus();
      this.#showHint(first.field);
      return;
    }
    this.host.picker.close();
    this.host.submit(this.entry, wire(this.entry, options), this.snapshot());
  }

  // -- fields --------------------------------------------------------------------------------

  #add(option, saved) {
    const field = new OptionField(option, saved, {
      input: (changed) => this.#suggest(changed),
      focus: (focused) => (focused.isFile ? this.#showHint(focused) : this.#suggest(focused, true)),
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
    await field.store(file, this.host.actions.upload);
    if (this.element.isConnected) field.focus();
    this.#showHint(field);
  }

  #remove(field) {
    const names = [...this.#fields.keys()];
    const before = names[names.indexOf(field.option.name) - 1];
    this.#fields.delete(field.option.name);
    field.chip.remove();
    this.#drawMore();
    const previous = this.#fields.get(before) ?? [...this.#fields.values()][0];
    if (previous) previous.focus();
    else this.focus();
  }

  // -- keys ----------------------------------------------------------------------------------

  #onKey(event, field) {
    if (event.isComposing) return;
    const { picker } = this.host;
    if (event.key === "Enter" && field.isFile && !field.upload) return;
    if (picker.handle(event)) return;
    const empty = field.isFile ? !field.upload : !field.text;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (picker.isOpen) this.#showHint(field);
      else this.#exit();
    } else if (event.key === "Backspace" && empty) {
      event.preventDefault();
      if (field.option.required) this.#exit();
      else this.#remove(field);
    } else if (event.key === "Backspace" && field.isFile) {
      event.preventDefault();
      field.clearFile();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      this.#sideways(event, field);
    }
  }

  #sideways(event, field) {
    const { selectionStart: start = 0, selectionEnd: end = 0 } = field.input;
    const left = event.key === "ArrowLeft";
    if (start !== end || (left ? start > 0 : end < field.text.length)) return;
    const order = [...this.#fields.values()];
    const to = order[order.indexOf(field) + (left ? -1 : 1)];
    if (!to) return;
    event.preventDefault();
    to.focus();
  }

  #onMoreKey(event) {
    if (this.host.picker.handle(event)) return;
    if (event.key === "Escape" || event.key === "Backspace") {
      event.preventDefault();
      const last = [...this.#fields.values()].at(-1);
      if (last) last.focus();
      else this.#exit();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.submit();
    }
  }

  #listenBare() {
    this.element.onkeydown = (event) => {
      if (event.target !== this.element) return;
      if (event.key === "Enter") this.submit();
      else if (event.key === "Escape" || event.key === "Backspace") this.#exit();
      else return;
      event.preventDefault();
    };
  }

  #exit() {
    this.host.picker.close();
    this.host.exit(`/${this.entry.name}`);
  }

  // -- the list above ------------------------------------------------------------------------

  #unused() {
    return this.entry.options.filter((option) => !this.#fields.has(option.name));
  }

  #drawMore() {
    const left = this.#unused().length;
    this.more.hidden = left === 0;
    this.more.replaceChildren(icon("plus"), `${left} optional`);
    this.more.setAttribute("aria-label", `Add one of ${left} optional options`);
  }

  #offerOptions(active) {
    const items = this.#unused().map((option) => ({
      content: [
        h(
          "span",
          { class: "pick-text" },
          h("span", { class: "pick-name" }, option.name),
          h("small", null, option.description),
        ),
        h("span", { class: "pick-side" }, hint(option)),
      ],
      run: () => this.#add(option, {}).focus(),
    }));
    this.host.picker.open(this.more, {
      head: [
        h("span", { class: "head-title" }, "Optional"),
        h("span", { class: "head-note" }, "Tab or ↓ chooses, Enter sends"),
      ],
      items,
      active,
      label: "Optional options",
    });
  }

  #suggest(field, fresh = false) {
    const { option } = field;
    clearTimeout(this.#timer);
    if (option.autocomplete) {
      this.#showHint(field, true);
      this.#timer = setTimeout(() => this.#ask(field), fresh ? 0 : AUTOCOMPLETE_DELAY);
      return;
    }
    const wanted = field.text.trim().replace(/^[@#]/, "").toLowerCase();
    const all = this.#offers(option);
    const settled =
      fresh && field.text && all.some((offer) => offer.label.toLowerCase() === wanted);
    const matching = settled
      ? all
      : all.filter((offer) =>
          `${offer.label} ${offer.detail ?? ""}`.toLowerCase().includes(wanted),
        );
    this.#offer(field, matching);
  }

  #offers(option) {
    if (option.choices?.length)
      return option.choices.map((choice) => ({ label: choice.name, value: choice.value }));
    if (option.type === BOOLEAN)
      return [
        { label: "True", value: true },
        { label: "False", value: false },
      ];
    if (isEntity(option)) return entities(option, this.host.state.session);
    return [];
  }

  async #ask(field) {
    const ticket = ++this.#asked;
    const others = [...this.#fields.values()]
      .filter((other) => other !== field)
      .map((other) => ({ option: other.option, result: this.#read(other) }))
      .filter(({ result }) => result.value !== undefined)
      .map(({ option, result }) => ({ name: option.name, type: option.type, value: result.value }));
    const focused = {
      name: field.option.name,
      type: field.option.type,
      value: field.text,
      focused: true,
    };
    const choices = await this.host.actions.autocomplete(
      this.entry,
      wire(this.entry, [...others, focused]),
    );
    if (ticket !== this.#asked || document.activeElement !== field.input) return;
    this.#offer(
      field,
      (choices ?? []).map((choice) => ({ label: choice.name, value: choice.value })),
      choices === null ? "No suggestions came in time." : "",
    );
  }

  #offer(field, offers, note = "") {
    const items = offers.slice(0, 50).map((offer) => ({
      content: [
        offer.user ? avatar(offer.user, "avatar tiny") : null,
        h("span", { class: "pick-text" }, h("span", null, `${offer.sign ?? ""}${offer.label}`)),
        offer.detail ? h("span", { class: "pick-side" }, offer.detail) : null,
      ].filter(Boolean),
      run: () => this.#choose(field, offer),
    }));
    this.host.picker.open(field.input, {
      head: this.#head(field, note),
      items,
      active: field.option.autocomplete ? -1 : 0,
      label: field.option.name,
    });
  }

  #choose(field, offer) {
    field.choose(offer.label, offer.value);
    const order = [...this.#fields.values()];
    const next = order
      .slice(order.indexOf(field) + 1)
      .find((other) => other.option.required && !other.text && !other.upload);
    if (next) next.focus();
    else {
      field.focus();
      this.#showHint(field);
    }
  }

  #showHint(field, waiting = false) {
    if (document.activeElement !== field.input) return;
    this.host.picker.open(field.input, {
      head: this.#head(field, waiting ? "Looking for suggestions…" : ""),
      items: [],
    });
  }

  #head(field, note) {
    const { option, complaint } = field;
    return [
      h("span", { class: "head-title" }, option.name),
      h("span", { class: "head-text", id: "option-hint" }, option.description),
      complaint
        ? h("span", { class: "head-error", role: "alert" }, complaint)
        : h("span", { class: "head-note" }, note || hint(option)),
    ];
  }
}

/** A form for typed text such as "/imagine a fox": the text is spread over the options. */
export function formFromText(entry, rest, host) {
  return new CommandForm(entry, host, { values: spread(entry, rest) });
}
