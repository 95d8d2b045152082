// Slash commands as values: what can be typed here, and what typed text means.
import {
  entriesOf,
  matchText,
  messageCommands,
  rank,
  spread,
  wire,
} from "/assets/composer/commands.js";
import { ATTACHMENT, INTEGER, STRING } from "/assets/composer/kinds.js";
import { equal, test } from "./harness.js";

function option(name, type, changes) {
  return { name, type, description: "", ...changes };
}

const imagine = {
  id: "1",
  name: "imagine",
  description: "Draw",
  options: [option("prompt", STRING)],
};
const quota = {
  id: "2",
  name: "quota",
  type: 1,
  description: "Limits",
  options: [
    option("set", 1, { description: "Set one", options: [option("credits", INTEGER)] }),
    option("more", 2, { options: [option("show", 1, { description: "Show all" })] }),
  ],
};

/** The entry of a command with these options. */
function entry(...options) {
  return entriesOf([{ id: "9", name: "do", description: "", options }], false)[0];
}

test("subcommands are commands of their own", () => {
  const entries = entriesOf([imagine, quota], false);
  equal(
    entries.map(({ key, name, description }) => [key, name, description]),
    [
      ["1/imagine", "imagine", "Draw"],
      ["2/quota set", "quota set", "Set one"],
      ["2/quota more show", "quota more show", "Show all"],
    ],
  );
  equal(entries[1].options, [option("credits", INTEGER)]);
});

test("a command without options still has a list of them", () => {
  equal(entriesOf([{ id: "1", name: "ping" }], false)[0].options, []);
});

test("menu commands cannot be typed", () => {
  const menu = { id: "3", name: "Quote", type: 3 };
  equal(entriesOf([menu], false), []);
  equal(messageCommands([menu, imagine], false), [menu]);
});

test("a command stands only where it may be used", () => {
  const names = (isDm) =>
    entriesOf(
      [
        { id: "1", name: "anywhere" },
        { id: "2", name: "server", contexts: [0] },
        { id: "3", name: "private", contexts: [1] },
        { id: "4", name: "old", dm_permission: false },
      ],
      isDm,
    ).map((each) => each.name);
  equal(names(false), ["anywhere", "server", "old"]);
  equal(names(true), ["anywhere", "private"]);
});

test("values are sent under the names of their subcommands", () => {
  const [, set, show] = entriesOf([imagine, quota], false);
  const values = [{ name: "credits", type: INTEGER, value: 3 }];
  equal(wire(set, values), [{ name: "set", type: 1, options: values }]);
  equal(wire(show, []), [
    { name: "more", type: 2, options: [{ name: "show", type: 1, options: [] }] },
  ]);
});

test("the longest command that begins the text is meant", () => {
  const entries = entriesOf([{ id: "0", name: "quota" }, imagine, quota], false);
  const match = (text) => {
    const found = matchText(entries, text);
    return found && [found.entry.name, found.rest, found.exact];
  };
  equal(match("/imagine a fox"), ["imagine", "a fox", false]);
  equal(match("/IMAGINE a Fox"), ["imagine", "a Fox", false]);
  equal(match("/imagine"), ["imagine", "", true]);
  equal(match("/imagine "), ["imagine", "", false]);
  equal(match("/quota set 5"), ["quota set", "5", false]);
  equal(match("/imagination"), null);
  equal(match("say /imagine x"), null);
});

test("text fills the required options in order, the last text takes the rest", () => {
  const command = entry(
    option("size", INTEGER, { required: true }),
    option("prompt", STRING, { required: true }),
    option("negative", STRING),
  );
  equal(spread(command, "3 a red fox"), { size: "3", prompt: "a red fox" });
  equal(spread(command, "3"), { size: "3" });
  equal(spread(command, "   "), {});
});

test("a named value ends where the next name begins", () => {
  const command = entry(
    option("prompt", STRING, { required: true }),
    option("size", INTEGER),
    option("style", STRING, { choices: [{ name: "Oil", value: "oil" }] }),
  );
  equal(spread(command, "a fox size:3 style: oil"), { prompt: "a fox", size: "3", style: "oil" });
  equal(spread(command, "size:3 prompt:see http://x.org"), {
    prompt: "see http://x.org",
    size: "3",
  });
  equal(spread(command, "ratio size::3"), { prompt: "ratio size::3" });
});

test("files are never read from text, nor choices that nobody asked for", () => {
  const command = entry(
    option("picture", ATTACHMENT, { required: true }),
    option("style", STRING, { choices: [{ name: "Oil", value: "oil" }] }),
  );
  equal(spread(command, "words"), {});
});

test("an option named with a pattern's signs means itself", () => {
  const command = entry(option("a.b", STRING), option("c(", STRING));
  equal(spread(command, "axb:1 a.b:2 c(:3"), { "a.b": "2", "c(": "3" });
});

test("commands are ranked by how well they match, then by use", () => {
  const all = ["set", "quota set", "reset", "other"].map((name) => ({ name, description: name }));
  const ranked = (wanted, ages = {}) =>
    rank(all, wanted, ({ name }) => ages[name] ?? 50).map(({ name }) => name);
  equal(ranked("set"), ["set", "quota set", "reset"]);
  equal(ranked("", { reset: 0, other: 3 }), ["reset", "other", "set", "quota set"]);
  equal(ranked("zzz"), []);
});

test("a description counts from the third letter on", () => {
  const all = [{ name: "imagine", description: "Draw four pictures" }];
  const found = (wanted) => rank(all, wanted, () => 0).length;
  equal([found("pi"), found("pic"), found("draw")], [0, 1, 1]);
});

const zeichne = {
  id: "1",
  name: "imagine",
  name_localized: "zeichne",
  description: "Draw",
  description_localized: "Zeichne ein Bild",
  options: [
    option("prompt", STRING, { required: true }),
    option("style", STRING, { name_localized: "stil" }),
  ],
};

test("a command is called what the person's language calls it, and found by both names", () => {
  const entries = entriesOf([zeichne, quota], false);
  equal(entries[0].name, "zeichne");
  equal(entries[0].description, "Zeichne ein Bild");
  for (const typed of ["/zeichne ein Fuchs", "/imagine ein Fuchs"])
    equal(matchText(entries, typed).rest, "ein Fuchs");
  const found = (wanted) => rank(entries, wanted, () => 0).map(({ plain }) => plain);
  equal(found("zei"), ["imagine"]);
  equal(found("imag"), ["imagine"]);
});

test("what is sent has the names that the bot gave", () => {
  const [drawing] = entriesOf([zeichne], false);
  equal(spread(drawing, "ein Fuchs stil:öl"), { prompt: "ein Fuchs", style: "öl" });
  equal(spread(drawing, "ein Fuchs style:öl"), { prompt: "ein Fuchs", style: "öl" });
});
