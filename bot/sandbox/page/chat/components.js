// Buttons, selects and the second generation of components (containers, sections, galleries…).
import { dots, emojiText, h, icon } from "../core/dom.js";
import { selectMenu } from "../floating/select.js";
import { openShop, skuLabel } from "../floating/shop.js";
import { markdown } from "../text/markdown.js";
import { find, paintBar, resolve } from "./embeds.js";
import { fileCard, gallery, mediaItem } from "./media.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };

/** The components of a message. context: {state, actions}; media: as in gallery(). */
export function componentTree(message, context, media) {
  return new Tree(message, context, media).all(message.components);
}

/** Component types by their number, each a method of Tree. */
const KINDS = {
  1: "row",
  2: "button",
  3: "select",
  5: "select",
  6: "select",
  7: "select",
  8: "select",
  9: "section",
  10: "text",
  11: "thumbnail",
  12: "gallery",
  13: "file",
  14: "separator",
  17: "container",
};

class Tree {
  constructor(message, context, media) {
    Object.assign(this, { message, context, media });
    this.attachments = message.attachments ?? [];
  }

  all(components) {
    return components.map((component) => this.one(component));
  }

  one(component) {
    const kind = KINDS[component.type];
    if (kind) return this[kind](component);
    return h("div", { class: "unknown-component" }, `Component of type ${component.type}`);
  }

  row({ components }) {
    return h("div", { class: "action-row" }, this.all(components));
  }

  button(component) {
    return button(component, this.message, this.context);
  }

  select(component) {
    const { state, actions } = this.context;
    return selectMenu(component, state.session, {
      busy: state.isBusy(this.message, component.custom_id),
      onCommit: (values) => actions.press(this.message, component, values),
    });
  }

  section({ components, accessory }) {
    return h(
      "div",
      { class: "section" },
      h("div", { class: "section-text" }, this.all(components)),
      h("div", { class: "section-accessory" }, this.one(accessory)),
    );
  }

  text({ content }) {
    return h("div", { class: "text-display" }, markdown(content, this.context));
  }

  thumbnail(component) {
    return h("div", { class: "thumbnail" }, gallery([this.#picture(component)], this.media));
  }

  gallery({ items }) {
    return gallery(
      items.map((item) => this.#picture(item)),
      this.media,
    );
  }

  file({ file, name, size }) {
    const found = find(file.url, this.attachments);
    return fileCard(mediaItem({ ...file, filename: name, size, ...found }));
  }

  separator({ spacing, divider }) {
    const blank = divider === false ? " blank" : "";
    return h("div", { class: `separator s${spacing ?? 1}${blank}`, role: "separator" });
  }

  container(component) {
    const box = h("div", { class: "container" }, this.all(component.components));
    paintBar(box, component.accent_color);
    if (component.spoiler) veil(box);
    return box;
  }

  #picture({ media, description, spoiler }) {
    const part = { ...media, description: description ?? undefined };
    return { ...resolve(part, this.attachments), spoiler: Boolean(spoiler) };
  }
}

/** Hides a container until its cover is pressed. */
function veil(box) {
  box.classList.add("veiled");
  const onclick = () => {
    box.classList.remove("veiled");
    cover.remove();
  };
  const cover = h("button", { class: "veil", onclick }, "Spoiler");
  box.append(cover);
}

function button(component, message, context) {
  const { state, actions } = context;
  const style = STYLES[component.style] ?? "secondary";
  const emoji = emojiText(component.emoji);
  const content = [
    emoji ? h("span", { class: "emoji" }, emoji) : null,
    component.label ? h("span", { class: "button-label" }, component.label) : null,
  ];
  if (style === "premium") return premiumButton(component, context);
  if (style === "link") return linkButton(component, content);
  const busy = state.isBusy(message, component.custom_id);
  return h(
    "button",
    {
      class: `button ${style}`,
      disabled: Boolean(component.disabled),
      "aria-busy": busy ? "true" : null,
      "aria-label": component.label ? null : emoji,
      dataset: { customId: component.custom_id ?? "" },
      onclick: () => {
        if (!state.isBusy(message, component.custom_id)) actions.press(message, component);
      },
    },
    busy ? [...content, dots({ "aria-label": "Sending" })] : content,
  );
}

/** Discord writes what it sells on it, and sends the application nothing. */
function premiumButton({ sku_id, disabled }, context) {
  const label = skuLabel(context.state.shop, sku_id);
  return h(
    "button",
    {
      class: "button premium",
      disabled: Boolean(disabled) || !label,
      dataset: { sku: sku_id },
      onclick: () => openShop(context, sku_id),
    },
    icon("bag"),
    h("span", { class: "button-label" }, label ?? "Not for sale"),
  );
}

function linkButton(component, content) {
  if (component.disabled || !/^https?:\/\//.test(component.url)) {
    return h("button", { class: "button link", disabled: true }, content, icon("external"));
  }
  return h(
    "a",
    { class: "button link", href: component.url, target: "_blank", rel: "noopener noreferrer" },
    content,
    icon("external"),
  );
}
