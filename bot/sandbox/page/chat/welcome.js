// What stands above the first message: where you are, and what to type first.

import { entriesOf } from "../composer/commands.js";
import { STRING } from "../composer/kinds.js";
import { displayName, h } from "../core/dom.js";

const FIRST_PROMPTS = ["an astronaut in the desert", "a fox in the forest", "a castle at sunset"];

export function drawWelcome(root, { state, actions }) {
  const channel = state.channel(state.channelId);
  if (!channel) return;
  const dm = channel.type === 1;
  const bot = displayName(state.session.bot);
  root.replaceChildren(
    h("img", { class: "welcome-mark", src: "/assets/icon.svg", alt: "" }),
    h("h2", null, dm ? bot : `Welcome to #${channel.name}`),
    h(
      "p",
      null,
      dm
        ? `This is where ${bot} writes to you alone.`
        : channel.topic || `This is the beginning of #${channel.name}.`,
    ),
    suggestions(state, actions),
    h(
      "p",
      { class: "welcome-note" },
      h("kbd", null, "/"),
      " shows every command · ",
      h("kbd", null, "↑"),
      " brings back the last one · right-click a message for more",
    ),
  );
}

function suggestions(state, actions) {
  const imagine = entriesOf(state.session.commands, state.isDm).find(
    (entry) => entry.plain === "imagine" && entry.options.some((option) => option.type === STRING),
  );
  if (!imagine) return "";
  return h(
    "div",
    { class: "suggestions", role: "group", "aria-label": "Prompts to start with" },
    FIRST_PROMPTS.map((prompt) =>
      h(
        "button",
        {
          class: "suggestion",
          onclick: () => actions.prefill(`/imagine ${prompt}`),
        },
        h("span", { class: "suggestion-command" }, "/imagine"),
        ` ${prompt}`,
      ),
    ),
  );
}
