"""What admins and members are told of plans, credits and gifts, each in their own language."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.kit import messages
from tests.kit.easel import Easel
from tests.kit.scene import Scene

SPACE = "\u202f"
"""Between the thousands of a French number."""
SAID: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "de": {
        "no model": ("Das Modell `M*` gibt es hier nicht; es gibt `Easel embedded`.",),
        "no plan": ("Einen Plan mit diesem Namen gibt es hier nicht; `/plan liste` zeigt alle.",),
        "set": ("Plan M\\*", "1.500 Raster im Monat, ohne Übertrag, 2 gleichzeitig, 5 wartend,"
                " schnell"),
        "list": ("Pläne dieses Servers", "**M\\*** — alle\n1.500 Raster im Monat"),
        "grant": ("Credits vergeben", "bekommt 1.000 bleibende Raster."),
        "explain": ("Konto", "**2.500 Raster** verfügbar: 1.500 von 1.500 im Monat laut Plan M\\*"
                    " für alle hier, +1.000 vergeben.", "was von einem Monat übrig ist, verfällt.",
                    "Nicht turbo: der Plan M\\* für alle hier erlaubt schnell."),
        "turbo": ("Nicht erlaubt", "Der Plan `M*` erlaubt dir `--fast`, und das hier ist"
                  " `--turbo`."),
        "usage": ("Nutzung in den letzten 30 Tagen", ": **1** Raster\n-# 1 Raster von diesem"
                  " Mitglied"),
        "code": ("Ein Geschenkcode", "`/einlösen` gibt 1.200 Mitgliedern je 2.000 Raster."),
        "wrong": ("Das ist kein Geschenkcode dieses Servers",),
        "redeem": ("Ein Geschenk", "Du hast 2.000 Raster mehr, für 30 Tage. `/info` zeigt alles."),
        "statement": ("Deine Credits", "**+2.000** Geschenkcode", "**-1** ausgegeben für Auftrag"),
        "log": ("Letzte Änderungen", "Plan M\\*: 1.500 Raster im Monat", "alle: Plan M\\*",
                "+1.000 bleibend", "Code 1: +2.000 für 1.200"),
    },
    "ja": {
        "no model": ("モデル `M*` はここにありません。あるのは `Easel embedded` です。",),
        "no plan": ("その名前のプランはここにありません。`/プラン 一覧` で確認できます。",),
        "set": ("プラン M\\*", "月にグリッド1,500枚、繰り越しなし、同時に2件、待機5件、高速"),
        "list": ("このサーバーのプラン", "**M\\*** — 全員\n月にグリッド1,500枚"),
        "grant": ("クレジットを付与しました", "は期間後も残るグリッド1,000枚を受け取ります。"),
        "explain": ("アカウント", "使える**グリッド2,500枚**：月1,500のうち残り1,500（ここの全員の"
                    "プラン M\\* による）、+1,000 付与。", "1か月の残りはなくなります。",
                    "ターボは使えません：ここの全員のプラン M\\* が許可しているのは高速です。"),
        "turbo": ("許可されていません", "プラン `M*` では、使えるのは `--fast` です。"),
        "usage": ("直近30日間の利用状況", "：グリッド**1**枚\n-# このメンバー1人でグリッド1枚"),
        "code": ("ギフトコード", "`/引き換え` でメンバー1,200人にグリッド2,000枚ずつを渡します。"),
        "wrong": ("これはこのサーバーのギフトコードではないか",),
        "redeem": ("ギフト", "グリッド2,000枚が増えました（30日間）。"),
        "statement": ("あなたのクレジット", "**+2,000** ギフトコード", "に使用"),
        "log": ("最近の変更", "プラン M\\*：月にグリッド1,500枚", "全員：プラン M\\*",
                "期間後も残るクレジット+1,000", "コード1：1,200人に+2,000"),
    },
    "fr": {
        "no model": ("Il n’y a pas de modèle `M*` ici ; il y a `Easel embedded`.",),
        "no plan": ("Il n’y a pas de forfait de ce nom ici ; `/forfait liste` les montre.",),
        "set": ("Forfait M\\*", f"1{SPACE}500 grilles par mois, sans report, 2 en même temps,"
                " 5 en attente, rapide"),
        "list": ("Forfaits de ce serveur", f"**M\\*** — tout le monde\n1{SPACE}500 grilles"),
        "grant": ("Crédits accordés", f"reçoit 1{SPACE}000 grilles durables."),
        "explain": ("Compte", f"**2{SPACE}500 grilles** à dépenser : 1{SPACE}500 sur 1{SPACE}500"
                    " par mois selon le forfait M\\* de tout le monde ici,"
                    f" +1{SPACE}000 accordées.",
                    "ce qui reste d’un mois est perdu.",
                    "Vitesse turbo exclue : le forfait M\\* de tout le monde ici permet rapide."),
        "turbo": ("Non autorisé", "Le forfait `M*` te permet `--fast`, et ceci est `--turbo`."),
        "usage": ("Usage des 30 derniers jours", " : **1** grille\n-# 1 grille par ce membre"),
        "code": ("Un code cadeau", f"`/échange` donne 2{SPACE}000 grilles à chacun de 1{SPACE}200"
                 " membres."),
        "wrong": ("Ce n’est pas un code cadeau de ce serveur",),
        "redeem": ("Un cadeau", f"Tu as 2{SPACE}000 grilles de plus, pour 30 jours. `/info`"),
        "statement": ("Tes crédits", f"**+2{SPACE}000** code cadeau", "dépensées pour la tâche"),
        "log": ("Derniers changements", f"Forfait M\\* : 1{SPACE}500 grilles par mois",
                "tout le monde : forfait M\\*", f"+1{SPACE}000 en crédits durables",
                f"Code 1 : +2{SPACE}000 pour 1{SPACE}200"),
    },
}  # fmt: skip


async def told(person: Scene, command: str, **options: object) -> str:
    """The private answer to a command."""
    asked = await person.slash(command, **options)
    await asked.ack()
    [answer, *_] = await person.sandbox.wait_for(
        lambda: [each for each in asked.replies if messages.text_of(each)]
    )
    assert answer["flags"] & messages.EPHEMERAL
    return messages.text_of(answer)


@pytest.mark.parametrize("code", SAID)
async def test_plans_credits_and_gifts(easel: Easel, mia: Scene, code: str) -> None:
    """Answers, refusals of the service, and those that the database's thread raises."""
    ada, heard = Scene(easel.sandbox, "Ada"), {}
    ada.person.speak(code)
    mia.person.speak(code)
    heard["no model"] = await told(ada, "plan price", model="M*", times=2)
    heard["no plan"] = await told(ada, "plan give", name="M*")
    heard["set"] = await told(
        ada, "plan set", name="M*", credits=1500, period="month", rollover=False, running=2,
        waiting=5, speeds="fast",
    )  # fmt: skip
    await told(ada, "plan give", name="M*")
    heard["list"] = await told(ada, "plan list")
    heard["grant"] = await told(ada, "quota grant", user=mia.id, amount=1000)
    heard["explain"] = await told(ada, "quota explain", user=mia.id)
    heard["turbo"] = await told(mia, "imagine", prompt="a fox --turbo")
    await mia.imagine("a fox")
    heard["usage"] = await told(ada, "quota usage")
    heard["code"] = await told(ada, "gift code", amount=2000, uses=1200, days=30)
    gift = re.search(r"`([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})`", heard["code"])
    assert gift
    heard["wrong"] = await told(mia, "redeem", code="ABCD-EFGH")
    heard["redeem"] = await told(mia, "redeem", code=gift[1])
    heard["statement"] = await told(mia, "statement")
    heard["log"] = await told(ada, "quota log")
    assert heard.keys() == SAID[code].keys()
    for name, text in heard.items():
        for words in SAID[code][name]:
            assert words in text, name


async def test_who_cannot_pay_or_wait_is_told_in_their_language(easel: Easel, mia: Scene) -> None:
    ada = Scene(easel.sandbox, "Ada")
    mia.person.speak("de")
    await told(ada, "plan set", name="Small", credits=1, period="week", relaxed=False, running=1,
               waiting=1)  # fmt: skip
    await told(ada, "plan give", name="Small")
    queue = await told(mia, "imagine", prompt="a {red, green, blue} fox")
    assert "Warteschlange voll\nDeine Warteschlange hat keinen Platz für 3 Raster" in queue
    assert "2 würden jetzt passen, und nie mehr als 2 auf einmal." in queue
    poor = await told(mia, "imagine", prompt="a {red, blue} fox")
    assert "Credits aufgebraucht\nDas kostet 2 Credits, und du hast 1, genug für 1 von" in poor
    assert "dein Kontingent von 1 in der Woche kommt <t:" in poor
