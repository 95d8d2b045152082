// Marks inside a line: emphasis, code, spoilers, links, mentions. Blocks are markdown.js.
import { displayName, h } from "../core/dom.js";
import { timestamp } from "./timestamps.js";

const MASKED =
  /\[((?:\\.|[^[\]\\]|\[[^\]]*\])+)\]\(\s*(?:<([^>\s]+)>|((?:[^\s()]|\([^\s()]*\))+))(?:\s+"[^"]*")?\s*\)/y;
const BARE = /https?:\/\/(?:[^\s<>()]|\([^\s<>()]*\))+/y;
const ANGLE =
  /<(?:@!?(\d+)|@&(\d+)|#(\d+)|a?:(\w+):\d+|\/([^:>]+):\d+|t:(-?\d+)(?::([tTdDfFR]))?|(https?:\/\/[^>\s]+))>/y;
const EVERYONE = /@(everyone|here)\b/y;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const JUMP = /^https?:\/\/[^/]+\/channels\/(?:\d+|@me)\/(\d+)\/(\d+)\/?$/;

/** Nodes and strings for the text of one paragraph. context: {state, actions, inLink}. */
export function inline(text, context) {
  const out = [];
  let plain = "";
  let i = 0;
  while (i < text.length) {
    const found = span(text, i, context);
    if (!found) {
      plain += text[i];
      i += 1;
    } else if (typeof found.node === "string") {
      plain += found.node;
      i = found.end;
    } else {
      if (plain) out.push(plain);
      plain = "";
      out.push(found.node);
      i = found.end;
    }
  }
  if (plain) out.push(plain);
  return out;
}

function span(text, i, context) {
  switch (text[i]) {
    case "\\":
      return i + 1 < text.length && PUNCTUATION.test(text[i + 1])
        ? { node: text[i + 1], end: i + 2 }
        : null;
    case "`":
      return code(text, i);
    case "*":
      return (
        wrapped(text, i, "***", (body) =>
          h("strong", null, h("em", null, inline(body, context))),
        ) ??
        wrapped(text, i, "**", (body) => h("strong", null, inline(body, context))) ??
        wrapped(text, i, "*", (body) => h("em", null, inline(body, context)))
      );
    case "_":
      return (
        wrapped(text, i, "__", (body) => h("u", null, inline(body, context))) ??
        wrapped(text, i, "_", (body) => h("em", null, inline(body, context)))
      );
    case "~":
      return wrapped(text, i, "~~", (body) => h("s", null, inline(body, context)));
    case "|":
      return wrapped(text, i, "||", (body) => spoiler(inline(body, context)));
    case "[":
      return masked(text, i, context);
    case "<":
      return angle(text, i, context);
    case "h":
      return bare(text, i, context);
    case "@":
      return everyone(text, i);
    default:
      return null;
  }
}

function code(text, i) {
  const end = codeEnd(text, i);
  if (end === -1) return null;
  const ticks = /^`+/.exec(text.slice(i))[0].length;
  const body = text.slice(i + ticks, end - ticks);
  return {
    node: h("code", { class: "code" }, body.trim() ? body.replace(/^ (?=`)|(?<=`) $/g, "") : body),
    end,
  };
}

function codeEnd(text, i) {
  const ticks = /^`+/.exec(text.slice(i))[0];
  let at = i + ticks.length;
  for (;;) {
    at = text.indexOf(ticks, at);
    if (at === -1) return -1;
    let run = at;
    while (text[run] === "`") run += 1;
    if (run - at === ticks.length && at > i + ticks.length) return run;
    at = run;
  }
}

function wrapped(text, i, mark, build) {
  if (!text.startsWith(mark, i)) return null;
  const start = i + mark.length;
  const single = mark.length === 1;
  if (single && /\s/.test(text[start] ?? " ")) return null;
  if (mark === "_" && /\w/.test(text[i - 1] ?? " ")) return null;
  const end = closing(text, start, mark);
  if (end <= start) return null;
  return { node: build(text.slice(start, end)), end: end + mark.length };
}

/** Where the mark that opened before `start` closes; -1 if nowhere. */
function closing(text, start, mark) {
  const single = mark.length === 1;
  for (let j = start; j < text.length; j += 1) {
    if (text[j] === "\\") {
      j += 1;
    } else if (text[j] === "`" && codeEnd(text, j) !== -1) {
      j = codeEnd(text, j) - 1;
    } else if (text.startsWith(mark, j)) {
      if (single && text[j + 1] === mark) j += 1;
      else if (mark === "**" && text[j + 2] === "*" && text[j + 3] !== "*") return j + 1;
      else if (j > start && !(single && opensOnly(text, j, mark))) return j;
    }
  }
  return -1;
}

/** A single mark after a space, or an underscore before a letter, closes nothing. */
function opensOnly(text, at, mark) {
  return /\s/.test(text[at - 1]) || (mark === "_" && /\w/.test(text[at + 1] ?? " "));
}

function spoiler(children) {
  const reveal = () => {
    element.classList.add("shown");
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
    element.tabIndex = -1;
  };
  const element = h(
    "span",
    {
      class: "spoiler",
      role: "button",
      tabIndex: 0,
      "aria-label": "Spoiler, press to reveal",
      onclick: reveal,
      onkeydown: (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          reveal();
        }
      },
    },
    h("span", null, children),
  );
  return element;
}

function sticky(pattern, text, i) {
  pattern.lastIndex = i;
  return pattern.exec(text);
}

function masked(text, i, context) {
  const match = sticky(MASKED, text, i);
  const url = match?.[2] ?? match?.[3];
  if (!url || !/^https?:\/\//i.test(url)) return null;
  return {
    node: link(url, inline(match[1], { ...context, inLink: true }), context),
    end: i + match[0].length,
  };
}

function bare(text, i, context) {
  if (context.inLink) return null;
  const match = sticky(BARE, text, i);
  if (!match) return null;
  const url = match[0].replace(/[.,:;"'!?*_~|\])]+$/, (tail) =>
    tail.startsWith(")") && match[0].includes("(") ? ")" : "",
  );
  return /^https?:\/\/./.test(url)
    ? { node: link(url, [url], context), end: i + url.length }
    : null;
}

function link(url, children, context) {
  const jump = JUMP.exec(url);
  if (jump && context.state?.channel(jump[1])) {
    const bare = children.length === 1 && children[0] === url;
    return h(
      "button",
      {
        class: bare ? "mention" : "text-link",
        onclick: () => context.actions.jump(jump[1], jump[2]),
      },
      bare ? [channelLabel(context.state.channel(jump[1])), " › message"] : children,
    );
  }
  const shown = children.length === 1 && children[0] === url;
  return h(
    "a",
    { href: url, target: "_blank", rel: "noopener noreferrer", title: shown ? null : url },
    children,
  );
}

function channelLabel(channel) {
  return channel.type === 1 ? "@Easel" : `#${channel.name}`;
}

function angle(text, i, context) {
  const match = sticky(ANGLE, text, i);
  if (!match) return null;
  return { node: angleNode(match, context), end: i + match[0].length };
}

function angleNode(
  [whole, user, role, channel, emoji, command, moment, style, url],
  { state, actions, inLink },
) {
  if (user) {
    const person = state.user(user);
    const self = user === state.session?.user.id;
    return h(
      "span",
      { class: self ? "mention self" : "mention" },
      `@${person ? displayName(person) : "unknown user"}`,
    );
  }
  if (role) return roleMention(state.role(role));
  if (channel) {
    const target = state.channel(channel);
    if (!target) return h("span", { class: "mention" }, "#unknown");
    return h(
      "button",
      { class: "mention", onclick: () => actions.openChannel(channel) },
      channelLabel(target),
    );
  }
  if (emoji) return h("span", { class: "custom-emoji" }, `:${emoji}:`);
  if (command) {
    return h(
      "button",
      { class: "mention", onclick: () => actions.prefill(`/${command} `) },
      `/${command}`,
    );
  }
  if (moment) return timestamp(Number(moment), style ?? "f");
  return inLink ? whole : link(url, [url], { state, actions });
}

function roleMention(role) {
  const element = h("span", { class: "mention" }, `@${role?.name ?? "unknown role"}`);
  if (role?.color)
    element.style.setProperty("--mention", `#${role.color.toString(16).padStart(6, "0")}`);
  return element;
}

function everyone(text, i) {
  const match = sticky(EVERYONE, text, i);
  return match
    ? { node: h("span", { class: "mention" }, match[0]), end: i + match[0].length }
    : null;
}
