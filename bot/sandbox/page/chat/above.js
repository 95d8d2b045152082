// The line above a message: what it replies to, or who used which command.
import { avatar, displayName, h, icon } from "../core/dom.js";
import { inlineMarkdown } from "../text/markdown.js";

const REPLY = 19;
const SLASH = 20;
const CONTEXT = 23;

/** The line, or null for a message that stands on its own. */
export function aboveLine(message, context) {
  const used = message.interaction_metadata ?? message.interaction;
  if (message.type === REPLY || message.referenced_message) return replyLine(message, context);
  if (!used?.user || !(message.type === SLASH || message.type === CONTEXT || used.name))
    return null;
  const isContext = message.type === CONTEXT || used.target_message_id;
  return usedLine(used.user, used.name, isContext, context);
}

/** “Mia used /imagine”; isContext: a command from a message's menu, which has no slash. */
export function usedLine(user, name, isContext, { state }) {
  const person = state.author(user);
  return h(
    "div",
    { class: "above used" },
    h("span", { class: "elbow" }),
    avatar(person, "avatar mini"),
    h("span", { class: "above-name" }, displayName(person)),
    " used ",
    h("span", { class: "command-name" }, icon("command"), isContext ? name : `/${name}`),
  );
}

function replyLine(message, context) {
  const parent = message.referenced_message;
  const author = parent ? context.state.author(parent.author) : null;
  return h(
    "div",
    { class: "above reply" },
    h("span", { class: "elbow" }),
    ...(parent
      ? [avatar(author, "avatar mini"), jumpButton(message, parent, author, context)]
      : [icon("reply"), h("em", null, "Original message was deleted")]),
  );
}

function jumpButton(message, parent, author, context) {
  return h(
    "button",
    {
      class: "reply-jump",
      "aria-label": `Replying to ${displayName(author)}: go to that message`,
      onclick: () => context.actions.jump(message.channel_id, parent.id),
    },
    h("span", { class: "above-name" }, displayName(author)),
    h("span", { class: "reply-text" }, preview(parent, context)),
  );
}

function preview(parent, context) {
  const line = (parent.content ?? "").split("\n").find((text) => text.trim());
  if (line) return inlineMarkdown(line, { ...context, inLink: true });
  if (parent.attachments?.length) return [h("em", null, "Press to see attachment "), icon("image")];
  return h("em", null, "Press to see the message");
}
