// A select menu: a button that opens a list box. Used below messages and in modals.
import { avatar, displayName, emojiText, h, icon } from "../core/dom.js";
import { popover } from "./menu.js";

export const STRING = 3,
  USER = 5,
  ROLE = 6,
  MENTIONABLE = 7,
  CHANNEL = 8;

/** What a select offers: [{value, label, description, emoji, picture, default}] */
export function choicesOf(component, session) {
  const defaults = new Set((component.default_values ?? []).map((entry) => entry.id));
  const users = () =>
    session.users
      .concat(session.users.some((user) => user.id === session.bot.id) ? [] : [session.bot])
      .map((user) => ({
        value: user.id,
        label: displayName(user),
        description: user.username,
        picture: avatar(user, "avatar tiny"),
        default: defaults.has(user.id),
      }));
  const roles = () =>
    session.guild.roles.map((role) => ({
      value: role.id,
      label: role.name.startsWith("@") ? role.name : `@${role.name}`,
      default: defaults.has(role.id),
    }));
  const channels = () =>
    session.guild.channels
      .filter(
        (channel) =>
          !component.channel_types?.length || component.channel_types.includes(channel.type),
      )
      .map((channel) => ({
        value: channel.id,
        label: `#${channel.name}`,
        default: defaults.has(channel.id),
      }));
  switch (component.type) {
    case USER:
      return users();
    case ROLE:
      return roles();
    case MENTIONABLE:
      return [...users(), ...roles()];
    case CHANNEL:
      return channels();
    default:
      return (component.options ?? []).map((option) => ({
        value: option.value,
        label: option.label,
        description: option.description,
        emoji: emojiText(option.emoji),
        default: option.default,
      }));
  }
}

/** onCommit(values) is called when the choice is made (single) or the list closes changed (multiple). */
export function selectMenu(component, session, { onCommit, busy = false, id }) {
  const choices = choicesOf(component, session);
  const least = component.min_values ?? 1;
  const most = component.max_values ?? 1;
  let values = choices.filter((choice) => choice.default).map((choice) => choice.value);
  const label = h("span", { class: "select-label" });
  const button = h(
    "button",
    {
      class: "select",
      type: "button",
      id,
      disabled: Boolean(component.disabled) || busy,
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-busy": busy ? "true" : null,
      dataset: { customId: component.custom_id },
      onclick: open,
      onkeydown: (event) => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          open();
        }
      },
    },
    label,
    icon("chevron", "select-arrow"),
  );

  function show() {
    const chosen = choices.filter((choice) => values.includes(choice.value));
    label.classList.toggle("placeholder", chosen.length === 0);
    label.replaceChildren(
      ...(chosen.length
        ? chosen.flatMap((choice, at) => [
            at ? ", " : "",
            choice.emoji ? `${choice.emoji} ` : "",
            choice.label,
          ])
        : [component.placeholder || (most > 1 ? "Make your choices" : "Make a choice")]),
    );
  }

  function open() {
    const before = values.join();
    const finish = () => {
      button.setAttribute("aria-expanded", "false");
      if (most > 1 && values.join() !== before && values.length >= least) onCommit(values);
    };
    button.setAttribute("aria-expanded", "true");
    popover(
      button,
      (close) =>
        listBox(
          choices,
          () => values,
          most > 1,
          component.type !== STRING || choices.length > 8,
          (choice) => {
            if (most === 1) {
              values = least === 0 && values.includes(choice.value) ? [] : [choice.value];
              show();
              close();
              onCommit(values);
            } else if (values.includes(choice.value)) {
              values = values.filter((value) => value !== choice.value);
            } else if (values.length < most) {
              values = [...values, choice.value];
            }
            show();
          },
        ),
      finish,
    );
  }

  show();
  return button;
}

function listBox(choices, chosen, multiple, searchable, pick) {
  let active = Math.max(
    0,
    choices.findIndex((choice) => chosen().includes(choice.value)),
  );
  let shown = choices;
  const list = h("div", {
    class: "listbox",
    role: "listbox",
    "aria-multiselectable": multiple ? "true" : null,
    id: `list-${Math.random().toString(36).slice(2)}`,
  });
  const search = h("input", {
    class: "listbox-search",
    type: "text",
    placeholder: "Search",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": list.id,
    "aria-label": "Search",
    autocomplete: "off",
    oninput: () => {
      active = 0;
      draw();
    },
  });
  const keys = searchable ? search : list;
  if (!searchable) list.tabIndex = 0;

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    shown = choices.filter((choice) =>
      `${choice.label} ${choice.description ?? ""}`.toLowerCase().includes(wanted),
    );
    list.replaceChildren(
      ...(shown.length
        ? shown.map(row)
        : [h("div", { class: "listbox-empty" }, "Nothing matches.")]),
    );
    keys.setAttribute("aria-activedescendant", shown[active] ? `${list.id}-${active}` : "");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  function row(choice, at) {
    const selected = chosen().includes(choice.value);
    return h(
      "div",
      {
        class: `option${at === active ? " active" : ""}`,
        role: "option",
        id: `${list.id}-${at}`,
        "aria-selected": String(selected),
        onclick: () => {
          active = at;
          pick(choice);
          draw();
        },
        onmousemove: () => {
          if (active !== at) {
            active = at;
            draw();
          }
        },
      },
      choice.picture?.cloneNode(true) ?? null,
      choice.emoji ? h("span", { class: "option-emoji" }, choice.emoji) : null,
      h(
        "span",
        { class: "option-text" },
        h("span", null, choice.label),
        choice.description ? h("small", null, choice.description) : null,
      ),
      multiple
        ? h("span", { class: selected ? "tick on" : "tick" }, selected ? icon("check") : null)
        : selected
          ? icon("check", "chosen")
          : null,
    );
  }

  keys.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") active = Math.min(active + 1, shown.length - 1);
    else if (event.key === "ArrowUp") active = Math.max(active - 1, 0);
    else if (event.key === "Home" && !searchable) active = 0;
    else if (event.key === "End" && !searchable) active = shown.length - 1;
    else if ((event.key === "Enter" || (event.key === " " && !searchable)) && shown[active])
      pick(shown[active]);
    else if (!searchable && event.key.length === 1) typeAhead(event.key);
    else return;
    event.preventDefault();
    draw();
  });

  function typeAhead(key) {
    const order = [...shown.keys()].map((at) => (at + active + 1) % shown.length);
    active =
      order.find((at) => shown[at].label.toLowerCase().startsWith(key.toLowerCase())) ?? active;
  }

  draw();
  const root = h("div", { class: "listbox-wrap" }, searchable ? search : null, list);
  root.focusFirst = () => {
    keys.focus();
    list.children[active]?.scrollIntoView({ block: "nearest" });
  };
  return root;
}
