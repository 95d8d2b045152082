// Discord's dialect of Markdown, to DOM nodes: blocks here, what is inside a line in inline.js.
import { h } from "../core/dom.js";
import { inline } from "./inline.js";

const FENCE = /```(?:([\w+#.-]+)\n)?\n?([\s\S]*?)\n?```/g;
const LIST = /^(\s*)([-*]|\d{1,9}\.)\s+(\S.*)$/;
const EMOJI_ONLY =
  /^(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\u20e3\s])+$/u;

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
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    let match;
    if ((match = /^(#{1,3})\s+(.+)$/.exec(line))) {
      flush();
      out.push(
        h(
          "div",
          { class: `md-h${match[1].length}`, role: "heading", "aria-level": match[1].length + 2 },
          inline(match[2], context),
        ),
      );
    } else if ((match = /^-#\s+(.+)$/.exec(line))) {
      flush();
      out.push(h("div", { class: "md-small" }, inline(match[1], context)));
    } else if (line.startsWith(">>> ")) {
      flush();
      out.push(
        h("blockquote", null, blocks([line.slice(4), ...lines.slice(i + 1)].join("\n"), context)),
      );
      break;
    } else if (/^>\s/.test(line)) {
      flush();
      const quoted = [];
      while (i < lines.length && /^>(\s|$)/.test(lines[i]))
        quoted.push(lines[i++].replace(/^>\s?/, ""));
      i -= 1;
      out.push(h("blockquote", null, blocks(quoted.join("\n"), context)));
    } else if (LIST.test(line)) {
      flush();
      const items = [];
      while (i < lines.length && (match = LIST.exec(lines[i]))) {
        items.push({
          indent: match[1].length,
          ordered: match[2].endsWith("."),
          number: parseInt(match[2], 10),
          text: match[3],
        });
        i += 1;
      }
      i -= 1;
      out.push(...lists(items, context));
    } else {
      paragraph.push(line);
    }
  }
  flush();
  return out;
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
  for (let i = 0; i < items.length;) {
    const entry = h("li", null, inline(items[i].text, context));
    let next = i + 1;
    while (next < items.length && items[next].indent > first.indent) next += 1;
    if (next > i + 1) entry.append(...lists(items.slice(i + 1, next), context));
    root.append(entry);
    i = next;
  }
  return root;
}
