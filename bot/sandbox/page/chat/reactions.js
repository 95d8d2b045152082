// Reactions: those a message has, and the buttons that add one.
import { emojiText, h } from "../core/dom.js";

const FIRST = ["👍", "❤️", "😂", "❌", "✉️"];
const ALL = "👍 ❤️ 😂 😍 🎉 👀 ⭐ 🔥 🙏 👎 ✅ ❌ ✉️ 🔄 🖼️ 🤔".split(" ");

/** Those that were given, each a button; null if there are none. */
export function reactions(message, { actions }) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map(({ me, emoji, count }) =>
      h(
        "button",
        {
          class: me ? "reaction mine" : "reaction",
          "aria-pressed": String(Boolean(me)),
          "aria-label": `${emojiText(emoji)}, ${count}`,
          onclick: () => actions.react(message, emojiText(emoji)),
        },
        h("span", { class: "emoji" }, emojiText(emoji)),
        h("span", null, String(count)),
      ),
    ),
  );
}

/** A row of a menu: every emoji that is offered, or the first few. */
export function reactionRow(message, actions, { few = false } = {}) {
  const props = { tabIndex: -1, role: "menuitem" };
  const emojis = few ? FIRST : ALL;
  return h(
    "div",
    { class: "reaction-row" },
    emojis.map((emoji) => reactButton(message, emoji, actions, props)),
  );
}

export function reactButton(message, emoji, actions, props) {
  const label = `React with ${emoji}`;
  const onclick = () => actions.react(message, emoji);
  return h("button", { class: "icon-button emoji", "aria-label": label, ...props, onclick }, emoji);
}
