"""Random draws of a run: those of an attempt before it once more, and as steps of the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..arrays.array import Array
from ..arrays.batched import Batched
from ..transforms.draws import BATCHES, Batch, Draws, draw_in
from .doors import slots_of
from .program import Ref, Step
from .tracing import bare
from .values import Number, Untraceable

if TYPE_CHECKING:
    from .trace import Trace


class GivenDraws(Draws):
    """Random draws that begin with the numbers that an attempt before this one has drawn already."""

    __slots__ = ("given", "keys")

    def __init__(self, given: Sequence[Any], keys: Sequence[Any] = ()) -> None:
        super().__init__()
        self.given = list(given)
        self.keys = list(keys)
        """Of what was drawn, as far as that is known, what drew it: another course may draw something else."""

    def take(self, draw: Callable[..., Any], parameters: dict[str, Any]) -> Any:
        place, key = len(self.taken), _key_of(draw)
        if place < len(self.keys) and self.keys[place] != key:
            del self.given[place:]
        self.keys[place:] = [key, *self.keys[place + 1 :]]
        if place < len(self.given):
            drawn = self.given[place]
        elif self.outer is not None:
            drawn = self.outer.take(draw, parameters)
        else:
            drawn = draw_in(BATCHES.get(), draw, parameters)
        self.taken.append(drawn)
        return drawn

    def enter(self, numbers: Any, made: Array, make: Callable[..., Array]) -> None:
        pass


def _key_of(draw: Callable[..., Any]) -> Any:
    """What tells one draw from another: its code, and what that refers to."""
    if isinstance(draw, partial):
        return _key_of(draw.func), repr(draw.args)[:200], repr(draw.keywords)[:200]
    cells = getattr(draw, "__closure__", None) or ()
    return getattr(draw, "__code__", draw), [repr(cell.cell_contents)[:200] for cell in cells]


class Drawing:
    """How a step draws: what it calls, in which vmaps, with which numbers; equal to another that draws alike."""

    __slots__ = ("batches", "draw", "fixed", "key")

    def __init__(self, batches: tuple[Batch, ...], draw: Callable[..., Any], fixed: dict[str, Any]) -> None:
        self.batches, self.draw, self.fixed = batches, draw, fixed
        self.key = repr((batches, _key_of(draw), fixed))

    def __repr__(self) -> str:
        return str(getattr(getattr(self.draw, "func", self.draw), "__name__", self.draw))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Drawing) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def draw_again(drawn: list[Any], drawing: Drawing, **hosts: Any) -> Any:
    """New numbers, of which a list takes note."""
    drawn.append(draw_in(drawing.batches, drawing.draw, {**drawing.fixed, **hosts}))
    return drawn[-1][0]


class TracingDraws(GivenDraws):
    """Random draws while a function is traced: each is a step, which draws again in each call of the program."""

    __slots__ = ("numbers", "trace")

    def __init__(self, trace: Trace, given: Sequence[Any]) -> None:
        super().__init__(given)
        self.trace = trace
        self.numbers: dict[int, tuple[Any, Ref]] = {}

    def take(self, draw: Callable[..., Any], parameters: dict[str, Any]) -> Any:
        trace, batches = self.trace, BATCHES.get()
        hosts = {}
        for name, p in parameters.items():
            if isinstance(p, Number):
                hosts[name] = p
            elif isinstance(p, Array):
                if batches or isinstance(p._value, Batched):
                    raise Untraceable("a random draw under vmap whose parameters are arrays")
                hosts[name] = p._kernels.to_numpy(p._value)
        fixed = {name: p for name, p in parameters.items() if name not in hosts}
        drawn = super().take(draw, {**fixed, **{name: bare(p) for name, p in hosts.items()}})
        result = trace.fresh(drawn[0])
        given = Drawing(batches, draw, fixed), {n: h.ref for n, h in hosts.items()}
        trace.note(Step("draw", draw_again, given[:1], given[1], (result,), pure=False, fresh=True))
        self.numbers[id(drawn[0])] = drawn[0], result
        return drawn

    def enter(self, numbers: Any, made: Array, make: Callable[..., Array]) -> None:
        _, drawn = self.numbers[id(numbers)]
        trace = self.trace
        raw = slots_of(type(made))["_value"].__get__(made)

        def value_of(numbers: Any) -> Any:
            return make(numbers)._value

        result = trace.fresh(raw)
        trace.note(Step("make", value_of, (drawn,), {}, (result,), fresh=True))
        trace.hold(made, raw, result)
