// One message → one element. Knows Discord's message object; knows nothing of lists or sockets.
import { avatar, displayName, dots, h, icon } from "../core/dom.js";
import { isEphemeral } from "../core/state.js";
import { isJumbo, markdown } from "../text/markdown.js";
import { clock, full, hourMinute } from "../text/moments.js";
import { aboveLine } from "./above.js";
import { componentTree } from "./components.js";
import { embedCard, usedAttachments } from "./embeds.js";
import { fileCard, gallery, isPicture, keep, mediaItem } from "./media.js";
import { openMessageMenu } from "./message-menu.js";
import { reactions } from "./reactions.js";
import { toolbar } from "./toolbar.js";

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
  const element = h(
    "li",
    {
      class: classes(message, state),
      dataset: { id: message.id },
      tabIndex: -1,
      "aria-label": `${displayName(author)}, ${clock(message.timestamp)}`,
    },
    aboveLine(message, context),
    gutter(author, sideTime(message.timestamp)),
    h(
      "div",
      { class: "message-body" },
      messageHead(author, when(message.timestamp)),
      message.loading ? thinking(author) : body(message, context, media),
      foot(message, context),
    ),
    toolbar(message, context),
  );
  element.addEventListener("contextmenu", (event) => onRightPress(event, message, context));
  return element;
}

function classes(message, { session }) {
  const me = session?.user.id;
  if (isEphemeral(message)) return "message ephemeral";
  const pinged =
    (message.mentions ?? []).some((user) => user.id === me) && message.author?.id !== me;
  return pinged ? "message pinged" : "message";
}

/** The right mouse button on links and on a selection stays the browser's. */
function onRightPress(event, message, context) {
  if (event.target.closest("a, input") || String(getSelection())) return;
  event.preventDefault();
  const { clientX: x, clientY: y } = event;
  openMessageMenu(message, x || y ? { x, y } : event.currentTarget, context);
}

/** What stands left of a message: the author's picture, and the time of a grouped message. */
export function gutter(author, time = null) {
  return h("div", { class: "gutter" }, avatar(author), time);
}

export function messageHead(author, time = null) {
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "name" }, displayName(author)),
    author.bot ? h("span", { class: "tag" }, "App") : null,
    time,
  );
}

function sideTime(timestamp) {
  return h("time", { class: "side-time", "aria-hidden": "true" }, hourMinute(timestamp));
}

function when(timestamp) {
  const props = { class: "when", datetime: timestamp, title: full(timestamp) };
  return h("time", props, clock(timestamp));
}

function body(message, context, media) {
  if ((message.flags ?? 0) & V2)
    return h("div", { class: "components-v2" }, componentTree(message, context, media));
  const embeds = (message.flags ?? 0) & SUPPRESS_EMBEDS ? [] : (message.embeds ?? []);
  const attachments = message.attachments ?? [];
  const used = usedAttachments(embeds, attachments);
  const items = attachments.filter((file) => !used.has(file.id)).map(mediaItem);
  const pictures = items.filter(isPicture);
  return [
    content(message, context),
    pictures.length ? gallery(pictures, media) : null,
    items.filter((item) => !isPicture(item)).map(fileCard),
    embeds.map((embed) => embedCard(embed, attachments, context, media)),
    message.content ? null : editedMark(message),
    message.components?.length
      ? h("div", { class: "components" }, componentTree(message, context, media))
      : null,
  ];
}

/** The text, with the mark of an edit behind its last words. */
function content(message, context) {
  if (!message.content) return null;
  const text = h(
    "div",
    { class: isJumbo(message.content) ? "content jumbo" : "content" },
    markdown(message.content, context),
  );
  const edited = editedMark(message);
  const last = text.lastElementChild;
  if (edited) (last?.matches(".md-text") ? last : text).append(" ", edited);
  return text;
}

function editedMark({ edited_timestamp: at }) {
  return at ? h("span", { class: "edited", title: full(at) }, "(edited)") : null;
}

function thinking(author) {
  return h("div", { class: "thinking" }, dots(), `${displayName(author)} is thinking…`);
}

function foot(message, context) {
  const failure = context.state.failures.get(message.id);
  return [
    reactions(message, context),
    failure === undefined ? null : failureLine(failure),
    isEphemeral(message) ? ephemeralLine(() => context.actions.dismiss(message)) : null,
  ];
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
    h("button", { class: "text-link", onclick: onDismiss }, "Dismiss message"),
  );
}
