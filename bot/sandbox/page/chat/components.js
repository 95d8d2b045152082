// Buttons, selects and the second generation of components (containers, sections, galleries…).
import { emojiText, h, icon } from "../core/dom.js";
import { selectMenu } from "../floating/select.js";
import { markdown } from "../text/markdown.js";
import { find, resolve } from "./embeds.js";
import { fileCard, gallery, mediaItem } from "./media.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };

/** The components of a message. context: {state, actions}; media: {kept, onOpen, onStale}. */
export function componentTree(message, context, media) {
  return message.components.map((component) => render(component, message, context, media));
}

function render(component, message, context, media) {
  const children = (list) => list.map((child) => render(child, message, context, media));
  const attachments = message.attachments ?? [];
  switch (component.type) {
    case 1:
      return h("div", { class: "action-row" }, children(component.components));
    case 2:
      return button(component, message, context);
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return selectMenu(component, context.state.session, {
        busy: context.state.isBusy(message, component.custom_id),
        onCommit: (values) => context.actions.press(message, component, values),
      });
    case 9:
      return h(
        "div",
        { class: "section" },
        h("div", { class: "section-text" }, children(component.components)),
        h(
          "div",
          { class: "section-accessory" },
          render(component.accessory, message, context, media),
        ),
      );
    case 10:
      return h("div", { class: "text-display" }, markdown(component.content, context));
    case 11:
      return h(
        "div",
        { class: "thumbnail" },
        gallery([mediaOf(component, attachments)], media.kept, media.onOpen, media.onStale),
      );
    case 12:
      return gallery(
        component.items.map((item) => mediaOf(item, attachments)),
        media.kept,
        media.onOpen,
        media.onStale,
      );
    case 13:
      return fileCard(
        mediaItem({
          ...component.file,
          filename: component.name,
          size: component.size,
          ...find(component.file.url, attachments),
        }),
      );
    case 14:
      return h("div", {
        class: `separator s${component.spacing ?? 1}${component.divider === false ? " blank" : ""}`,
        role: "separator",
      });
    case 17:
      return container(component, children(component.components));
    default:
      return h("div", { class: "unknown-component" }, `Component of type ${component.type}`);
  }
}

function mediaOf(item, attachments) {
  return {
    ...resolve({ ...item.media, description: item.description ?? undefined }, attachments),
    spoiler: Boolean(item.spoiler),
  };
}

function container(component, children) {
  const box = h("div", { class: "container" }, children);
  if (typeof component.accent_color === "number")
    box.style.setProperty("--bar", `#${component.accent_color.toString(16).padStart(6, "0")}`);
  if (!component.spoiler) return box;
  box.classList.add("veiled");
  const cover = h(
    "button",
    {
      class: "veil",
      type: "button",
      onclick: () => {
        box.classList.remove("veiled");
        cover.remove();
      },
    },
    "Spoiler",
  );
  box.append(cover);
  return box;
}

function button(component, message, { state, actions }) {
  const style = STYLES[component.style] ?? "secondary";
  const emoji = emojiText(component.emoji);
  const content = [
    emoji ? h("span", { class: "emoji" }, emoji) : null,
    component.label ? h("span", { class: "button-label" }, component.label) : null,
  ];
  if (style === "link") return linkButton(component, content);
  const busy = state.isBusy(message, component.custom_id);
  return h(
    "button",
    {
      class: `button ${style}`,
      type: "button",
      disabled: Boolean(component.disabled),
      "aria-busy": busy ? "true" : null,
      "aria-label": component.label ? null : emoji,
      dataset: { customId: component.custom_id ?? "" },
      onclick: () => {
        if (!state.isBusy(message, component.custom_id)) actions.press(message, component);
      },
    },
    busy
      ? [...content, h("span", { class: "dots", "aria-label": "Sending" }, h("i"), h("i"), h("i"))]
      : content,
  );
}

function linkButton(component, content) {
  if (component.disabled || !/^https?:\/\//.test(component.url)) {
    return h(
      "button",
      { class: "button link", type: "button", disabled: true },
      content,
      icon("external"),
    );
  }
  return h(
    "a",
    { class: "button link", href: component.url, target: "_blank", rel: "noopener noreferrer" },
    content,
    icon("external"),
  );
}
