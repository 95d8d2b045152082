// People, roles and channels, as what an option can hold.
import { displayName } from "../core/dom.js";
import { CHANNEL, MENTIONABLE, ROLE, USER } from "./kinds.js";

const KINDS = {
  [USER]: users,
  [ROLE]: roles,
  [CHANNEL]: channels,
  [MENTIONABLE]: (session) => [...users(session), ...roles(session)],
};

export function isEntity(option) {
  return option.type in KINDS;
}

/** Things that the option can hold: [{value, label, detail, user, sign}]; none for other types. */
export function entities(option, session) {
  return KINDS[option.type]?.(session, option) ?? [];
}

/** The one that is written: by name with or without its sign, by username, id or mention. */
export function named(option, text, session) {
  const wanted = text.replace(/^[@#]|^<[@#]&?!?|>$/g, "").toLowerCase();
  return entities(option, session).find(
    ({ label, value, user, detail }) =>
      label.toLowerCase() === wanted ||
      value === wanted ||
      (user && detail.toLowerCase() === wanted),
  );
}

function users({ users: people, bot }) {
  const known = people.some((user) => user.id === bot.id);
  return (known ? people : [...people, bot]).map((user) => ({
    value: user.id,
    label: displayName(user),
    detail: user.username,
    user,
    sign: "@",
  }));
}

function roles({ guild }) {
  return guild.roles.map((role) => ({
    value: role.id,
    label: role.name.replace(/^@/, ""),
    detail: "role",
    sign: "@",
  }));
}

function channels({ guild }, { channel_types: types }) {
  return guild.channels
    .filter((channel) => !types?.length || types.includes(channel.type))
    .map((channel) => ({
      value: channel.id,
      label: channel.name,
      detail: channel.topic ?? "",
      sign: "#",
    }));
}
