// Moments written as <t:seconds:style>, and the relative ones kept true while the page is open.
import { h } from "../core/dom.js";

const FORMATS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** The element of <t:seconds:style>; a style is a letter of FORMATS, or R for relative. */
export function timestamp(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return h("span", null, "Invalid date");
  const full = new Intl.DateTimeFormat(undefined, FORMATS.F).format(date);
  const text =
    style === "R"
      ? relative(seconds)
      : new Intl.DateTimeFormat(undefined, FORMATS[style]).format(date);
  const data = style === "R" ? { relative: String(seconds) } : {};
  return h(
    "time",
    { class: "timestamp", datetime: date.toISOString(), title: full, dataset: data },
    text,
  );
}

function relative(seconds) {
  const delta = Math.round(seconds - Date.now() / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(delta) >= length) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(
    Math.trunc(delta / size),
    unit,
  );
}

/** Keeps every relative timestamp on the page true. */
export function refreshTimestamps() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Number(element.dataset.relative));
    if (element.textContent !== text) element.textContent = text;
  }
}
