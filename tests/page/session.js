// What the sandbox tells a page when it opens, and a state that has heard it.
import { State } from "/assets/core/state.js";

export const ADA = { id: "100", username: "ada", global_name: "Ada", bot: false, label: "admin" };
export const MIA = { id: "101", username: "mia", global_name: "Mia", bot: false, label: "member" };
export const NOAH = { id: "102", username: "noah", global_name: null, bot: false, label: "patron" };
export const EASEL = { id: "900", username: "easel", global_name: "Easel", bot: true, label: "" };

export const IMAGINE = "500";
export const GALLERY = "501";
export const DM = "600";

export function session(changes) {
  return {
    user: MIA,
    users: [ADA, MIA, NOAH],
    bot: EASEL,
    online: true,
    dm: { id: DM },
    guild: {
      id: "1",
      name: "Studio",
      roles: [
        { id: "1", name: "@everyone", color: 0 },
        { id: "700", name: "Patron", color: 0x33aa88 },
      ],
      channels: [
        { id: IMAGINE, name: "imagine", type: 0, topic: "Draw here" },
        { id: GALLERY, name: "gallery", type: 0, topic: "" },
        { id: "502", name: "voices", type: 2, topic: "" },
      ],
    },
    commands: [],
    limits: { upload: 100 },
    ...changes,
  };
}

/** A state in which Mia has just opened the page. */
export function opened(changes) {
  const state = new State();
  state.begin(session(changes));
  return state;
}

/** What messages are drawn in; actions are remembered as [name, ...arguments]. */
export function scene() {
  const done = [];
  const actions = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...given) =>
          done.push([name, ...given]),
    },
  );
  return { state: opened(), actions, done };
}

let last = 10 ** 6;

/** A message of Mia's in #imagine, with what matters given by name. */
export function message(changes) {
  last += 1;
  return {
    id: String(last),
    channel_id: IMAGINE,
    author: MIA,
    content: "hello",
    timestamp: "2026-03-04T10:00:00+00:00",
    mentions: [],
    type: 0,
    ...changes,
  };
}
