// The list that rises above the message box. Focus stays in the box; the list follows its arrows.
import { h } from "../core/dom.js";

export class Picker {
  #items = [];
  #active = -1;
  #input = null;

  constructor(root) {
    this.root = root;
    this.list = h("div", { class: "picker-list", role: "listbox", id: "picker-list" });
    this.head = h("div", { class: "picker-head" });
    root.append(this.head, this.list);
    root.hidden = true;
    root.addEventListener("mousedown", (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.root.hidden && this.#items.length > 0;
  }

  get active() {
    return this.#items[this.#active];
  }

  /** items: [{content: Node[], run}]; head: nodes shown above; active: index or -1 for none. */
  open(input, { head = [], items = [], active = 0, label = "Choices" }) {
    if (!head.length && !items.length) return this.close();
    this.#release();
    this.#input = input;
    this.#items = items;
    this.head.replaceChildren(...head);
    this.head.hidden = !head.length;
    this.list.setAttribute("aria-label", label);
    this.list.hidden = !items.length;
    this.list.replaceChildren(
      ...items.map((item, at) =>
        h(
          "div",
          {
            class: "pick",
            role: "option",
            id: `pick-${at}`,
            "aria-selected": "false",
            onclick: () => item.run(),
            onmousemove: () => {
              if (this.#active !== at) this.#mark(at, false);
            },
          },
          item.content,
        ),
      ),
    );
    this.root.hidden = false;
    input?.setAttribute("aria-expanded", String(items.length > 0));
    this.#mark(Math.min(active, items.length - 1), true);
    return undefined;
  }

  close() {
    this.#release();
    this.#items = [];
    this.#active = -1;
    this.root.hidden = true;
  }

  /** True if the key was used. */
  handle(event) {
    if (!this.isOpen || event.isComposing) return false;
    const last = this.#items.length - 1;
    if (event.key === "ArrowDown") this.#mark(this.#active >= last ? 0 : this.#active + 1, true);
    else if (event.key === "ArrowUp") this.#mark(this.#active <= 0 ? last : this.#active - 1, true);
    else if (event.key === "PageDown") this.#mark(Math.min(last, this.#active + 6), true);
    else if (event.key === "PageUp") this.#mark(Math.max(0, this.#active - 6), true);
    else if (event.key === "Enter" && !event.shiftKey && this.active) this.active.run();
    else if (event.key === "Tab" && !event.shiftKey) (this.active ?? this.#items[0]).run();
    else return false;
    event.preventDefault();
    return true;
  }

  #mark(at, scroll) {
    this.#active = at;
    [...this.list.children].forEach((element, index) => {
      element.classList.toggle("active", index === at);
      element.setAttribute("aria-selected", String(index === at));
    });
    if (at >= 0) this.#input?.setAttribute("aria-activedescendant", `pick-${at}`);
    else this.#input?.removeAttribute("aria-activedescendant");
    if (!scroll) return;
    if (at <= 0) this.list.scrollTop = 0;
    else this.list.children[at].scrollIntoView({ block: "nearest" });
  }

  #release() {
    this.#input?.setAttribute("aria-expanded", "false");
    this.#input?.removeAttribute("aria-activedescendant");
    this.#input = null;
  }
}
