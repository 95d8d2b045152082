// Puts the page together: frames from the socket change the state, the views follow the state,
// and what a person does leaves as one frame with a nonce that its answer carries back.
import { Frame } from "../chat/frame.js";
import { Ghosts } from "../chat/ghosts.js";
import { MessageList } from "../chat/messages.js";
import { drawWelcome } from "../chat/welcome.js";
import { Composer } from "../composer/composer.js";
import { openModal } from "../floating/modal.js";
import { refreshTimestamps } from "../text/timestamps.js";
import { Actions, LOST } from "./actions.js";
import { Answers, UNANSWERED } from "./answers.js";
import { h } from "./dom.js";
import { recall } from "./memory.js";
import { Socket } from "./socket.js";
import { State } from "./state.js";

const RETRIES_OFTEN = 2000;

const $ = (id) => document.getElementById(id);
const state = new State();
const socket = new Socket({ frame: receive, state: onConnection });
const answers = new Answers((frame) => socket.send(frame));
const actions = new Actions({ state, socket, answers });
const context = { state, actions };
const list = new MessageList(context, {
  scroller: $("scroller"),
  messages: $("messages"),
  present: $("present"),
});
const ghosts = new Ghosts(context, $("ghosts"), list);
const composer = new Composer($("composer"), context);
actions.attach({ list, ghosts, composer });
new Frame(context, {
  sidebar: $("sidebar"),
  scrim: $("scrim"),
  topbar: $("topbar"),
  members: $("members"),
  app: $("app"),
});
for (const event of ["session", "channel", "commands"])
  state.on(event, () => drawWelcome($("welcome"), context));

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
      return onAnswer(frame);
    case "autocomplete":
      return answers.settle(frame.nonce, { state: "ok", choices: frame.choices });
    case "modal":
      return onModal(frame);
    case "commands":
      return state.setCommands(frame.commands);
    case "shop":
      return state.setShop(frame.shop);
    case "presence":
      return state.setPresence(frame.online);
    case "error":
      return composer.complain(frame.error);
    default:
      return undefined;
  }
}

function onReady(session) {
  ghosts.clear();
  state.begin(session);
  for (const [id, log] of state.logs)
    if (log.messages.length && id !== state.channelId) actions.load(id);
  actions.load(state.channelId);
  if (matchMedia("(hover: hover)").matches && !document.querySelector("dialog")) composer.focus();
}

function onAnswer({ nonce, state: outcome, error }) {
  answers.settle(nonce, { state: outcome, error: error ?? UNANSWERED });
}

function onModal({ nonce, interaction_id: id, modal }) {
  answers.settle(nonce, { state: "ok" });
  const { channelId } = state;
  openModal(modal, context, (values) =>
    actions.submitModal(channelId, id, modal.custom_id, values),
  );
}

/** While a lost connection is dialled again it still counts as lost. */
function onConnection(connection, retryIn) {
  if (connection === "closed") {
    answers.failAll(LOST);
    if (!state.session) socket.forgetUser();
  }
  if (connection !== "connecting" || state.connection !== "closed") state.setConnection(connection);
  $("banner").hidden = state.connection !== "closed";
  if (connection === "closed") drawBanner(retryIn);
}

function drawBanner(retryIn) {
  $("banner").replaceChildren(
    h("span", { class: "spinner" }),
    retryIn > RETRIES_OFTEN
      ? "The sandbox cannot be reached. Trying again every few seconds…"
      : "Connection lost. Reconnecting…",
    h("button", { class: "text-link", onclick: () => socket.retry() }, "Try now"),
  );
}

function onKey(event) {
  if (!state.session) return;
  const { key, altKey, ctrlKey, metaKey, target } = event;
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (altKey && by) {
    event.preventDefault();
    actions.stepChannel(by);
    return;
  }
  const types = key.length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey;
  const free = !target.closest?.("input, textarea, select, dialog, .popover, [role=listbox]");
  if (types && free) composer.focus();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && state.channelId) state.markRead(state.channelId);
});
document.addEventListener("keydown", onKey);
setInterval(refreshTimestamps, 1000);
const asked = new URLSearchParams(location.search).get("user");
socket.connect(asked || (recall("sessionStorage", "easel.user") ?? ""));
