// What was asked of the sandbox and not answered yet, by the nonce that question and answer share.

const ANSWER_WITHIN = 20000;
export const UNANSWERED = "The application did not respond";

export class Answers {
  #waiting = new Map();
  #count = 0;

  /** send(frame) → whether it left. */
  constructor(send) {
    this.send = send;
  }

  /** Resolves with {state: "ok", choices?} or {state: "failed", error}; never rejects. */
  ask(frame, within = ANSWER_WITHIN) {
    this.#count += 1;
    const nonce = `${Date.now()}${this.#count}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#fail(nonce, UNANSWERED), within);
      this.#waiting.set(nonce, { resolve, timer });
      if (!this.send({ ...frame, nonce })) {
        this.#fail(nonce, "There is no connection. Try again in a moment.");
      }
    });
  }

  settle(nonce, answer) {
    const entry = this.#waiting.get(nonce);
    if (!entry) return;
    this.#waiting.delete(nonce);
    clearTimeout(entry.timer);
    entry.resolve(answer);
  }

  failAll(error) {
    for (const nonce of [...this.#waiting.keys()]) this.#fail(nonce, error);
  }

  #fail(nonce, error) {
    this.settle(nonce, { state: "failed", error });
  }
}
