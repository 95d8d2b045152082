// Discord's dialect of Markdown: what becomes an element, and what stays as it was typed.
import { inlineMarkdown, isJumbo, markdown } from "/assets/text/markdown.js";
import { equal, html, ok, test } from "./harness.js";
import { DM, IMAGINE, scene } from "./session.js";

/** The HTML of a text. */
function of(text) {
  return html(markdown(text, scene()));
}

/** The HTML of what stands in one paragraph. */
function line(text) {
  return html(inlineMarkdown(text, scene()));
}

test("nothing that is typed becomes HTML", () => {
  const evil = '<img src=x onerror="alert(1)"><script>alert(1)</script>&lt;b&gt;';
  const places = ["", "# ", "-# ", "> ", "- ", "1. ", "**", "||", "`", "```\n", "[", "<@1> "];
  for (const before of places) {
    const box = document.createElement("div");
    box.append(markdown(before + evil + before, scene()));
    equal(box.querySelectorAll("img, script, b, [onerror]").length, 0);
    ok(box.textContent.includes(evil), `as text after "${before}"`);
  }
});

test("links lead to http and https only", () => {
  const urls = ["javascript:alert(1)", "data:text/html,x", "//x.org", "vbscript:x", " https:x"];
  for (const url of urls)
    for (const text of [`[a](${url})`, `[a](<${url}>)`, `<${url}>`, url]) {
      const box = document.createElement("div");
      box.append(inlineMarkdown(text, scene()));
      equal([text, box.querySelector("a")?.outerHTML], [text, undefined]);
    }
});

test("emphasis nests and needs a partner", () => {
  equal(line("**bold *both* bold**"), "<strong>bold <em>both</em> bold</strong>");
  equal(line("***both***"), "<strong><em>both</em></strong>");
  equal(line("__under__ ~~gone~~ _it_"), "<u>under</u> <s>gone</s> <em>it</em>");
  equal(line("**open and *half"), "**open and *half");
  equal(line("2 * 3 * 4"), "2 * 3 * 4");
});

test("underscores within words are letters", () => {
  equal(line("snake_case_word some_word_ here"), "snake_case_word some_word_ here");
  equal(line("_so_ but _not_this"), "<em>so</em> but _not_this");
});

test("a backslash takes a mark's meaning away", () => {
  equal(line("\\*not\\* \\`code\\` \\\\"), "*not* `code` \\");
  equal(line("**a \\** b**"), "<strong>a ** b</strong>");
  equal(line("c:\\dir"), "c:\\dir");
});

test("code keeps its marks and may hold ticks", () => {
  equal(line("`**x**`"), '<code class="code">**x**</code>');
  equal(line("``a ` b``"), '<code class="code">a ` b</code>');
  equal(line("`` ` ``"), '<code class="code">`</code>');
  equal(line("`never closed"), "`never closed");
  equal(line("**a `**` b**"), '<strong>a <code class="code">**</code> b</strong>');
});

test("a spoiler hides until it is pressed", () => {
  const [spoiler] = inlineMarkdown("||**x**||", scene()).children;
  equal(spoiler.getAttribute("role"), "button");
  spoiler.click();
  ok(spoiler.classList.contains("shown"));
  equal(spoiler.getAttribute("role"), null);
  equal(spoiler.innerHTML, "<span><strong>x</strong></span>");
});

test("links end before the sentence does", () => {
  const link = (text) => inlineMarkdown(text, scene()).querySelector("a")?.href;
  equal(link("see https://x.org/a."), "https://x.org/a");
  equal(link("(https://x.org/a_(b)) and"), "https://x.org/a_(b)");
  equal(link("https://x.org/?q=1, or"), "https://x.org/?q=1");
  equal(link("<https://x.org/a.>"), "https://x.org/a.");
  equal(link("https://"), undefined);
});

test("a masked link shows its words and tells where it goes", () => {
  const [link] = inlineMarkdown("[the **paper**](https://x.org/a_(b))", scene()).children;
  equal(link.innerHTML, "the <strong>paper</strong>");
  equal(
    [link.href, link.title, link.rel],
    ["https://x.org/a_(b)", "https://x.org/a_(b)", "noopener noreferrer"],
  );
});

test("links within links stay text", () => {
  const text = inlineMarkdown("[see https://y.org](https://x.org)", scene());
  equal(text.querySelectorAll("a").length, 1);
  equal(text.textContent, "see https://y.org");
});

