// The shop: what the bot sells, what you bought, and for its owner what everybody did. No money moves.
import { announce, displayName, h, icon, iconButton, refocus } from "../core/dom.js";
import { day } from "../text/moments.js";

const DEEDS = {
  cancel: "Cancel",
  resume: "Resume",
  end: "End its month",
  refund: "Money back",
};
const POSSIBLE = {
  waiting: ["refund"],
  consumed: ["refund"],
  owned: ["refund"],
  renewing: ["cancel", "refund"],
  ending: ["resume", "end", "refund"],
};
const STATES = {
  waiting: () => "waits for the bot to take it in",
  consumed: () => "taken in by the bot",
  owned: () => "for good",
  renewing: (date) => `renews on ${date}`,
  ending: (date) => `cancelled, ends on ${date}`,
  ended: (date) => `ended on ${date}`,
  refunded: () => "money back",
};

/** Opens the shop; the button of `sku` has the focus if it is given. */
export function openShop(context, sku) {
  new ShopDialog(context).open(sku);
}

/** What a button under a message says of an SKU: its name and price. */
export function skuLabel(shop, id) {
  const sku = shop?.skus.find((each) => each.id === id);
  return sku?.available ? `${sku.name} ${sku.price}` : null;
}

class ShopDialog {
  constructor(context) {
    this.context = context;
    this.before = document.activeElement;
    this.body = h("div", { class: "modal-body shop-body" });
    this.error = h("div", { class: "modal-error shop-error", role: "alert", hidden: true });
    this.dialog = h(
      "dialog",
      { class: "modal shop", "aria-labelledby": "shop-title" },
      h("div", { class: "modal-form" }, this.#head(), this.error, this.body),
    );
  }

  open(sku) {
    const stop = this.context.state.on("shop", () => this.draw());
    this.dialog.addEventListener("close", () => {
      stop();
      this.dialog.remove();
      refocus(this.before);
    });
    this.draw();
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.#focus(sku ? `buy:${sku}` : null);
  }

  draw() {
    const { shop } = this.context.state;
    const focused = this.dialog.contains(document.activeElement)
      ? document.activeElement.dataset.key
      : null;
    this.body.replaceChildren(
      this.#section(
        "For sale",
        shop.skus.filter((sku) => sku.available).map((sku) => this.#offer(sku)),
      ),
      this.#section(
        "Yours",
        shop.owned.map((bought) => this.#bought(bought, true)),
        "You bought nothing so far.",
      ),
      ...this.#sales(shop),
    );
    if (focused) this.#focus(focused);
  }

  #head() {
    const { bot } = this.context.state.session;
    return h(
      "header",
      { class: "modal-head" },
      h("img", { src: "/assets/icon.svg", alt: "" }),
      h(
        "div",
        { class: "shop-title" },
        h("h2", { id: "shop-title" }, `${displayName(bot)}’s shop`),
        h("p", null, "In this sandbox nobody pays."),
      ),
      iconButton("close", {
        "aria-label": "Close",
        dataset: { key: "close" },
        onclick: () => this.dialog.close(),
      }),
    );
  }

  #section(title, items, nothing = "Nothing is for sale.") {
    const list = items.length
      ? h("ul", { class: "shop-list" }, items)
      : h("p", { class: "shop-nothing" }, nothing);
    return h("section", { "aria-label": title }, h("h3", { class: "category" }, title), list);
  }

  #sales({ sales }) {
    if (!sales) return [];
    const rows = sales.map((bought) => this.#bought(bought, false));
    return [this.#section("What everybody bought", rows, "Nobody bought anything so far.")];
  }

  #offer(sku) {
    const whose = sku.guild ? "for everybody on this server" : "for you";
    return item(
      sku.name,
      `${sku.price}, ${whose}`,
      this.#button("buy", sku.id, "Buy", `Buy ${sku.name}`, "success"),
    );
  }

  #bought(bought, mine) {
    const { state } = this.context;
    const name = state.shop.skus.find((sku) => sku.id === bought.sku_id)?.name ?? "Something";
    const said = STATES[bought.state](bought.ends_at ? day(bought.ends_at) : "");
    const who = bought.user_id ? displayName(state.user(bought.user_id)) : "The server";
    const deeds = mine ? (POSSIBLE[bought.state] ?? []) : [];
    return item(
      mine ? name : `${who}: ${name}`,
      `${day(bought.at)}, ${said}`,
      deeds.map((deed) =>
        this.#button(deed, bought.id, DEEDS[deed], `${DEEDS[deed]}: ${name}`, "secondary"),
      ),
    );
  }

  #button(deed, id, label, spoken, look) {
    return h(
      "button",
      {
        class: `button ${look}`,
        "aria-label": spoken,
        dataset: { key: `${deed}:${id}` },
        onclick: () => this.#do(deed, id, spoken),
      },
      label,
    );
  }

  async #do(deed, id, spoken) {
    this.error.hidden = true;
    const refused = await this.context.actions.shop(deed, id);
    if (refused) {
      this.error.replaceChildren(icon("warn"), refused);
      this.error.hidden = false;
    } else announce(`${spoken}: done`);
  }

  /** The button of that key, or what closes the dialog where there is none any more. */
  #focus(key) {
    const find = (name) => this.dialog.querySelector(`[data-key="${CSS.escape(name)}"]`);
    ((key && find(key)) || find("close")).focus();
  }
}

function item(name, detail, buttons) {
  return h(
    "li",
    { class: "shop-item" },
    h("div", { class: "shop-text" }, h("strong", null, name), h("small", null, detail)),
    h("div", { class: "shop-buttons" }, buttons),
  );
}
