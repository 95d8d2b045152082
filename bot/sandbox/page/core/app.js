// Puts the page together: frames from the socket change the state, the views follow the state,
// and what a person does leaves as one frame with a nonce that its answer carries back.

import { MessageList } from "../chat/messages.js";
import { Frame } from "../chat/sidebar.js";
import { drawWelcome } from "../chat/welcome.js";
import { Composer } from "../composer/composer.js";
import { messageCommands } from "../composer/options.js";
import { closeFloating, openMenu } from "../floating/menu.js";
import { openModal } from "../floating/modal.js";
import { refreshTimestamps } from "../text/timestamps.js";
import { Answers } from "./answers.js";
import { fileSize, h, icon } from "./dom.js";
import { Socket } from "./socket.js";
import { isEphemeral, State } from "./state.js";

const CHOICES_WITHIN = 3500;
const REACTIONS = [
  "👍",
  "❤️",
  "😂",
  "😍",
  "🎉",
  "👀",
  "⭐",
  "🔥",
  "🙏",
  "👎",
  "✅",
  "❌",
  "✉️",
  "🔄",
  "🖼️",
  "🤔",
];
const LOST = "The connection was lost before an answer came.";

const state = new State();
const $ = (id) => document.getElementById(id);

const socket = new Socket({ frame: receive, state: onConnection });
const answers = new Answers((frame) => socket.send(frame));

const actions = {
  openChannel(id) {
    closeFloating();
    state.select(id);
    list.showGhosts();
    load(id);
    if (matchMedia("(hover: hover)").matches) composer.focus();
  },

  async jump(channelId, messageId) {
    if (channelId !== state.channelId) actions.openChannel(channelId);
    if (list.highlight(messageId)) return;
    const stop = state.on("history", (id) => {
      if (id === channelId) list.highlight(messageId);
    });
    setTimeout(() => stop(), 5000);
  },

  prefill: (text) => composer.prefill(text),
  toEnd: () => list.scrollToEnd(),
  enlarge: (box) => list.enlarge(box),
  refresh: (channelId) => socket.send({ op: "history", channel_id: channelId }),
  dismiss: (message) => state.dismiss(message),
  say: (content) => socket.send({ op: "message", channel_id: state.channelId, content }),
  /** Adds the reaction, or takes it back if it is there. */
  react: (message, emoji) =>
    socket.send({ op: "react", channel_id: message.channel_id, message_id: message.id, emoji }),

  command(entry, options, snapshot) {
    if (!socket.open) return false;
    const ghost = list.addGhost({ name: entry.name, retry: () => composer.restore(snapshot) });
    answers
      .ask({ op: "command", channel_id: state.channelId, command_id: entry.command.id, options })
      .then((answer) => {
        if (answer.state === "failed") ghost.fail(answer.error);
        else ghost.remove();
      });
    return true;
  },

  async press(message, component, values) {
    state.setFailure(message, null);
    state.setBusy(message, component.custom_id, true);
    const frame = {
      op: "component",
      channel_id: message.channel_id,
      message_id: message.id,
      custom_id: component.custom_id,
      component_type: component.type,
    };
    const answer = await answers.ask(values ? { ...frame, values } : frame);
    state.setBusy(message, component.custom_id, false);
    if (answer.state === "failed") state.setFailure(message, answer.error);
  },

  async context(command, message) {
    const ghost = list.addGhost({ name: command.name, isContext: true });
    const answer = await answers.ask({
      op: "context",
      channel_id: message.channel_id,
      command_id: command.id,
      target_id: message.id,
    });
    if (answer.state === "failed") ghost.fail(answer.error);
    else ghost.remove();
  },

  /** Choices, or null if none came in time. */
  async autocomplete(entry, options) {
    const answer = await answers.ask(
      { op: "autocomplete", channel_id: state.channelId, command_id: entry.command.id, options },
      CHOICES_WITHIN,
    );
    return answer.choices ?? null;
  },

  async upload(file) {
    const limit = state.session.limits?.upload;
    if (limit && file.size > limit)
      throw new Error(
        `${file.name} is ${fileSize(file.size)}; the limit here is ${fileSize(limit)}.`,
      );
    const body = new FormData();
    body.append("file", file, file.name);
    const response = await fetch(
      `/client/uploads?user=${encodeURIComponent(state.session.user.id)}`,
      { method: "POST", body },
    ).catch(() => null);
    if (response?.ok) return response.json();
    const problem = await response?.json().catch(() => null);
    throw new Error(
      problem?.message ?? problem?.error ?? `${file.name} could not be uploaded. Try again.`,
    );
  },

  switchUser(id) {
    if (id === state.session.user.id) return;
    answers.failAll(LOST);
    rememberUser(id);
    socket.connect(id);
  },

  messageMenu(message, anchor) {
    const apps = messageCommands(state.session.commands, state.isDm);
    const text = message.content || message.embeds?.[0]?.description || "";
    openMenu(
      anchor,
      [
        isEphemeral(message)
          ? null
          : { row: reactionRow(message, REACTIONS.slice(0, 3).concat("❌", "✉️")) },
        text ? { label: "Copy text", icon: icon("copy"), run: () => copy(text) } : null,
        { label: "Copy message ID", icon: icon("link"), run: () => copy(message.id) },
        isEphemeral(message)
          ? { label: "Dismiss message", icon: icon("close"), run: () => actions.dismiss(message) }
          : null,
        ...(apps.length && !isEphemeral(message)
          ? [
              { heading: "Apps" },
              ...apps.map((command) => ({
                label: command.name,
                picture: h("img", { class: "avatar tiny", src: "/assets/icon.svg", alt: "" }),
                run: () => actions.context(command, message),
              })),
            ]
          : []),
      ].filter(Boolean),
      "Message",
    );
  },

  reactionMenu(message, anchor) {
    openMenu(anchor, [{ row: reactionRow(message, REACTIONS) }], "Add reaction");
  },
};

