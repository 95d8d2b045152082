// Slash commands as values: finding them, reading typed text, building the wire form.
import { literal } from "../text/pattern.js";
import { ATTACHMENT, GROUP, STRING, SUBCOMMAND } from "./kinds.js";

const SLASH = 1;
const MESSAGE = 3;
const GUILD = 0;
const BOT_DM = 1;
const NO_MATCH = 9;

/** Every command a person can type: [{key, name: "quota set", description, options, command, path}] */
export function entriesOf(commands, isDm) {
  return commands
    .filter((command) => (command.type ?? SLASH) === SLASH && here(command, isDm))
    .flatMap((command) => leaves(command, command, []));
}

/** What a command, an option or a choice is called in the language of the person. */
export function called({ name, name_localized: localized }) {
  return localized ?? name;
}

/** What it does, in that language. */
export function described({ description, description_localized: localized }) {
  return localized ?? description;
}

/** The commands for messages that may be used here. */
export function messageCommands(commands, isDm) {
  return commands.filter((command) => command.type === MESSAGE && here(command, isDm));
}

function here({ contexts, dm_permission: inDms }, isDm) {
  if (!isDm) return !contexts || contexts.includes(GUILD);
  return contexts ? contexts.includes(BOT_DM) : inDms !== false;
}

function leaves(command, node, path) {
  const options = node.options ?? [];
  const nested = options.filter(({ type }) => type === SUBCOMMAND || type === GROUP);
  if (nested.length) return nested.flatMap((option) => leaves(command, option, [...path, option]));
  const parts = [command, ...path];
  const name = parts.map(called).join(" ");
  const plain = parts.map((part) => part.name).join(" ");
  const key = `${command.id}/${plain}`;
  return [{ key, name, plain, description: described(node), options, command, path }];
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
  const lower = text.toLowerCase();
  const [match] = entries
    .flatMap((entry) => [entry.name, entry.plain].map((name) => ({ entry, name })))
    .filter(({ name }) => lower.startsWith(`/${name} `) || lower === `/${name}`)
    .sort((a, b) => b.name.length - a.name.length);
  if (!match) return null;
  const { entry, name } = match;
  const length = name.length + 1;
  return { entry, rest: text.slice(length).replace(/^\s/, ""), exact: text.length === length };
}

/** Spreads typed text over options: `name:value` where written, else required ones in order. */
export function spread(entry, text) {
  const { before, parts } = namedParts(entry, text);
  const values = Object.fromEntries(parts);
  const open = entry.options.filter(
    (option) => !(option.name in values) && option.type !== ATTACHMENT,
  );
  const order = [
    ...open.filter((option) => option.required),
    ...open.filter((option) => !option.required && isText(option)),
  ];
  let left = before.trim() ? before : "";
  for (const option of order) {
    if (!left) break;
    const [, word, after] = isText(option) ? [left, left, ""] : firstWord(left);
    values[option.name] = word;
    left = after;
  }
  return values;
}

/** Text takes everything that is left; any other option takes a word. */
function isText(option) {
  return option.type === STRING && !option.choices;
}

function firstWord(text) {
  return /^(\S+)\s*([\s\S]*)$/.exec(text.trimStart());
}

function namedParts(entry, text) {
  const named = new Map(
    entry.options.flatMap((option) => [option.name, called(option)].map((name) => [name, option])),
  );
  const names = [...named.keys()].map(literal);
  if (!names.length) return { before: text, parts: [] };
  const marks = [...text.matchAll(new RegExp(`(?:^|\\s)(${names.join("|")}):(?!:)\\s?`, "g"))];
  const parts = marks.map((mark, at) => [
    named.get(mark[1]).name,
    text.slice(mark.index + mark[0].length, marks[at + 1]?.index ?? text.length).trim(),
  ]);
  return { before: text.slice(0, marks[0]?.index), parts };
}

/** Best match first; among equals the most recently used, then the bot's own order. */
export function rank(entries, wanted, age) {
  return entries
    .map((entry) => [score(entry, wanted), entry])
    .filter(([points]) => points < NO_MATCH)
    .sort((a, b) => a[0] - b[0] || age(a[1]) - age(b[1]))
    .map(([, entry]) => entry);
}

/** The lower the better. Descriptions count from the third letter on. */
function score({ name, plain = name, description }, wanted) {
  if (name.startsWith(wanted) || plain.startsWith(wanted)) return 0;
  if (name.split(/[\s_-]/).some((word) => word.startsWith(wanted))) return 1;
  if (name.includes(wanted)) return 2;
  return wanted.length > 2 && description.toLowerCase().includes(wanted) ? 3 : NO_MATCH;
}
