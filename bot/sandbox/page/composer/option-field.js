// One option of a command being filled in: its chip, what is written in it, its complaint.
import { dots, fileSize, h, icon } from "../core/dom.js";
import { called } from "./commands.js";
import { ATTACHMENT, INTEGER, NUMBER, STRING } from "./kinds.js";

const LONGEST_STRING = 6000;
const LONGEST_WORD = 100;

export class OptionField {
  /** saved: {text, picked, upload}; events: {input, focus, blur}(field), key(event, field), file(file, field). */
  constructor(option, { text = "", picked, upload } = {}, events) {
    this.option = option;
    this.text = String(text);
    this.picked = picked;
    this.upload = upload;
    this.isFile = option.type === ATTACHMENT;
    this.chip = h("div", { class: "chip", dataset: { option: option.name } });
    if (this.isFile) this.#buildFile(events);
    else this.#buildText(events);
    this.input.addEventListener("keydown", (event) => events.key(event, this));
    this.input.addEventListener("focus", () => events.focus(this));
  }

  get isEmpty() {
    return this.isFile ? !this.upload : !this.text;
  }

  focus() {
    this.input.focus();
    if (!this.isFile) this.input.setSelectionRange(this.text.length, this.text.length);
  }

  /** Marks the chip wrong with a sentence, or right with nothing. */
  complain(sentence) {
    this.complaint = sentence ?? null;
    this.chip.classList.toggle("wrong", Boolean(sentence));
    this.input.setAttribute("aria-invalid", String(Boolean(sentence)));
  }

  /** Takes an offered value: its name is shown, the value is sent. */
  choose(label, value) {
    this.input.value = label;
    this.#set(label, value);
  }

  /** Uploads the file; a failure becomes the complaint. upload(file) → stored attachment. */
  async store(file, upload) {
    this.clearFile();
    this.uploading = file.name;
    this.#drawFile();
    try {
      const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
      this.upload = { ...(await upload(file)), preview };
    } catch (problem) {
      this.error = problem.message;
    }
    this.uploading = undefined;
    this.#drawFile();
    this.complain(this.error);
  }

  clearFile() {
    this.upload = undefined;
    this.error = undefined;
    this.complain(null);
    this.#drawFile();
  }

  #set(text, picked) {
    this.text = text;
    this.picked = picked;
    this.grow.dataset.text = text;
    this.complain(null);
  }

  #buildText(events) {
    const { option } = this;
    const id = `option-${option.name}`;
    this.input = h("textarea", {
      id,
      rows: 1,
      cols: 1,
      class: "chip-input",
      value: this.text,
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": "picker-list",
      "aria-autocomplete": "list",
      "aria-required": String(Boolean(option.required)),
      "aria-describedby": "option-hint",
      inputmode: { [INTEGER]: "numeric", [NUMBER]: "decimal" }[option.type],
      enterkeyhint: "send",
      autocomplete: "off",
      spellcheck: String(option.type === STRING && !option.choices),
      maxlength: option.type === STRING ? (option.max_length ?? LONGEST_STRING) : LONGEST_WORD,
    });
    this.grow = h("span", { class: "grow", dataset: { text: this.text } }, this.input);
    this.chip.append(h("label", { class: "chip-name", for: id }, called(option)), this.grow);
    this.input.addEventListener("input", () => {
      const flat = this.input.value.replace(/\s*\n\s*/g, " ");
      if (flat !== this.input.value) this.input.value = flat;
      this.#set(flat, undefined);
      events.input(this);
    });
    this.input.addEventListener("blur", () => events.blur(this));
  }

  #buildFile(events) {
    const chooser = h("input", {
      type: "file",
      class: "visually-hidden",
      tabIndex: -1,
      "aria-hidden": "true",
    });
    this.input = h("button", {
      class: "chip-file",
      "aria-describedby": "option-hint",
      onclick: () => chooser.click(),
    });
    chooser.addEventListener("change", () => {
      if (chooser.files[0]) events.file(chooser.files[0], this);
      chooser.value = "";
    });
    this.chip.append(h("span", { class: "chip-name" }, called(this.option)), chooser, this.input);
    this.#drawFile();
  }

  #drawFile() {
    this.input.replaceChildren(...this.#fileContent());
    const name = this.upload?.filename ?? "choose a file";
    this.input.setAttribute("aria-label", `${called(this.option)}: ${name}`);
  }

  #fileContent() {
    const { upload, uploading } = this;
    if (uploading) return [dots(), uploading];
    if (!upload) return [icon("image"), "Choose or drop a file"];
    const picture = upload.preview
      ? h("img", { class: "chip-preview", src: upload.preview, alt: "" })
      : icon("file");
    const name = h("span", { class: "chip-filename" }, upload.filename);
    return [picture, name, h("small", null, fileSize(upload.size))];
  }
}
