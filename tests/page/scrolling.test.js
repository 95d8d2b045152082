// The end of the conversation stays in sight for those who were there, and only for those.
import { MessageList } from "/assets/chat/messages.js";
import { equal, test } from "./harness.js";
import { ADA, MIA, message, scene } from "./session.js";

const HEIGHT = 100;

/** A list at its end, in a window of 100 pixels; grow(pixels) sets the height of what is in it. */
async function open() {
  const part = (tag) => document.createElement(tag);
  const [scroller, stream, messages, present] = ["div", "div", "ol", "button"].map(part);
  scroller.style.cssText = `height: ${HEIGHT}px; overflow: auto`;
  messages.style.margin = "0";
  stream.append(messages);
  scroller.append(stream);
  document.body.append(scroller, present);
  const context = scene();
  const list = new MessageList(context, { scroller, messages, present });
  const grow = (pixels) => {
    stream.style.height = `${pixels}px`;
  };
  grow(1000);
  list.scrollToEnd();
  await frames();
  return { list, scroller, present, grow, state: context.state };
}

/** Until what was resized and scrolled has been told. */
async function frames() {
  for (let left = 3; left > 0; left -= 1) await new Promise(requestAnimationFrame);
}

test("the end is followed when what is there grows or shrinks", async () => {
  const { scroller, grow } = await open();
  equal(scroller.scrollTop, 900);
  for (const height of [1500, 700, 701]) {
    grow(height);
    await frames();
    equal(scroller.scrollTop, height - HEIGHT);
  }
});

test("shrinking and growing at once is not taken for scrolling up", async () => {
  const { list, scroller, grow } = await open();
  grow(700);
  list.follow();
  grow(1200);
  scroller.dispatchEvent(new Event("scroll"));
  await frames();
  equal(scroller.scrollTop, 1100);
});

test("who scrolls up is left there, and told of what is new", async () => {
  const { scroller, present, grow, state } = await open();
  scroller.scrollTop = 300;
  await frames();
  grow(2000);
  await frames();
  state.put(message({ author: ADA }));
  equal([scroller.scrollTop, present.hidden, present.textContent], [300, false, "1 new message"]);
  present.click();
  equal([scroller.scrollTop, present.hidden], [1900, true]);
});

test("your own message brings you to the end", async () => {
  const { scroller, state } = await open();
  scroller.scrollTop = 300;
  await frames();
  state.put(message({ author: MIA }));
  equal(scroller.scrollTop, 900);
});
