// The list of a select's choices, in its pop-over: drawn anew whenever one is marked or chosen.
import { h, icon } from "../core/dom.js";

export class ListBox {
  #active;
  #shown;

  /** options: {chosen() → values, multiple, searchable, pick(choice)} */
  constructor(choices, options) {
    Object.assign(this, { choices, ...options });
    this.#shown = choices;
    const values = this.chosen();
    this.#active = Math.max(
      0,
      choices.findIndex((choice) => values.includes(choice.value)),
    );
    this.list = h("div", {
      class: "listbox",
      role: "listbox",
      "aria-multiselectable": this.multiple ? "true" : null,
      id: `list-${Math.random().toString(36).slice(2)}`,
    });
    this.search = this.#searchBox();
    this.keys = this.searchable ? this.search : this.list;
    if (!this.searchable) this.list.tabIndex = 0;
    this.keys.addEventListener("keydown", (event) => this.#onKey(event));
    this.element = h(
      "div",
      { class: "listbox-wrap" },
      this.searchable ? this.search : null,
      this.list,
    );
    this.element.focusFirst = () => this.#focus();
    this.#draw();
  }

  #searchBox() {
    return h("input", {
      class: "listbox-search",
      type: "text",
      placeholder: "Search",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": this.list.id,
      "aria-label": "Search",
      autocomplete: "off",
      oninput: () => this.#mark(0),
    });
  }

  #focus() {
    this.keys.focus();
    this.#reveal();
  }

  #reveal() {
    this.list.children[this.#active]?.scrollIntoView({ block: "nearest" });
  }

  #mark(at) {
    this.#active = at;
    this.#draw();
  }

  #draw() {
    const { list } = this;
    const wanted = this.search.value.trim().toLowerCase();
    this.#shown = this.choices.filter((choice) =>
      `${choice.label} ${choice.description ?? ""}`.toLowerCase().includes(wanted),
    );
    list.replaceChildren(
      ...(this.#shown.length
        ? this.#shown.map((choice, at) => this.#row(choice, at))
        : [h("div", { class: "listbox-empty" }, "Nothing matches.")]),
    );
    const marked = this.#shown[this.#active] ? `${list.id}-${this.#active}` : "";
    this.keys.setAttribute("aria-activedescendant", marked);
    this.#reveal();
  }

  #row(choice, at) {
    const selected = this.chosen().includes(choice.value);
    return h(
      "div",
      {
        class: `option${at === this.#active ? " active" : ""}`,
        role: "option",
        id: `${this.list.id}-${at}`,
        "aria-selected": String(selected),
        onclick: () => {
          this.pick(choice);
          this.#mark(at);
        },
        onmousemove: () => {
          if (this.#active !== at) this.#mark(at);
        },
      },
      choice.picture?.cloneNode(true) ?? null,
      choice.emoji ? h("span", { class: "option-emoji" }, choice.emoji) : null,
      h(
        "span",
        { class: "option-text" },
        h("span", null, choice.label),
        choice.description ? h("small", null, choice.description) : null,
      ),
      this.multiple ? tick(selected) : selected ? icon("check", "chosen") : null,
    );
  }

  #onKey(event) {
    const last = this.#shown.length - 1;
    const marked = this.#shown[this.#active];
    const typing = this.searchable;
    if (event.key === "ArrowDown") this.#active = Math.min(this.#active + 1, last);
    else if (event.key === "ArrowUp") this.#active = Math.max(this.#active - 1, 0);
    else if (event.key === "Home" && !typing) this.#active = 0;
    else if (event.key === "End" && !typing) this.#active = last;
    else if ((event.key === "Enter" || (event.key === " " && !typing)) && marked) this.pick(marked);
    else if (!typing && event.key.length === 1) this.#typeAhead(event.key.toLowerCase());
    else return;
    event.preventDefault();
    this.#draw();
  }

  /** Marks the next choice that begins with the letter. */
  #typeAhead(letter) {
    const { length } = this.#shown;
    const order = [...this.#shown.keys()].map((at) => (at + this.#active + 1) % length);
    const found = order.find((at) => this.#shown[at].label.toLowerCase().startsWith(letter));
    this.#active = found ?? this.#active;
  }
}

function tick(selected) {
  return h("span", { class: selected ? "tick on" : "tick" }, selected ? icon("check") : null);
}