test("a link to a message here jumps to it", () => {
  const context = scene();
  const [jump] = inlineMarkdown(`https://d.com/channels/1/${IMAGINE}/77`, context).children;
  equal(jump.textContent, "#imagine › message");
  jump.click();
  equal(context.done, [["jump", IMAGINE, "77"]]);
});

test("mentions are named, known or not", () => {
  const words = (text) => inlineMarkdown(text, scene()).textContent;
  equal(words("<@101> <@!100> <@999>"), "@Mia @Ada @unknown user");
  equal(words("<@&700> <@&999>"), "@Patron @unknown role");
  equal(words(`<#${IMAGINE}> <#${DM}> <#999>`), "#imagine @Easel #unknown");
  equal(words("<:smile:12> <a:dance:13>"), ":smile: :dance:");
});

test("a mention of oneself stands out", () => {
  const classes = (text) => inlineMarkdown(text, scene()).firstElementChild.className;
  equal([classes("<@101>"), classes("<@100>")], ["mention self", "mention"]);
});

test("channels and commands that are mentioned can be pressed", () => {
  const context = scene();
  for (const button of inlineMarkdown(`<#${IMAGINE}></imagine:1>`, context).children)
    button.click();
  equal(context.done, [
    ["openChannel", IMAGINE],
    ["prefill", "/imagine "],
  ]);
});

test("everyone and here are mentions only as whole words", () => {
  const marked = (text) => [...inlineMarkdown(text, scene()).children].map((e) => e.textContent);
  equal(marked("@everyone, @here!"), ["@everyone", "@here"]);
  equal(marked("@everyonelse"), []);
});

test("headings need a space and have three levels", () => {
  equal(of("# One"), '<div class="md-h1" role="heading" aria-level="3">One</div>');
  equal(of("### *Three*"), '<div class="md-h3" role="heading" aria-level="5"><em>Three</em></div>');
  equal(of("#hash"), '<div class="md-text">#hash</div>');
  equal(of("#### four"), '<div class="md-text">#### four</div>');
  equal(of("-# small"), '<div class="md-small">small</div>');
});

test("quotes hold blocks of their own", () => {
  equal(
    of("> # a\n> - b\nafter"),
    '<blockquote><div class="md-h1" role="heading" aria-level="3">a</div><ul><li>b</li></ul></blockquote>' +
      '<div class="md-text">after</div>',
  );
  equal(
    of(">>> all\nof **it**"),
    '<blockquote><div class="md-text">all\nof <strong>it</strong></div></blockquote>',
  );
  equal(of(">no"), '<div class="md-text">&gt;no</div>');
});

test("lists nest by their indent and split where their kind changes", () => {
  equal(of("- a\n  - b\n- c"), "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>");
  equal(of("3. a\n4. b"), '<ol start="3"><li>a</li><li>b</li></ol>');
  equal(of("- a\n1. b"), '<ul><li>a</li></ul><ol start="1"><li>b</li></ol>');
  equal(
    of("- a\n  1. b\n  - c"),
    '<ul><li>a<ol start="1"><li>b</li></ol><ul><li>c</li></ul></li></ul>',
  );
});

test("a fence keeps its lines and its language", () => {
  const [code] = markdown("```py\n# no **heading**\n<b>\n```\nafter", scene()).querySelectorAll(
    "code",
  );
  equal([code.textContent, code.dataset.language], ["# no **heading**\n<b>", "py"]);
  equal(
    of("```one line```"),
    '<pre class="code-block" tabindex="0"><code data-language="">one line</code></pre>',
  );
  equal(of("``` never closed"), '<div class="md-text">``` never closed</div>');
});

test("empty lines part paragraphs", () => {
  equal(of("a\n\nb"), '<div class="md-text">a\n\nb</div>');
  equal(
    of("# a\n\n- b"),
    '<div class="md-h1" role="heading" aria-level="3">a</div><div class="md-gap"></div><ul><li>b</li></ul>',
  );
  equal(of(""), "");
});

test("emoji alone are large", () => {
  ok(isJumbo("🎉 🔥"));
  ok(isJumbo("👩‍👩‍👧 🇩🇪 👍🏽 ❤️"), "joined, flags, tones and selectors");
  equal(
    [isJumbo("🎉 yes"), isJumbo("   "), isJumbo("12"), isJumbo("🎉".repeat(40))],
    [false, false, false, false],
  );
});

test("a text of nothing but marks can be read", () => {
  for (const mark of ["*", "_", "`", "||", "[", "<", "~~", "> ", "(", "\\"])
    equal([mark, of(mark.repeat(400)).length > 0], [mark, true]);
});
