// What appears over a message under the mouse or the focus.
import { h, iconButton } from "../core/dom.js";
import { isEphemeral } from "../core/state.js";
import { openMessageMenu, openReactionMenu } from "./message-menu.js";
import { reactButton } from "./reactions.js";

const QUICK = ["❤️", "❌", "✉️"];

/** Nothing while the bot is still thinking. */
export function toolbar(message, context) {
  if (message.loading) return null;
  return h(
    "div",
    { class: "toolbar", role: "group", "aria-label": "Message actions" },
    isEphemeral(message) ? null : reactionButtons(message, context),
    iconButton("more", {
      title: "More",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      onclick: (event) => openMessageMenu(message, event.currentTarget, context),
    }),
  );
}

function reactionButtons(message, context) {
  const quick = (emoji) =>
    reactButton(message, emoji, context.actions, { title: `React with ${emoji}` });
  const any = iconButton("smile", {
    title: "Add reaction",
    "aria-label": "Add reaction",
    onclick: (event) => openReactionMenu(message, event.currentTarget, context),
  });
  return [...QUICK.map(quick), any];
}
