// The bar above the conversation: where you are, and whether the bot is there.
import { displayName, h, icon, iconButton, presence, presentAvatar } from "../core/dom.js";

const DM = 1;

/** The bar's parts. */
export function topbar(state, { membersShown, onDrawer, onMembers, onShop }) {
  const channel = state.channel(state.channelId);
  const { bot, online } = state.session;
  const { topic } = channel ?? {};
  return [
    iconButton("menu", {
      class: "icon-button drawer-button",
      "aria-label": "Channels",
      "aria-expanded": "false",
      onclick: onDrawer,
    }),
    channel?.type === DM ? presentAvatar(bot, online) : icon("hash", "bar-hash"),
    h("h2", { class: "bar-name" }, channel?.name ?? ""),
    topic ? h("span", { class: "bar-topic", title: topic }, topic) : null,
    h("span", { class: "spring" }),
    botState(bot, online),
    state.shop
      ? iconButton("bag", { "aria-label": "Open the shop", title: "Shop", onclick: onShop })
      : null,
    iconButton("people", {
      class: "icon-button members-button",
      "aria-pressed": String(membersShown),
      "aria-label": "Show members",
      title: "Members",
      onclick: onMembers,
    }),
  ].filter(Boolean);
}

function botState(bot, online) {
  return h(
    "span",
    { class: online ? "bot-state on" : "bot-state off", role: "status" },
    presence(online),
    `${displayName(bot)} is ${online ? "online" : "offline"}`,
  );
}