const context = { state, actions };
const list = new MessageList(context, {
  scroller: $("scroller"),
  messages: $("messages"),
  ghosts: $("ghosts"),
  present: $("present"),
});
const composer = new Composer($("composer"), context);
new Frame(context, {
  sidebar: $("sidebar"),
  scrim: $("scrim"),
  topbar: $("topbar"),
  members: $("members"),
  app: $("app"),
});
for (const event of ["session", "channel", "commands"])
  state.on(event, () => drawWelcome($("welcome"), context));

// -- answers ---------------------------------------------------------------------------------

function receive(frame) {
  switch (frame.t) {
    case "ready":
      return onReady(frame);
    case "history":
      return state.setHistory(frame.channel_id, frame.messages);
    case "message_create":
    case "message_update":
      return state.put(frame.message);
    case "message_delete":
      return state.remove(frame.channel_id, frame.id);
    case "interaction":
      return answers.settle(frame.nonce, {
        state: frame.state,
        error: frame.error ?? "The application did not respond",
      });
    case "autocomplete":
      return answers.settle(frame.nonce, { state: "ok", choices: frame.choices });
    case "modal":
      return onModal(frame);
    case "commands":
      return state.setCommands(frame.commands);
    case "presence":
      return state.setPresence(frame.online);
    case "error":
      return composer.complain(frame.error);
    default:
      return undefined;
  }
}

function onReady(session) {
  list.clearGhosts();
  state.begin(session);
  for (const [id, log] of state.logs) if (log.messages.length && id !== state.channelId) load(id);
  load(state.channelId);
  if (matchMedia("(hover: hover)").matches && !document.querySelector("dialog")) composer.focus();
}

function load(channelId) {
  if (!state.log(channelId).loaded) socket.send({ op: "history", channel_id: channelId });
}

function onModal({ nonce, interaction_id: id, modal }) {
  answers.settle(nonce, { state: "ok" });
  const channelId = state.channelId;
  openModal(modal, context, async (values) => {
    const answer = await answers.ask({
      op: "modal_submit",
      channel_id: channelId,
      interaction_id: id,
      custom_id: modal.custom_id,
      values,
    });
    return answer.state === "failed" ? answer.error : null;
  });
}

// -- connection ------------------------------------------------------------------------------

function onConnection(connection, retryIn) {
  if (connection === "closed") {
    answers.failAll(LOST);
    if (!state.session) socket.forgetUser();
  }
  if (connection !== "connecting" || state.connection !== "closed") state.setConnection(connection);
  const banner = $("banner");
  banner.hidden =
    connection === "open" || (connection === "connecting" && state.connection !== "closed");
  if (connection === "closed") {
    banner.replaceChildren(
      h("span", { class: "spinner" }),
      retryIn > 2000
        ? "The sandbox cannot be reached. Trying again every few seconds…"
        : "Connection lost. Reconnecting…",
      h("button", { class: "text-link", type: "button", onclick: () => socket.retry() }, "Try now"),
    );
  }
}

// -- small things ----------------------------------------------------------------------------

function reactionRow(message, emojis) {
  return h(
    "div",
    { class: "reaction-row" },
    emojis.map((emoji) =>
      h(
        "button",
        {
          class: "icon-button emoji",
          type: "button",
          tabIndex: -1,
          role: "menuitem",
          "aria-label": `React with ${emoji}`,
          onclick: () => actions.react(message, emoji),
        },
        emoji,
      ),
    ),
  );
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { value: text, class: "visually-hidden" });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function rememberUser(id) {
  try {
    sessionStorage.setItem("easel.user", id);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function rememberedUser() {
  const asked = new URLSearchParams(location.search).get("user");
  if (asked) return asked;
  try {
    return sessionStorage.getItem("easel.user") ?? "";
  } catch {
    return "";
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && state.channelId) state.markRead(state.channelId);
});
document.addEventListener("keydown", (event) => {
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown") && state.session) {
    const ids = [...state.session.guild.channels.map((channel) => channel.id), state.session.dm.id];
    const step = event.key === "ArrowUp" ? -1 : 1;
    event.preventDefault();
    actions.openChannel(ids[(ids.indexOf(state.channelId) + step + ids.length) % ids.length]);
    return;
  }
  const plain =
    event.key.length === 1 &&
    event.key !== " " &&
    !event.ctrlKey &&
    !event.metaKey &&
    !event.altKey;
  const free = !event.target.closest?.("input, textarea, select, dialog, .popover, [role=listbox]");
  if (plain && free && state.session) composer.focus();
});
setInterval(refreshTimestamps, 1000);
socket.connect(rememberedUser());
