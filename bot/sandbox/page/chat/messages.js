// The list of messages of the open channel: order, grouping, day lines, scrolling.
import { h, icon } from "../core/dom.js";
import { isEphemeral } from "../core/state.js";
import { inlineMarkdown } from "../text/markdown.js";
import { day, sameDay } from "../text/moments.js";
import { openLightbox } from "./lightbox.js";
import { messageElement } from "./message.js";

const GROUP_WINDOW = 7 * 60 * 1000;
const NEAR_BOTTOM = 60;

export class MessageList {
  #stuck = true;
  #fresh = 0;
  #quiet = 0;
  #top = 0;

  constructor(context, { scroller, messages, present }) {
    this.context = context;
    this.scroller = scroller;
    this.list = messages;
    this.present = present;
    scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    const resized = new ResizeObserver(() => this.follow());
    resized.observe(scroller);
    resized.observe(scroller.firstElementChild);
    present.addEventListener("click", () => this.scrollToEnd());
    messages.addEventListener("keydown", (event) => this.#walk(event));
    this.#listen(context.state);
  }

  #listen(state) {
    const open = (channelId) => channelId === state.channelId;
    state.on("channel", () => this.showAll());
    state.on("session", () => this.showAll());
    state.on("history", (channelId) => {
      if (open(channelId)) this.showAll(true);
    });
    state.on("message", ({ message, created }) => {
      if (open(message.channel_id)) this.#put(message, created);
    });
    state.on("delete", ({ channelId, id }) => {
      if (open(channelId)) this.#remove(id);
    });
  }

  showAll(keepPlace = false) {
    const { state } = this.context;
    const log = state.log(state.channelId);
    const stay = keepPlace && !this.#stuck;
    const top = this.scroller.scrollTop;
    const old = new Map([...this.list.children].map((element) => [element.dataset.id, element]));
    this.list.setAttribute("aria-busy", "true");
    this.list.replaceChildren(
      ...log.messages.map((message) => messageElement(message, this.context, old.get(message.id))),
    );
    this.list.classList.toggle("unloaded", !log.loaded);
    for (const at of log.messages.keys()) this.#arrange(at);
    this.#rove();
    if (stay) this.scroller.scrollTop = top;
    else this.scrollToEnd();
    requestAnimationFrame(() => this.list.removeAttribute("aria-busy"));
  }

  highlight(id) {
    const element = this.#element(id);
    if (!element) return false;
    this.#stuck = false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    element.classList.remove("flash");
    requestAnimationFrame(() => element.classList.add("flash"));
    element.focus({ preventScroll: true });
    return true;
  }

  enlarge(box) {
    const boxes = [...this.list.querySelectorAll(".media:not(.gone):not(.hidden-media)")];
    const items = boxes.map((each) => ({ ...each.item, caption: this.#caption(each) }));
    openLightbox(items, boxes.indexOf(box), box);
  }

  scrollToEnd() {
    this.#stuck = true;
    this.#fresh = 0;
    this.#toBottom();
    this.#drawPresent();
  }

  /** Stays at the end, if that is where the reader is. */
  follow() {
    if (this.#stuck) this.#toBottom();
  }

  #caption(box) {
    const { state } = this.context;
    const message = state.message(state.channelId, box.closest(".message").dataset.id);
    const line = message?.content?.split("\n")[0];
    if (!line) return null;
    const text = inlineMarkdown(line, { ...this.context, inLink: true });
    return h("span", { class: "lightbox-text" }, text);
  }

  #element(id) {
    return this.list.querySelector(`:scope > [data-id="${CSS.escape(id)}"]`);
  }

  #put(message, created) {
    const { state } = this.context;
    const at = state.log(state.channelId).messages.findIndex((other) => other.id === message.id);
    const old = this.#element(message.id);
    const focused = old?.contains(document.activeElement) ? focusKey(old) : null;
    const element = messageElement(message, this.context, old);
    if (old) {
      this.#hush();
      old.replaceWith(element);
    } else {
      this.list.insertBefore(element, this.list.children[at] ?? null);
    }
    this.#arrange(at);
    this.#arrange(at + 1);
    this.#rove();
    if (focused) restoreFocus(element, focused);
    if (created) this.#welcome(element, message.author?.id === state.session.user.id);
  }

  /** The end follows a new message, unless the reader is elsewhere and it is somebody else's. */
  #welcome(element, mine) {
    element.classList.add("arrived");
    if (this.#stuck || mine) {
      this.scrollToEnd();
      return;
    }
    this.#fresh += 1;
    this.#drawPresent();
  }

