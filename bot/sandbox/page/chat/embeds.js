// Rich embeds. Knows the embed object's shape; knows no other part of a message.
import { h } from "../core/dom.js";
import { inlineMarkdown, markdown } from "../text/markdown.js";
import { gallery, mediaItem } from "./media.js";

/** embed → element. media: as in gallery(); attachments resolve attachment:// links. */
export function embedCard(embed, attachments, context, media) {
  const card = h(
    "article",
    { class: "embed", "aria-label": embed.title ? `Embed: ${embed.title}` : "Embed" },
    h(
      "div",
      { class: "embed-main" },
      h("div", { class: "embed-text" }, text(embed, context)),
      pictureOf("embed-thumbnail", embed.thumbnail, attachments, media),
    ),
    pictureOf("embed-image", embed.image, attachments, media),
    part("embed-footer", footer(embed)),
  );
  paintBar(card, embed.color);
  return card;
}

/** Gives the bar at an element's left its colour, a number as Discord sends it. */
export function paintBar(element, color) {
  if (typeof color === "number")
    element.style.setProperty("--bar", `#${color.toString(16).padStart(6, "0")}`);
}

function text({ provider, author, title, url, description, fields }, context) {
  return [
    part("embed-provider", provider?.name),
    part("embed-author", author?.name && maybeLink(author.url, author.name)),
    part("embed-title", title && maybeLink(url, inlineMarkdown(title, context))),
    part("embed-description", description && markdown(description, context)),
    part("embed-fields", fields?.length && fieldElements(fields, context)),
  ];
}

/** A box of that class, or nothing where there is no content. */
function part(name, content) {
  return content ? h("div", { class: name }, content) : null;
}

function pictureOf(name, picture, attachments, media) {
  return part(name, picture && gallery([resolve(picture, attachments)], media));
}

/** The attachments that embeds show, which a message does not show a second time. */
export function usedAttachments(embeds, attachments) {
  const used = new Set();
  for (const embed of embeds) {
    for (const part of [embed.image, embed.thumbnail]) {
      const found = part && find(part.url, attachments);
      if (found) used.add(found.id);
    }
  }
  return used;
}

/** {url: "attachment://name" | link, width, height, description} → media item. */
export function resolve(part, attachments) {
  const found = find(part.url, attachments);
  return mediaItem({
    ...part,
    ...found,
    url: found?.url ?? part.url,
    description: part.description ?? found?.description,
  });
}

/** The attachment that a link means, by its name (attachment://) or its path; undefined if none. */
export function find(url, attachments) {
  const name = /^attachment:\/\/(.+)$/.exec(url)?.[1];
  const path = (link) => link.split("?")[0];
  return attachments.find((file) => (name ? file.filename === name : path(file.url) === path(url)));
}

/** Inline fields stand three in a row; one that is left alone in its row is as wide as the card. */
function fieldElements(list, context) {
  let run = 0;
  return list.map((field, at) => {
    run = field.inline ? run + 1 : 0;
    const more = field.inline && list[at + 1]?.inline;
    const alone = field.inline && run % 3 === 1 && !more;
    return h(
      "div",
      { class: field.inline && !alone ? "embed-field inline" : "embed-field" },
      h("div", { class: "embed-field-name" }, inlineMarkdown(field.name, context)),
      h("div", { class: "embed-field-value" }, markdown(field.value, context)),
    );
  });
}

function footer({ footer: words, timestamp }) {
  const style = { dateStyle: "medium", timeStyle: "short" };
  const when = timestamp ? new Date(timestamp).toLocaleString([], style) : null;
  return [words?.text, when].filter(Boolean).join(" • ");
}

function maybeLink(url, content) {
  return url && /^https?:\/\//.test(url)
    ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, content)
    : h("span", null, content);
}
