"""What `/shop` says of what is sold and what somebody has. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.chat.funds import grids
from bot.chat.wording import FIELD_LIMIT, cut, escape
from bot.domain.shop import Assortment, Pack, Stock
from bot.service.shop import Counter

_GOLD = discord.Colour(0xE8A317)
_LISTED = 10
_NOTHING = "Nothing is for sale just now."


def window(
    counter: Counter, offers: Mapping[int, discord.SKU], known: Mapping[int, discord.SKU]
) -> discord.Embed:
    """The panel above the buttons; `offers` can be bought just now, `known` have names."""
    embed = discord.Embed(title="Shop", colour=_GOLD)
    lines = [_offer(sku, counter.assortment) for sku in offers.values()] or [_NOTHING]
    if counter.assortment.packs:
        lines.append(f"-# {_place(counter)}")
    embed.description = "\n".join(lines)
    embed.add_field(name="What you have", value=_possession(counter, known), inline=False)
    return embed


def buttons(offers: Mapping[int, discord.SKU]) -> discord.ui.View:
    """One for each; Discord writes name and price on it, and takes the money."""
    view = discord.ui.View(timeout=None)
    for sku in offers:
        view.add_item(discord.ui.Button(style=discord.ButtonStyle.premium, sku_id=sku))
    return view


def pack(sold: Pack) -> str:
    """What a pack is, in words."""
    lasts = f"last {sold.lasts}" if str(sold.lasts) else "stay"
    return f"{grids(sold.credits)} that {lasts}"


def _place(counter: Counter) -> str:
    """Where packs go that are bought now."""
    if counter.guild:
        return "Packs that you buy now go to your account on this server."
    if counter.place:
        return (
            "Packs that you buy now go to your account in direct messages; for one on a server,"
            " open the shop there."
        )
    return "Nothing is drawn in direct messages; open the shop on the server that you buy for."


def _offer(sku: discord.SKU, assortment: Assortment) -> str:
    name = f"**{escape(sku.name)}**"
    if sku.id in assortment.packs:
        return f"{name}: {pack(assortment.packs[sku.id])}"
    whose = "for everybody on one server" if sku.flags.guild_subscription else "wherever you are"
    return f"{name}: the plan {escape(assortment.plans[sku.id])}, {whose}"


def _possession(counter: Counter, known: Mapping[int, discord.SKU]) -> str:
    has = counter.possession
    lines = [_stock(each, known) for each in has.packs[:_LISTED]]
    if rest := has.packs[_LISTED:]:
        lines.append(f"{grids(sum(each.left for each in rest))} of {len(rest)} more packs")
    if has.elsewhere:
        lines.append(f"{grids(has.elsewhere)} of packs on other servers")
    lines += _waiting(has.waiting, counter.assortment)
    for plan, ends_at in has.plans.items():
        until = f" until <t:{ends_at:.0f}:D>" if ends_at else ""
        lines.append(f"The plan {escape(plan)}{until}")
    return cut("\n".join(lines), FIELD_LIMIT) or "Nothing so far."


def _stock(stock: Stock, known: Mapping[int, discord.SKU]) -> str:
    until = f" until <t:{stock.ends_at:.0f}:D>" if stock.ends_at else ""
    name = f" of {escape(known[stock.sku].name)}" if stock.sku in known else ""
    return f"{grids(stock.left)}{name}{until}"


def _waiting(skus: Sequence[int], assortment: Assortment) -> list[str]:
    credits = sum(assortment.packs[sku].credits for sku in skus)
    return [f"{grids(credits)} that wait: use any command on a server"] if credits else []
