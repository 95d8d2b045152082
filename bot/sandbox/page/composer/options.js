// Slash commands as values: flattening subcommands, checking options, building the wire form.
import { displayName } from "../core/dom.js";

export const SUBCOMMAND = 1,
  GROUP = 2,
  STRING = 3,
  INTEGER = 4,
  BOOLEAN = 5,
  USER = 6,
  CHANNEL = 7,
  ROLE = 8,
  MENTIONABLE = 9,
  NUMBER = 10,
  ATTACHMENT = 11;
const SLASH = 1;
const BOT_DM = 1;

/** Every command a person can type: [{key, name: "quota set", description, options, command, path}] */
export function entriesOf(commands, isDm) {
  const typed = commands.filter(
    (command) => (command.type ?? SLASH) === SLASH && here(command, isDm),
  );
  return typed.flatMap((command) => leaves(command, command, []));
}

/** Message commands (type 3) that may be used here. */
export function messageCommands(commands, isDm) {
  return commands.filter((command) => command.type === 3 && here(command, isDm));
}

function here(command, isDm) {
  if (!isDm) return !command.contexts || command.contexts.includes(0);
  return command.contexts ? command.contexts.includes(BOT_DM) : command.dm_permission !== false;
}

function leaves(command, node, path) {
  const nested = (node.options ?? []).filter(
    (option) => option.type === SUBCOMMAND || option.type === GROUP,
  );
  if (nested.length) return nested.flatMap((option) => leaves(command, option, [...path, option]));
  const name = [command.name, ...path.map((option) => option.name)].join(" ");
  return [
    {
      key: `${command.id}/${name}`,
      name,
      description: node.description,
      options: node.options ?? [],
      command,
      path,
    },
  ];
}

/** options: [{name, type, value}] → nested under the subcommand names of the entry. */
export function wire(entry, options) {
  return entry.path.reduceRight(
    (inner, node) => [{ name: node.name, type: node.type, options: inner }],
    options,
  );
}

/** The entry whose name starts the text, and the text after it; null if none does. */
export function matchText(entries, text) {
  const found = entries
    .filter(
      (entry) =>
        text.toLowerCase().startsWith(`/${entry.name} `) || text.toLowerCase() === `/${entry.name}`,
    )
    .sort((a, b) => b.name.length - a.name.length)[0];
  return found
    ? {
        entry: found,
        rest: text.slice(found.name.length + 1).replace(/^\s/, ""),
        exact: text.length === found.name.length + 1,
      }
    : null;
}

/** Spreads typed text over options: `name:value` where written, else required ones in order. */
export function spread(entry, rest) {
  const values = {};
  const named = namedParts(entry, rest);
  for (const [name, text] of named.parts) values[name] = text;
  let left = named.before.trim() ? named.before : "";
  const open = entry.options.filter(
    (option) => !(option.name in values) && option.type !== ATTACHMENT,
  );
  const order = [
    ...open.filter((option) => option.required),
    ...open.filter((option) => !option.required && option.type === STRING && !option.choices),
  ];
  for (const option of order) {
    if (!left) break;
    if (option.type === STRING && !option.choices) {
      values[option.name] = left;
      left = "";
    } else {
      const [, word, after] = /^(\S+)\s*([\s\S]*)$/.exec(left.trimStart());
      values[option.name] = word;
      left = after;
    }
  }
  return values;
}

function namedParts(entry, rest) {
  const names = entry.options.map((option) => option.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!names.length) return { before: rest, parts: [] };
  const marks = [...rest.matchAll(new RegExp(`(?:^|\\s)(${names.join("|")}):(?!:)\\s?`, "g"))];
  const parts = marks.map((mark, at) => [
    mark[1],
    rest.slice(mark.index + mark[0].length, marks[at + 1]?.index ?? rest.length).trim(),
  ]);
  return { before: marks.length ? rest.slice(0, marks[0].index) : rest, parts };
}

/** Things that a user/role/channel option can hold: [{value, label, detail, user}] */
export function entities(option, session) {
  const users = [
    ...session.users,
    ...(session.users.some((user) => user.id === session.bot.id) ? [] : [session.bot]),
  ].map((user) => ({
    value: user.id,
    label: displayName(user),
    detail: user.username,
    user,
    sign: "@",
  }));
  const roles = session.guild.roles.map((role) => ({
    value: role.id,
    label: role.name.replace(/^@/, ""),
    detail: "role",
    sign: "@",
  }));
  const channels = session.guild.channels
    .filter(
      (channel) => !option.channel_types?.length || option.channel_types.includes(channel.type),
    )
    .map((channel) => ({
      value: channel.id,
      label: channel.name,
      detail: channel.topic ?? "",
      sign: "#",
    }));
  return (
    { [USER]: users, [ROLE]: roles, [CHANNEL]: channels, [MENTIONABLE]: [...users, ...roles] }[
      option.type
    ] ?? []
  );
}

