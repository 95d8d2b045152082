// What the page knows, and what it tells those who listen.
import { isEphemeral, State } from "/assets/core/state.js";
import { equal, ok, test } from "./harness.js";
import { ADA, DM, EASEL, GALLERY, IMAGINE, MIA, message, opened, session } from "./session.js";

/** Ids of the messages of a channel, in order. */
function ids(state, channel = IMAGINE) {
  return state.log(channel).messages.map(({ id }) => id);
}

/** Every event of that name, as it comes. */
function heard(state, event) {
  const details = [];
  state.on(event, (detail) => details.push(detail));
  return details;
}

test("messages stand in the order of their ids, however they come", () => {
  const state = opened();
  for (const id of ["1000", "999", "1001", "99"]) state.put(message({ id }));
  equal(ids(state), ["99", "999", "1000", "1001"]);
  state.setHistory(IMAGINE, [message({ id: "1000" }), message({ id: "998" })]);
  equal(ids(state), ["998", "1000"]);
});

test("a message that comes again replaces the old one", () => {
  const state = opened();
  const events = heard(state, "message");
  state.put(message({ id: "5", content: "0 %" }));
  state.put(message({ id: "5", content: "50 %" }));
  equal(state.message(IMAGINE, "5").content, "50 %");
  equal(
    events.map(({ created }) => created),
    [true, false],
  );
  equal(ids(state), ["5"]);
});

test("what was dismissed stays away", () => {
  const state = opened();
  const note = message({ flags: 64 });
  state.put(note);
  state.dismiss(note);
  state.put({ ...note, content: "again" });
  equal(ids(state), []);
  state.setHistory(IMAGINE, [note]);
  equal(ids(state), []);
});

test("a deleted message takes its failure along", () => {
  const state = opened();
  const grid = message();
  state.put(grid);
  state.setFailure(grid, "It went wrong");
  const events = heard(state, "delete");
  state.remove(IMAGINE, grid.id);
  equal(events, [{ channelId: IMAGINE, id: grid.id }]);
  equal(state.failures.size, 0);
});

test("messages of others count as unread where nobody looks", () => {
  const state = opened();
  const counts = (channel) => [state.log(channel).unread, state.log(channel).pings];
  state.put(message({ author: ADA, channel_id: GALLERY }));
  state.put(message({ author: MIA, channel_id: GALLERY }));
  state.put(message({ author: ADA, channel_id: GALLERY, mentions: [MIA] }));
  state.put(message({ author: EASEL, channel_id: DM }));
  equal(
    [counts(GALLERY), counts(DM)],
    [
      [2, 1],
      [1, 1],
    ],
  );
  state.put(message({ author: ADA }));
  equal(counts(IMAGINE), [0, 0]);
  state.select(GALLERY);
  equal(counts(GALLERY), [0, 0]);
});

test("an edit is not news", () => {
  const state = opened();
  const one = message({ author: ADA, channel_id: GALLERY });
  for (const content of ["a", "b", "c"]) state.put({ ...one, content });
  equal(state.log(GALLERY).unread, 1);
});

test("another user begins anew, the same one keeps what was read", () => {
  const state = opened();
  state.select(GALLERY);
  state.put(message({ channel_id: GALLERY }));
  const events = heard(state, "session");
  state.begin(session());
  equal(
    [state.channelId, ids(state, GALLERY).length, state.log(GALLERY).loaded],
    [GALLERY, 1, false],
  );
  state.begin(session({ user: ADA }));
  equal([state.channelId, ids(state, GALLERY).length], [IMAGINE, 0]);
  equal(events, [{ otherUser: false }, { otherUser: true }]);
});

test("a channel that is gone is left", () => {
  const state = opened();
  state.select(GALLERY);
  const { guild } = session();
  state.begin(session({ guild: { ...guild, channels: guild.channels.slice(0, 1) } }));
  equal(state.channelId, IMAGINE);
  state.begin(session({ guild: { ...guild, channels: [] } }));
  equal([state.channelId, state.isDm], [DM, true]);
});

test("the direct channel bears the bot's name", () => {
  equal(opened().channel(DM), { id: DM, name: "Easel", type: 1 });
  equal(new State().channel(DM), undefined);
});

test("people are known from the session and from their messages", () => {
  const state = opened();
  const zoe = { id: "77", username: "zoe" };
  equal(state.user("77"), undefined);
  state.put(message({ author: zoe }));
  equal([state.user("77"), state.user("900").username], [zoe, "easel"]);
  equal(state.author({ id: "101", username: "old name" }).username, "mia");
});

test("one button is busy, not the whole message", () => {
  const state = opened();
  const grid = message();
  state.put(grid);
  const events = heard(state, "message");
  state.setBusy(grid, "u1", true);
  equal([state.isBusy(grid, "u1"), state.isBusy(grid, "u2")], [true, false]);
  state.setBusy(grid, "u1", false);
  equal([state.isBusy(grid, "u1"), events.length], [false, 2]);
});

test("nothing is pressed any more after a reconnection", () => {
  const state = opened();
  state.setBusy(message(), "u1", true);
  state.begin(session());
  equal(state.busy.size, 0);
});

test("who stops listening hears nothing more", () => {
  const state = opened();
  const details = [];
  const stop = state.on("presence", () => details.push(state.session.online));
  state.setPresence(false);
  stop();
  state.setPresence(true);
  equal(details, [false]);
});

test("only the flag of Discord makes a message private", () => {
  equal(
    [isEphemeral({ flags: 64 | 4 }), isEphemeral({ flags: 4 }), isEphemeral({})],
    [true, false, false],
  );
  ok(isEphemeral({ flags: 64 + 32768 }));
});
