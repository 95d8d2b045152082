// The shop: what can be done with what, what is asked of the sandbox, and where the focus stays.

import { messageElement } from "/assets/chat/message.js";
import { State } from "/assets/core/state.js";
import { openShop, skuLabel } from "/assets/floating/shop.js";
import { equal, ok, test } from "./harness.js";
import { ADA, EASEL, message, session } from "./session.js";

const PACK = {
  id: "1",
  type: 3,
  name: "115 grids",
  price: "$14.99",
  available: true,
  guild: false,
};
const PLAN = { ...PACK, id: "2", type: 5, name: "Patron", guild: true };
const OLD = { ...PACK, id: "3", name: "Old", available: false };

function bought(changes) {
  return { id: "9", sku_id: "1", user_id: ADA.id, at: "2026-03-04T10:00:00+00:00", ...changes };
}

function open(shop, sku) {
  const state = new State();
  state.begin(session({ shop: { skus: [PACK, PLAN, OLD], owned: [], sales: null, ...shop } }));
  const asked = [];
  const answers = [];
  const actions = {
    shop: (...given) => {
      asked.push(given);
      return Promise.resolve(answers.shift() ?? null);
    },
  };
  openShop({ state, actions }, sku);
  const dialog = document.querySelector("dialog.shop");
  const button = (key) => dialog.querySelector(`[data-key="${key}"]`);
  return { state, asked, answers, dialog, button };
}

/** The event comes later than the call. */
function shut(dialog) {
  return new Promise((done) => {
    dialog.addEventListener("close", done);
    dialog.close();
  });
}

test("what is for sale can be bought, and nothing else", async () => {
  const { dialog, asked, button } = open({});
  const buttons = [...dialog.querySelectorAll("li button")];
  equal(
    buttons.map((each) => each.getAttribute("aria-label")),
    ["Buy 115 grids", "Buy Patron"],
  );
  ok(dialog.textContent.includes("$14.99, for you"));
  ok(dialog.textContent.includes("for everybody on this server"));
  button("buy:1").click();
  equal(asked, [["buy", "1"]]);
  await shut(dialog);
  equal(document.querySelector("dialog.shop"), null);
});

test("what can be done depends on what became of it", async () => {
  const kinds = {
    waiting: ["refund"],
    consumed: ["refund"],
    owned: ["refund"],
    renewing: ["cancel", "refund"],
    ending: ["resume", "end", "refund"],
    ended: [],
    refunded: [],
  };
  for (const [state, deeds] of Object.entries(kinds)) {
    const owned = [bought({ state, ends_at: "2026-04-04T10:00:00+00:00" })];
    const { dialog } = open({ owned });
    const keys = [...dialog.querySelectorAll("[data-key$=':9']")].map((each) => each.dataset.key);
    equal(
      keys,
      deeds.map((deed) => `${deed}:9`),
    );
    await shut(dialog);
  }
});

test("the owner sees what everybody bought, and others do not", async () => {
  const sales = [bought({ state: "consumed" }), bought({ id: "8", user_id: null, state: "owned" })];
  const { dialog } = open({ sales });
  const text = dialog.querySelector("[aria-label='What everybody bought']").textContent;
  ok(text.includes("Ada: 115 grids"));
  ok(text.includes("The server: 115 grids"));
  ok(!dialog.querySelector("[data-key='refund:9']"));
  await shut(dialog);
  const others = open({ sales: null });
  equal(others.dialog.querySelector("[aria-label='What everybody bought']"), null);
  await shut(others.dialog);
});

test("a refusal is said, and the focus stays where it was", async () => {
  const { state, dialog, answers, button } = open({}, "2");
  equal(document.activeElement, button("buy:2"));
  answers.push("you are subscribed to that already");
  button("buy:2").click();
  await Promise.resolve();
  await Promise.resolve();
  const alert = dialog.querySelector("[role=alert]");
  equal(alert.textContent, "you are subscribed to that already");
  ok(!alert.hidden);
  state.setShop({ ...state.shop, owned: [bought({ state: "waiting" })] });
  equal(document.activeElement, button("buy:2"));
  state.setShop({ ...state.shop, skus: [PACK] });
  equal(document.activeElement, button("close"));
  await shut(dialog);
});

test("names of what is sold stay text", async () => {
  const evil = { ...PACK, name: "<img src=x onerror=alert(1)>" };
  const { dialog } = open({ skus: [evil], owned: [bought({ state: "owned" })] });
  equal(dialog.querySelectorAll("img").length, 1);
  ok(dialog.textContent.includes(evil.name));
  await shut(dialog);
});

test("a premium button says name and price and opens the shop", async () => {
  const state = new State();
  state.begin(session({ shop: { skus: [PACK, OLD], owned: [], sales: null } }));
  const row = {
    type: 1,
    components: [
      { type: 2, style: 6, sku_id: "1" },
      { type: 2, style: 6, sku_id: "3" },
    ],
  };
  const element = messageElement(message({ author: EASEL, components: [row] }), {
    state,
    actions: {},
  });
  document.body.append(element);
  const [sold, gone] = element.querySelectorAll(".button.premium");
  equal(sold.textContent, "115 grids $14.99");
  equal([gone.textContent, gone.disabled], ["Not for sale", true]);
  sold.click();
  const dialog = document.querySelector("dialog.shop");
  equal(document.activeElement.dataset.key, "buy:1");
  await shut(dialog);
  element.remove();
  equal(skuLabel(null, "1"), null);
});
