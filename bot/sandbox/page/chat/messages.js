// The list of messages of the open channel: order, grouping, day lines, scrolling.
import { avatar, displayName, h, icon } from "../core/dom.js";
import { inlineMarkdown } from "../text/markdown.js";
import { openLightbox } from "./lightbox.js";
import { ephemeralLine, failureLine, messageElement, midnight, usedLine } from "./message.js";

const GROUP_WINDOW = 7 * 60 * 1000;
const NEAR_BOTTOM = 60;

export class MessageList {
  #stuck = true;
  #fresh = 0;
  #quiet = 0;
  #top = 0;

  constructor(context, { scroller, messages, ghosts, present }) {
    this.context = context;
    this.scroller = scroller;
    this.list = messages;
    this.ghosts = ghosts;
    this.present = present;
    const { state } = context;
    scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    const follow = new ResizeObserver(() => {
      if (this.#stuck) this.#toBottom();
    });
    follow.observe(scroller);
    follow.observe(scroller.firstElementChild);
    present.addEventListener("click", () => this.scrollToEnd());
    messages.addEventListener("keydown", (event) => this.#walk(event));
    state.on("channel", () => this.showAll());
    state.on("session", () => this.showAll());
    state.on("history", (channelId) => {
      if (channelId === state.channelId) this.showAll(true);
    });
    state.on("message", ({ message, created }) => {
      if (message.channel_id === state.channelId) this.#put(message, created);
    });
    state.on("delete", ({ channelId, id }) => {
      if (channelId === state.channelId) this.#remove(id);
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

  /** A line of the bot's that exists on this page only: a command on its way, or one that failed. */
  addGhost(command) {
    const { state } = this.context;
    const { user, bot } = state.session;
    const text = h(
      "div",
      { class: "ghost-text" },
      h("span", { class: "dots" }, h("i"), h("i"), h("i")),
      "Sending command…",
    );
    const foot = h("div");
    const element = h(
      "li",
      { class: "message ghost waiting", dataset: { channel: state.channelId } },
      usedLine(user, command.name, command.isContext, this.context),
      h("div", { class: "gutter" }, avatar(bot)),
      h(
        "div",
        { class: "message-body" },
        h(
          "div",
          { class: "message-head" },
          h("span", { class: "name" }, displayName(bot)),
          h("span", { class: "tag" }, "App"),
        ),
        text,
        foot,
      ),
    );
    this.ghosts.append(element);
    this.scrollToEnd();
    return {
      remove: () => element.remove(),
      fail: (error) => {
        element.classList.remove("waiting");
        element.classList.add("ephemeral");
        text.replaceChildren(failureLine(error));
        const again = command.retry
          ? [
              " · ",
              h(
                "button",
                {
                  class: "text-link",
                  type: "button",
                  onclick: () => {
                    element.remove();
                    command.retry();
                  },
                },
                "Edit command",
              ),
            ]
          : [];
        const line = ephemeralLine(() => element.remove());
        line.append(...again);
        foot.replaceChildren(line);
        if (this.#stuck) this.#toBottom();
      },
    };
  }

  showGhosts() {
    for (const ghost of this.ghosts.children)
      ghost.hidden = ghost.dataset.channel !== this.context.state.channelId;
  }

  clearGhosts() {
    this.ghosts.replaceChildren();
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

  #caption(box) {
    const message = this.context.state.message(
      this.context.state.channelId,
      box.closest(".message").dataset.id,
    );
    const line = message?.content?.split("\n")[0];
    return line
      ? h(
          "span",
          { class: "lightbox-text" },
          inlineMarkdown(line, { ...this.context, inLink: true }),
        )
      : null;
  }

  #element(id) {
    return this.list.querySelector(`:scope > [data-id="${CSS.escape(id)}"]`);
  }

  #put(message, created) {
    const { state } = this.context;
    const messages = state.log(state.channelId).messages;
    const at = messages.findIndex((other) => other.id === message.id);
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
    if (!created) return;
    element.classList.add("arrived");
    const mine = message.author?.id === state.session.user.id;
    if (this.#stuck || mine) this.scrollToEnd();
    else {
      this.#fresh += 1;
      this.#drawPresent();
    }
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
    const messages = state.log(state.channelId).messages;
    const message = messages[at];
    const element = this.list.children[at];
    if (!message || !element) return;
    const before = messages[at - 1];
    const newDay =
      !before || midnight(new Date(before.timestamp)) !== midnight(new Date(message.timestamp));
    const grouped =
      !newDay &&
      before.author?.id === message.author?.id &&
      !element.querySelector(":scope > .above") &&
      new Date(message.timestamp) - new Date(before.timestamp) < GROUP_WINDOW &&
      Boolean((before.flags ?? 0) & 64) === Boolean((message.flags ?? 0) & 64);
    element.classList.toggle("grouped", grouped);
    element.querySelector(":scope > .day")?.remove();
    if (newDay) {
      const day = new Date(message.timestamp).toLocaleDateString([], { dateStyle: "long" });
      element.prepend(
        h("div", { class: "day", role: "separator", "aria-label": day }, h("span", null, day)),
      );
    }
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

  #toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
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

function focusKey(element) {
  const focused = document.activeElement;
  if (focused === element) return { self: true };
  return { customId: focused.dataset.customId, media: focused.dataset.key };
}

function restoreFocus(element, key) {
  const target = key.self
    ? element
    : key.customId
      ? element.querySelector(`[data-custom-id="${CSS.escape(key.customId)}"]`)
      : key.media
        ? element.querySelector(`.media[data-key="${CSS.escape(key.media)}"]`)
        : null;
  (target ?? element).focus({ preventScroll: true });
}
