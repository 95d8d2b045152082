// Lines of the bot's that exist on this page only: a command on its way, or one that failed.
import { dots, h } from "../core/dom.js";
import { usedLine } from "./above.js";
import { ephemeralLine, failureLine, gutter, messageHead } from "./message.js";

export class Ghosts {
  /** messages: the list that scrolls to a ghost, and stays at the end when one grows. */
  constructor(context, list, messages) {
    Object.assign(this, { context, list, messages });
    context.state.on("channel", () => this.#sort());
  }

  /** command: {name, isContext, retry()}; → {remove(), fail(error)}. */
  add(command) {
    const ghost = new Ghost(command, this.context);
    this.list.append(ghost.element);
    this.messages.scrollToEnd();
    return {
      remove: () => ghost.element.remove(),
      fail: (error) => {
        ghost.fail(error);
        this.messages.follow();
      },
    };
  }

  clear() {
    this.list.replaceChildren();
  }

  #sort() {
    for (const ghost of this.list.children)
      ghost.hidden = ghost.dataset.channel !== this.context.state.channelId;
  }
}

class Ghost {
  constructor(command, context) {
    this.command = command;
    const { session, channelId } = context.state;
    this.text = h("div", { class: "ghost-text" }, dots(), "Sending command…");
    this.foot = h("div");
    this.element = h(
      "li",
      { class: "message ghost waiting", dataset: { channel: channelId } },
      usedLine(session.user, command.name, command.isContext, context),
      gutter(session.bot),
      h("div", { class: "message-body" }, messageHead(session.bot), this.text, this.foot),
    );
  }

  fail(error) {
    this.element.classList.replace("waiting", "ephemeral");
    this.text.replaceChildren(failureLine(error));
    const line = ephemeralLine(() => this.element.remove());
    if (this.command.retry) line.append(" · ", this.#again());
    this.foot.replaceChildren(line);
  }

  #again() {
    const onclick = () => {
      this.element.remove();
      this.command.retry();
    };
    return h("button", { class: "text-link", onclick }, "Edit command");
  }
}
