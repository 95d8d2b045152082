// What a select offers, as values: given options, people, roles or channels.
import { avatar, displayName, emojiText } from "../core/dom.js";

export const STRING = 3;
const USER = 5;
const ROLE = 6;
const MENTIONABLE = 7;
const CHANNEL = 8;

/** [{value, label, description, emoji, picture, default}] */
export function choicesOf(component, session) {
  const defaults = new Set((component.default_values ?? []).map((entry) => entry.id));
  switch (component.type) {
    case USER:
      return users(session, defaults);
    case ROLE:
      return roles(session, defaults);
    case MENTIONABLE:
      return [...users(session, defaults), ...roles(session, defaults)];
    case CHANNEL:
      return channels(session, defaults, component.channel_types);
    default:
      return (component.options ?? []).map(given);
  }
}

function given({ value, label, description, emoji, default: chosen }) {
  return { value, label, description, emoji: emojiText(emoji), default: chosen };
}

function users({ users: people, bot }, defaults) {
  const known = people.some((user) => user.id === bot.id);
  return (known ? people : [...people, bot]).map((user) => ({
    value: user.id,
    label: displayName(user),
    description: user.username,
    picture: avatar(user, "avatar tiny"),
    default: defaults.has(user.id),
  }));
}

function roles({ guild }, defaults) {
  return guild.roles.map((role) => ({
    value: role.id,
    label: role.name.startsWith("@") ? role.name : `@${role.name}`,
    default: defaults.has(role.id),
  }));
}

function channels({ guild }, defaults, types) {
  return guild.channels
    .filter((channel) => !types?.length || types.includes(channel.type))
    .map((channel) => ({
      value: channel.id,
      label: `#${channel.name}`,
      default: defaults.has(channel.id),
    }));
}
