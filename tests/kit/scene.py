"""A person in a channel of the sandbox: what they do there, and what they see."""

from __future__ import annotations

from typing import Any

from bot.sandbox import Invocation, Person, Sandbox
from tests.kit.messages import COMPONENTS_V2, EPHEMERAL, Message, is_result, text_of

PATIENCE_S = 60.0


class Scene:
    """`person` by name or as they are; methods without a channel speak of `imagine`."""

    def __init__(self, sandbox: Sandbox, person: str | Person) -> None:
        self.sandbox = sandbox
        self.person = sandbox.person(person) if isinstance(person, str) else person

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def mention(self) -> str:
        return self.person.mention

    @property
    def dm(self) -> str:
        """The channel of their direct messages."""
        return self.person.dm

    async def slash(self, name: str, /, **given: Any) -> Invocation:
        """Use a slash command, without waiting for an answer."""
        return await self.person.slash(name, **given)

    async def click(self, message: object, button: str) -> Invocation:
        """Press a button by its label, without waiting for an answer."""
        return await self.person.click(message, button)

    def results(self, channel: object = "imagine") -> list[Message]:
        """Messages with a finished picture, oldest first."""
        return [each for each in self.person.messages(channel) if is_result(each)]

    def notices(self, channel: object = "imagine") -> list[Message]:
        """Progress messages and those that tell of an end without pictures, but no hello."""
        return [
            each
            for each in self.person.messages(channel)
            if not is_result(each) and not each["flags"] & (EPHEMERAL | COMPONENTS_V2)
        ]

    def private(self, channel: object = "imagine") -> list[Message]:
        """What only this person sees."""
        return [each for each in self.person.messages(channel) if each["flags"] & EPHEMERAL]

    async def imagine(self, prompt: str, **where: Any) -> Message:
        """Ask for a grid and wait until it is there and its progress message is gone."""
        channel = self.dm if where.get("dm") else where.get("channel", "imagine")
        known = {each["id"] for each in self.results(channel)}
        await (await self.slash("imagine", prompt=prompt, **where)).ack()
        return await self.new_result(known, channel)

    async def press(self, message: Message, button: str) -> Message:
        """Press a button and wait for the result that it brings."""
        channel = message["channel_id"]
        known = {each["id"] for each in self.results(channel)}
        await (await self.click(message, button)).ack()
        return await self.new_result(known, channel)

    async def new_result(self, known: set[str], channel: object = "imagine") -> Message:
        """The first result that is not among `known`, once no progress is shown any more."""

        def arrived() -> Message | None:
            fresh = [each for each in self.results(channel) if each["id"] not in known]
            return fresh[0] if fresh and not self.notices(channel) else None

        found = await self.sandbox.wait_for(arrived, PATIENCE_S)
        assert found is not None
        return found

    async def refused(self, asked: Invocation) -> str:
        """The private answer to something this person did, wherever it was said."""
        await asked.ack()

        def said() -> list[str]:
            return [text_of(reply) for reply in asked.replies if reply["flags"] & EPHEMERAL]

        [text] = await self.sandbox.wait_for(said)
        return text

    async def until_drawing(self, channel: object = "imagine") -> Message:
        """The progress message of a "slow" prompt, once the gate holds its drawing up."""
        return await self.until_said("(33%)", channel)

    async def until_said(self, words: str, channel: object = "imagine") -> Message:
        """The newest public message without a picture that says these words."""

        def said() -> list[Message]:
            return [each for each in self.notices(channel) if words in each["content"]]

        return (await self.sandbox.wait_for(said, PATIENCE_S))[-1]
