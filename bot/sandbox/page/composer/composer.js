// The message box: plain text, or a command being filled in. Keeps a draft for every channel.

import { displayName, h, icon } from "../core/dom.js";
import { CommandForm, formFromText } from "./command-form.js";
import { listenForFiles } from "./files.js";
import { ATTACHMENT, entriesOf, matchText, rank } from "./options.js";
import { Picker } from "./picker.js";

const RECALLED = 50;

export class Composer {
  #drafts = new Map();
  #sent = [];
  #form = null;
  #shown = null;

  constructor(root, context) {
    this.context = context;
    this.notice = h("div", { class: "notice", role: "status", hidden: true });
    this.problem = h("div", { class: "notice problem", role: "alert", hidden: true });
    const pickerRoot = h("div", { class: "picker" });
    this.picker = new Picker(pickerRoot);
    this.input = h("textarea", {
      id: "composer-input",
      class: "composer-input",
      rows: 1,
      maxlength: 8000,
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
    this.plus = h(
      "button",
      {
        class: "composer-button",
        type: "button",
        "aria-label": "Use a command",
        title: "Use a command",
        onclick: () => this.prefill("/"),
      },
      icon("slash"),
    );
    this.sendButton = h(
      "button",
      {
        class: "composer-button send",
        type: "button",
        "aria-label": "Send",
        title: "Send",
        onclick: () => this.#send(),
      },
      icon("send"),
    );
    this.slot = h("div", { class: "composer-slot" }, this.input);
    this.box = h("div", { class: "composer" }, this.plus, this.slot, this.sendButton);
    root.append(this.notice, this.problem, pickerRoot, this.box);
    listenForFiles(document.getElementById("chat"), this.box, (file) => this.#takeFile(file));
    const { state } = context;
    state.on("channel", () => this.#showDraft());
    state.on("session", ({ otherUser }) => {
      if (otherUser) this.#forget();
      this.#drawNotice();
      this.#showDraft();
    });
    state.on("presence", () => this.#drawNotice());
    state.on("connection", () => this.#drawNotice());
    state.on("commands", () => {
      if (document.activeElement === this.input) this.#suggest();
    });
    this.#drawButtons();
  }

  focus() {
    if (this.#form) this.#form.focus();
    else this.input.focus();
  }

  /** Shows a sentence above the box until something is typed. */
  complain(sentence) {
    this.problem.replaceChildren(icon("warn"), sentence);
    this.problem.hidden = false;
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
    this.#form.focus();
  }

  // -- drafts --------------------------------------------------------------------------------

  #forget() {
    this.#drafts.clear();
    this.#sent = [];
    this.#shown = null;
    this.#leaveForm();
    this.input.value = "";
  }

  #keepDraft() {
    if (this.#shown)
      this.#drafts.set(
        this.#shown,
        this.#form ? { form: this.#form.snapshot() } : { text: this.input.value },
      );
  }

  #showDraft() {
    const { state } = this.context;
    if (!state.session) return;
    if (state.channelId !== this.#shown) {
      this.problem.hidden = true;
      this.#keepDraft();
      this.#shown = state.channelId;
      this.#leaveForm();
      const draft = this.#drafts.get(state.channelId);
      this.input.value = draft?.text ?? "";
      if (draft?.form) this.restore(draft.form);
    }
    const channel = state.channel(state.channelId);
    const name = channel?.type === 1 ? `@${channel.name}` : `#${channel?.name}`;
    this.input.placeholder = matchMedia("(max-width: 720px)").matches
      ? `Message ${name}`
      : `Message ${name}, or type / for commands`;
    this.input.setAttribute("aria-label", `Message ${name}`);
    this.#resize();
    this.#drawButtons();
  }

  #drawNotice() {
    const { state } = this.context;
    const bot = state.session?.bot;
    const offline = Boolean(bot) && !state.session.online;
    this.notice.hidden = !offline || state.connection !== "open";
    if (offline)
      this.notice.replaceChildren(
        h("span", { class: "presence off" }),
        h(
          "span",
          null,
          h("strong", null, `${displayName(bot)} is offline.`),
          " Commands will be answered when it is back.",
        ),
      );
  }

  // -- text ----------------------------------------------------------------------------------

  #entries() {
    const { state } = this.context;
    return state.session ? entriesOf(state.session.commands, state.isDm) : [];
  }

  #onInput() {
    this.problem.hidden = true;
    this.#resize();
    this.#drawButtons();
    const text = this.input.value;
    const match = text.startsWith("/") ? matchText(this.#entries(), text) : null;
    if (match && !match.exact && (match.entry.options.length || !match.rest)) {
      this.#enterForm(formFromText(match.entry, match.rest, this.#host()));
      this.#form.focus();
      return;
    }
    this.#suggest();
  }

  #suggest() {
    const text = this.input.value;
    if (!text.startsWith("/") || text.includes("\n")) {
      this.picker.close();
      return;
    }
    const wanted = text.slice(1).toLowerCase().trimStart();
    const entries = this.#entries();
    if (!entries.length) {
      this.picker.open(this.input, {
        head: [
          h(
            "span",
            { class: "head-text" },
            "There are no commands here yet: the bot registers them when it starts.",
          ),
        ],
      });
      return;
    }
    const used = this.#sent.map((snapshot) => snapshot.entry?.key).reverse();
    const found = rank(entries, wanted, (entry) =>
      used.includes(entry.key) ? used.indexOf(entry.key) : RECALLED,
    );
    const { bot } = this.context.state.session;
    this.picker.open(this.input, {
      head: found.length
        ? [
            h("img", { class: "head-avatar", src: "/assets/icon.svg", alt: "" }),
            h("span", { class: "head-title" }, displayName(bot)),
          ]
        : [h("span", { class: "head-text" }, `No command is called “/${wanted}”.`)],
      items: found.map((entry) => ({
        content: this.#commandRow(entry),
        run: () => this.#choose(entry),
      })),
      label: "Commands",
    });
  }

  #commandRow(entry) {
    const options = entry.options.map((option) =>
      h("span", { class: option.required ? "pick-option required" : "pick-option" }, option.name),
    );
    return [
      h(
        "span",
        { class: "pick-text" },
        h(
          "span",
          { class: "pick-line" },
          h("span", { class: "pick-name" }, `/${entry.name}`),
          options,
        ),
        h("small", null, entry.description),
      ),
    ];
  }

