// Pictures and files inside messages. Reserves each picture's place before it loads, and keeps the
// old picture on screen until its successor has arrived, so progress never flickers.
import { fileSize, h, icon } from "../core/dom.js";

const MAX_WIDTH = 520;
const MAX_HEIGHT = 400;
const MAX_ENLARGE = 4;
const SPOILER = 8;

/** An attachment as Discord sends it → what gallery() and fileCard() show. */
export function mediaItem(attachment) {
  return {
    key: attachment.id ?? attachment.url,
    url: attachment.url,
    name: attachment.filename ?? attachment.url.split(/[?#]/)[0].split("/").pop(),
    width: attachment.width,
    height: attachment.height,
    alt: attachment.description ?? "",
    size: attachment.size,
    type: attachment.content_type ?? "",
    spoiler: Boolean(
      attachment.is_spoiler ||
        (attachment.flags ?? 0) & SPOILER ||
        attachment.filename?.startsWith("SPOILER_"),
    ),
  };
}

/** By its type, or by its name where there is none. */
export function isPicture(item) {
  return (
    item.type.startsWith("image/") ||
    (!item.type && /\.(png|jpe?g|gif|webp|avif)$/i.test(item.name))
  );
}

/** Pictures as a mosaic. media: {kept: what the message showed before, onOpen(box), onStale()} */
export function gallery(items, media) {
  const single = items.length === 1;
  const boxes = items.map((item, slot) => picture(item, slot, single, media));
  return h(
    "div",
    { class: `gallery n${Math.min(items.length, 5)}`, dataset: { count: items.length } },
    boxes,
  );
}

/** Pictures already on screen in `element`, for reuse by the next rendering of the same message. */
export function keep(element) {
  const boxes = [...(element?.querySelectorAll(".media") ?? [])];
  return { byKey: new Map(boxes.map((box) => [box.dataset.key, box])), slots: boxes };
}

function picture(item, slot, single, { kept, onOpen, onStale }) {
  const same = kept.byKey.get(String(item.key));
  if (same && same.dataset.single === String(single) && !same.classList.contains("gone")) {
    same.item = item;
    return same;
  }
  const image = h("img", { alt: item.alt || item.name, decoding: "async", draggable: "false" });
  const box = h(
    "button",
    {
      class: "media",
      dataset: { key: item.key, single: String(single) },
      "aria-label": `Open picture ${item.alt || item.name}`,
      onclick: () => {
        if (box.classList.contains("gone")) onStale();
        else if (box.classList.contains("hidden-media")) reveal(box);
        else onOpen(box);
      },
    },
    image,
  );
  box.item = item;
  if (single) shape(box, item);
  if (item.spoiler) veil(box);
  bridge(box, kept.slots[slot]);
  load(box, image, single && !(item.width && item.height));
  return box;
}

/** Starts loading; `measure` a picture whose size nobody told. */
function load(box, image, measure) {
  image.addEventListener("load", () => settle(box, image, measure));
  image.addEventListener("error", () => fail(box));
  image.src = box.item.url;
}

/** Gives the box the picture's size before it loads. */
function shape(box, { width, height }) {
  if (!width || !height) {
    box.classList.add("unsized");
    return;
  }
  const scale = Math.min(MAX_WIDTH / width, MAX_HEIGHT / height, MAX_ENLARGE);
  box.style.width = `${Math.round(width * scale)}px`;
  box.style.aspectRatio = `${width} / ${height}`;
}

/** Shows the predecessor's picture in the place of the new one until that has loaded. */
function bridge(box, predecessor) {
  const before = predecessor?.querySelector("img");
  if (!before?.complete || !before.naturalWidth) {
    box.classList.add("loading-media");
    return;
  }
  box.style.backgroundImage = `url("${before.src.replace(/["\\]/g, "\\$&")}")`;
}

function settle(box, image, measure) {
  box.classList.remove("loading-media");
  box.style.backgroundImage = "";
  if (measure) {
    box.classList.remove("unsized");
    shape(box, { width: image.naturalWidth, height: image.naturalHeight });
  }
}

function veil(box) {
  box.classList.add("hidden-media");
  box.append(h("span", { class: "spoiler-tag" }, "Spoiler"));
}

function reveal(box) {
  box.classList.remove("hidden-media");
  box.querySelector(".spoiler-tag")?.remove();
}

function fail(box) {
  box.classList.remove("loading-media");
  box.classList.add("gone");
  box.style.backgroundImage = "";
  box.setAttribute("aria-label", "This picture is no longer available. Press to load it again.");
  box.append(
    h(
      "span",
      { class: "gone-note" },
      icon("image"),
      h("span", null, "This content is no longer available."),
      h("span", { class: "gone-action" }, "Load again"),
    ),
  );
}

/** A file that is no picture: a video plays, all others can be downloaded. */
export function fileCard(item) {
  if (item.type.startsWith("video/"))
    return h("video", {
      class: "video",
      src: item.url,
      controls: true,
      preload: "metadata",
      "aria-label": item.name,
    });
  return h(
    "div",
    { class: "file-card" },
    icon("file", "file-icon"),
    h(
      "div",
      { class: "file-text" },
      h("a", { href: item.url, download: item.name, class: "file-name" }, item.name),
      item.size === undefined ? null : h("span", { class: "file-size" }, fileSize(item.size)),
    ),
    h(
      "a",
      {
        class: "icon-button",
        href: item.url,
        download: item.name,
        "aria-label": `Download ${item.name}`,
        title: "Download",
      },
      icon("download"),
    ),
  );
}
