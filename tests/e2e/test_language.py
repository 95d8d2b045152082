"""Whoever asks reads their own language, and everybody the server's."""

from __future__ import annotations

from bot.language import CATALOGUES, language
from bot.sandbox import Sandbox
from tests.kit import messages
from tests.kit.easel import Easel
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def answered(person: Scene, command: str, **given: object) -> Message:
    """What only they see."""
    press = await person.slash(command, **given)
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & messages.EPHEMERAL
    return press.original


async def test_discord_takes_the_commands_of_every_language(easel: Easel, sandbox: Sandbox) -> None:
    """The sandbox checks names as Discord does: their letters, lengths, and that each is there
    once."""
    offered = {each["name"]: each for each in sandbox.person("Ada").commands("imagine")}
    imagine = offered["imagine"]
    assert imagine["name_localizations"]["de"] == "zeichne"
    assert imagine["name_localizations"]["ja"] == "生成"
    assert set(imagine["description_localizations"]) == set(CATALOGUES)
    prompt = next(each for each in imagine["options"] if each["name"] == "prompt")
    assert set(prompt["description_localizations"]) == set(CATALOGUES)
    assert prompt["name_localizations"]["zh-TW"] == "提示詞"
    strength = offered["gallery"]["options"][0]["choices"]
    assert [each["name_localizations"]["fr"] for each in strength] == [
        "les plus récents",
        "les plus aimés",
    ]
    assert offered["Report picture"]["name_localizations"]["es-419"] == "Reportar imagen"
    assert offered["Report picture"]["name_localizations"]["es-ES"] == "Denunciar imagen"


