// Rich embeds. Knows the embed object's shape; knows no other part of a message.
import { h } from "../core/dom.js";
import { inlineMarkdown, markdown } from "../text/markdown.js";
import { gallery, mediaItem } from "./media.js";

/** embed → element. media: {kept, onOpen, onStale}; attachments resolve attachment:// links. */
export function embedCard(embed, attachments, context, media) {
  const thumbnail = embed.thumbnail ? resolve(embed.thumbnail, attachments) : null;
  const image = embed.image ? resolve(embed.image, attachments) : null;
  const card = h(
    "article",
    { class: "embed", "aria-label": embed.title ? `Embed: ${embed.title}` : "Embed" },
    h(
      "div",
      { class: "embed-main" },
      h(
        "div",
        { class: "embed-text" },
        embed.provider?.name ? h("div", { class: "embed-provider" }, embed.provider.name) : null,
        embed.author?.name
          ? h("div", { class: "embed-author" }, maybeLink(embed.author.url, embed.author.name))
          : null,
        embed.title
          ? h(
              "div",
              { class: "embed-title" },
              maybeLink(embed.url, inlineMarkdown(embed.title, context)),
            )
          : null,
        embed.description
          ? h("div", { class: "embed-description" }, markdown(embed.description, context))
          : null,
        embed.fields?.length
          ? h("div", { class: "embed-fields" }, fields(embed.fields, context))
          : null,
      ),
      thumbnail
        ? h(
            "div",
            { class: "embed-thumbnail" },
            gallery([thumbnail], media.kept, media.onOpen, media.onStale),
          )
        : null,
    ),
    image
      ? h(
          "div",
          { class: "embed-image" },
          gallery([image], media.kept, media.onOpen, media.onStale),
        )
      : null,
    footer(embed),
  );
  if (typeof embed.color === "number")
    card.style.setProperty("--bar", `#${embed.color.toString(16).padStart(6, "0")}`);
  return card;
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

export function find(url, attachments) {
  const name = /^attachment:\/\/(.+)$/.exec(url)?.[1];
  const path = (link) => link.split("?")[0];
  return attachments.find((file) => (name ? file.filename === name : path(file.url) === path(url)));
}

function fields(list, context) {
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

function footer(embed) {
  const parts = [
    embed.footer?.text,
    embed.timestamp
      ? new Date(embed.timestamp).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })
      : null,
  ];
  const text = parts.filter(Boolean).join(" • ");
  return text ? h("div", { class: "embed-footer" }, text) : null;
}

function maybeLink(url, content) {
  return url && /^https?:\/\//.test(url)
    ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, content)
    : h("span", null, content);
}