  #choose(entry) {
    this.#enterForm(new CommandForm(entry, this.#host()));
    this.#form.focus();
  }

  #onKey(event) {
    if (event.isComposing) return;
    const { picker, input } = this;
    if (event.key === "Enter" && !event.shiftKey) {
      const match = matchText(this.#entries(), input.value.trimEnd());
      if (match && (!match.exact || match.entry.options.length === 0)) {
        event.preventDefault();
        this.#send();
        return;
      }
    }
    if (picker.handle(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      if (!picker.root.hidden) picker.close();
      else if (input.value.startsWith("/")) this.prefill("");
      else this.context.actions.toEnd();
    } else if (event.key === "ArrowUp" && !input.value) {
      event.preventDefault();
      this.#recallSent();
    }
  }

  #recallSent() {
    const snapshot = this.#sent[this.#sent.length - 1];
    if (!snapshot) return;
    if (snapshot.text !== undefined) this.prefill(snapshot.text);
    else this.restore(snapshot);
  }

  #send() {
    if (this.#form) {
      this.#form.submit();
      return;
    }
    const text = this.input.value.trim();
    if (!text) return;
    const match = text.startsWith("/") ? matchText(this.#entries(), text) : null;
    if (match) {
      this.#enterForm(formFromText(match.entry, match.rest, this.#host()));
      this.#form.focus();
      this.#form.submit();
      return;
    }
    if (text.startsWith("/") && /^\/[\p{L}\p{N}_-]+/u.test(text)) {
      this.picker.open(this.input, {
        head: [
          h(
            "span",
            { class: "head-error", role: "alert" },
            `There is no command ${text.split(/\s/)[0]} here.`,
          ),
        ],
      });
      return;
    }
    if (!this.context.actions.say(this.#withMentions(text))) return;
    this.#remember({ text });
    this.#clear();
  }

  #withMentions(text) {
    const { users, bot } = this.context.state.session;
    return [...users, bot].reduce(
      (result, user) =>
        result.replaceAll(new RegExp(`@${displayName(user)}\\b`, "g"), `<@${user.id}>`),
      text,
    );
  }

  #remember(snapshot) {
    this.#sent.push(snapshot);
    if (this.#sent.length > RECALLED) this.#sent.shift();
  }

  #clear() {
    this.#leaveForm();
    this.input.value = "";
    this.#resize();
    this.#drawButtons();
    this.picker.close();
    this.input.focus();
  }

  #resize() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, innerHeight * 0.4)}px`;
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
        if (!actions.command(entry, options, snapshot)) return;
        this.#remember(snapshot);
        this.#clear();
      },
    };
  }

  #enterForm(form) {
    this.picker.close();
    this.#form = form;
    this.slot.replaceChildren(form.element);
    this.#drawButtons();
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
    this.picker.open(this.input, {
      head: [
        h(
          "span",
          { class: "head-title" },
          fitting.length ? `Use ${file.name} with` : "No command here takes a file.",
        ),
      ],
      items: fitting.map((entry) => ({ content: this.#commandRow(entry), run: () => use(entry) })),
      label: "Commands that take a file",
    });
  }
}
