// One message → one element. Knows Discord's message object; knows nothing of lists or sockets.
import { avatar, displayName, emojiText, h, icon } from "../core/dom.js";
import { isEphemeral } from "../core/state.js";
import { inlineMarkdown, isJumbo, markdown } from "../text/markdown.js";
import { componentTree } from "./components.js";
import { embedCard, usedAttachments } from "./embeds.js";
import { fileCard, gallery, isPicture, keep, mediaItem } from "./media.js";

const REPLY = 19;
const COMMAND_TYPES = new Set([20, 23]);
const V2 = 1 << 15;
const SUPPRESS_EMBEDS = 4;

/** context: {state, actions}; previous: the element this one replaces, whose pictures are kept. */
export function messageElement(message, context, previous) {
  const { state, actions } = context;
  const author = state.author(message.author ?? {});
  const media = {
    kept: keep(previous),
    onOpen: (box) => actions.enlarge(box),
    onStale: () => actions.refresh(message.channel_id),
  };
  const ephemeral = isEphemeral(message);
  const pinged =
    (message.mentions ?? []).some((user) => user.id === state.session?.user.id) &&
    message.author?.id !== state.session?.user.id;
  const element = h(
    "li",
    {
      class: ["message", ephemeral ? "ephemeral" : "", pinged && !ephemeral ? "pinged" : ""]
        .join(" ")
        .trim(),
      dataset: { id: message.id },
      tabIndex: -1,
      "aria-label": `${displayName(author)}, ${clock(message.timestamp)}`,
      oncontextmenu: (event) => {
        if (event.target.closest("a, input") || String(getSelection())) return;
        event.preventDefault();
        actions.messageMenu(
          message,
          event.clientX || event.clientY ? { x: event.clientX, y: event.clientY } : element,
        );
      },
    },
    aboveLine(message, context),
    h(
      "div",
      { class: "gutter" },
      avatar(author),
      h("time", { class: "side-time", "aria-hidden": "true" }, hourMinute(message.timestamp)),
    ),
    h(
      "div",
      { class: "message-body" },
      h(
        "div",
        { class: "message-head" },
        h("span", { class: "name" }, displayName(author)),
        author.bot ? h("span", { class: "tag" }, "App") : null,
        h(
          "time",
          { class: "when", datetime: message.timestamp, title: full(message.timestamp) },
          clock(message.timestamp),
        ),
      ),
      message.loading ? thinking(author) : body(message, context, media),
      reactions(message, context),
      state.failures.has(message.id) ? failureLine(state.failures.get(message.id)) : null,
      ephemeral ? ephemeralLine(() => actions.dismiss(message)) : null,
    ),
    toolbar(message, context),
  );
  return element;
}

function body(message, context, media) {
  if ((message.flags ?? 0) & V2)
    return h("div", { class: "components-v2" }, componentTree(message, context, media));
  const embeds = (message.flags ?? 0) & SUPPRESS_EMBEDS ? [] : (message.embeds ?? []);
  const attachments = message.attachments ?? [];
  const used = usedAttachments(embeds, attachments);
  const items = attachments.filter((file) => !used.has(file.id)).map(mediaItem);
  const pictures = items.filter(isPicture);
  const edited = message.edited_timestamp
    ? h("span", { class: "edited", title: full(message.edited_timestamp) }, "(edited)")
    : null;
  const content = message.content
    ? h(
        "div",
        { class: isJumbo(message.content) ? "content jumbo" : "content" },
        markdown(message.content, context),
      )
    : null;
  if (content && edited)
    (content.lastElementChild?.matches(".md-text") ? content.lastElementChild : content).append(
      " ",
      edited,
    );
  return [
    content,
    pictures.length ? gallery(pictures, media.kept, media.onOpen, media.onStale) : null,
    items.filter((item) => !isPicture(item)).map(fileCard),
    embeds.map((embed) => embedCard(embed, attachments, context, media)),
    content ? null : edited,
    message.components?.length
      ? h("div", { class: "components" }, componentTree(message, context, media))
      : null,
  ];
}

