// Building elements: text stays text.
import { avatar, compareIds, displayName, emojiText, fileSize, h } from "/assets/core/dom.js";
import { recall, remember } from "/assets/core/memory.js";
import { literal } from "/assets/text/pattern.js";
import { equal, test } from "./harness.js";

const EVIL = '<img src=x onerror="alert(1)">';

test("text never becomes elements or attributes", () => {
  const box = h("p", { title: EVIL, "aria-label": EVIL }, EVIL, [EVIL]);
  equal([box.childElementCount, box.textContent, box.title], [0, EVIL + EVIL, EVIL]);
});

test("children may be lists, and what is absent leaves no trace", () => {
  equal(h("p", null, ["a", [h("b"), null]], undefined, false, "c").innerHTML, "a<b></b>c");
});

test("properties, attributes and listeners each go where they belong", () => {
  let pressed = 0;
  const box = h("input", { value: "x", checked: true, "aria-busy": null, dataset: { id: "7" } });
  equal([box.value, box.checked, box.outerHTML], ["x", true, '<input data-id="7">']);
  h("b", {
    onclick: () => {
      pressed += 1;
    },
  }).click();
  equal(pressed, 1);
});

test("a button submits nothing unless it says so", () => {
  equal([h("button").type, h("button", { type: "submit" }).type], ["button", "submit"]);
});

test("ids compare as numbers, beyond what numbers can tell apart", () => {
  const ids = ["1000", "99", "90071992547409931", "90071992547409930"];
  equal(ids.sort(compareIds), ["99", "1000", "90071992547409930", "90071992547409931"]);
  equal(compareIds("5", "5"), 0);
});

test("sizes are said in the unit that fits", () => {
  equal(
    [fileSize(1023), fileSize(1536), fileSize(5 * 1024 * 1024)],
    ["1023 bytes", "1.5 KB", "5.0 MB"],
  );
});

test("people are called by the best name there is", () => {
  equal(
    [{ global_name: "Mia", username: "m" }, { global_name: null, username: "m" }, undefined].map(
      displayName,
    ),
    ["Mia", "m", "Someone"],
  );
});

test("a person's picture is the initials, the bot's its own", () => {
  equal(avatar({ username: "ada king lovelace" }).textContent, "AK");
  equal(avatar({ username: "mia" }).textContent, "M");
  equal(avatar({ bot: true, username: "x" }).getAttribute("src"), "/assets/icon.svg");
});

test("an emoji of a server is its name", () => {
  equal(
    [emojiText({ name: "🔥" }), emojiText({ id: "1", name: "smile" }), emojiText(null)],
    ["🔥", ":smile:", ""],
  );
});

test("what is remembered is recalled", () => {
  equal(recall("sessionStorage", "easel.test"), null);
  remember("sessionStorage", "easel.test", "yes");
  equal(recall("sessionStorage", "easel.test"), "yes");
  sessionStorage.clear();
});

test("a text as a pattern matches itself only", () => {
  const text = "a.b*c+(d)[e]{f}|^$?\\";
  equal(text.replace(new RegExp(literal(text)), "!"), "!");
  equal(new RegExp(`^${literal("a.c")}$`).test("abc"), false);
});
