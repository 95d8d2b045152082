// Moments: those written in a text, and those of messages.
import { clock, sameDay } from "/assets/text/moments.js";
import { refreshTimestamps, timestamp } from "/assets/text/timestamps.js";
import { equal, test } from "./harness.js";

const NOON = Date.UTC(2026, 2, 4, 12) / 1000;

/** Runs body while the clock stands at noon. */
function atNoon(body) {
  const { now } = Date;
  Date.now = () => NOON * 1000;
  try {
    return body();
  } finally {
    Date.now = now;
  }
}

test("each style of a timestamp is written in the reader's language", () => {
  const shown = (style) => timestamp(NOON, style).textContent;
  equal([shown("t"), shown("d"), shown("D")], ["12:00", "04/03/2026", "4 March 2026"]);
  equal([shown("T"), shown("f")], ["12:00:00", "4 March 2026 at 12:00"]);
  equal(shown("F"), "Wednesday, 4 March 2026 at 12:00");
});

test("relative timestamps take the largest unit that fits", () => {
  const shown = (delta) => atNoon(() => timestamp(NOON + delta, "R").textContent);
  equal([shown(0), shown(59), shown(-60)], ["now", "in 59 seconds", "1 minute ago"]);
  equal(
    [shown(3 * 3600), shown(-86400), shown(86400 * 400)],
    ["in 3 hours", "yesterday", "next year"],
  );
});

test("relative timestamps stay true while the page is open", () => {
  const element = timestamp(Math.round(Date.now() / 1000) - 3600, "R");
  document.body.append(element);
  element.textContent = "stale";
  refreshTimestamps();
  equal(element.textContent, "1 hour ago");
});

test("a moment beyond the calendar is said to be none", () => {
  equal(timestamp(1e15, "F").textContent, "Invalid date");
});

test("messages tell the day by its name while it is near", () => {
  const ago = (days) => {
    const moment = new Date();
    moment.setDate(moment.getDate() - days);
    moment.setHours(9, 5);
    return clock(moment.toISOString());
  };
  equal([ago(0), ago(1)], ["Today at 09:05", "Yesterday at 09:05"]);
  equal(clock("2020-02-01T09:05:00+00:00"), "01/02/2020, 09:05");
});

test("days end at midnight where the reader is", () => {
  equal(sameDay("2026-03-04T00:00:00+00:00", "2026-03-04T23:59:59+00:00"), true);
  equal(sameDay("2026-03-04T23:59:59+00:00", "2026-03-05T00:00:00+00:00"), false);
});
