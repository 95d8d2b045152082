"""Commands, buttons, modals and the rest, as the unmodified discord.py client lives them."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
from discord import app_commands, ui

from bot.sandbox import MovableClock, NotResponding, Refused, Sandbox
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.pictures import avatar
from tests.kit.robots import Api, Robot, Running, Waiter, picture

PNG = avatar(0)


def echo(robot: Robot) -> None:
    """Add /echo text, which answers with its text."""

    @robot.tree.command(description="Say it again")
    async def echo(interaction: discord.Interaction, text: str) -> None:
        await interaction.response.send_message(text)


async def test_a_command_is_deferred_filled_with_a_file_and_followed_up(
    sandbox: Sandbox, run: Running
) -> None:
    robot = Robot()

    @robot.tree.command(description="Draw")
    @app_commands.describe(prompt="What to draw")
    async def imagine(interaction: discord.Interaction, prompt: str) -> None:
        await interaction.response.defer(thinking=True)
        edited = await interaction.edit_original_response(content=prompt, attachments=[picture()])
        assert await edited.attachments[0].read() == PNG
        await interaction.followup.send("and another", file=picture("more.png"), wait=True)

    await run(robot)
    mia = sandbox.person("Mia")
    press = await mia.slash("imagine", prompt="a fox")
    assert (await press.ack())["type"] == 5
    await sandbox.wait_for(lambda: len(mia.messages("imagine")) == 2)
    first, second = mia.messages("imagine")
    assert first["content"] == "a fox"
    assert "loading" not in first
    assert first["type"] == 20
    assert first["interaction_metadata"]["name"] == "imagine"
    assert first["interaction_metadata"]["user"]["id"] == mia.id
    attachment = first["attachments"][0]
    assert (attachment["width"], attachment["height"]) == (64, 64)
    assert sandbox.files[attachment["url"]] == sandbox.files[attachment["id"]] == PNG
    assert second["content"] == "and another"
    assert second["referenced_message"]["id"] == first["id"]
    assert press.original is not None
    assert press.original["id"] == first["id"]
    assert [each["id"] for each in press.replies] == [first["id"], second["id"]]


async def test_thinking_is_shown_until_the_answer_and_a_first_follow_up_fills_it(
    sandbox: Sandbox, run: Running
) -> None:
    robot = Robot()
    go = asyncio.Event()

    @robot.tree.command(description="Think")
    async def think(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        await go.wait()
        await interaction.followup.send("done")

    await run(robot)
    mia = sandbox.person("Mia")
    press = await mia.slash("think")
    await press.ack()
    assert press.original is not None
    assert press.original["loading"] is True
    assert press.original["flags"] == 64 | 128
    go.set()
    await sandbox.wait_for(lambda: press.original and press.original["content"] == "done")
    assert press.original["flags"] == 64
    assert len(mia.messages("imagine")) == 1


async def test_buttons_update_their_message_and_keep_its_picture(
    sandbox: Sandbox, run: Running
) -> None:
    robot = Robot()

    class Grid(ui.View):
        @ui.button(label="V2", emoji="🔄", custom_id="vary:2")
        async def vary(self, interaction: discord.Interaction, _button: Any) -> None:
            await interaction.response.edit_message(content="varied")

        @ui.button(label="Slow", custom_id="slow")
        async def slow(self, interaction: discord.Interaction, _button: Any) -> None:
            await interaction.response.defer()
            await interaction.edit_original_response(content="slowly", view=None)

        @ui.button(label="Off", custom_id="off", disabled=True)
        async def off(self, interaction: discord.Interaction, _button: Any) -> None: ...

    @robot.tree.command(description="Draw")
    async def imagine(interaction: discord.Interaction) -> None:
        view = Grid()
        view.add_item(ui.Button(label="Open", url="https://example.org/"))
        await interaction.response.send_message("grid", file=picture(), view=view)

    await run(robot)
    mia = sandbox.person("Mia")
    press = await mia.slash("imagine")
    assert (await press.ack())["type"] == 4
    message = mia.messages("imagine")[0]
    for name in ("Off", "Open", "U9"):
        with pytest.raises(Refused):
            await mia.click(message, name)
    assert (await (await mia.click(message, "V2")).ack())["type"] == 7
    shown = mia.message(message)
    assert shown is not None
    assert shown["content"] == "varied"
    assert len(shown["attachments"]) == 1
    noah = sandbox.person("Noah")
    assert (await (await noah.click(message, "🔄")).ack())["type"] == 7
    assert (await (await noah.click(message, "slow")).ack())["type"] == 6
    await sandbox.wait_for(lambda: (mia.message(message) or {})["content"] == "slowly")
    assert (mia.message(message) or {})["components"] == []


async def test_an_ephemeral_answer_is_for_the_invoker_and_out_of_the_bot_tokens_reach(
    sandbox: Sandbox, run: Running, api: Api, imagine: str
) -> None:
    robot = Robot()

    @robot.tree.command(description="Whisper")
    async def whisper(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    await run(robot)
    mia, noah = sandbox.person("Mia"), sandbox.person("Noah")
    press = await mia.slash("whisper")
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & 64
    assert noah.messages("imagine") == []
    message_path = f"{imagine}/messages/{press.original['id']}"
    assert (await api("GET", message_path)).error == (404, 10008)
    assert (await api("PATCH", message_path, {"content": "x"})).error == (404, 10008)
    assert (await api("GET", f"{imagine}/messages")).body == []
    assert robot.seen("message") == []
    webhook = f"/webhooks/{BOT_ID}/{press.token}/messages/@original"
    assert (await api("PATCH", webhook, {"content": "louder"})).status == 200
    assert press.original["content"] == "louder"
    assert (await api("DELETE", webhook)).status == 204
    assert press.original is None


async def test_a_modal_is_filled_checked_and_answered(sandbox: Sandbox, run: Running) -> None:
    robot = Robot()

    class Remix(ui.Modal, title="Remix"):
        prompt: ui.Label[Any] = ui.Label(
            text="Prompt", component=ui.TextInput(custom_id="prompt", min_length=3, default="a fox")
        )
        picture: ui.Label[Any] = ui.Label(
            text="Picture", component=ui.FileUpload(custom_id="picture", required=False)
        )
        strength: ui.Label[Any] = ui.Label(
            text="Strength",
            component=ui.Select(
                custom_id="strength",
                options=[discord.SelectOption(label="Low"), discord.SelectOption(label="High")],
            ),
        )

        async def on_submit(self, interaction: discord.Interaction) -> None:
            prompt, picture = self.prompt.component, self.picture.component
            assert isinstance(prompt, ui.TextInput)
            assert isinstance(picture, ui.FileUpload)
            size = len(await picture.values[0].read())
            await interaction.response.send_message(f"{prompt.value} {size}")

    @robot.tree.command(description="Remix")
    async def remix(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Remix(custom_id="remix:1"))

    await run(robot)
    mia = sandbox.person("Mia")
    press = await mia.slash("remix")
    assert (await press.ack())["type"] == 9
    assert press.modal is not None
    assert press.modal["title"] == "Remix"
    with pytest.raises(Refused, match="at least 3"):
        await mia.submit(press, {"prompt": "a", "strength": "Low"})
    with pytest.raises(Refused, match="Strength"):
        await mia.submit(press, {"prompt": "a wolf"})
    with pytest.raises(Refused, match="no field"):
        await mia.submit(press, {"colour": "red"})
    upload = await mia.upload("wolf.png", PNG)
    values = {"prompt": "a wolf", "strength": ["High"], "picture": upload}
    sent = await mia.submit(press.modal, values)
    await sent.ack()
    assert mia.messages("imagine")[0]["content"] == f"a wolf {len(PNG)}"
    with pytest.raises(Refused):
        await sandbox.person("Noah").submit(press, values)


async def test_a_modal_from_a_button_may_update_that_message_but_not_open_another(
    sandbox: Sandbox, run: Running, api: Api
) -> None:
    robot = Robot()
    opened: asyncio.Queue[discord.Interaction] = asyncio.Queue()

    @robot.tree.command(description="Draw")
    async def imagine(interaction: discord.Interaction) -> None:
        view = ui.View(timeout=None)
        view.add_item(ui.Button(label="Remix", custom_id="remix"))
        await interaction.response.send_message("grid", view=view)

    @robot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            modal = ui.Modal(title="Remix", custom_id="remix:1")
            modal.add_item(ui.TextInput(label="Prompt", custom_id="prompt"))
            await interaction.response.send_modal(modal)
        elif interaction.type is discord.InteractionType.modal_submit:
            opened.put_nowait(interaction)

    await run(robot)
    mia = sandbox.person("Mia")
    await (await mia.slash("imagine")).ack()
    message = mia.messages("imagine")[0]
    press = await mia.click(message, "Remix")
    await press.ack()
    sent = await mia.submit(press, {"prompt": "a wolf"})
    interaction = await asyncio.wait_for(opened.get(), 30)
    assert interaction.message is not None
    assert str(interaction.message.id) == message["id"]
    modal = {"type": 9, "data": press.modal}
    path = f"/interactions/{sent.id}/{sent.token}/callback"
    assert (await api("POST", path, modal)).error == (400, 50035)
    await interaction.response.edit_message(content="remixed")
    assert (mia.message(message) or {})["content"] == "remixed"


async def test_autocomplete_offers_choices_while_typing(sandbox: Sandbox, run: Running) -> None:
    robot = Robot()

    @robot.tree.command(description="Draw")
    async def imagine(interaction: discord.Interaction, prompt: str, steps: int = 20) -> None:
        await interaction.response.send_message(prompt)

    @imagine.autocomplete("prompt")
    async def complete(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        steps = interaction.namespace.steps
        return [app_commands.Choice(name=f"{current}tronaut {steps}", value="astronaut")]

    await run(robot)
    mia = sandbox.person("Mia")
    choices = await mia.autocomplete("imagine", focused="prompt", prompt="as", steps=5)
    assert choices == [{"name": "astronaut 5", "value": "astronaut"}]


async def test_context_menus_get_the_whole_message_or_the_member(
    sandbox: Sandbox, run: Running
) -> None:
    robot = Robot()

    @robot.tree.context_menu(name="Quote")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"> {message.content}")

    @robot.tree.context_menu(name="Who")
    async def who(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(member.display_name, ephemeral=True)

    await run(robot)
    mia, noah = sandbox.person("Mia"), sandbox.person("Noah")
    said = await noah.say("lobby", "hello there")
    await (await mia.context("Quote", said)).ack()
    quoted = mia.messages("lobby")[-1]
    assert quoted["content"] == "> hello there"
    assert quoted["type"] == 23
    assert quoted["interaction_metadata"]["target_message_id"] == said["id"]
    await (await mia.context("Who", noah)).ack()
    assert mia.messages("imagine")[-1]["content"] == "Noah"


async def test_select_menus_check_the_choice_and_resolve_people(
    sandbox: Sandbox, run: Running
) -> None:
    robot = Robot()

    class Panel(ui.View):
        @ui.select(
            custom_id="mode",
            max_values=2,
            options=[discord.SelectOption(label="Fast"), discord.SelectOption(label="Relax")],
        )
        async def mode(self, interaction: discord.Interaction, menu: Any) -> None:
            await interaction.response.send_message(",".join(menu.values))

        @ui.select(cls=ui.UserSelect, custom_id="who")
        async def who(self, interaction: discord.Interaction, menu: Any) -> None:
            await interaction.response.send_message(menu.values[0].display_name)

    @robot.tree.command(description="Panel")
    async def panel(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("panel", view=Panel())

    await run(robot)
    mia = sandbox.person("Mia")
    await (await mia.slash("panel")).ack()
    message = mia.messages("imagine")[0]
    with pytest.raises(Refused, match="not one of"):
        await mia.select(message, "mode", ["Turbo"])
    await (await mia.select(message, "mode", ["Fast", "Relax"])).ack()
    assert mia.messages("imagine")[-1]["content"] == "Fast,Relax"
    await (await mia.select(message, "who", [sandbox.person("Noah")])).ack()
    assert mia.messages("imagine")[-1]["content"] == "Noah"


async def test_options_are_checked_as_the_client_checks_them(
    sandbox: Sandbox, run: Running
) -> None:
    robot = Robot()
    quota = app_commands.Group(name="quota", description="Quotas")

    @quota.command(name="set", description="Set a quota")
    @app_commands.choices(plan=[app_commands.Choice(name="Pro", value="pro")])
    async def set_quota(
        interaction: discord.Interaction,
        user: discord.Member,
        amount: app_commands.Range[int, 0, 100],
        note: app_commands.Range[str, 2, 5],
        plan: str = "",
        picture: discord.Attachment | None = None,
        where: discord.TextChannel | None = None,
        role: discord.Role | None = None,
        loud: bool = False,
        share: float = 0.5,
    ) -> None:
        size = len(await picture.read()) if picture else 0
        parts = (user.id, amount, note, plan, size, where and where.name, role and role.name)
        await interaction.response.send_message(" ".join(map(str, (*parts, loud, share))))

    robot.tree.add_command(quota)
    await run(robot)
    mia, noah = sandbox.person("Mia"), sandbox.person("Noah")
    good: dict[str, Any] = {"user": noah, "amount": 5, "note": "hey"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"amount": 101}, "at most 100"),
        ({"amount": -1}, "at least 0"),
        ({"amount": "many"}, "whole number"),
        ({"note": "x"}, "at least 2"),
        ({"note": "too long"}, "at most 5"),
        ({"plan": "free"}, "choose one of Pro"),
        ({"user": "Nobody"}, "user"),
        ({"picture": "1"}, "file"),
        ({"loud": "yes"}, "True or False"),
        ({"colour": "red"}, "no option"),
    ]
    for change, sentence in wrong:
        with pytest.raises(Refused, match=sentence):
            await mia.slash("quota set", **good | change)
    with pytest.raises(Refused, match="required"):
        await mia.slash("quota set", user=noah, amount=1)
    with pytest.raises(Refused, match="no subcommand"):
        await mia.slash("quota get")
    with pytest.raises(Refused, match="no command"):
        await mia.slash("credits")
    more: dict[str, Any] = {
        "plan": "pro",
        "picture": await mia.upload("a.png", PNG),
        "where": sandbox.world.find_channel("gallery"),
        "role": sandbox.world.find_role("Patron"),
        "loud": True,
        "share": 0.25,
    }
    press = await mia.slash("quota set", **good | more)
    await press.ack()
    shown = mia.messages("imagine")[-1]
    expected = f"{noah.id} 5 hey pro {len(PNG)} gallery Patron True 0.25"
    assert shown["content"] == expected
    assert shown["interaction_metadata"]["name"] == "quota set"


async def test_direct_messages_and_contexts(sandbox: Sandbox, run: Running) -> None:
    robot = Robot()
    seen: list[tuple[str, int]] = []

    @robot.tree.command(description="Where am I")
    async def where(interaction: discord.Interaction) -> None:
        seen.append((type(interaction.channel).__name__, interaction.app_permissions.value))
        await interaction.response.send_message("here")
        await interaction.user.send("and by post")

    @robot.tree.command(description="Guild only")
    @app_commands.guild_only()
    async def servers(interaction: discord.Interaction) -> None: ...

    await run(robot)
    mia = sandbox.person("Mia")
    with pytest.raises(Refused):
        await mia.slash("servers", dm=True)
    await (await mia.slash("where", dm=True)).ack()
    await sandbox.wait_for(lambda: len(mia.messages(mia.dm)) == 2)
    assert [each["content"] for each in mia.messages("dm")] == ["here", "and by post"]
    assert seen[0][0] == "DMChannel"
    with pytest.raises(Refused, match="cannot see"):
        sandbox.person("Noah").messages(mia.dm)


async def test_default_permissions_hide_commands(sandbox: Sandbox, run: Running) -> None:
    robot = Robot()

    @robot.tree.command(description="Admin")
    @app_commands.default_permissions(manage_guild=True)
    async def admin(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("yes")

    await run(robot)
    with pytest.raises(Refused, match="Mia has no command 'admin'"):
        await sandbox.person("Mia").slash("admin")
    await (await sandbox.person("Ada").slash("admin")).ack()
    sandbox.world.give_role("Mia", "Admin")
    await (await sandbox.person("Mia").slash("admin")).ack()


async def test_a_late_answer_is_10062_and_the_person_is_told(
    sandbox: Sandbox, run: Running, clock: MovableClock
) -> None:
    robot = await run(Waiter())
    press = await sandbox.person("Mia").slash("wait")
    interaction = await asyncio.wait_for(robot.asked.get(), 30)
    clock.advance(61)
    with pytest.raises(NotResponding, match="The application did not respond"):
        await press.ack()
    with pytest.raises(discord.NotFound) as caught:
        await interaction.response.defer()
    assert caught.value.code == 10062
    with pytest.raises(discord.NotFound) as caught:
        await interaction.followup.send("late")
    assert caught.value.code == 10015


async def test_without_a_bot_nothing_responds(sandbox: Sandbox) -> None:
    sandbox.world.commands[None]["1"] = {"id": "1", "name": "ping", "type": 1}
    with pytest.raises(NotResponding):
        await (await sandbox.person("Mia").slash("ping")).ack()


async def test_only_one_answer_and_only_for_fifteen_minutes(
    sandbox: Sandbox, run: Running, api: Api, clock: MovableClock
) -> None:
    robot = await run(Waiter())
    press = await sandbox.person("Mia").slash("wait")
    await asyncio.wait_for(robot.asked.get(), 30)
    path = f"/interactions/{press.id}/{press.token}/callback"
    webhook = f"/webhooks/{BOT_ID}/{press.token}"
    assert (await api("POST", webhook, {"content": "early"})).error == (404, 10015)
    assert (await api("POST", f"/interactions/{press.id}/no/callback", {"type": 5})).error == (
        404,
        10062,
    )
    assert (await api("POST", path, {"type": 5})).status == 204
    assert (await api("POST", path, {"type": 5})).error == (400, 40060)
    assert (await api("POST", webhook, {"content": "in time"})).status == 200
    clock.advance(15 * 60)
    assert (await api("POST", webhook, {"content": "late"})).error == (401, 50027)
    assert (await api("GET", webhook + "/messages/@original")).error == (401, 50027)
    assert (await api("GET", "/webhooks/1/x/messages/@original")).error == (404, 10015)
    message_id = press.interaction.original and press.interaction.original.id
    edit = f"/channels/{press.interaction.channel.id}/messages/{message_id}"
    assert (await api("PATCH", edit, {"content": "by the bot"})).status == 200


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"type": 6}, "type"),
        ({"type": 7, "data": {"content": "x"}}, "type"),
        ({"type": 8, "data": {"choices": []}}, "type"),
        ({"type": 12}, "type"),
        ({"type": 5, "data": {"flags": 1 << 15}}, "data.flags"),
        ({"type": 4, "data": {"content": "x" * 2001}}, "data.content"),
        ({"type": 4, "data": {"content": "x", "flags": 1 << 9}}, "data.flags"),
        (
            {"type": 9, "data": {"title": "T" * 46, "custom_id": "m", "components": []}},
            "data.title",
        ),
    ],
)
async def test_wrong_answers_to_a_command_are_form_errors(
    sandbox: Sandbox, run: Running, api: Api, body: dict[str, Any], path: str
) -> None:
    robot = await run(Waiter())
    press = await sandbox.person("Mia").slash("wait")
    await asyncio.wait_for(robot.asked.get(), 30)
    answer = await api("POST", f"/interactions/{press.id}/{press.token}/callback", body)
    assert answer.error == (400, 50035)
    node = answer.body["errors"]
    for part in path.split("."):
        node = node[part]
    assert node["_errors"]
    assert not press.acknowledged


async def test_answers_ping_users_only_unless_told_otherwise(
    sandbox: Sandbox, run: Running
) -> None:
    robot = Robot()
    echo(robot)
    await run(robot)
    mia, noah = sandbox.person("Mia"), sandbox.person("Noah")
    await (await mia.slash("echo", text=f"@everyone {noah.mention}")).ack()
    message = mia.messages("imagine")[-1]
    assert message["mention_everyone"] is False
    assert [each["id"] for each in message["mentions"]] == [noah.id]
    assert [each.user_id for each in sandbox.world.pings] == [noah.id]


async def test_threads_work_like_their_parent(sandbox: Sandbox, run: Running) -> None:
    robot = Robot()
    echo(robot)
    await run(robot)
    thread = sandbox.world.threads.add("imagine", "foxes")
    mia = sandbox.person("Mia")
    await (await mia.slash("echo", channel=thread, text="hi")).ack()
    assert mia.messages(thread)[0]["content"] == "hi"


async def test_a_second_guild_has_its_own_people(sandbox: Sandbox, run: Running) -> None:
    robot = Robot()
    guilds: list[int | None] = []

    @robot.tree.command(description="Where")
    async def where(interaction: discord.Interaction) -> None:
        guilds.append(interaction.guild_id)
        await interaction.response.send_message("here")

    await run(robot)
    other = sandbox.world.add_guild("Annex", owner="Noah")
    await (await sandbox.person("Noah").slash("where", channel="annex")).ack()
    assert guilds == [int(other.id)]
    with pytest.raises(Refused):
        await sandbox.person("Mia").slash("where", channel="annex")


async def test_answers_to_what_was_asked_in_a_channel_that_is_no_more(
    sandbox: Sandbox, run: Running
) -> None:
    robot = await run(Waiter())
    sandbox.world.add_channel("fleeting")
    asked = [await sandbox.person("Mia").slash("wait", channel="fleeting") for _ in "ab"]
    first, second = [await asyncio.wait_for(robot.asked.get(), 30) for _ in "ab"]
    await first.response.send_message("in time")
    sandbox.world.remove_channel("fleeting")
    for late in (first.followup.send("late"), second.response.send_message("late")):
        with pytest.raises(discord.NotFound) as caught:
            await late
        assert caught.value.code == 10003
    assert [it.id for it in sandbox.interactions.all] == [press.id for press in asked]
