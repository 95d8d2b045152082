// What was sent lately: brought back by the arrow up, and first in the list of commands.

const KEPT = 50;

export class Sent {
  #all = [];

  /** snapshot: {text} of a message, or {entry, fields} of a command. */
  add(snapshot) {
    this.#all.push(snapshot);
    if (this.#all.length > KEPT) this.#all.shift();
  }

  get last() {
    return this.#all.at(-1);
  }

  /** How many were sent since this command was; as if long ago if it never was. */
  age(entry) {
    const at = this.#all.findLastIndex((snapshot) => snapshot.entry?.key === entry.key);
    return at === -1 ? KEPT : this.#all.length - 1 - at;
  }

  clear() {
    this.#all = [];
  }
}
