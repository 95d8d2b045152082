// A form of the bot's: what is asked, what is checked, what is handed over.
import { wrongAmount } from "/assets/floating/amount.js";
import { choicesOf } from "/assets/floating/choices.js";
import { openModal } from "/assets/floating/modal.js";
import { equal, ok, test } from "./harness.js";
import { scene, session } from "./session.js";

const CHOICES = { verb: "Make", one: "choice", many: "choices" };
const EVIL = "<b>x</b>";

/** A modal with these components; submitted values are kept, and answered with `refusal`. */
function open(components, refusal = null) {
  document.body.append(Object.assign(document.createElement("div"), { id: "announcer" }));
  const sent = [];
  const submit = async (values) => {
    sent.push(values);
    return refusal;
  };
  openModal({ title: "Vary", custom_id: "m", components }, scene(), submit);
  const dialog = [...document.querySelectorAll("dialog")].at(-1);
  const closed = new Promise((done) => dialog.addEventListener("close", done));
  const press = async () => {
    dialog.querySelector("[type=submit]").click();
    await new Promise((done) => setTimeout(done));
  };
  return { dialog, sent, press, closed };
}

function text(changes) {
  return { type: 4, style: 1, custom_id: "prompt", ...changes };
}

function labelled(component) {
  return { type: 18, label: "Label", component };
}

test("what is filled in is handed over by its id, and the form closes", async () => {
  const { dialog, sent, press, closed } = open([
    labelled(text({ value: "a fox" })),
    labelled({ type: 23, custom_id: "box", default: true }),
    labelled({ type: 21, custom_id: "one", options: [{ label: "A", value: "a", default: true }] }),
    labelled({ type: 22, custom_id: "many", options: [{ label: "B", value: "b", default: true }] }),
    labelled({ type: 3, custom_id: "pick", options: [{ label: "C", value: "c", default: true }] }),
  ]);
  await press();
  equal(sent, [{ prompt: "a fox", box: true, one: "a", many: ["b"], pick: ["c"] }]);
  await closed;
  equal(dialog.isConnected, false);
});

test("a field that is wrong says so, keeps the focus and sends nothing", async () => {
  const { dialog, sent, press } = open([labelled(text({ min_length: 3, value: "ab" }))]);
  const error = dialog.querySelector(".field-error");
  const input = dialog.querySelector("input");
  await press();
  equal(
    [error.textContent, error.hidden, input.ariaInvalid],
    ["Write at least 3 characters.", false, "true"],
  );
  ok(document.activeElement === input);
  input.value = "abc";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  equal(error.hidden, true);
  await press();
  equal(sent, [{ prompt: "abc" }]);
});

test("a required field must be filled in, an optional one need not", async () => {
  const optional = open([labelled(text({ required: false }))]);
  await optional.press();
  equal(optional.sent, [{ prompt: "" }]);
  const required = open([labelled(text())]);
  await required.press();
  equal(
    [required.sent, required.dialog.querySelector(".field-error").textContent],
    [[], "This field is required."],
  );
});

test("a refused form stays open with what the bot said", async () => {
  const { dialog, press } = open([labelled(text({ value: "x" }))], "No credits left");
  await press();
  const error = dialog.querySelector(".modal-error");
  equal([error.textContent, error.hidden], ["No credits left", false]);
  equal(dialog.querySelector("[type=submit]").disabled, false);
});

test("words of the bot stay text", () => {
  const { dialog } = open([
    { type: 10, content: EVIL },
    {
      type: 18,
      label: EVIL,
      description: EVIL,
      component: text({ placeholder: EVIL, value: EVIL }),
    },
  ]);
  equal(dialog.querySelectorAll("b").length, 0);
});

test("the older form, text in rows, is understood", async () => {
  const { dialog, sent, press } = open([
    { type: 1, components: [text({ label: "Prompt", value: "x", style: 2 })] },
  ]);
  equal(dialog.querySelector(".field-label").textContent, "Prompt *");
  equal(dialog.querySelectorAll("textarea").length, 1);
  await press();
  equal(sent, [{ prompt: "x" }]);
});

test("how many may be chosen is said in words", () => {
  const said = (count, limits) => wrongAmount(count, limits, CHOICES);
  equal([said(0, {}), said(1, {})], ["Make a choice.", null]);
  equal(
    [said(1, { min_values: 2 }), said(2, { min_values: 2 })],
    ["Make at least 2 choices.", null],
  );
  equal(
    [said(2, { max_values: 1 }), said(3, { max_values: 2 })],
    ["At most 1 choice.", "At most 2 choices."],
  );
  equal([said(0, { min_values: 0 }), said(0, { required: false, min_values: 2 })], [null, null]);
});

test("a select offers what its type names", () => {
  const labels = (component) => choicesOf(component, session()).map(({ label }) => label);
  equal(labels({ type: 3, options: [{ label: "A", value: "a" }] }), ["A"]);
  equal(labels({ type: 5 }), ["Ada", "Mia", "noah", "Easel"]);
  equal(labels({ type: 6 }), ["@everyone", "@Patron"]);
  equal(labels({ type: 7 }), ["Ada", "Mia", "noah", "Easel", "@everyone", "@Patron"]);
  equal(labels({ type: 8, channel_types: [0] }), ["#imagine", "#gallery"]);
});

test("what the bot chose beforehand is chosen", () => {
  const chosen = (component) =>
    choicesOf(component, session())
      .filter((choice) => choice.default)
      .map(({ value }) => value);
  equal(chosen({ type: 5, default_values: [{ id: "102", type: "user" }] }), ["102"]);
  equal(
    chosen({
      type: 3,
      options: [
        { label: "A", value: "a" },
        { label: "B", value: "b", default: true },
      ],
    }),
    ["b"],
  );
});
