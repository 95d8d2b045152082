// The right side: everybody, by what they are.
import { displayName, h, presentAvatar } from "../core/dom.js";

const ORDER = ["Admin", "Patron", "Members", "App"];
const GROUPS = { admin: "Admin", patron: "Patron" };

/** A heading and a list for each group that has somebody. */
export function memberGroups({ users, bot, online }) {
  const people = users.filter((user) => !user.bot);
  const groups = Map.groupBy(people, (user) => GROUPS[user.label] ?? "Members").set("App", [bot]);
  return ORDER.filter((label) => groups.has(label)).flatMap((label) => {
    const group = groups.get(label);
    return [
      h("h3", { class: "category" }, `${label} — ${group.length}`),
      h(
        "ul",
        null,
        group.map((user) => member(user, online)),
      ),
    ];
  });
}

function member(user, online) {
  return h(
    "li",
    { class: user.bot && !online ? "member away" : "member" },
    presentAvatar(user, !user.bot || online),
    h("span", { class: "member-name" }, displayName(user)),
    user.bot ? h("span", { class: "tag" }, "App") : null,
  );
}
