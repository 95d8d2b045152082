// What a person does. Each leaves as a frame, and what comes of it is shown where it was done.
import { called } from "../composer/commands.js";
import { closeFloating } from "../floating/popover.js";
import { remember } from "./memory.js";
import { upload } from "./uploads.js";

const CHOICES_WITHIN = 3500;
const JUMP_WITHIN = 5000;
export const LOST = "The connection was lost before an answer came.";

export class Actions {
  #list;
  #ghosts;
  #composer;

  constructor({ state, socket, answers }) {
    Object.assign(this, { state, socket, answers });
  }

  /** What shows the actions' effects; it needs them itself, and so comes later. */
  attach({ list, ghosts, composer }) {
    this.#list = list;
    this.#ghosts = ghosts;
    this.#composer = composer;
  }

  // -- going about ---------------------------------------------------------------------------

  openChannel(id) {
    closeFloating();
    this.state.select(id);
    this.load(id);
    if (matchMedia("(hover: hover)").matches) this.#composer.focus();
  }

  jump(channelId, messageId) {
    if (channelId !== this.state.channelId) this.openChannel(channelId);
    if (this.#list.highlight(messageId)) return;
    const stop = this.state.on("history", (id) => {
      if (id === channelId) this.#list.highlight(messageId);
    });
    setTimeout(() => stop(), JUMP_WITHIN);
  }

  /** The channel above or below the open one, round and round. */
  stepChannel(by) {
    const { guild, dm } = this.state.session;
    const ids = [...guild.channels.map((channel) => channel.id), dm.id];
    const to = ids.indexOf(this.state.channelId) + by;
    this.openChannel(ids[(to + ids.length) % ids.length]);
  }

  switchUser(id) {
    if (id === this.state.session.user.id) return;
    this.answers.failAll(LOST);
    remember("sessionStorage", "easel.user", id);
    this.socket.connect(id);
  }

  /** The person's own client from now on, or the server, by Discord's name of the language. */
  setLanguage(locale, ofServer) {
    this.socket.send({ op: ofServer ? "server_language" : "language", locale });
  }

  toEnd() {
    this.#list.scrollToEnd();
  }

  enlarge(box) {
    this.#list.enlarge(box);
  }

  prefill(text) {
    this.#composer.prefill(text);
  }

  // -- messages ------------------------------------------------------------------------------

  /** Asks for the channel's messages, unless they are here. */
  load(channelId) {
    if (!this.state.log(channelId).loaded) this.refresh(channelId);
  }

  refresh(channelId) {
    this.socket.send({ op: "history", channel_id: channelId });
  }

  dismiss(message) {
    this.state.dismiss(message);
  }

  /** True if the text left. */
  say(content) {
    return this.socket.send({ op: "message", channel_id: this.state.channelId, content });
  }

  /** Adds the reaction, or takes it back if it is there. */
  react({ channel_id, id: message_id }, emoji) {
    this.socket.send({ op: "react", channel_id, message_id, emoji });
  }

  // -- interactions --------------------------------------------------------------------------

  /** False if there is no connection; else a ghost stands for the command until it is answered. */
  command(entry, options, snapshot) {
    if (!this.socket.open) return false;
    const retry = () => this.#composer.restore(snapshot);
    this.#askWithGhost(
      { name: entry.name, retry },
      { op: "command", channel_id: this.state.channelId, command_id: entry.command.id, options },
    );
    return true;
  }

  context(command, { channel_id, id: target_id }) {
    const frame = { op: "context", channel_id, command_id: command.id, target_id };
    this.#askWithGhost({ name: called(command), isContext: true }, frame);
  }

  async #askWithGhost(shown, frame) {
    const ghost = this.#ghosts.add(shown);
    const answer = await this.answers.ask(frame);
    if (answer.state === "failed") ghost.fail(answer.error);
    else ghost.remove();
  }

  async press(message, component, values) {
    const { custom_id, type: component_type } = component;
    const { channel_id, id: message_id } = message;
    this.state.setFailure(message, null);
    this.state.setBusy(message, custom_id, true);
    const frame = { op: "component", channel_id, message_id, custom_id, component_type };
    const answer = await this.answers.ask(values ? { ...frame, values } : frame);
    this.state.setBusy(message, custom_id, false);
    if (answer.state === "failed") this.state.setFailure(message, answer.error);
  }

  /** An error sentence, or null. */
  async submitModal(channelId, interactionId, customId, values) {
    const answer = await this.answers.ask({
      op: "modal_submit",
      channel_id: channelId,
      interaction_id: interactionId,
      custom_id: customId,
      values,
    });
    return answer.state === "failed" ? answer.error : null;
  }

  /** Buys an SKU, or does something with what was bought; an error sentence, or null. */
  async shop(deed, id) {
    const answer = await this.answers.ask({ op: "shop", deed, id });
    return answer.state === "failed" ? answer.error : null;
  }

  /** Choices, or null if none came in time. */
  async autocomplete(entry, options) {
    const { channelId: channel_id } = this.state;
    const frame = { op: "autocomplete", channel_id, command_id: entry.command.id, options };
    const answer = await this.answers.ask(frame, CHOICES_WITHIN);
    return answer.choices ?? null;
  }

  upload(file) {
    const { user, limits } = this.state.session;
    return upload(file, { user: user.id, limit: limits?.upload });
  }
}
