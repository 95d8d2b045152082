// Questions and their answers, by nonce.
import { Answers } from "/assets/core/answers.js";
import { equal, test } from "./harness.js";

/** Answers whose frames are kept; `open` is whether frames leave. */
function answers(open = true) {
  const frames = [];
  const made = new Answers((frame) => {
    frames.push(frame);
    return open;
  });
  return { made, frames };
}

test("each answer settles its own question", async () => {
  const { made, frames } = answers();
  const [one, two] = [made.ask({ op: "command" }), made.ask({ op: "context" })];
  equal(
    frames.map(({ op }) => op),
    ["command", "context"],
  );
  made.settle(frames[1].nonce, { state: "ok", choices: [1] });
  made.settle(frames[0].nonce, { state: "failed", error: "no" });
  equal(await Promise.all([one, two]), [
    { state: "failed", error: "no" },
    { state: "ok", choices: [1] },
  ]);
});

test("a question that cannot leave fails at once", async () => {
  const { made } = answers(false);
  equal(await made.ask({ op: "command" }), {
    state: "failed",
    error: "There is no connection. Try again in a moment.",
  });
});

test("a question that nobody answers fails in the end", async () => {
  const { made, frames } = answers();
  const answer = await made.ask({ op: "command" }, 1);
  equal(answer, { state: "failed", error: "The application did not respond" });
  made.settle(frames[0].nonce, { state: "ok" });
});

test("a lost connection fails what is open, and nothing twice", async () => {
  const { made, frames } = answers();
  const [one, two] = [made.ask({}), made.ask({})];
  made.settle(frames[0].nonce, { state: "ok" });
  made.failAll("lost");
  made.failAll("lost again");
  equal(await Promise.all([one, two]), [{ state: "ok" }, { state: "failed", error: "lost" }]);
});
