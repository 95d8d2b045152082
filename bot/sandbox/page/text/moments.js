// How the moments of messages are written, in the reader's own language and time zone.

const DAY = 86400000;

/** "Today at 10:03", "Yesterday at 10:03", else the date. */
export function clock(timestamp) {
  const date = new Date(timestamp);
  const days = Math.round((midnight(new Date()) - midnight(date)) / DAY);
  if (days === 0) return `Today at ${hourMinute(timestamp)}`;
  if (days === 1) return `Yesterday at ${hourMinute(timestamp)}`;
  return date.toLocaleString([], { dateStyle: "short", timeStyle: "short" });
}

/** "10:03". */
export function hourMinute(timestamp) {
  return new Date(timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** The day of the week, the date and the time to the second. */
export function full(timestamp) {
  return new Date(timestamp).toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
}

/** "4 March 2026". */
export function day(timestamp) {
  return new Date(timestamp).toLocaleDateString([], { dateStyle: "long" });
}

export function sameDay(one, other) {
  return midnight(new Date(one)) === midnight(new Date(other));
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
