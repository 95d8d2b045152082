// The WebSocket to the sandbox: connects, reconnects with back-off, passes frames. Understands none.

const DELAYS = [300, 700, 1500, 3000, 5000];

export class Socket {
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #user = "";

  /** listeners: {frame(object), state("connecting" | "open" | "closed", retryInMs)} */
  constructor(listeners) {
    this.listeners = listeners;
    addEventListener("online", () => this.retry());
  }

  connect(user) {
    this.#user = user;
    this.#attempt = 0;
    this.#dial();
  }

  /** Dials as nobody in particular from now on: the user asked for may not exist. */
  forgetUser() {
    this.#user = "";
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** True if the frame left; false while there is no connection. */
  send(frame) {
    if (!this.open) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  retry() {
    if (!this.open) this.#dial();
  }

  #dial() {
    clearTimeout(this.#timer);
    const old = this.#socket;
    this.#socket = null;
    old?.close();
    this.listeners.state("connecting", 0);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = this.#user ? `?user=${encodeURIComponent(this.#user)}` : "";
    const socket = new WebSocket(`${scheme}://${location.host}/client${query}`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#attempt = 0;
      this.listeners.state("open", 0);
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.listeners.frame(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      if (socket === this.#socket) this.#later();
    });
  }

  #later() {
    const delay = DELAYS[Math.min(this.#attempt, DELAYS.length - 1)];
    this.#attempt += 1;
    this.listeners.state("closed", delay);
    this.#timer = setTimeout(() => this.#dial(), delay);
  }
}
