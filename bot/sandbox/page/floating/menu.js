// Things that float: pop-overs tied to a button, and context menus. One is open at a time.
import { h } from "../core/dom.js";

let closeCurrent = null;

export function closeFloating() {
  closeCurrent?.();
}

/** Opens what build(close) returns at the anchor (an element, or {x, y}); onClosed runs once. */
export function popover(anchor, build, onClosed, { className = "", width } = {}) {
  closeFloating();
  const host =
    anchor instanceof Element ? (anchor.closest("dialog") ?? document.body) : document.body;
  const before = document.activeElement;
  const box = h("div", { class: `popover ${className}`.trim() });

  const close = (refocus = true) => {
    if (closeCurrent !== close) return;
    closeCurrent = null;
    box.remove();
    removeEventListener("pointerdown", outside, true);
    removeEventListener("resize", dismiss);
    onClosed?.();
    const target = anchor instanceof Element && anchor.isConnected ? anchor : before;
    if (refocus && target?.isConnected) target.focus({ preventScroll: true });
  };
  const dismiss = () => close(false);
  const outside = (event) => {
    if (box.contains(event.target)) return;
    const again = anchor instanceof Element && anchor.contains(event.target);
    if (again)
      addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
    close(again);
  };
  closeCurrent = close;

  const content = build(close);
  box.append(content);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  host.append(box);
  if (anchor instanceof Element && width !== "auto")
    box.style.minWidth = `${Math.min(anchor.offsetWidth, innerWidth - 16)}px`;
  place(
    box,
    anchor instanceof Element
      ? anchor.getBoundingClientRect()
      : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y },
  );
  addEventListener("pointerdown", outside, true);
  addEventListener("resize", dismiss);
  (content.focusFirst ?? (() => content.focus()))();
  return close;
}

function place(box, at) {
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = innerHeight - at.bottom;
  const top = below >= height + 8 || below >= at.top ? at.bottom + 4 : at.top - height - 4;
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

/** items: [{label, icon, picture, detail, checked, danger, run}] | {heading} | {row: element} | null for a rule. */
export function openMenu(anchor, items, label) {
  return popover(
    anchor,
    (close) => {
      const entries = [];
      const nodes = items.map((item) => {
        if (item === null) return h("div", { class: "menu-rule", role: "separator" });
        if (item.heading) return h("div", { class: "menu-heading" }, item.heading);
        if (item.row) {
          entries.push(...item.row.querySelectorAll("button"));
          item.row.addEventListener("click", (event) => {
            if (event.target.closest("button")) close(false);
          });
          return item.row;
        }
        const entry = h(
          "button",
          {
            class: item.danger ? "menu-item danger" : "menu-item",
            type: "button",
            tabIndex: -1,
            role: item.checked === undefined ? "menuitem" : "menuitemradio",
            "aria-checked": item.checked === undefined ? null : String(item.checked),
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
        entries.push(entry);
        return entry;
      });
      const menu = h(
        "div",
        { class: "menu", role: "menu", "aria-label": label, tabIndex: -1 },
        nodes,
      );
      menu.addEventListener("keydown", (event) => {
        const at = entries.indexOf(document.activeElement);
        const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        if (step) entries[(at + step + entries.length) % entries.length].focus();
        else if (event.key === "Home") entries[0].focus();
        else if (event.key === "End") entries.at(-1).focus();
        else return;
        event.preventDefault();
      });
      menu.focusFirst = () =>
        (
          entries.find((entry) => entry.getAttribute("aria-checked") === "true") ?? entries[0]
        )?.focus({ preventScroll: true });
      return menu;
    },
    null,
    { width: "auto", className: "menu-popover" },
  );
}
