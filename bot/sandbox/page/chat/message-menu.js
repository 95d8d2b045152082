// The menus of a message: what can be done with it, and every reaction.

import { called, messageCommands } from "../composer/commands.js";
import { copy } from "../core/clipboard.js";
import { h, icon } from "../core/dom.js";
import { isEphemeral } from "../core/state.js";
import { openMenu } from "../floating/menu.js";
import { reactionRow } from "./reactions.js";

export function openMessageMenu(message, anchor, context) {
  const hidden = isEphemeral(message);
  const text = message.content || message.embeds?.[0]?.description || "";
  const items = [
    hidden ? null : { row: reactionRow(message, context.actions, { few: true }) },
    text ? { label: "Copy text", icon: icon("copy"), run: () => copy(text) } : null,
    { label: "Copy message ID", icon: icon("link"), run: () => copy(message.id) },
    hidden ? dismissal(message, context) : null,
    ...(hidden ? [] : apps(message, context)),
  ];
  openMenu(anchor, items.filter(Boolean), "Message");
}

export function openReactionMenu(message, anchor, { actions }) {
  openMenu(anchor, [{ row: reactionRow(message, actions) }], "Add reaction");
}

function dismissal(message, { actions }) {
  const run = () => actions.dismiss(message);
  return { label: "Dismiss message", icon: icon("close"), run };
}

/** The bot's own commands for messages. */
function apps(message, { state, actions }) {
  const commands = messageCommands(state.session.commands, state.isDm);
  const entries = commands.map((command) => ({
    label: called(command),
    picture: h("img", { class: "avatar tiny", src: "/assets/icon.svg", alt: "" }),
    run: () => actions.context(command, message),
  }));
  return entries.length ? [{ heading: "Apps" }, ...entries] : [];
}
