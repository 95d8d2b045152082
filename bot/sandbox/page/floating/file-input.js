// The files of a modal: chosen or dropped, uploaded at once, listed with a button to take back.
import { fileSize, h, icon, iconButton } from "../core/dom.js";
import { wrongAmount } from "./amount.js";

const FILES = { verb: "Choose", one: "file", many: "files" };

/** A control as controls.js describes it; its value is the ids of what was uploaded. */
export function fileInput(component, id, context) {
  return new FileInput(component, id, (file) => context.actions.upload(file));
}

class FileInput {
  #files = [];
  #waiting = 0;
  #failed = null;

  constructor(component, id, upload) {
    Object.assign(this, { component, upload });
    this.most = component.max_values ?? 1;
    this.input = h("input", { type: "file", multiple: this.most > 1, hidden: true });
    this.button = h(
      "button",
      { class: "drop", id, onclick: () => this.input.click() },
      icon("image"),
      this.most > 1 ? `Choose up to ${this.most} files` : "Choose a file",
    );
    this.list = h("div", { class: "file-list" });
    this.element = h("div", { class: "file-input" }, this.input, this.button, this.list);
    this.#listen();
  }

  value() {
    return this.#files.map((file) => file.id);
  }

  problem() {
    if (this.#failed) return this.#failed;
    if (this.#waiting) return "Wait until the upload is done.";
    return wrongAmount(this.#files.length, this.component, FILES);
  }

  #listen() {
    this.input.addEventListener("change", () => {
      this.#take([...this.input.files]);
      this.input.value = "";
    });
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#take([...event.dataTransfer.files]);
    });
  }

  async #take(files) {
    this.#failed = null;
    for (const file of files.slice(0, this.most - this.#files.length)) await this.#store(file);
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async #store(file) {
    this.#waiting += 1;
    this.#draw();
    try {
      this.#files.push(await this.upload(file));
    } catch (problem) {
      this.#failed = problem.message;
    }
    this.#waiting -= 1;
    this.#draw();
  }

  #remove(file) {
    this.#files.splice(this.#files.indexOf(file), 1);
    this.#draw();
  }

  #draw() {
    this.list.replaceChildren(
      ...this.#files.map((file) => this.#chip(file)),
      this.#waiting ? h("div", { class: "file-chip" }, "Uploading…") : "",
    );
    this.button.hidden = this.#files.length + this.#waiting >= this.most;
  }

  #chip(file) {
    return h(
      "div",
      { class: "file-chip" },
      icon("file"),
      h("span", null, file.filename),
      h("small", null, fileSize(file.size)),
      iconButton("close", {
        "aria-label": `Remove ${file.filename}`,
        onclick: () => this.#remove(file),
      }),
    );
  }
}
