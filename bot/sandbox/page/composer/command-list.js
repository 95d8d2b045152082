// The list of commands that rises while one is being typed, or when a file is dropped.
import { displayName, h } from "../core/dom.js";
import { called, rank } from "./commands.js";

const NONE = "There are no commands here yet: the bot registers them when it starts.";

export class CommandList {
  /** host: {picker, input, state, sent, entries() → what may be typed here, choose(entry)} */
  constructor(host) {
    this.host = host;
  }

  /** Offers what the text may become; nothing for text that is no command. */
  suggest(text) {
    const { picker, input, sent, entries, choose } = this.host;
    if (!text.startsWith("/") || text.includes("\n")) {
      picker.close();
      return;
    }
    if (!entries().length) {
      picker.open(input, { head: [words(NONE)] });
      return;
    }
    const wanted = text.slice(1).toLowerCase().trimStart();
    const found = rank(entries(), wanted, (entry) => sent.age(entry));
    picker.open(input, {
      head: found.length ? this.#botHead() : [words(`No command is called “/${wanted}”.`)],
      items: found.map((entry) => ({ content: commandRow(entry), run: () => choose(entry) })),
      label: "Commands",
    });
  }

  /** Says that the text is no command here. */
  refuse(text) {
    const sentence = `There is no command ${text.split(/\s/)[0]} here.`;
    const head = h("span", { class: "head-error", role: "alert" }, sentence);
    this.host.picker.open(this.host.input, { head: [head] });
  }

  /** Offers the commands that a file may go into. */
  offerFor(file, fitting, use) {
    const { picker, input } = this.host;
    const title = fitting.length ? `Use ${file.name} with` : "No command here takes a file.";
    picker.open(input, {
      head: [h("span", { class: "head-title" }, title)],
      items: fitting.map((entry) => ({ content: commandRow(entry), run: () => use(entry) })),
      label: "Commands that take a file",
    });
  }

  #botHead() {
    return [
      h("img", { class: "head-avatar", src: "/assets/icon.svg", alt: "" }),
      h("span", { class: "head-title" }, displayName(this.host.state.session.bot)),
    ];
  }
}

function words(text) {
  return h("span", { class: "head-text" }, text);
}

function commandRow(entry) {
  const options = entry.options.map((option) =>
    h("span", { class: option.required ? "pick-option required" : "pick-option" }, called(option)),
  );
  const name = h("span", { class: "pick-name" }, `/${entry.name}`);
  return [
    h(
      "span",
      { class: "pick-text" },
      h("span", { class: "pick-line" }, name, options),
      h("small", null, entry.description),
    ),
  ];
}
