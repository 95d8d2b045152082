// Menus: things to do, in a pop-over, walked with the arrow keys.
import { h } from "../core/dom.js";
import { popover } from "./popover.js";

/** items: [{label, icon, picture, detail, checked, run}] | {heading} | {row: element}. */
export function openMenu(anchor, items, label) {
  popover(anchor, (close) => menu(items, label, close), {
    width: "auto",
    className: "menu-popover",
  });
}

function menu(items, label, close) {
  const element = h(
    "div",
    { class: "menu", role: "menu", "aria-label": label, tabIndex: -1 },
    items.map((item) => part(item, close)),
  );
  const entries = [...element.querySelectorAll("button")];
  element.addEventListener("keydown", (event) => walk(entries, event));
  element.focusFirst = () => {
    const checked = entries.find((entry) => entry.getAttribute("aria-checked") === "true");
    (checked ?? entries[0])?.focus({ preventScroll: true });
  };
  return element;
}

function part(item, close) {
  if (item.heading) return h("div", { class: "menu-heading" }, item.heading);
  if (!item.row) return entry(item, close);
  item.row.addEventListener("click", (event) => {
    if (event.target.closest("button")) close(false);
  });
  return item.row;
}

function entry(item, close) {
  const plain = item.checked === undefined;
  return h(
    "button",
    {
      class: "menu-item",
      tabIndex: -1,
      role: plain ? "menuitem" : "menuitemradio",
      "aria-checked": plain ? null : String(item.checked),
      onclick: () => {
        close();
        item.run();
      },
    },
    item.picture ?? null,
    h(
      "span",
      { class: "menu-text" },
      h("span", null, item.label),
      item.detail ? h("small", null, item.detail) : null,
    ),
    item.icon ?? null,
  );
}

function walk(entries, event) {
  const at = entries.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step) entries[(at + step + entries.length) % entries.length].focus();
  else if (event.key === "Home") entries[0].focus();
  else if (event.key === "End") entries.at(-1).focus();
  else return;
  event.preventDefault();
}