function thinking(author) {
  return h(
    "div",
    { class: "thinking" },
    h("span", { class: "dots" }, h("i"), h("i"), h("i")),
    `${displayName(author)} is thinking…`,
  );
}

function aboveLine(message, context) {
  const used = message.interaction_metadata ?? message.interaction;
  if (message.type === REPLY || message.referenced_message) return replyLine(message, context);
  if (!used?.user || !(COMMAND_TYPES.has(message.type) || used.name)) return null;
  return usedLine(used.user, used.name, message.type === 23 || used.target_message_id, context);
}

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
  const id = parent?.id ?? message.message_reference?.message_id;
  if (!parent) {
    return h(
      "div",
      { class: "above reply" },
      h("span", { class: "elbow" }),
      icon("reply"),
      h("em", null, "Original message was deleted"),
    );
  }
  const author = context.state.author(parent.author);
  return h(
    "div",
    { class: "above reply" },
    h("span", { class: "elbow" }),
    avatar(author, "avatar mini"),
    h(
      "button",
      {
        class: "reply-jump",
        type: "button",
        "aria-label": `Replying to ${displayName(author)}: go to that message`,
        onclick: () => context.actions.jump(message.channel_id, id),
      },
      h("span", { class: "above-name" }, displayName(author)),
      h("span", { class: "reply-text" }, preview(parent, context)),
    ),
  );
}

function preview(parent, context) {
  const line = (parent.content ?? "").split("\n").find((text) => text.trim());
  if (line) return inlineMarkdown(line, { ...context, inLink: true });
  if (parent.attachments?.length) return [h("em", null, "Press to see attachment "), icon("image")];
  return h("em", null, "Press to see the message");
}

function reactions(message, { actions }) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map((reaction) =>
      h(
        "button",
        {
          class: reaction.me ? "reaction mine" : "reaction",
          type: "button",
          "aria-pressed": String(Boolean(reaction.me)),
          "aria-label": `${emojiText(reaction.emoji)}, ${reaction.count}`,
          onclick: () => actions.react(message, emojiText(reaction.emoji)),
        },
        h("span", { class: "emoji" }, emojiText(reaction.emoji)),
        h("span", null, String(reaction.count)),
      ),
    ),
  );
}

export function failureLine(text) {
  return h("div", { class: "failure", role: "alert" }, icon("warn"), text);
}

export function ephemeralLine(onDismiss) {
  return h(
    "div",
    { class: "ephemeral-line" },
    icon("eye"),
    "Only you can see this · ",
    h("button", { class: "text-link", type: "button", onclick: onDismiss }, "Dismiss message"),
  );
}

function toolbar(message, { actions }) {
  if (message.loading) return null;
  const reactable = !isEphemeral(message);
  const quick = reactable ? ["❤️", "❌", "✉️"] : [];
  return h(
    "div",
    { class: "toolbar", role: "group", "aria-label": "Message actions" },
    quick.map((emoji) =>
      h(
        "button",
        {
          class: "icon-button emoji",
          type: "button",
          title: `React with ${emoji}`,
          "aria-label": `React with ${emoji}`,
          onclick: () => actions.react(message, emoji),
        },
        emoji,
      ),
    ),
    reactable
      ? h(
          "button",
          {
            class: "icon-button",
            type: "button",
            title: "Add reaction",
            "aria-label": "Add reaction",
            onclick: (event) => actions.reactionMenu(message, event.currentTarget),
          },
          icon("smile"),
        )
      : null,
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        title: "More",
        "aria-label": "More actions",
        "aria-haspopup": "menu",
        onclick: (event) => actions.messageMenu(message, event.currentTarget),
      },
      icon("more"),
    ),
  );
}

// -- time --------------------------------------------------------------------------------------

export function clock(timestamp) {
  const date = new Date(timestamp);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86400000);
  if (days === 0) return `Today at ${hourMinute(timestamp)}`;
  if (days === 1) return `Yesterday at ${hourMinute(timestamp)}`;
  return date.toLocaleString([], { dateStyle: "short", timeStyle: "short" });
}

export function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function hourMinute(timestamp) {
  return new Date(timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function full(timestamp) {
  return new Date(timestamp).toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
}
