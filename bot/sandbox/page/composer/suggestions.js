// What the list above says while an option is filled in: values to choose, or a hint.
import { avatar, h } from "../core/dom.js";
import { called, described, wire } from "./commands.js";
import { hint, narrow, offersOf } from "./options.js";

const AUTOCOMPLETE_DELAY = 150;
const MOST_OFFERS = 50;

export class Suggestions {
  #timer = 0;
  #asked = 0;

  /** form: {entry, host, filled(except) → options for the wire, choose(field, offer)} */
  constructor(form) {
    this.form = form;
    this.picker = form.host.picker;
  }

  /** Offers what fits the field's text; `fresh` when the field was just entered. */
  offer(field, fresh = false) {
    clearTimeout(this.#timer);
    const { option, text } = field;
    if (option.autocomplete) {
      this.hint(field, "Looking for suggestions…");
      this.#timer = setTimeout(() => this.#ask(field), fresh ? 0 : AUTOCOMPLETE_DELAY);
    } else this.#open(field, narrow(offersOf(option, this.form.host.state.session), text, fresh));
  }

  /** Says what the field takes, or what is wrong with it. */
  hint(field, note = "") {
    if (document.activeElement !== field.input) return;
    this.picker.open(field.input, { head: head(field, note), items: [] });
  }

  /** Offers the options that are not filled in yet. active: which is marked, -1 for none. */
  offerOptions(anchor, options, active, add) {
    const note = h("span", { class: "head-note" }, "Tab or ↓ chooses, Enter sends");
    this.picker.open(anchor, {
      head: [h("span", { class: "head-title" }, "Optional"), note],
      items: options.map((option) => ({ content: optionRow(option), run: () => add(option) })),
      active,
      label: "Optional options",
    });
  }

  /** Asks the bot; an answer that comes when something else was asked since is dropped. */
  async #ask(field) {
    this.#asked += 1;
    const ticket = this.#asked;
    const { entry, host } = this.form;
    const { name, type } = field.option;
    const focused = { name, type, value: field.text, focused: true };
    const options = wire(entry, [...this.form.filled(field), focused]);
    const choices = await host.actions.autocomplete(entry, options);
    if (ticket !== this.#asked || document.activeElement !== field.input) return;
    const offers = (choices ?? []).map((choice) => ({
      label: called(choice),
      value: choice.value,
    }));
    this.#open(field, offers, choices === null ? "No suggestions came in time." : "");
  }

  #open(field, offers, note = "") {
    this.picker.open(field.input, {
      head: head(field, note),
      items: offers.slice(0, MOST_OFFERS).map((offer) => ({
        content: offerRow(offer),
        run: () => this.form.choose(field, offer),
      })),
      active: field.option.autocomplete ? -1 : 0,
      label: called(field.option),
    });
  }
}

function head({ option, complaint }, note) {
  return [
    h("span", { class: "head-title" }, called(option)),
    h("span", { class: "head-text", id: "option-hint" }, described(option)),
    complaint
      ? h("span", { class: "head-error", role: "alert" }, complaint)
      : h("span", { class: "head-note" }, note || hint(option)),
  ];
}

function optionRow(option) {
  const name = h("span", { class: "pick-name" }, called(option));
  const text = h("span", { class: "pick-text" }, name, h("small", null, described(option)));
  return [text, h("span", { class: "pick-side" }, hint(option))];
}

function offerRow({ user, sign = "", label, detail }) {
  return [
    user ? avatar(user, "avatar tiny") : null,
    h("span", { class: "pick-text" }, h("span", null, `${sign}${label}`)),
    detail ? h("span", { class: "pick-side" }, detail) : null,
  ].filter(Boolean);
}
