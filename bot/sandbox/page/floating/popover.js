// A box over everything else, tied to a button or to a point. One is open at a time.
import { h } from "../core/dom.js";

const MARGIN = 8;

let current = null;

export function closeFloating() {
  current?.close();
}

/**
 * Opens what build(close) returns at the anchor, an element or {x, y}.
 * options: {onClosed (runs once), className, width: "auto" (else as wide as the anchor)}
 */
export function popover(anchor, build, options) {
  closeFloating();
  const opened = new Popover(anchor, options);
  current = opened;
  opened.show(build((refocus) => opened.close(refocus)));
}

class Popover {
  #outside = (event) => this.#onPress(event);
  #dismiss = () => this.close(false);
  /** Wherever the focus is: else the dialog below would close as well. */
  #escape = (event) => event.key === "Escape" && this.#onKey(event);

  constructor(anchor, { onClosed, className = "", width } = {}) {
    Object.assign(this, { anchor, onClosed, width });
    this.element = anchor instanceof Element ? anchor : null;
    this.before = document.activeElement;
    this.box = h("div", { class: `popover ${className}`.trim() });
    this.box.addEventListener("keydown", (event) => this.#onKey(event));
  }

  show(content) {
    const { box, element, anchor } = this;
    box.append(content);
    (element?.closest("dialog") ?? document.body).append(box);
    if (element && this.width !== "auto")
      box.style.minWidth = `${Math.min(element.offsetWidth, innerWidth - 2 * MARGIN)}px`;
    const { x, y } = anchor;
    place(box, element?.getBoundingClientRect() ?? { left: x, right: x, top: y, bottom: y });
    addEventListener("pointerdown", this.#outside, true);
    addEventListener("resize", this.#dismiss);
    addEventListener("keydown", this.#escape, true);
    if (content.focusFirst) content.focusFirst();
    else content.focus();
  }

  close(refocus = true) {
    if (current !== this) return;
    current = null;
    this.box.remove();
    removeEventListener("pointerdown", this.#outside, true);
    removeEventListener("resize", this.#dismiss);
    removeEventListener("keydown", this.#escape, true);
    this.onClosed?.();
    const target = this.element?.isConnected ? this.element : this.before;
    if (refocus && target?.isConnected) target.focus({ preventScroll: true });
  }

  #onKey(event) {
    if (event.key !== "Escape" && event.key !== "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  /** A press on the anchor closes too, and its click must not open again. */
  #onPress(event) {
    if (this.box.contains(event.target)) return;
    const again = Boolean(this.element?.contains(event.target));
    if (again)
      addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
    this.close(again);
  }
}

/** Below `at` where there is room or more of it than above, and always on the screen. */
function place(box, at) {
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = innerHeight - at.bottom;
  const top = below >= height + MARGIN || below >= at.top ? at.bottom + 4 : at.top - height - 4;
  box.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - width - MARGIN))}px`;
  box.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - height - MARGIN))}px`;
}
