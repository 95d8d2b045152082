// The frame around the conversation: channels, the person you are, the members, the top bar.
import { avatar, displayName, h, icon } from "../core/dom.js";
import { openMenu } from "../floating/menu.js";

export class Frame {
  constructor(context, { sidebar, scrim, topbar, members, app }) {
    Object.assign(this, { context, sidebar, scrim, topbar, members, app });
    this.#remembered();
    const { state } = context;
    for (const event of ["session", "channel", "unread", "presence", "connection"])
      state.on(event, () => this.draw());
    scrim.addEventListener("click", () => this.drawer(false));
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.drawer(false);
    });
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.draw());
  }

  draw() {
    const { state } = this.context;
    if (!state.session) return;
    const focus = this.sidebar.contains(document.activeElement)
      ? document.activeElement.dataset.id
      : null;
    this.sidebar.replaceChildren(this.#server(), this.#channels(), this.#person());
    if (focus) this.sidebar.querySelector(`[data-id="${CSS.escape(focus)}"]`)?.focus();
    this.topbar.replaceChildren(...this.#bar());
    this.members.replaceChildren(...this.#people());
    const pings = [...state.logs.values()].reduce((sum, log) => sum + log.pings, 0);
    document.title = pings ? `(${pings}) Easel sandbox` : "Easel sandbox";
  }

  drawer(open) {
    if (this.app.classList.contains("drawer-open") === open) return;
    this.app.classList.toggle("drawer-open", open);
    this.scrim.hidden = !open;
    this.topbar.querySelector(".drawer-button")?.setAttribute("aria-expanded", String(open));
    if (open) this.sidebar.querySelector(".channel.open")?.focus();
    else this.topbar.querySelector(".drawer-button")?.focus();
  }

  // -- left ----------------------------------------------------------------------------------

  #server() {
    const { guild } = this.context.state.session;
    return h(
      "header",
      { class: "server" },
      h("img", { class: "server-icon", src: "/assets/icon.svg", alt: "" }),
      h("div", { class: "server-text" }, h("h1", null, guild.name), h("span", null, "Sandbox")),
    );
  }

  #channels() {
    const { state } = this.context;
    const { guild, dm, bot, online } = state.session;
    const texts = guild.channels.filter((channel) => channel.type !== 4);
    return h(
      "nav",
      { class: "channels", "aria-label": "Channels" },
      h("h2", { class: "category" }, "Text channels"),
      h(
        "ul",
        null,
        texts.map((channel) =>
          h("li", null, this.#channel(channel.id, channel.name, icon("hash"))),
        ),
      ),
      h("h2", { class: "category" }, "Direct messages"),
      h(
        "ul",
        null,
        h(
          "li",
          null,
          this.#channel(
            dm.id,
            displayName(bot),
            h("span", { class: "avatar-wrap" }, avatar(bot, "avatar small"), dot(online)),
          ),
        ),
      ),
    );
  }

  #channel(id, name, picture) {
    const { state, actions } = this.context;
    const log = state.log(id);
    const open = id === state.channelId;
    return h(
      "button",
      {
        class: ["channel", open ? "open" : "", log.unread ? "unread" : ""].join(" ").trim(),
        type: "button",
        dataset: { id },
        "aria-current": open ? "page" : null,
        "aria-label": [name, log.pings ? `${log.pings} for you` : log.unread ? "unread" : ""]
          .filter(Boolean)
          .join(", "),
        onclick: () => {
          actions.openChannel(id);
          this.drawer(false);
        },
      },
      picture,
      h("span", { class: "channel-name" }, name),
      log.pings ? h("span", { class: "badge" }, String(log.pings)) : null,
    );
  }

  #person() {
    const { user } = this.context.state.session;
    return h(
      "footer",
      { class: "person" },
      h(
        "button",
        {
          class: "person-button",
          type: "button",
          dataset: { id: "person" },
          "aria-haspopup": "menu",
          "aria-label": `You are ${displayName(user)}. Switch user`,
          title: "Switch user",
          onclick: (event) => this.#userMenu(event.currentTarget),
        },
        h("span", { class: "avatar-wrap" }, avatar(user, "avatar small"), dot(true)),
        h(
          "span",
          { class: "person-text" },
          h("strong", null, displayName(user)),
          h("small", null, user.label || "member"),
        ),
        icon("swap"),
      ),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          dataset: { id: "theme" },
          title: "Change theme",
          "aria-label": `Use the ${isDark() ? "light" : "dark"} theme`,
          onclick: () => this.#toggleTheme(),
        },
        icon(isDark() ? "sun" : "moon"),
      ),
    );
  }

  #userMenu(anchor) {
    const { state, actions } = this.context;
    openMenu(
      anchor,
      [
        { heading: "Be somebody else" },
        ...state.session.users
          .filter((user) => !user.bot)
          .map((user) => ({
            label: displayName(user),
            detail: user.label || "member",
            picture: avatar(user, "avatar small"),
            checked: user.id === state.session.user.id,
            icon: user.id === state.session.user.id ? icon("check") : null,
            run: () => actions.switchUser(user.id),
          })),
      ],
      "Switch user",
    );
  }

  #toggleTheme() {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember("easel.theme", theme);
    this.draw();
  }

  // -- top and right -------------------------------------------------------------------------

  #bar() {
    const { state } = this.context;
    const channel = state.channel(state.channelId);
    const { bot, online } = state.session;
    const dm = channel?.type === 1;
    return [
      h(
        "button",
        {
          class: "icon-button drawer-button",
          type: "button",
          "aria-label": "Channels",
          "aria-expanded": "false",
          onclick: () => this.drawer(true),
        },
        icon("menu"),
      ),
      dm
        ? h("span", { class: "avatar-wrap" }, avatar(bot, "avatar small"), dot(online))
        : icon("hash", "bar-hash"),
      h("h2", { class: "bar-name" }, channel?.name ?? ""),
      channel?.topic
        ? h("span", { class: "bar-topic", title: channel.topic }, channel.topic)
        : null,
      h("span", { class: "spring" }),
      h(
        "span",
        { class: online ? "bot-state on" : "bot-state off", role: "status" },
        dot(online),
        `${displayName(bot)} is ${online ? "online" : "offline"}`,
      ),
      h(
        "button",
        {
          class: "icon-button members-button",
          type: "button",
          "aria-pressed": String(!this.app.classList.contains("no-members")),
          "aria-label": "Show members",
          title: "Members",
          onclick: () => {
            remember("easel.members", this.app.classList.toggle("no-members") ? "no" : "yes");
            this.draw();
          },
        },
        icon("people"),
      ),
    ].filter(Boolean);
  }

  #people() {
    const { users, bot, online } = this.context.state.session;
    const groups = new Map([["App", [bot]]]);
    for (const user of users.filter((each) => !each.bot)) {
      const label = { admin: "Admin", patron: "Patron" }[user.label] ?? "Members";
      groups.set(label, [...(groups.get(label) ?? []), user]);
    }
    return ["Admin", "Patron", "Members", "App"]
      .filter((label) => groups.has(label))
      .flatMap((label) => [
        h("h3", { class: "category" }, `${label} — ${groups.get(label).length}`),
        h(
          "ul",
          null,
          groups
            .get(label)
            .map((user) =>
              h(
                "li",
                { class: user.bot && !online ? "member away" : "member" },
                h(
                  "span",
                  { class: "avatar-wrap" },
                  avatar(user, "avatar small"),
                  dot(!user.bot || online),
                ),
                h("span", { class: "member-name" }, displayName(user)),
                user.bot ? h("span", { class: "tag" }, "App") : null,
              ),
            ),
        ),
      ]);
  }

  #remembered() {
    try {
      this.app.classList.toggle("no-members", localStorage.getItem("easel.members") === "no");
    } catch {
      this.app.classList.remove("no-members");
    }
  }
}

function dot(online) {
  return h("span", { class: online ? "presence on" : "presence off" });
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : !matchMedia("(prefers-color-scheme: light)").matches;
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
