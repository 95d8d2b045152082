// What the message box remembers, and names written with @.
import { withMentions } from "/assets/composer/mentions.js";
import { Sent } from "/assets/composer/sent.js";
import { equal, test } from "./harness.js";
import { ADA, MIA } from "./session.js";

const fox = { key: "1/imagine" };

test("the newest is brought back first", () => {
  const sent = new Sent();
  equal(sent.last, undefined);
  sent.add({ text: "one" });
  sent.add({ entry: fox, fields: {} });
  equal(sent.last, { entry: fox, fields: {} });
});

test("a command's age is what was sent since", () => {
  const sent = new Sent();
  equal(sent.age(fox), 50);
  sent.add({ entry: fox });
  sent.add({ text: "one" });
  sent.add({ text: "two" });
  equal(sent.age(fox), 2);
  sent.add({ entry: fox });
  equal(sent.age(fox), 0);
});

test("only the last fifty are kept", () => {
  const sent = new Sent();
  sent.add({ entry: fox });
  for (let at = 0; at < 49; at += 1) sent.add({ text: String(at) });
  equal(sent.age(fox), 49);
  sent.add({ text: "one more" });
  equal(sent.age(fox), 50);
  sent.clear();
  equal(sent.last, undefined);
});

test("names after @ become mentions", () => {
  const write = (text) => withMentions(text, [ADA, MIA]);
  equal(write("@Mia and @Ada, @Mia!"), "<@101> and <@100>, <@101>!");
  equal(write("Mia @Miami @mia"), "Mia @Miami @mia");
});

test("a name with a pattern's signs means itself", () => {
  const odd = { id: "7", username: "a.b(c" };
  equal(withMentions("@a.b(c @axb(c", [odd]), "<@7> @axb(c");
});
