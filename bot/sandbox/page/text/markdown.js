// Discord's dialect of Markdown, to DOM nodes: blocks here, what is inside a line in inline.js.
import { h } from "../core/dom.js";
import { inline } from "./inline.js";

const FENCE = /```(?:([\w+#.-]+)\n)?\n?([\s\S]*?)\n?```/g;
const HEADING = /^(#{1,3})\s+(.+)$/;
const SMALL = /^-#\s+(.+)$/;
const LIST = /^(\s*)([-*]|\d{1,9}\.)\s+(\S.*)$/;
const EMOJI_ONLY =
  /^(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\s]|\u200d|\ufe0f|\u20e3)+$/u;

/** A fragment for message text. context: {state, actions}. */
export function markdown(text, context) {
  const fragment = new DocumentFragment();
  let from = 0;
  for (const match of text.matchAll(FENCE)) {
    fragment.append(...blocks(text.slice(from, match.index).replace(/\n$/, ""), context));
    fragment.append(
      h(
        "pre",
        { class: "code-block", tabIndex: 0 },
        h("code", { dataset: { language: match[1] ?? "" } }, match[2]),
      ),
    );
    from = match.index + match[0].length;
    if (text[from] === "\n") from += 1;
  }
  fragment.append(...blocks(text.slice(from), context));
  return fragment;
}

/** One line, no blocks: embed titles, reply previews. */
export function inlineMarkdown(text, context) {
  const fragment = new DocumentFragment();
  fragment.append(...inline(text, context));
  return fragment;
}

/** Whether the text is a few emoji and nothing else, which are shown large. */
export function isJumbo(text) {
  return (
    text.length < 60 &&
    EMOJI_ONLY.test(text) &&
    /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(text)
  );
}

function blocks(text, context) {
  if (!text) return [];
  const out = [];
  const lines = text.split("\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.some((line) => line.trim()))
      out.push(h("div", { class: "md-text" }, inline(paragraph.join("\n"), context)));
    else if (paragraph.length && out.length) out.push(h("div", { class: "md-gap" }));
    paragraph = [];
  };
  for (let at = 0; at < lines.length; ) {
    const block = blockAt(lines, at, context);
    if (block) {
      flush();
      out.push(...block.nodes);
    } else paragraph.push(lines[at]);
    at = block?.end ?? at + 1;
  }
  flush();
  return out;
}

/** The block that starts on this line → {nodes, end}; null where a paragraph does or goes on. */
function blockAt(lines, at, context) {
  const line = lines[at];
  const heading = HEADING.exec(line);
  if (heading) return { nodes: [headingElement(heading, context)], end: at + 1 };
  const small = SMALL.exec(line);
  if (small)
    return { nodes: [h("div", { class: "md-small" }, inline(small[1], context))], end: at + 1 };
  if (line.startsWith(">>> "))
    return { nodes: [quote([line.slice(4), ...lines.slice(at + 1)], context)], end: lines.length };
  if (/^>\s/.test(line)) {
    const end = runEnd(lines, at, /^>(\s|$)/);
    const quoted = lines.slice(at, end).map((each) => each.replace(/^>\s?/, ""));
    return { nodes: [quote(quoted, context)], end };
  }
  if (LIST.test(line)) {
    const end = runEnd(lines, at, LIST);
    return { nodes: lists(lines.slice(at, end).map(listItem), context), end };
  }
  return null;
}

/** The first line from `at` on that does not match. */
function runEnd(lines, at, pattern) {
  const length = lines.slice(at).findIndex((line) => !pattern.test(line));
  return length === -1 ? lines.length : at + length;
}

function headingElement([, marks, title], context) {
  const level = marks.length;
  return h(
    "div",
    { class: `md-h${level}`, role: "heading", "aria-level": level + 2 },
    inline(title, context),
  );
}

function quote(lines, context) {
  return h("blockquote", null, blocks(lines.join("\n"), context));
}

function listItem(line) {
  const [, indent, mark, text] = LIST.exec(line);
  return {
    indent: indent.length,
    ordered: mark.endsWith("."),
    number: Number.parseInt(mark, 10),
    text,
  };
}

/** Neighbouring items that differ in kind are separate lists. */
function lists(items, context) {
  const base = items[0].indent;
  const runs = [];
  for (const item of items) {
    const run = runs.at(-1);
    if (run && (item.indent > base || item.ordered === run[0].ordered)) run.push(item);
    else runs.push([item]);
  }
  return runs.map((run) => list(run, context));
}

function list(items, context) {
  const first = items[0];
  const root = first.ordered ? h("ol", { start: first.number }) : h("ul");
  for (let i = 0; i < items.length; ) {
    const entry = h("li", null, inline(items[i].text, context));
    let next = i + 1;
    while (next < items.length && items[next].indent > first.indent) next += 1;
    if (next > i + 1) entry.append(...lists(items.slice(i + 1, next), context));
    root.append(entry);
    i = next;
  }
  return root;
}
