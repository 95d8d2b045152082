// The sentences above the message box: that the bot is away, that something could not be done.
import { displayName, h, icon, presence } from "../core/dom.js";

export class Notices {
  constructor(state) {
    this.state = state;
    this.away = h("div", { class: "notice", role: "status", hidden: true });
    this.problem = h("div", { class: "notice problem", role: "alert", hidden: true });
    for (const event of ["session", "presence", "connection"]) state.on(event, () => this.#draw());
  }

  /** Stays until calm() is called. */
  complain(sentence) {
    this.problem.replaceChildren(icon("warn"), sentence);
    this.problem.hidden = false;
  }

  calm() {
    this.problem.hidden = true;
  }

  #draw() {
    const { session, connection } = this.state;
    const away = Boolean(session?.bot) && !session.online;
    this.away.hidden = !away || connection !== "open";
    if (!away) return;
    this.away.replaceChildren(
      presence(false),
      h(
        "span",
        null,
        h("strong", null, `${displayName(session.bot)} is offline.`),
        " Commands will be answered when it is back.",
      ),
    );
  }
}
