// What the page's tests are written with. Each runs alone, in a document that is empty again.

const tests = new Map();

/** A test, by a sentence of its own. */
export function test(name, body) {
  if (tests.has(name)) throw new Error(`two tests are called "${name}"`);
  tests.set(name, body);
}

export function names() {
  return [...tests.keys()];
}

/** Runs one; rejects with what it found wrong. */
export async function run(name) {
  document.body.replaceChildren();
  await tests.get(name)();
}

/** Both must be alike all the way down. */
export function equal(actual, expected) {
  const [is, ought] = [shown(actual), shown(expected)];
  if (is !== ought) throw new Error(`is    ${is}\nought ${ought}`);
}

export function ok(value, what = "that") {
  if (!value) throw new Error(`${what} does not hold: ${shown(value)}`);
}

/** What the promise is rejected with. */
export async function rejection(promise) {
  const nothing = Symbol("nothing");
  const reason = await promise.then(
    () => nothing,
    (error) => error,
  );
  if (reason === nothing) throw new Error("nothing was thrown");
  return reason;
}

/** The HTML that nodes amount to, for reading only. */
export function html(...nodes) {
  const box = document.createElement("div");
  box.append(...nodes);
  return box.innerHTML;
}

/** A value as text in which no two different ones look alike. */
function shown(value) {
  return JSON.stringify(value, (_, part) => {
    if (part === undefined) return "(undefined)";
    if (typeof part === "number" && !Number.isFinite(part)) return `(${part})`;
    return part?.constructor === Object ? sorted(part) : part;
  });
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
