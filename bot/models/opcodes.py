"""A pickle followed opcode by opcode: the tables in it, with shapes in place of tensors.

A pickle is a program, which may have any function called. Here nothing is looked up or called: of
what it names a few make tensors, whose shape is among their arguments, and all else is nothing.
Knows opcodes; not files.
"""

from __future__ import annotations

import itertools
import pickletools
from collections.abc import Iterator
from typing import IO, Any

_DEEPEST = 4
_ENTRIES = 300_000
"""So many are looked at; a checkpoint has some thousands."""
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": list, "EMPTY_SET": list}
_ROWS = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Shape(tuple[int, ...]):
    """That of a tensor."""

    __slots__ = ()


class Program:
    """Followed as far as it makes sense: `made` is what it leaves, `names` are the functions and
    classes that it names ("module name"), `texts` are all texts in it.

    Raises ValueError, UnpicklingError or UnicodeDecodeError for bytes that are no pickle.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.made: Any = None
        self.names: set[str] = set()
        self.texts: set[str] = set()
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        sound = True
        for code, value, _ in pickletools.genops(stream):
            if isinstance(value, str) and "UNICODE" in code.name:
                self.texts.add(value)
            try:
                if sound:
                    self._follow(code.name, value)
            except (LookupError, TypeError, ValueError, AttributeError):
                sound = False

    def _follow(self, code: str, value: Any) -> None:
        if code in _CONSTANTS:
            self._stack.append(_CONSTANTS[code])
        elif code in _EMPTY:
            self._stack.append(_EMPTY[code]())
        elif not (self._keeps(code, value) or self._fills(code) or self._calls(code, value)):
            if value is None:
                raise ValueError(code)
            self._stack.append(value)

    def _keeps(self, code: str, value: Any) -> bool:
        """What concerns the stack and the memory; whether it was that."""
        match code:
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                self._below.append(self._stack)
                self._stack = []
            case "PUT" | "BINPUT" | "LONG_BINPUT" | "MEMOIZE":
                self._memo[len(self._memo) if value is None else value] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                self._stack.append(self._memo[value])
            case "DUP":
                self._stack.append(self._stack[-1])
            case "POP":
                self._stack.pop()
            case "POP_MARK":
                self._taken()
            case "STOP":
                self.made = self._stack.pop()
            case _:
                return False
        return True

    def _fills(self, code: str) -> bool:
        """Rows and tables, a set and a tuple as a row; whether it was that."""
        match code:
            case "TUPLE" | "LIST" | "FROZENSET":
                row = self._taken()
                self._stack.append(row)
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self._stack.append([self._stack.pop() for _ in range(_ROWS[code])][::-1])
            case "DICT":
                row = self._taken()
                self._stack.append(_table(row))
            case "APPEND":
                _extend(self._stack[-2], [self._stack.pop()])
            case "APPENDS" | "ADDITEMS":
                taken = self._taken()
                _extend(self._stack[-1], taken)
            case "SETITEM":
                value, key = self._stack.pop(), self._stack.pop()
                _fill(self._stack[-1], [key, value])
            case "SETITEMS":
                taken = self._taken()
                _fill(self._stack[-1], taken)
            case _:
                return False
        return True

    def _calls(self, code: str, value: Any) -> bool:
        """Names, and what is made by them; whether it was that."""
        match code:
            case "GLOBAL":
                self._name(value)
            case "STACK_GLOBAL":
                name, module = self._stack.pop(), self._stack.pop()
                self._name(f"{module} {name}")
            case "REDUCE" | "NEWOBJ":
                given, name = self._stack.pop(), self._stack.pop()
                self._stack.append(_made_by(name, given))
            case "INST" | "OBJ":
                self._taken()
                self._stack.append({})
                self.names |= {value} if value else set()
            case "BUILD":
                state = self._stack.pop()
                if isinstance(self._stack[-1], dict):
                    self._stack[-1].update(_parameters(state))
            case "PERSID":
                self._stack.append(None)
            case "BINPERSID":
                self._stack[-1] = None
            case _:
                return False
        return True

    def _name(self, name: str) -> None:
        self.names.add(name)
        self._stack.append(name)

    def _taken(self) -> list[Any]:
        """Everything down to the mark."""
        taken, self._stack = self._stack, self._below.pop()
        return taken


def _table(row: list[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    _fill(made, row)
    return made


def _fill(table: Any, row: list[Any]) -> None:
    if isinstance(table, dict):
        pairs = zip(row[::2], row[1::2], strict=True)
        table.update((key, value) for key, value in pairs if isinstance(key, str))


def _extend(row: Any, more: list[Any]) -> None:
    if isinstance(row, list):
        row.extend(more)


def _made_by(name: str, given: Any) -> Any:
    match name:
        case (
            "torch._utils _rebuild_tensor"
            | "torch._utils _rebuild_tensor_v2"
            | "torch._utils _rebuild_tensor_v3"
        ):
            return Shape(map(int, given[2]))
        case "torch._utils _rebuild_parameter" | "torch._utils _rebuild_parameter_with_state":
            return given[0]
        case "torch._tensor _rebuild_from_type_v2":
            return _made_by(given[0], given[2])
        case "torch Size":
            return given[0]
        case "collections OrderedDict" if given:
            return _table(list(itertools.chain.from_iterable(given[0])))
    return {}


def _parameters(state: Any) -> dict[str, Any]:
    """Of torch's ParameterDict, which is a table of them."""
    held = state.get("_parameters") if isinstance(state, dict) else None
    return held if isinstance(held, dict) else {}


def walked(tables: Any) -> Iterator[tuple[str, Shape]]:
    """Every shape in tables of tables, by its path with dots. A table that lies in many
    places is in each of them, so that not all are looked at."""
    return _walked(tables, "", _DEEPEST, itertools.repeat(None, _ENTRIES))


def _walked(
    table: Any, at: str, deep: int, left: Iterator[None]
) -> Iterator[tuple[str, Shape]]:  # fmt: skip
    if not isinstance(table, dict) or not deep:
        return
    for (name, each), _ in zip(table.items(), left, strict=False):
        if isinstance(each, Shape):
            yield f"{at}{name}", each
        yield from _walked(each, f"{at}{name}.", deep - 1, left)