  #remove(id) {
    const element = this.#element(id);
    if (!element) return;
    const at = [...this.list.children].indexOf(element);
    element.remove();
    this.#arrange(at);
    this.#rove();
  }

  /** Groups the message under its predecessor and draws the day line where a day begins. */
  #arrange(at) {
    const { state } = this.context;
    const { [at]: message, [at - 1]: before } = state.log(state.channelId).messages;
    const element = this.list.children[at];
    if (!message || !element) return;
    const newDay = !before || !sameDay(before.timestamp, message.timestamp);
    const alone = newDay || Boolean(element.querySelector(":scope > .above"));
    element.classList.toggle("grouped", !alone && continues(message, before));
    element.querySelector(":scope > .day")?.remove();
    if (newDay) element.prepend(dayLine(message.timestamp));
  }

  /** Edits are not read aloud: the region is busy while they go on. */
  #hush() {
    this.list.setAttribute("aria-busy", "true");
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.list.removeAttribute("aria-busy"), 800);
  }

  #rove() {
    const last = this.list.lastElementChild;
    for (const element of this.list.querySelectorAll(':scope > [tabindex="0"]'))
      element.tabIndex = -1;
    if (last) last.tabIndex = 0;
  }

  #walk(event) {
    const current = event.target.closest(".message");
    if (event.target !== current) return;
    const to = {
      ArrowUp: current.previousElementSibling,
      ArrowDown: current.nextElementSibling,
      Home: this.list.firstElementChild,
      End: this.list.lastElementChild,
    }[event.key];
    if (!to) return;
    event.preventDefault();
    current.tabIndex = -1;
    to.tabIndex = 0;
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  }

  /** Only scrolling up lets go of the end: content that grows moves the end, not the reader. */
  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM) this.#stuck = true;
    else if (scrollTop < this.#top) this.#stuck = false;
    this.#top = scrollTop;
    if (this.#stuck) this.#fresh = 0;
    this.#drawPresent();
  }

  /** Remembers where that is: the next scrolling up is measured from there. */
  #toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#top = this.scroller.scrollTop;
  }

  #drawPresent() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    const far = scrollHeight - scrollTop - clientHeight > clientHeight;
    this.present.hidden = this.#stuck || (!this.#fresh && !far);
    const text = this.#fresh
      ? `${this.#fresh} new message${this.#fresh === 1 ? "" : "s"}`
      : "Jump to the newest";
    this.present.replaceChildren(h("span", null, text), icon("down"));
  }
}

/** The same author goes on within minutes, and as openly or as privately as before. */
function continues(message, before) {
  return (
    before.author?.id === message.author?.id &&
    new Date(message.timestamp) - new Date(before.timestamp) < GROUP_WINDOW &&
    isEphemeral(before) === isEphemeral(message)
  );
}

function dayLine(timestamp) {
  const text = day(timestamp);
  const props = { class: "day", role: "separator", "aria-label": text };
  return h("div", props, h("span", null, text));
}

/** What has the focus inside a message, so that its successor can have it again. */
function focusKey(element) {
  const focused = document.activeElement;
  if (focused === element) return { self: true };
  return { customId: focused.dataset.customId, media: focused.dataset.key };
}

function restoreFocus(element, { self, customId, media }) {
  const found = (selector) => element.querySelector(selector);
  let target = null;
  if (!self && customId) target = found(`[data-custom-id="${CSS.escape(customId)}"]`);
  else if (!self && media) target = found(`.media[data-key="${CSS.escape(media)}"]`);
  (target ?? element).focus({ preventScroll: true });
}
