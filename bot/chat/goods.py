"""What `/shop` says of what is sold and what somebody has. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.chat.holdings import ending
from bot.chat.plans import grids
from bot.chat.wording import FIELD_LIMIT, cut, escape
from bot.domain.language import _, counted
from bot.domain.shop import Assortment, Pack, Stock
from bot.service.shop import Counter

_GOLD = discord.Colour(0xE8A317)
_LISTED = 10


def window(
    counter: Counter, offers: Mapping[int, discord.SKU], known: Mapping[int, discord.SKU]
) -> discord.Embed:
    """The panel above the buttons; `offers` can be bought just now, `known` have names."""
    embed = discord.Embed(title=_("Shop"), colour=_GOLD)
    lines = [_offer(sku, counter.assortment) for sku in offers.values()]
    lines = lines or [_("Nothing is for sale just now.")]
    if counter.assortment.packs:
        lines.append(f"-# {_place(counter)}")
    embed.description = "\n".join(lines)
    embed.add_field(name=_("What you have"), value=_possession(counter, known), inline=False)
    return embed


def buttons(offers: Mapping[int, discord.SKU]) -> discord.ui.View:
    """One for each; Discord writes name and price on it, and takes the money."""
    view = discord.ui.View(timeout=None)
    for sku in offers:
        view.add_item(discord.ui.Button(style=discord.ButtonStyle.premium, sku_id=sku))
    return view


def pack(sold: Pack) -> str:
    """What a pack is, in words."""
    if not (time := str(sold.lasts)):
        return counted("{n} grid that stays", "{n} grids that stay", sold.credits)
    return counted(
        "{n} grid that lasts {time}", "{n} grids that last {time}", sold.credits, time=time
    )


def _place(counter: Counter) -> str:
    """Where packs go that are bought now."""
    if counter.guild:
        return _("Packs that you buy now go to your account on this server.")
    if counter.place:
        return _(
            "Packs that you buy now go to your account in direct messages; for one on a server,"
            " open the shop there."
        )
    return _("Nothing is drawn in direct messages; open the shop on the server that you buy for.")


def _offer(sku: discord.SKU, assortment: Assortment) -> str:
    name = f"**{escape(sku.name)}**"
    if sku.id in assortment.packs:
        return _("{name}: {what}", name=name, what=pack(assortment.packs[sku.id]))
    plan = escape(assortment.plans[sku.id])
    if sku.flags.guild_subscription:
        return _("{name}: the plan {plan}, for everybody on one server", name=name, plan=plan)
    return _("{name}: the plan {plan}, wherever you are", name=name, plan=plan)


def _possession(counter: Counter, known: Mapping[int, discord.SKU]) -> str:
    has = counter.possession
    lines = [_stock(each, known) for each in has.packs[:_LISTED]]
    if rest := has.packs[_LISTED:]:
        lines.append(
            counted(
                "{n} grid of {packs}",
                "{n} grids of {packs}",
                sum(each.left for each in rest),
                packs=counted("{n} more pack", "{n} more packs", len(rest)),
            )
        )
    if there := has.elsewhere:
        lines.append(
            counted(
                "{n} grid of packs on other servers", "{n} grids of packs on other servers", there
            )
        )
    lines += _waiting(has.waiting, counter.assortment)
    for plan, ends_at in has.plans.items():
        lines.append(ending(_("The plan {plan}", plan=escape(plan)), ends_at))
    return cut("\n".join(lines), FIELD_LIMIT) or _("Nothing so far.")


def _stock(stock: Stock, known: Mapping[int, discord.SKU]) -> str:
    if stock.sku not in known:
        return ending(grids(stock.left), stock.ends_at)
    pack = escape(known[stock.sku].name)
    said = counted("{n} grid of {pack}", "{n} grids of {pack}", stock.left, pack=pack)
    return ending(said, stock.ends_at)


def _waiting(skus: Sequence[int], assortment: Assortment) -> list[str]:
    credits = sum(assortment.packs[sku].credits for sku in skus)
    said = counted(
        "{n} grid that waits: use any command on a server",
        "{n} grids that wait: use any command on a server",
        credits,
    )
    return [said] if credits else []
