// What may stand in an option: reading, complaining, offering.
import { entities, named } from "/assets/composer/entities.js";
import {
  ATTACHMENT,
  BOOLEAN,
  CHANNEL,
  INTEGER,
  MENTIONABLE,
  NUMBER,
  ROLE,
  STRING,
  USER,
} from "/assets/composer/kinds.js";
import { hint, narrow, offersOf, read } from "/assets/composer/options.js";
import { equal, test } from "./harness.js";
import { session } from "./session.js";

/** What an option of this type makes of a text. */
function from(type, text, changes) {
  return read({ type, ...changes }, { text }, session());
}

test("an empty option is missing only where it is required", () => {
  equal(from(STRING, "  "), {});
  equal(from(STRING, "  ", { required: true }), { error: "This option is required." });
  equal(read({ type: ATTACHMENT, required: true }, {}, session()), {
    error: "This option is required.",
  });
});

test("text is trimmed and kept within its limits", () => {
  equal(from(STRING, " a fox "), { value: "a fox" });
  equal(from(STRING, "x", { min_length: 2 }), { error: "Write at least 2 characters." });
  equal(from(STRING, "xyz", { max_length: 2 }), { error: "Write at most 2 characters." });
});

test("whole numbers are whole", () => {
  equal([from(INTEGER, "-3"), from(INTEGER, "+7")], [{ value: -3 }, { value: 7 }]);
  for (const text of ["3.5", "x", "1e3", "0x1", "3 4"])
    equal(from(INTEGER, text), { error: "Write a whole number." });
});

test("numbers are finite", () => {
  equal([from(NUMBER, "0.5"), from(NUMBER, "-1e3")], [{ value: 0.5 }, { value: -1000 }]);
  for (const text of ["x", "Infinity", "1,5"])
    equal(from(NUMBER, text), { error: "Write a number." });
});

test("numbers outside their range are told the range", () => {
  const error = (limits) => from(INTEGER, "5", limits).error;
  equal(error({ min_value: 6 }), "Must be at least 6.");
  equal(error({ max_value: 0 }), "Must be at most 0.");
  equal(error({ min_value: 0, max_value: 4 }), "Must be between 0 and 4.");
  equal(error({ min_value: 5, max_value: 5 }), undefined);
});

test("truth has four words and no others", () => {
  const values = ["True", "yes", "FALSE", "no"].map((text) => from(BOOLEAN, text).value);
  equal(values, [true, true, false, false]);
  for (const text of ["1", "constructor", "toString"])
    equal(from(BOOLEAN, text), { error: "Choose True or False." });
});

test("a choice is known by its name or its value", () => {
  const choices = [
    { name: "Oil", value: "o1" },
    { name: "Two", value: 2 },
  ];
  const value = (text) => from(STRING, text, { choices }).value;
  equal([value("oil"), value("O1"), value("2")], ["o1", "o1", 2]);
  equal(from(STRING, "ink", { choices }), { error: "Choose one of the offered values." });
});

test("a picked value is sent instead of the name that is shown", () => {
  const field = { text: "Red", picked: "#f00" };
  equal(read({ type: STRING }, field, session()), { value: "#f00" });
  equal(read({ type: INTEGER, max_value: 3 }, { text: "Four", picked: 4 }, session()), {
    error: "Must be at most 3.",
  });
});

test("a file must be there before it is sent", () => {
  const file = (field) => read({ type: ATTACHMENT }, field, session());
  equal(file({ uploading: "a.png" }), { error: "Wait until the file is uploaded." });
  equal(file({ error: "Too large." }), { error: "Too large." });
  equal(file({ upload: { id: "7" } }), { value: "7" });
  equal(file({}), {});
});

test("people are known by name, username, id and mention", () => {
  const value = (text) => from(USER, text).value;
  equal(["Ada", "@ada", "NOAH", "100", "<@100>", "<@!100>"].map(value), [
    "100",
    "100",
    "102",
    "100",
    "100",
    "100",
  ]);
  equal(from(USER, "Zoe"), { error: "There is no person called “Zoe” here." });
});

test("roles and channels are known with and without their sign", () => {
  equal([from(ROLE, "@patron").value, from(ROLE, "everyone").value], ["700", "1"]);
  equal([from(CHANNEL, "#gallery").value, from(CHANNEL, "<#501>").value], ["501", "501"]);
  equal(from(CHANNEL, "ada").error, "There is no channel called “ada” here.");
  equal([from(MENTIONABLE, "Mia").value, from(MENTIONABLE, "Patron").value], ["101", "700"]);
});

test("only channels of the asked type are offered", () => {
  const labels = (types) =>
    entities({ type: CHANNEL, channel_types: types }, session()).map(({ label }) => label);
  equal(labels([2]), ["voices"]);
  equal(labels([]), ["imagine", "gallery", "voices"]);
});

test("the bot is a person too, once", () => {
  const labels = (changes) => entities({ type: USER }, session(changes)).map(({ label }) => label);
  equal(labels(), ["Ada", "Mia", "noah", "Easel"]);
  const { users, bot } = session();
  equal(labels({ users: [...users, bot] }), ["Ada", "Mia", "noah", "Easel"]);
  equal(named({ type: STRING }, "Ada", session()), undefined);
});

test("what can be listed is offered", () => {
  const labels = (option) => offersOf(option, session()).map(({ label }) => label);
  equal(labels({ type: BOOLEAN }), ["True", "False"]);
  equal(labels({ type: STRING, choices: [{ name: "Oil", value: "o" }] }), ["Oil"]);
  equal(labels({ type: ROLE }), ["everyone", "Patron"]);
  equal(labels({ type: STRING }), []);
});

test("offers narrow while one types and widen when one comes back", () => {
  const offers = [
    { label: "Ada", detail: "ada" },
    { label: "Mia", detail: "ada's friend" },
  ];
  const labels = (text, fresh) => narrow(offers, text, fresh).map(({ label }) => label);
  equal(labels("mi", false), ["Mia"]);
  equal(labels("@ADA", false), ["Ada", "Mia"]);
  equal(labels("Mia", false), ["Mia"]);
  equal(labels("Mia", true), ["Ada", "Mia"]);
  equal(labels("", true), ["Ada", "Mia"]);
});

test("hints say whether, what and how much", () => {
  equal(hint({ type: STRING }), "optional");
  equal(
    hint({ type: INTEGER, required: true, min_value: 0 }),
    "required · whole number · at least 0",
  );
  equal(hint({ type: NUMBER, max_value: 2 }), "optional · number · at most 2");
  equal(hint({ type: ATTACHMENT }), "optional · file");
});
