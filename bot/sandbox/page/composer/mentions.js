// Names written with @, as Discord's client sends them.
import { displayName } from "../core/dom.js";
import { literal } from "../text/pattern.js";

/** "@Mia" → "<@101>", for every user whose shown name is written so. */
export function withMentions(text, users) {
  return users.reduce(
    (result, user) =>
      result.replaceAll(new RegExp(`@${literal(displayName(user))}\\b`, "g"), `<@${user.id}>`),
    text,
  );
}
