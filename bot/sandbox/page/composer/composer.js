// The message box: plain text, or a command being filled in. Keeps a draft for every channel.
import { h, icon } from "../core/dom.js";
import { CommandForm, formFromText } from "./command-form.js";
import { CommandList } from "./command-list.js";
import { entriesOf, matchText } from "./commands.js";
import { listenForFiles } from "./files.js";
import { ATTACHMENT } from "./kinds.js";
import { withMentions } from "./mentions.js";
import { Notices } from "./notices.js";
import { Picker } from "./picker.js";
import { Sent } from "./sent.js";

const LONGEST = 8000;
const HEIGHT_SHARE = 0.4;
const DM = 1;

export class Composer {
  #drafts = new Map();
  #sent = new Sent();
  #form = null;
  #shown = null;

  constructor(root, context) {
    this.context = context;
    this.notices = new Notices(context.state);
    const above = h("div", { class: "picker" });
    this.picker = new Picker(above);
    this.input = this.#inputBox();
    this.slot = h("div", { class: "composer-slot" }, this.input);
    this.sendButton = boxButton("Send", "send", () => this.#send(), "send");
    const slash = boxButton("Use a command", "slash", () => this.prefill("/"));
    const box = h("div", { class: "composer" }, slash, this.slot, this.sendButton);
    this.commands = new CommandList({
      picker: this.picker,
      input: this.input,
      state: context.state,
      sent: this.#sent,
      entries: () => this.#entries(),
      choose: (entry) => this.#choose(entry),
    });
    root.append(this.notices.away, this.notices.problem, above, box);
    listenForFiles(document.getElementById("chat"), box, (file) => this.#takeFile(file));
    this.#listen(context.state);
    this.#drawButtons();
  }

  focus() {
    (this.#form ?? this.input).focus();
  }

  /** Shows a sentence above the box until something is typed. */
  complain(sentence) {
    this.notices.complain(sentence);
  }

  /** Puts text in the box, as if typed. */
  prefill(text) {
    this.#leaveForm();
    this.input.value = text;
    this.input.focus();
    this.input.setSelectionRange(text.length, text.length);
    this.#onInput();
  }

  /** Puts a whole command back, for editing. */
  restore(snapshot) {
    const entry = this.#entries().find((candidate) => candidate.key === snapshot.entry.key);
    if (!entry) return;
    this.#enterForm(new CommandForm(entry, this.#host(), { fields: snapshot.fields }));
  }

  #inputBox() {
    return h("textarea", {
      id: "composer-input",
      class: "composer-input",
      rows: 1,
      maxlength: LONGEST,
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-controls": "picker-list",
      autocomplete: "off",
      enterkeyhint: "send",
      oninput: () => this.#onInput(),
      onkeydown: (event) => this.#onKey(event),
      onfocus: () => this.#suggest(),
      onblur: () => this.picker.close(),
    });
  }

  #listen(state) {
    state.on("channel", () => this.#showDraft());
    state.on("session", ({ otherUser }) => {
      if (otherUser) this.#forget();
      this.#showDraft();
    });
    state.on("commands", () => {
      if (document.activeElement === this.input) this.#suggest();
    });
  }

  // -- drafts --------------------------------------------------------------------------------

  #forget() {
    this.#drafts.clear();
    this.#sent.clear();
    this.#shown = null;
    this.#leaveForm();
    this.input.value = "";
  }

  #showDraft() {
    const { state } = this.context;
    if (!state.session) return;
    if (state.channelId !== this.#shown) this.#changeDraft(state.channelId);
    const channel = state.channel(state.channelId);
    const name = channel?.type === DM ? `@${channel.name}` : `#${channel?.name}`;
    this.input.placeholder = matchMedia("(max-width: 720px)").matches
      ? `Message ${name}`
      : `Message ${name}, or type / for commands`;
    this.input.setAttribute("aria-label", `Message ${name}`);
    this.#resize();
    this.#drawButtons();
  }

  #changeDraft(channelId) {
    this.notices.calm();
    const kept = this.#form ? { form: this.#form.snapshot() } : { text: this.input.value };
    if (this.#shown) this.#drafts.set(this.#shown, kept);
    this.#shown = channelId;
    this.#leaveForm();
    const draft = this.#drafts.get(channelId);
    this.input.value = draft?.text ?? "";
    if (draft?.form) this.restore(draft.form);
  }

  // -- text ----------------------------------------------------------------------------------

  #entries() {
    const { state } = this.context;
    return state.session ? entriesOf(state.session.commands, state.isDm) : [];
  }

