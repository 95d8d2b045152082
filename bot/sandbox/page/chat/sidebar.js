// The left side: the server, its channels, the person you are.
import { avatar, displayName, h, icon, iconButton, presentAvatar } from "../core/dom.js";
import { openMenu } from "../floating/menu.js";

const CATEGORY = 4;

export function serverHead({ guild }) {
  return h(
    "header",
    { class: "server" },
    h("img", { class: "server-icon", src: "/assets/icon.svg", alt: "" }),
    h("div", { class: "server-text" }, h("h1", null, guild.name), h("span", null, "Sandbox")),
  );
}

/** onOpened() is called after one was pressed. */
export function channelList(context, onOpened) {
  const { guild, dm, bot, online } = context.state.session;
  const item = (id, name, picture) =>
    h("li", null, channelButton({ id, name, picture }, context, onOpened));
  return h(
    "nav",
    { class: "channels", "aria-label": "Channels" },
    h("h2", { class: "category" }, "Text channels"),
    h(
      "ul",
      null,
      guild.channels
        .filter((channel) => channel.type !== CATEGORY)
        .map(({ id, name }) => item(id, name, icon("hash"))),
    ),
    h("h2", { class: "category" }, "Direct messages"),
    h("ul", null, item(dm.id, displayName(bot), presentAvatar(bot, online))),
  );
}

function channelButton({ id, name, picture }, { state, actions }, onOpened) {
  const { unread, pings } = state.log(id);
  const open = id === state.channelId;
  const news = pings ? `${pings} for you` : unread ? "unread" : "";
  return h(
    "button",
    {
      class: ["channel", open ? "open" : "", unread ? "unread" : ""].join(" ").trim(),
      dataset: { id },
      "aria-current": open ? "page" : null,
      "aria-label": [name, news].filter(Boolean).join(", "),
      onclick: () => {
        actions.openChannel(id);
        onOpened();
      },
    },
    picture,
    h("span", { class: "channel-name" }, name),
    pings ? h("span", { class: "badge" }, String(pings)) : null,
  );
}

/** Who you are, a menu to be somebody else, and the theme. */
export function personBar(context, { dark, onTheme }) {
  const theme = iconButton(dark ? "sun" : "moon", {
    dataset: { id: "theme" },
    title: "Change theme",
    "aria-label": `Use the ${dark ? "light" : "dark"} theme`,
    onclick: onTheme,
  });
  return h("footer", { class: "person" }, personButton(context), theme);
}

function personButton(context) {
  const { user } = context.state.session;
  return h(
    "button",
    {
      class: "person-button",
      dataset: { id: "person" },
      "aria-haspopup": "menu",
      "aria-label": `You are ${displayName(user)}. Switch user`,
      title: "Switch user",
      onclick: (event) => openUserMenu(event.currentTarget, context),
    },
    presentAvatar(user, true),
    h(
      "span",
      { class: "person-text" },
      h("strong", null, displayName(user)),
      h("small", null, user.label || "member"),
    ),
    icon("swap"),
  );
}

function openUserMenu(anchor, { state, actions }) {
  const people = state.session.users.filter((user) => !user.bot);
  const entries = people.map((user) => {
    const checked = user.id === state.session.user.id;
    return {
      label: displayName(user),
      detail: user.label || "member",
      picture: avatar(user, "avatar small"),
      checked,
      icon: checked ? icon("check") : null,
      run: () => actions.switchUser(user.id),
    };
  });
  const language = languageEntry(anchor, { state, actions }, false);
  const ofServer = languageEntry(anchor, { state, actions }, true);
  openMenu(
    anchor,
    [
      { heading: "Be somebody else" },
      ...entries,
      { heading: "Language" },
      language,
      state.session.user.label === "admin" ? ofServer : null,
    ].filter(Boolean),
    "Switch user",
  );
}

/** Opens the list of languages, of the person's client or of the server. */
function languageEntry(anchor, context, ofServer) {
  const { locale, server_locale: server, languages } = context.state.session;
  const now = ofServer ? server : locale;
  const known = languages.find((language) => language.locale === now);
  return {
    label: known?.name ?? now,
    detail: ofServer ? "of the server" : "of your client",
    icon: icon("right"),
    run: () => openLanguages(anchor, context, ofServer, now),
  };
}

function openLanguages(anchor, { state, actions }, ofServer, now) {
  const entries = state.session.languages.map(({ locale, name }) => ({
    label: name,
    checked: locale === now,
    icon: locale === now ? icon("check") : null,
    run: () => actions.setLanguage(locale, ofServer),
  }));
  const heading = ofServer ? "Language of the server" : "Language of your client";
  openMenu(anchor, [{ heading }, ...entries], heading);
}