export function isEntity(option) {
  return [USER, ROLE, CHANNEL, MENTIONABLE].includes(option.type);
}

/** What is written in a field → {value} for the wire, {} if empty, or {error: sentence}. */
export function read(option, field, session) {
  if (option.type === ATTACHMENT) {
    if (field.uploading) return { error: "Wait until the file is uploaded." };
    if (field.error) return { error: field.error };
    return field.upload ? { value: field.upload.id } : missing(option);
  }
  const text = field.text.trim();
  if (!text) return missing(option);
  if (field.picked !== undefined) return bounds(option, field.picked);
  if (option.choices?.length) {
    const match = option.choices.find(
      (choice) =>
        choice.name.toLowerCase() === text.toLowerCase() ||
        String(choice.value).toLowerCase() === text.toLowerCase(),
    );
    return match ? { value: match.value } : { error: "Choose one of the offered values." };
  }
  if (option.type === BOOLEAN) {
    const value = { true: true, yes: true, false: false, no: false }[text.toLowerCase()];
    return value === undefined ? { error: "Choose True or False." } : { value };
  }
  if (isEntity(option)) return readEntity(option, text, session);
  if (option.type === INTEGER)
    return /^[+-]?\d+$/.test(text)
      ? bounds(option, Number(text))
      : { error: "Write a whole number." };
  if (option.type === NUMBER)
    return Number.isFinite(Number(text))
      ? bounds(option, Number(text))
      : { error: "Write a number." };
  return bounds(option, text);
}

function missing(option) {
  return option.required ? { error: "This option is required." } : {};
}

function readEntity(option, text, session) {
  const wanted = text.replace(/^[@#]|^<[@#]&?!?|>$/g, "").toLowerCase();
  const match = entities(option, session).find(
    (entity) =>
      entity.label.toLowerCase() === wanted ||
      entity.value === wanted ||
      (entity.user && entity.detail.toLowerCase() === wanted),
  );
  const kind = {
    [USER]: "person",
    [ROLE]: "role",
    [CHANNEL]: "channel",
    [MENTIONABLE]: "person or role",
  }[option.type];
  return match ? { value: match.value } : { error: `There is no ${kind} called “${text}” here.` };
}

function bounds(option, value) {
  if (option.type === STRING) {
    if (option.min_length && value.length < option.min_length)
      return { error: `Write at least ${option.min_length} characters.` };
    if (option.max_length && value.length > option.max_length)
      return { error: `Write at most ${option.max_length} characters.` };
  } else if (typeof value === "number") {
    const { min_value: least, max_value: most } = option;
    const outside = value < (least ?? -Infinity) || value > (most ?? Infinity);
    if (outside) return { error: `Must be ${range(least, most)}.` };
  }
  return { value };
}

function range(least, most) {
  if ((least ?? null) === null) return `at most ${most}`;
  if ((most ?? null) === null) return `at least ${least}`;
  return `between ${least} and ${most}`;
}

/** Short words on what an option takes, for the hint line. */
export function hint(option) {
  const kind = {
    [INTEGER]: "whole number",
    [NUMBER]: "number",
    [BOOLEAN]: "true or false",
    [USER]: "person",
    [ROLE]: "role",
    [CHANNEL]: "channel",
    [MENTIONABLE]: "person or role",
    [ATTACHMENT]: "file",
  }[option.type];
  const limited = (option.min_value ?? option.max_value ?? null) !== null;
  return [
    option.required ? "required" : "optional",
    kind,
    limited ? range(option.min_value, option.max_value) : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Best match first; among equals the most recently used, then the bot's own order. */
export function rank(entries, wanted, age) {
  const score = ({ name, description }) => {
    if (name.startsWith(wanted)) return 0;
    if (name.split(/[\s_-]/).some((word) => word.startsWith(wanted))) return 1;
    if (name.includes(wanted)) return 2;
    return wanted.length > 2 && description.toLowerCase().includes(wanted) ? 3 : 9;
  };
  return entries
    .map((entry) => [score(entry), entry])
    .filter(([points]) => points < 9)
    .sort((a, b) => a[0] - b[0] || age(a[1]) - age(b[1]))
    .map(([, entry]) => entry);
}
