// Builds elements. Text always becomes a text node: nothing here, or anywhere, parses HTML.

const PROPERTIES = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "multiple",
  "selected",
  "tabIndex",
]);

/** h("button", {class, onclick, "aria-label", dataset, …}, ...children); buttons submit nothing. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  if (tag === "button") element.type = "button";
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else if (key === "dataset") Object.assign(element.dataset, value);
    else if (PROPERTIES.has(key)) element[key] = value;
    else if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** Children without what is absent (null, undefined, false), as one flat list. */
export function present(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false);
}

const SVG = "http://www.w3.org/2000/svg";

function svg(viewBox, className, shapes) {
  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("viewBox", viewBox);
  root.setAttribute("class", className);
  root.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    root.append(shape);
  }
  return root;
}

const STROKES = {
  hash: "M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16",
  at: "M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0Zm0 0v1.3a2.4 2.4 0 0 0 4.8 0V12a8.3 8.3 0 1 0-3.4 6.7",
  close: "M6 6l12 12M18 6 6 18",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  smile:
    "M8.5 14.2c.8 1.2 2 1.9 3.5 1.9s2.7-.7 3.5-1.9M9 9.5h.01M15 9.5h.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  reply: "M9.5 6 4 11.5 9.5 17M4.5 11.5H14a6 6 0 0 1 6 6V19",
  external: "M14 4h6v6M20 4l-9 9M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4",
  download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
  file: "M13.5 3.5H7a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V9Zm0 0V9H19",
  image:
    "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5Zm0 10 5-5 4 4 2.5-2.5 4.5 4M15 9h.01",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Zm12.3 0a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0Z",
  warn: "M12 8.5v4.5m0 3.2v.01M12 3.5 2.5 20h19Z",
  menu: "M4 7h16M4 12h16M4 17h16",
  people:
    "M15.5 19.5v-1.3a3.7 3.7 0 0 0-3.7-3.7H6.7A3.7 3.7 0 0 0 3 18.2v1.3M9.2 11a3.2 3.2 0 1 0 0-6.5 3.2 3.2 0 0 0 0 6.5ZM21 19.5v-1.3a3.7 3.7 0 0 0-2.8-3.6M15.5 4.7a3.2 3.2 0 0 1 0 6.2",
  sun: "M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
  moon: "M20 14.2A8 8 0 0 1 9.8 4 8 8 0 1 0 20 14.2Z",
  swap: "M8 4 4 8l4 4M4 8h13M16 12l4 4-4 4M20 16H7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M6.5 9.5 12 15l5.5-5.5",
  left: "M14.5 5.5 8 12l6.5 6.5",
  right: "M9.5 5.5 16 12l-6.5 6.5",
  down: "M12 5v14m-6-6 6 6 6-6",
  plus: "M12 5v14M5 12h14",
  slash: "M9 20 15 4",
  send: "M4.5 12 20 4.5 15.5 20l-4-6.5ZM11.5 13.5 20 4.5",
  copy: "M9 9V6a2 2 0 0 1 2-2h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-3M6 9h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2Z",
  bag: "M6 8h12l1 12H5ZM9 8V7a3 3 0 0 1 6 0v1",
  command:
    "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5ZM10 16l4-8",
  trash:
    "M4.5 7h15M9.5 7V5.5a1.5 1.5 0 0 1 1.5-1.5h2a1.5 1.5 0 0 1 1.5 1.5V7M6.5 7l.8 11a2 2 0 0 0 2 1.9h5.4a2 2 0 0 0 2-1.9l.8-11",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
};

/** A drawing from STROKES, in the colour of the text around it. */
export function icon(name, className = "") {
  return svg("0 0 24 24", `icon ${className}`.trim(), [["path", { d: STROKES[name] }]]);
}

/** A square button that shows nothing but an icon; props must name it. */
export function iconButton(name, props) {
  return h("button", { class: "icon-button", ...props }, icon(name));
}

/** The dots that move while something is awaited. */
export function dots(props) {
  return h("span", { class: "dots", ...props }, h("i"), h("i"), h("i"));
}

/** A person's initials on their colour; the bot's own picture for the bot. */
export function avatar(user, className = "avatar") {
  if (user?.bot)
    return h("img", { class: className, src: "/assets/icon.svg", alt: "", draggable: "false" });
  const element = h(
    "span",
    { class: className, "aria-hidden": "true" },
    initials(displayName(user)),
  );
  element.style.setProperty("--tint", user?.color ?? "#7d7f92");
  return element;
}

/** The dot that says whether somebody is here. */
export function presence(online) {
  return h("span", { class: online ? "presence on" : "presence off" });
}

/** A small picture with that dot. */
export function presentAvatar(user, online) {
  return h("span", { class: "avatar-wrap" }, avatar(user, "avatar small"), presence(online));
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  return (words.length > 1 ? words[0][0] + words[1][0] : name.slice(0, 1)).toUpperCase();
}

export function displayName(user) {
  return user?.global_name || user?.username || "Someone";
}

/** Unicode emoji as text; the name for a custom one (its picture lives elsewhere). */
export function emojiText(emoji) {
  if (!emoji) return "";
  return emoji.id ? `:${emoji.name}:` : (emoji.name ?? "");
}

/** 1536 → "1.5 KB". */
export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** Snowflakes compare as numbers without losing digits. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** Gives focus back after a dialog. The blur matters: a box that kept the focus but lost the caret takes no typing. */
export function refocus(element) {
  if (!element?.isConnected) return;
  element.blur();
  element.focus({ preventScroll: true });
}

/** Has a screen reader say the text. */
export function announce(text) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
