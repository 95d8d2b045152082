"""Whoever asks reads their own language, and everybody the server's."""

from __future__ import annotations

import re

import pytest

from bot.language import CATALOGUES, language
from bot.sandbox import Sandbox
from tests.e2e.test_appeals import appeal, opened, told
from tests.e2e.test_chronicle import LOG, lines
from tests.e2e.test_desk import until
from tests.e2e.test_reports import refused as not_reported
from tests.e2e.test_reports import report
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


STAMP = r"<t:\d+:[Rf]>"


@pytest.mark.parametrize(
    ("code", "title", "blocked", "ends", "timed_out", "banned", "shown"),
    [
        ("de", "Gesperrte Wörter", "`scum` ist auf diesem Server gesperrt; nichts wurde berechnet.",
         f"Nach so vielen davon darfst du {STAMP} wieder zeichnen.",
         f"gesperrte Wörter; du darfst {STAMP} wieder zeichnen.",
         f"Ein Admin dieses Servers hat dich bis {STAMP} vom Zeichnen ausgeschlossen: `rude`.",
         ["**Gesperrt** (1): ||scum||", "**Kanäle**: überall", "**Rollen**: alle",
          "**Timeouts**: 2 abgelehnte Prompts innerhalb von 10 min: 5 min lang kein Zeichnen,",
          "**Gebannt**", f"bis {STAMP} (rude)"]),
        ("ja", "ブロックされた言葉",
         "`scum` は、このサーバーでブロックされています。何も請求されていません。",
         f"拒否が続いたため、{STAMP}にまた描けます。",
         f"プロンプトが多すぎました。{STAMP}にまた描けます。",
         f"このサーバーの管理者が、{STAMP}まで描くことを禁止しました。理由：`rude`",
         [r"**ブロック**（1）：||scum||", "**チャンネル**：すべての場所", "**ロール**：全員",
          "**タイムアウト**：10分以内に2回プロンプトが拒否されると、5分描けません。",
          "**禁止中**", f"{STAMP}まで（rude）"]),
        ("es-ES", "Palabras bloqueadas",
         "`scum` está bloqueada en este servidor; no se ha cobrado nada.",
         f"Tras tantos rechazos, podrás volver a dibujar {STAMP}.",
         f"palabras bloqueadas; podrás volver a dibujar {STAMP}.",
         f"Un admin de este servidor te ha vetado y no puedes dibujar hasta el {STAMP}: `rude`.",
         ["**Bloqueadas** (1): ||scum||", "**Canales**: en todas partes", "**Roles**: todos",
          "**Suspensiones**: 2 prompts rechazados en 10 min: sin dibujar durante 5 min,",
          "**Vetos**", f"hasta el {STAMP} (rude)"]),
    ],
)  # fmt: skip
async def test_refusals_and_rules_are_in_the_language_of_who_asks(
    easel: Easel, mia: Scene, code: str, title: str, blocked: str, ends: str, timed_out: str,
    banned: str, shown: list[str],
) -> None:  # fmt: skip
    """A blocked word, a time-out with its end, a ban, and what an admin is shown of all that."""
    ada = Scene(easel.sandbox, "Ada")
    for person in (ada, mia):
        person.person.speak(code)
    await answered(ada, "moderation block", word="scum")
    await answered(ada, "moderation timeouts", refusals=2, within=10, minutes=5)
    first = await answered(mia, "imagine", prompt="a scum fox")
    assert first["embeds"][0]["title"] == title
    assert first["embeds"][0]["description"] == blocked
    second = messages.text_of(await answered(mia, "imagine", prompt="a scum fox"))
    assert re.search(ends, second), second
    third = messages.text_of(await answered(mia, "imagine", prompt="a fox"))
    assert re.search(timed_out, third), third
    await answered(ada, "moderation ban", user=mia.id, days=2, reason="rude")
    last = messages.text_of(await answered(mia, "imagine", prompt="a fox"))
    assert re.search(banned, last), last
    rules = messages.text_of(await answered(ada, "moderation show"))
    for each in shown:
        wanted = re.escape(each).replace(re.escape(STAMP), STAMP)
        assert re.search(wanted, rules), (each, rules)


async def test_staff_read_the_servers_language_and_each_their_own(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    """On a French server, where a Japanese member reports and a German one appeals, and a Spanish
    moderator answers both."""
    world = easel.sandbox.world
    heard = easel.bot.wait_for("guild_update")
    easel.sandbox.person("Ada").keep_server_in("fr")
    await heard
    ada = await opened(easel.sandbox)
    ada.person.speak("es-ES")
    mia.person.speak("de")
    noah.person.speak("ja")
    world.add_channel(LOG)
    log = await ada.slash("moderation log", options={"channel": world.find_channel(LOG).id})
    assert "lo que se cambie a partir de ahora llega allí" in await ada.refused(log)

    grid = await mia.imagine("a fox")
    assert "ありがとうございます" in await report(noah, grid)
    assert "この画像はもう通報しています" in await not_reported(noah, grid)
    card = await until(ada, "Signalée une fois")
    assert card["embeds"][0]["title"] == "Une image a été signalée"
    dismiss = language("fr").pgettext("button", "Dismiss")
    said = await ada.refused(await ada.click(card, dismiss))
    assert said == "Desestimada: la imagen se queda."
    await until(ada, f"Rejeté par <@{ada.id}> : l’image reste.")

    await (await mia.slash("prefer auto_dm")).ack()
    refusal = await answered(mia, "imagine", prompt="a scum fox")
    assert "gesperrt; nichts wurde berechnet" in messages.text_of(refusal)
    said = await appeal(mia, refusal, "Es ist ein Titel.", "Einspruch")
    assert said.startswith("Die Moderatoren wurden gefragt")
    card = await until(ada, "contre le refus d’un prompt pour ses mots", 2)
    text = messages.text_of(card)
    assert "**Pourquoi** \\`scum\\` est bloqué sur ce serveur ; rien n’a été débité." in text
    assert "**Explication** Es ist ein Titel." in text
    assert await ada.refused(await ada.click(card, "Accepter")) == "Aprobada."
    await until(ada, f"Accepté par <@{ada.id}>.", 2)
    outcome = "Dein Einspruch gegen die Ablehnung eines Prompts (||a scum fox||) wurde angenommen"
    await easel.sandbox.wait_for(lambda: outcome in str(mia.person.messages(mia.dm)))
    press = await mia.slash("info")
    await press.ack()
    assert "genau diesen Prompt" in await told(mia, press, outcome)

    approved = f"<@{mia.id}> : recours contre le refus d’un prompt accepté"
    await easel.sandbox.wait_for(lambda: approved in str(lines(ada)))
    shown = await ada.refused(await ada.slash("quota log"))
    assert f"<@{mia.id}>: apelación contra el rechazo de un prompt aprobada" in shown


def labels(message: Message) -> list[str]:
    """Of buttons and of the choices of menus."""
    children = [each for row in message["components"] for each in row["components"]]
    chosen = [each for child in children for each in child.get("options", ())]
    return [each["label"] for each in (*children, *chosen) if each.get("label")]
