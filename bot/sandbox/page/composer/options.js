// The options of a command: what may stand in them, and what is wrong with what does.

import { called } from "./commands.js";
import { entities, isEntity, named } from "./entities.js";
import { ATTACHMENT, BOOLEAN, INTEGER, NUMBER, STRING, WORDS } from "./kinds.js";

const TRUTH = { true: true, yes: true, false: false, no: false };

/** What is written in a field → {value} for the wire, {} if empty, or {error: sentence}. */
export function read(option, field, session) {
  if (option.type === ATTACHMENT) return readFile(option, field);
  const text = field.text.trim();
  if (!text) return missing(option);
  if (field.picked !== undefined) return bounds(option, field.picked);
  if (option.choices?.length) return readChoice(option, text.toLowerCase());
  if (isEntity(option)) return readEntity(option, text, session);
  switch (option.type) {
    case BOOLEAN:
      return readTruth(text.toLowerCase());
    case INTEGER:
      if (!/^[+-]?\d+$/.test(text)) return { error: "Write a whole number." };
      return bounds(option, Number(text));
    case NUMBER:
      if (!Number.isFinite(Number(text))) return { error: "Write a number." };
      return bounds(option, Number(text));
    default:
      return bounds(option, text);
  }
}

function readFile(option, { uploading, error, upload }) {
  if (uploading) return { error: "Wait until the file is uploaded." };
  if (error) return { error };
  return upload ? { value: upload.id } : missing(option);
}

function missing(option) {
  return option.required ? { error: "This option is required." } : {};
}

function readChoice({ choices }, wanted) {
  const match = choices.find((choice) =>
    [called(choice), choice.name, String(choice.value)].some(
      (text) => text.toLowerCase() === wanted,
    ),
  );
  return match ? { value: match.value } : { error: "Choose one of the offered values." };
}

function readTruth(text) {
  return Object.hasOwn(TRUTH, text) ? { value: TRUTH[text] } : { error: "Choose True or False." };
}

function readEntity(option, text, session) {
  const match = named(option, text, session);
  if (match) return { value: match.value };
  return { error: `There is no ${WORDS[option.type]} called “${text}” here.` };
}

function bounds(option, value) {
  if (option.type === STRING) return length(option, value);
  if (typeof value !== "number") return { value };
  const { min_value: least, max_value: most } = option;
  const outside =
    value < (least ?? Number.NEGATIVE_INFINITY) || value > (most ?? Number.POSITIVE_INFINITY);
  return outside ? { error: `Must be ${range(least, most)}.` } : { value };
}

function length({ min_length: least, max_length: most }, value) {
  if (least && value.length < least) return { error: `Write at least ${least} characters.` };
  if (most && value.length > most) return { error: `Write at most ${most} characters.` };
  return { value };
}

function range(least, most) {
  if ((least ?? null) === null) return `at most ${most}`;
  if ((most ?? null) === null) return `at least ${least}`;
  return `between ${least} and ${most}`;
}

/** Short words on what an option takes, for the hint line. */
export function hint(option) {
  const { type, required, min_value: least, max_value: most } = option;
  const limits = (least ?? most ?? null) === null ? null : range(least, most);
  return [required ? "required" : "optional", WORDS[type], limits].filter(Boolean).join(" · ");
}

/** Values to choose from: [{label, value, detail?, user?, sign?}]; none where anything goes. */
export function offersOf(option, session) {
  if (option.choices?.length)
    return option.choices.map((choice) => ({ label: called(choice), value: choice.value }));
  if (option.type === BOOLEAN)
    return [
      { label: "True", value: true },
      { label: "False", value: false },
    ];
  return entities(option, session);
}

/** Those that match the text; all of them for a field just entered that holds one already. */
export function narrow(offers, text, fresh) {
  const wanted = text.trim().replace(/^[@#]/, "").toLowerCase();
  const settled = fresh && text && offers.some((offer) => offer.label.toLowerCase() === wanted);
  if (settled) return offers;
  return offers.filter(({ label, detail }) =>
    `${label} ${detail ?? ""}`.toLowerCase().includes(wanted),
  );
}
