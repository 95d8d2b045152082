// One picture, full size, over everything: Escape closes, arrow keys walk through the channel.
import { fileSize, h, icon, iconButton, refocus } from "../core/dom.js";

const MAX_ENLARGE = 3;
const WIDTH_SHARE = 0.9;
const BARS = 150;

/** items: [{url, name, alt, caption, size}] */
export function openLightbox(items, index, returnFocus) {
  new Lightbox(items, index, returnFocus).open();
}

class Lightbox {
  #at;

  constructor(items, index, returnFocus) {
    this.items = items;
    this.returnFocus = returnFocus;
    this.#at = index;
    this.image = h("img", { class: "lightbox-image", alt: "" });
    this.frame = h("div", { class: "lightbox-frame" }, this.image);
    this.caption = h("div", { class: "lightbox-caption" });
    this.counter = h("span", { class: "lightbox-counter", "aria-live": "polite" });
    this.original = barLink("external", "Open original", { target: "_blank", rel: "noopener" });
    this.save = barLink("download", "Download");
    this.close = iconButton("close", {
      "aria-label": "Close",
      title: "Close (Esc)",
      onclick: () => this.dialog.close(),
    });
    this.back = this.#stepButton("back", "Previous picture", icon("left"), -1);
    this.next = this.#stepButton("next", "Next picture", icon("right"), 1);
    this.dialog = h(
      "dialog",
      { class: "lightbox", "aria-label": "Picture" },
      this.#bar(),
      this.back,
      this.frame,
      this.next,
      this.caption,
    );
    this.#listen();
  }

  open() {
    document.body.append(this.dialog);
    this.#show();
    this.dialog.showModal();
    this.close.focus();
  }

  #bar() {
    const spring = h("span", { class: "spring" });
    return h(
      "div",
      { class: "lightbox-bar" },
      this.counter,
      spring,
      this.original,
      this.save,
      this.close,
    );
  }

  #stepButton(name, label, picture, by) {
    const onclick = () => this.#step(by);
    return h("button", { class: `lightbox-step ${name}`, "aria-label": label, onclick }, picture);
  }

  #step(by) {
    const to = this.#at + by;
    if (to < 0 || to >= this.items.length) return;
    this.#at = to;
    this.#show();
  }

  #show() {
    const { length } = this.items;
    const item = this.items[this.#at];
    this.image.classList.remove("zoomed");
    this.image.src = item.url;
    this.image.alt = item.alt || item.name;
    this.caption.replaceChildren(item.caption ?? "", nameLine(item));
    this.counter.textContent = length > 1 ? `${this.#at + 1} of ${length}` : "";
    this.original.href = item.url;
    this.save.href = item.url;
    this.save.download = item.name;
    this.back.hidden = this.#at === 0;
    this.next.hidden = this.#at === length - 1;
  }

  #listen() {
    const { image, dialog } = this;
    image.addEventListener("load", () => fit(image));
    image.addEventListener("click", (event) => {
      event.stopPropagation();
      image.classList.toggle("zoomed");
    });
    dialog.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      this.#step(by);
      event.preventDefault();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target === this.frame) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      refocus(this.returnFocus);
    });
  }
}

function barLink(name, label, props) {
  const named = { class: "icon-button", "aria-label": label, title: label };
  return h("a", { ...named, ...props }, icon(name));
}

function nameLine(item) {
  const parts = [item.name, item.size ? fileSize(item.size) : ""];
  return h("span", { class: "lightbox-name" }, parts.filter(Boolean).join(" · "));
}

/** Small pictures are enlarged, but not beyond what still looks like one. */
function fit(image) {
  const scale = Math.min(
    (innerWidth * WIDTH_SHARE) / image.naturalWidth,
    (innerHeight - BARS) / image.naturalHeight,
    MAX_ENLARGE,
  );
  image.style.width = `${Math.round(image.naturalWidth * scale)}px`;
}