  /** The command that the text begins with, as matchText says it; null for other text. */
  #match(text) {
    return text.startsWith("/") ? matchText(this.#entries(), text) : null;
  }

  #onInput() {
    this.notices.calm();
    this.#resize();
    this.#drawButtons();
    const match = this.#match(this.input.value);
    if (match && !match.exact && (match.entry.options.length || !match.rest))
      this.#enterForm(formFromText(match.entry, match.rest, this.#host()));
    else this.#suggest();
  }

  #suggest() {
    this.commands.suggest(this.input.value);
  }

  #choose(entry) {
    this.#enterForm(new CommandForm(entry, this.#host()));
  }

  #onKey(event) {
    if (event.isComposing) return;
    const enter = event.key === "Enter" && !event.shiftKey;
    if (!(enter && this.#isComplete()) && this.picker.handle(event)) return;
    const up = event.key === "ArrowUp" && !this.input.value;
    if (enter) this.#send();
    else if (up) this.#recallSent();
    else if (event.key === "Escape") this.#escape();
    if (enter || up) event.preventDefault();
  }

  /** A command that needs nothing more is sent, whatever the list above offers. */
  #isComplete() {
    const match = this.#match(this.input.value.trimEnd());
    return Boolean(match && (!match.exact || match.entry.options.length === 0));
  }

  #escape() {
    if (!this.picker.root.hidden) this.picker.close();
    else if (this.input.value.startsWith("/")) this.prefill("");
    else this.context.actions.toEnd();
  }

  #recallSent() {
    const { last } = this.#sent;
    if (!last) return;
    if (last.text === undefined) this.restore(last);
    else this.prefill(last.text);
  }

  #send() {
    if (this.#form) {
      this.#form.submit();
      return;
    }
    const text = this.input.value.trim();
    const match = this.#match(text);
    if (match) {
      this.#enterForm(formFromText(match.entry, match.rest, this.#host()));
      this.#form.submit();
    } else if (/^\/[\p{L}\p{N}_-]+/u.test(text)) this.commands.refuse(text);
    else if (text) this.#say(text);
  }

  #say(text) {
    const { users, bot } = this.context.state.session;
    if (this.context.actions.say(withMentions(text, [...users, bot]))) this.#done({ text });
  }

  /** Empties the box after a message or a command has left. */
  #done(snapshot) {
    this.#sent.add(snapshot);
    this.#leaveForm();
    this.input.value = "";
    this.#resize();
    this.#drawButtons();
    this.picker.close();
    this.input.focus();
  }

  #resize() {
    this.input.style.height = "auto";
    const height = Math.min(this.input.scrollHeight, innerHeight * HEIGHT_SHARE);
    this.input.style.height = `${height}px`;
  }

  #drawButtons() {
    this.sendButton.hidden = !this.#form && !this.input.value.trim();
  }

  // -- commands ------------------------------------------------------------------------------

  #host() {
    const { state, actions } = this.context;
    return {
      state,
      actions,
      picker: this.picker,
      exit: (text) => this.prefill(text),
      submit: (entry, options, snapshot) => {
        if (actions.command(entry, options, snapshot)) this.#done(snapshot);
      },
    };
  }

  #enterForm(form) {
    this.picker.close();
    this.#form = form;
    this.slot.replaceChildren(form.element);
    this.#drawButtons();
    form.focus();
  }

  #leaveForm() {
    if (!this.#form) return;
    this.#form = null;
    this.picker.close();
    this.slot.replaceChildren(this.input);
  }

  // -- files ---------------------------------------------------------------------------------

  #takeFile(file) {
    if (this.#form?.takeFile(file)) return;
    const fitting = this.#entries().filter((entry) =>
      entry.options.some((option) => option.type === ATTACHMENT),
    );
    const use = (entry) => {
      this.#choose(entry);
      this.#form.takeFile(file);
    };
    if (fitting.length === 1) {
      use(fitting[0]);
      return;
    }
    this.input.focus();
    this.commands.offerFor(file, fitting, use);
  }
}

function boxButton(label, name, onclick, className = "") {
  const props = { class: `composer-button ${className}`.trim(), "aria-label": label, title: label };
  return h("button", { ...props, onclick }, icon(name));
}
