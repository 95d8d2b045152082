// One picture, full size, over everything: Escape closes, arrow keys walk through the channel.
import { fileSize, h, icon, refocus } from "../core/dom.js";

/** items: [{url, name, alt, caption, size}] */
export function openLightbox(items, index, returnFocus) {
  let at = index;
  const image = h("img", { class: "lightbox-image", alt: "" });
  const frame = h("div", { class: "lightbox-frame" }, image);
  const caption = h("div", { class: "lightbox-caption" });
  const counter = h("span", { class: "lightbox-counter", "aria-live": "polite" });
  const original = h(
    "a",
    {
      class: "icon-button",
      target: "_blank",
      rel: "noopener",
      "aria-label": "Open original",
      title: "Open original",
    },
    icon("external"),
  );
  const save = h(
    "a",
    { class: "icon-button", "aria-label": "Download", title: "Download" },
    icon("download"),
  );
  const close = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Close",
      title: "Close (Esc)",
      onclick: () => dialog.close(),
    },
    icon("close"),
  );
  const back = h(
    "button",
    {
      class: "lightbox-step back",
      type: "button",
      "aria-label": "Previous picture",
      onclick: () => step(-1),
    },
    icon("left"),
  );
  const next = h(
    "button",
    {
      class: "lightbox-step next",
      type: "button",
      "aria-label": "Next picture",
      onclick: () => step(1),
    },
    icon("right"),
  );
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": "Picture" },
    h(
      "div",
      { class: "lightbox-bar" },
      counter,
      h("span", { class: "spring" }),
      original,
      save,
      close,
    ),
    back,
    frame,
    next,
    caption,
  );

  function step(by) {
    const to = at + by;
    if (to < 0 || to >= items.length) return;
    at = to;
    show();
  }

  function show() {
    const item = items[at];
    image.classList.remove("zoomed");
    image.src = item.url;
    image.alt = item.alt || item.name;
    caption.replaceChildren(
      item.caption ?? "",
      h(
        "span",
        { class: "lightbox-name" },
        [item.name, item.size ? fileSize(item.size) : ""].filter(Boolean).join(" · "),
      ),
    );
    counter.textContent = items.length > 1 ? `${at + 1} of ${items.length}` : "";
    original.href = item.url;
    save.href = item.url;
    save.download = item.name;
    back.hidden = at === 0;
    next.hidden = at === items.length - 1;
  }

  image.addEventListener("load", () => {
    const scale = Math.min(
      (innerWidth * 0.9) / image.naturalWidth,
      (innerHeight - 150) / image.naturalHeight,
      3,
    );
    image.style.width = `${Math.round(image.naturalWidth * scale)}px`;
  });
  image.addEventListener("click", (event) => {
    event.stopPropagation();
    image.classList.toggle("zoomed");
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target === frame) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    refocus(returnFocus);
  });
  document.body.append(dialog);
  show();
  dialog.showModal();
  close.focus();
}
