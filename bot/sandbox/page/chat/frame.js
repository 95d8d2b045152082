// The frame around the conversation, redrawn whenever what it shows has changed.
import { recall, remember } from "../core/memory.js";
import { openShop } from "../floating/shop.js";
import { memberGroups } from "./members.js";
import { channelList, personBar, serverHead } from "./sidebar.js";
import { topbar } from "./topbar.js";

const TITLE = "Easel sandbox";

export class Frame {
  constructor(context, { sidebar, scrim, topbar: bar, members, app }) {
    Object.assign(this, { context, sidebar, scrim, bar, members, app });
    app.classList.toggle("no-members", recall("localStorage", "easel.members") === "no");
    for (const event of ["session", "channel", "unread", "presence", "connection"])
      context.state.on(event, () => this.draw());
    scrim.addEventListener("click", () => this.drawer(false));
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.drawer(false);
    });
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.draw());
  }

  draw() {
    const { state } = this.context;
    if (!state.session) return;
    this.#drawSidebar();
    this.bar.replaceChildren(
      ...topbar(state, {
        membersShown: !this.app.classList.contains("no-members"),
        onDrawer: () => this.drawer(true),
        onMembers: () => this.#toggleMembers(),
        onShop: () => openShop(this.context),
      }),
    );
    this.members.replaceChildren(...memberGroups(state.session));
    const pings = [...state.logs.values()].reduce((sum, log) => sum + log.pings, 0);
    document.title = pings ? `(${pings}) ${TITLE}` : TITLE;
  }

  /** On small screens the sidebar is a drawer over the conversation. */
  drawer(open) {
    if (this.app.classList.contains("drawer-open") === open) return;
    this.app.classList.toggle("drawer-open", open);
    this.scrim.hidden = !open;
    const button = this.bar.querySelector(".drawer-button");
    button?.setAttribute("aria-expanded", String(open));
    (open ? this.sidebar.querySelector(".channel.open") : button)?.focus();
  }

  #drawSidebar() {
    const { sidebar, context } = this;
    const { activeElement } = document;
    const focused = sidebar.contains(activeElement) ? activeElement.dataset.id : null;
    sidebar.replaceChildren(
      serverHead(context.state.session),
      channelList(context, () => this.drawer(false)),
      personBar(context, { dark: isDark(), onTheme: () => this.#toggleTheme() }),
    );
    if (focused) sidebar.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #toggleTheme() {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember("localStorage", "easel.theme", theme);
    this.draw();
  }

  #toggleMembers() {
    const hidden = this.app.classList.toggle("no-members");
    remember("localStorage", "easel.members", hidden ? "no" : "yes");
    this.draw();
  }
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : !matchMedia("(prefers-color-scheme: light)").matches;
}
