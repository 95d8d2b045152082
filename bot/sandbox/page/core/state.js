// What the page knows: the session, the channels and their messages. Draws nothing, sends nothing.
import { compareIds } from "./dom.js";

const EPHEMERAL = 64;

export class State {
  #listeners = new Map();
  #dismissed = new Set();

  constructor() {
    this.session = null;
    this.shop = null;
    this.connection = "connecting";
    this.channelId = null;
    this.logs = new Map();
    this.failures = new Map();
    this.busy = new Set();
    this.seen = new Map();
  }

  /** Returns a function that ends the listening. */
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  emit(event, detail) {
    for (const listener of this.#listeners.get(event) ?? []) listener(detail);
  }

  // -- names ---------------------------------------------------------------------------------

  user(id) {
    return (
      this.session?.users.find((user) => user.id === id) ??
      (this.session?.bot.id === id ? this.session.bot : this.seen.get(id))
    );
  }

  author(user) {
    return { ...user, ...(this.user(user.id) ?? {}), bot: Boolean(user.bot) };
  }

  role(id) {
    return this.session?.guild.roles.find((role) => role.id === id);
  }

  channel(id) {
    if (!this.session) return undefined;
    if (id === this.session.dm.id)
      return { id, name: this.session.bot.global_name || this.session.bot.username, type: 1 };
    return this.session.guild.channels.find((channel) => channel.id === id);
  }

  get isDm() {
    return this.channelId === this.session?.dm.id;
  }

  // -- messages ------------------------------------------------------------------------------

  log(channelId) {
    if (!this.logs.has(channelId))
      this.logs.set(channelId, { messages: [], loaded: false, unread: 0, pings: 0 });
    return this.logs.get(channelId);
  }

  message(channelId, id) {
    return this.log(channelId).messages.find((message) => message.id === id);
  }

  setHistory(channelId, messages) {
    const log = this.log(channelId);
    log.messages = messages
      .filter((message) => !this.#dismissed.has(message.id))
      .sort((a, b) => compareIds(a.id, b.id));
    log.loaded = true;
    for (const message of log.messages) this.#remember(message);
    this.emit("history", channelId);
  }

  put(message) {
    if (this.#dismissed.has(message.id)) return;
    this.#remember(message);
    const log = this.log(message.channel_id);
    const at = log.messages.findIndex((other) => other.id === message.id);
    if (at >= 0) log.messages[at] = message;
    else log.messages.splice(position(log.messages, message.id), 0, message);
    if (at < 0) this.#countUnread(message, log);
    this.emit("message", { message, created: at < 0 });
  }

  remove(channelId, id) {
    const log = this.log(channelId);
    log.messages = log.messages.filter((message) => message.id !== id);
    this.failures.delete(id);
    this.emit("delete", { channelId, id });
  }

  dismiss(message) {
    this.#dismissed.add(message.id);
    this.remove(message.channel_id, message.id);
  }

  #remember(message) {
    for (const user of [message.author, ...(message.mentions ?? [])]) {
      if (user?.id) this.seen.set(user.id, user);
    }
  }

  #countUnread(message, log) {
    const mine = message.author?.id === this.session?.user.id;
    if (mine || (message.channel_id === this.channelId && !document.hidden)) return;
    log.unread += 1;
    const pinged = (message.mentions ?? []).some((user) => user.id === this.session?.user.id);
    if (pinged || message.channel_id === this.session?.dm.id) log.pings += 1;
    this.emit("unread");
  }

  markRead(channelId) {
    const log = this.log(channelId);
    if (!log.unread && !log.pings) return;
    log.unread = 0;
    log.pings = 0;
    this.emit("unread");
  }

  // -- session -------------------------------------------------------------------------------

  begin(session) {
    const otherUser = this.session?.user.id !== session.user.id;
    this.session = session;
    this.shop = session.shop ?? null;
    if (otherUser) {
      this.logs.clear();
      this.failures.clear();
    }
    this.busy.clear();
    for (const log of this.logs.values()) log.loaded = false;
    if (otherUser || !this.channel(this.channelId))
      this.channelId = session.guild.channels[0]?.id ?? session.dm.id;
    this.emit("session", { otherUser });
    this.emit("shop");
  }

  setConnection(connection) {
    this.connection = connection;
    this.emit("connection");
  }

  setPresence(online) {
    if (!this.session) return;
    this.session.online = online;
    this.emit("presence");
  }

  setCommands(commands) {
    if (!this.session) return;
    this.session.commands = commands;
    this.emit("commands");
  }

  setShop(shop) {
    this.shop = shop;
    this.emit("shop");
  }

  select(channelId) {
    this.channelId = channelId;
    this.emit("channel");
    this.markRead(channelId);
  }

  // -- presses -------------------------------------------------------------------------------

  setBusy(message, customId, busy) {
    const key = `${message.id}:${customId}`;
    if (busy) this.busy.add(key);
    else this.busy.delete(key);
    this.#touch(message);
  }

  isBusy(message, customId) {
    return this.busy.has(`${message.id}:${customId}`);
  }

  setFailure(message, text) {
    if (text) this.failures.set(message.id, text);
    else this.failures.delete(message.id);
    this.#touch(message);
  }

  #touch(message) {
    const stored = this.message(message.channel_id, message.id);
    if (stored) this.emit("message", { message: stored, created: false });
  }
}

function position(messages, id) {
  let at = messages.length;
  while (at > 0 && compareIds(messages[at - 1].id, id) > 0) at -= 1;
  return at;
}

/** Whether only its reader sees the message. */
export function isEphemeral(message) {
  return Boolean((message.flags ?? 0) & EPHEMERAL);
}