async def test_private_answers_are_in_the_language_of_who_asks(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    """On an English server: what Mia's German client and Noah's Japanese one are told, and what
    neither of them keeps to themselves."""
    mia.person.speak("de")
    noah.person.speak("ja")
    wrong = await answered(mia, "imagine", prompt="a fox --arr 3:2")
    assert wrong["embeds"][0]["title"] == "Ungültiger Prompt"
    assert "Den Parameter `--arr` gibt es nicht; meintest du `--ar`?" in messages.text_of(wrong)
    assert "`/ヘルプ トピック:パラメーター`" in messages.text_of(await answered(noah, "help"))
    info = await answered(noah, "info")
    assert info["embeds"][0]["title"] == "あなたの情報"
    panel = await answered(mia, "settings")
    assert {"Schnell", "Modell: wie üblich, Easel embedded"} <= set(labels(panel))
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U2")
    assert single["content"] == f"**a fox** - Image #2 {mia.mention}"
    assert {"Vary (Subtle)", "Upscale (Creative)"} <= set(messages.buttons(single))


async def test_what_all_may_see_is_in_the_language_of_the_server(
    easel: Easel, sandbox: Sandbox, mia: Scene
) -> None:
    heard = easel.bot.wait_for("guild_update")
    sandbox.person("Ada").keep_server_in("ja")
    await heard
    mia.person.speak("de")
    single = await mia.press(await mia.imagine("a fox"), "U2")
    assert single["content"] == f"**a fox** - 画像 #2 {mia.mention}"
    assert {"バリエーション（弱め）", "アップスケール（創造的）"} <= set(messages.buttons(single))
    varied = await mia.press(single, "バリエーション（強め）")
    assert varied["content"].startswith(f"**a fox** - {mia.mention} のバリエーション（強め）")


async def test_what_comes_by_direct_message_is_in_the_language_of_who_asked(
    easel: Easel, sandbox: Sandbox, mia: Scene
) -> None:
    """On a Japanese server: what nobody else sees, and a grid that is sent to who asked for it."""
    heard = easel.bot.wait_for("guild_update")
    sandbox.person("Ada").keep_server_in("ja")
    await heard
    mia.person.speak("de")
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    hidden = await mia.new_result(set(), mia.dm)
    assert hidden["content"] == f"**a fox --stealth** - {mia.mention} (verborgen)"
    open_to_all = await mia.imagine("a fox --stealth --public --relax")
    assert open_to_all["content"].endswith(f"{mia.mention} (リラックス)")
    sent = await mia.person.context("DM results", open_to_all)
    assert "sind in deinen Direktnachrichten" in await mia.refused(sent)
    assert "Auftrag `" in mia.person.messages(mia.dm)[-1]["content"]


async def test_a_person_without_a_translation_reads_english(easel: Easel, mia: Scene) -> None:
    mia.person.speak("nl")
    wrong = await answered(mia, "imagine", prompt="a fox --arr 3:2")
    assert wrong["embeds"][0]["title"] == "Invalid prompt"
    said = "There is no parameter `--arr`; did you mean `--ar`?"
    assert wrong["embeds"][0]["description"].startswith(said)


async def test_discord_takes_every_panel(easel: Easel, mia: Scene) -> None:
    """The sandbox refuses what is too long as Discord does, of an embed, a button or a menu."""
    panels = {"help": "Drawing with Easel", "info": "Your info", "settings": "Your settings",
              "prefer explain": "What counts", "prefer option list": "Your options"}  # fmt: skip
    for code in CATALOGUES:
        mia.person.speak(code)
        for command, title in panels.items():
            given = {"prompt": "a fox --ar 3:2"} if command == "prefer explain" else {}
            panel = await answered(mia, command, **given)
            assert panel["embeds"][0]["title"] == language(code).gettext(title) != title


async def test_who_runs_a_server_or_the_bot_is_answered_in_their_language(
    easel: Easel, sandbox: Sandbox, mia: Scene
) -> None:
    """The panel, what it refuses, and who operates the bot; what all may see stays the server's."""
    ada = Scene(sandbox, "Ada")
    ada.person.speak("de")
    await mia.imagine("a fox")
    panel = await answered(ada, "admin panel")
    await sandbox.wait_for(lambda: "## Übersicht" in messages.text_of(shown(ada, panel)))
    said = messages.text_of(shown(ada, panel))
    assert "**1** Auftrag beendet: 1 fertig, 0 fehlgeschlagen, 0 gestoppt" in said
    [chart, *_] = shown(ada, panel)["attachments"]
    assert chart["description"].startswith("Aufträge pro Tag, ")
    assert "Zeichnen pausieren" in str(shown(ada, panel)["components"])
    paused = await answered(ada, "admin pause")
    assert paused["content"].startswith("⏸️ Das Zeichnen ist hier pausiert: ")
    refused = messages.text_of(await answered(ada, "admin pause"))
    assert "hier schon pausiert; `/admin fortsetzen` lässt" in refused
    await (await mia.slash("imagine", prompt="a hare")).ack()
    await mia.until_said("paused drawing here")
    ada.person.speak("ja")
    resumed = await answered(ada, "admin resume")
    assert resumed["content"] == "▶️ ここでの描画を再開しました。待っていたジョブは1件です。"
    await sandbox.wait_for(lambda: len(mia.results()) == 2)
    caps = await answered(ada, "operator caps")
    assert caps["content"].startswith("管理者はいくらでも許可できます。\n-# ")
    drained = await answered(ada, "operator drain")
    assert drained["content"].startswith("✅ 描画中のものはありません。安全に更新できます。")
    mia.person.speak("fr")
    refused = await answered(mia, "imagine", prompt="an owl")
    assert "Je vais être mis à jour" in messages.text_of(refused)


async def test_the_help_of_admins_fits_in_every_language(easel: Easel, sandbox: Sandbox) -> None:
    """The sandbox refuses what is too long as Discord does."""
    ada = Scene(sandbox, "Ada")
    for code in CATALOGUES:
        ada.person.speak(code)
        shown = await answered(ada, "help")
        fields = [each["name"] for each in shown["embeds"][0]["fields"]]
        assert language(code).gettext("For admins") in fields


def shown(person: Scene, message: Message) -> Message:
    """As it is now."""
    now = person.person.message(message)
    assert now is not None
    return now


def labels(message: Message) -> list[str]:
    """Of buttons and of the choices of menus."""
    children = [each for row in message["components"] for each in row["components"]]
    chosen = [each for child in children for each in child.get("options", ())]
    return [each["label"] for each in (*children, *chosen) if each.get("label")]
