// A whole message: whatever a person or a bot writes into it, it stays text.

import { resolve, usedAttachments } from "/assets/chat/embeds.js";
import { mediaItem } from "/assets/chat/media.js";
import { messageElement } from "/assets/chat/message.js";
import { equal, ok, test } from "./harness.js";
import { EASEL, IMAGINE, MIA, message, scene } from "./session.js";

const EVIL = '<img src=x onerror="alert(1)"><b>x</b>';
const SCRIPT = "javascript:alert(1)";

const evilEmbed = {
  title: EVIL,
  url: SCRIPT,
  description: EVIL,
  author: { name: EVIL, url: SCRIPT },
  provider: { name: EVIL },
  footer: { text: EVIL },
  fields: [{ name: EVIL, value: EVIL, inline: true }],
};
const evilRow = {
  type: 1,
  components: [
    { type: 2, style: 1, label: EVIL, custom_id: EVIL, emoji: { name: EVIL } },
    { type: 2, style: 5, label: EVIL, url: SCRIPT },
    { type: 3, custom_id: "s", placeholder: EVIL, options: [] },
  ],
};

function draw(changes) {
  const context = scene();
  const element = messageElement(message({ author: EASEL, ...changes }), context);
  document.body.append(element);
  return { element, context };
}

test("nothing in a message becomes HTML or a script", () => {
  const person = { id: "66", username: EVIL, global_name: EVIL };
  const changes = {
    author: person,
    content: EVIL,
    embeds: [evilEmbed],
    components: [evilRow],
    reactions: [{ emoji: { name: EVIL }, count: 1 }],
    attachments: [
      { id: "1", filename: EVIL, url: "/cdn/x.txt", size: 1, content_type: "text/html" },
    ],
    interaction_metadata: { user: person, name: EVIL },
    referenced_message: message({ author: person, content: EVIL }),
    type: 20,
  };
  for (const one of [changes, { ...changes, referenced_message: undefined }]) {
    const { element } = draw(one);
    equal(element.querySelectorAll("[onerror], b, script, iframe").length, 0);
    equal(
      [...element.querySelectorAll("img")].filter((img) => img.src.endsWith("/x")),
      [],
    );
    equal(
      [...element.querySelectorAll("a")].filter((a) => a.protocol === "javascript:"),
      [],
    );
    ok(element.textContent.includes(EVIL));
  }
});

test("the second kind of components writes text too", () => {
  const { element } = draw({
    flags: 1 << 15,
    components: [
      { type: 10, content: EVIL },
      {
        type: 17,
        components: [
          { type: 9, components: [{ type: 10, content: EVIL }], accessory: evilRow.components[1] },
        ],
      },
      { type: 99 },
    ],
  });
  equal(element.querySelectorAll("[onerror], b, script").length, 0);
  ok(element.textContent.includes("Component of type 99"));
});

test("a button is pressed once until it is answered", () => {
  const components = [
    { type: 1, components: [{ type: 2, style: 2, label: "V1", custom_id: "v1" }] },
  ];
  const { element, context } = draw({ components });
  const button = element.querySelector("[data-custom-id=v1]");
  button.click();
  equal(
    context.done.map(([name, , component]) => [name, component.custom_id]),
    [["press", "v1"]],
  );
  context.state.setBusy({ id: element.dataset.id, channel_id: IMAGINE }, "v1", true);
  button.click();
  equal(context.done.length, 1);
});

test("a message that mentions you stands out, your own does not", () => {
  const classes = (changes) => draw({ mentions: [MIA], ...changes }).element.className;
  equal(
    [classes(), classes({ author: MIA }), classes({ flags: 64 })],
    ["message pinged", "message", "message ephemeral"],
  );
});

test("pictures that an embed shows are not shown twice", () => {
  const attachments = [
    { id: "1", filename: "a.png", url: "https://cdn/a.png?ex=1", content_type: "image/png" },
    { id: "2", filename: "b.png", url: "https://cdn/b.png?ex=1", content_type: "image/png" },
  ];
  const embeds = [
    { image: { url: "attachment://a.png" } },
    { thumbnail: { url: "https://cdn/b.png" } },
  ];
  equal([...usedAttachments(embeds, attachments)], ["1", "2"]);
  equal(resolve(embeds[0].image, attachments).url, "https://cdn/a.png?ex=1");
  const { element } = draw({ attachments, embeds });
  equal(element.querySelectorAll(".media").length, 2);
});

test("a picture that is edited keeps its element while its bytes are the same", () => {
  const context = scene();
  const attachments = [
    { id: "1", filename: "a.png", url: "/cdn/a.png", content_type: "image/png" },
  ];
  const one = message({ attachments });
  const before = messageElement(one, context);
  const picture = before.querySelector(".media");
  const after = messageElement({ ...one, content: "50 %" }, context, before);
  ok(after.querySelector(".media") === picture);
});

test("a spoiler is known by its flag or its name", () => {
  const spoiler = (changes) =>
    mediaItem({ id: "1", url: "/x", filename: "x.png", ...changes }).spoiler;
  equal(
    [spoiler(), spoiler({ filename: "SPOILER_x.png" }), spoiler({ flags: 8 })],
    [false, true, true],
  );
});

test("the toolbar offers reactions where they are possible", () => {
  const labels = (changes) =>
    [...draw(changes).element.querySelectorAll(".toolbar button")].map((each) => each.ariaLabel);
  equal(labels({ flags: 64 }), ["More actions"]);
  equal(labels({ loading: true }), []);
  equal(labels().slice(-2), ["Add reaction", "More actions"]);
});
