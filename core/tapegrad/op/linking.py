"""Makes functions and classes of what `source.py` and `nodes.py` write, each when it is first needed.

`dataclasses` writes `__init__` in this way. What is written is registered with `linecache`, so that tracebacks show it.
"""

from __future__ import annotations

import builtins
import linecache
import types
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any

from ..engines.tables import OPS
from ..errors import NoGradientError
from ..tape.mode import LIVE, MODE
from ..tape.nodes import Node, freed
from . import call
from .nodes import NodeCode
from .record import Op
from .source import CallCode
from .words import Declared

_numbers = count(1)


def execute(source: str, names: dict[str, Any], title: str) -> None:
    filename = f"<tapegrad {title} #{next(_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)


_SHARED = """
    INSPECTED NUMBERS Output PLAIN RECORDING check_thread cotangents_of_outputs deposit explain inspect_result
    next_seq plain_keyword push_by_transpose refusal results slow_call unlike
"""
NAMES: dict[str, Any] = {
    "__name__": __name__,
    "__builtins__": vars(builtins),  # a warning of NumPy's looks for them in the globals of the frame
    "_all_plain": call.PLAIN.issuperset,
    "_LIVE": LIVE,
    "_freed": freed,
    "_mode": MODE.get,
    **{f"_{name}": getattr(call, name) for name in _SHARED.split()},
}
"""The global names of all code that is written for ops; no parameter of an op may have one of them."""


class OpNode(Node):
    """The base of written node classes. `pull` is written with the class, `push` when it is asked for."""

    __slots__ = ()
    op: Op
    bits: int

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        cls = type(self)
        names = _names_of(cls.op)
        execute(NodeCode(cls.op, cls.bits).push_source(), names, f"{cls.op.name} forward")
        cls.push = names["push"]  # type: ignore[method-assign]
        return self.push(xp, wrap, table)

    def explained(self, value: Any, error: Exception) -> Exception | None:
        return call.explain_derivative(self.op, value, error)


def _names_of(op: Op) -> dict[str, Any]:
    """The global names of the code of an op's nodes."""
    formulas = {f"_f_{name}": formula.fn for name, formula in op.formulas.items()}
    return NAMES | formulas | {"_f_jvp": None if op.jvp is None else op.jvp.fn}


PULLS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {}
"""Wrappers of the written `pull` of an op, by the op's name."""


def node_class(op: Op, bits: int) -> tuple[type[OpNode], Callable[..., OpNode]]:
    """The node class of an op for one variant, and a function that makes a node; `NoGradientError` without a rule."""
    for i, name in enumerate(op.arrays):
        if bits >> i & 1 and name not in op.formulas:
            raise NoGradientError(
                f"{op.name}() has no derivative in {name!r}; pass {name}.detach() to treat it as a constant"
            )
    code, names = NodeCode(op, bits), _names_of(op)
    execute(code.pull_source() + code.parents_source() + code.record_source(), names, f"{op.name} backward")
    members = {"__slots__": tuple(code.slots), "__module__": __name__, "op": op, "bits": bits, "label": op.name}
    pull = PULLS[op.name](names["pull"]) if op.name in PULLS else names["pull"]
    members |= {"pull": pull, "parents": names["parents"]}
    cls: type[OpNode] = type(f"{op.name}_{'_'.join(code.recorded)}", (OpNode,), members)
    names["_node_class"] = cls
    return cls, names["record"]


class Recorders(dict[int, Callable[..., OpNode]]):
    """What makes the nodes of an op, by the number of the variant; each is written when it is first asked for.

    A global name of the public function, such as `_class_3`, makes the class when it is first called, and is the class
    from then on.
    """

    def __init__(self, op: Op, names: dict[str, Any]) -> None:
        self.op, self.names = op, names
        for number in range(1, 1 << len(op.inputs)):
            names[f"_class_{number}"] = partial(self._first, number)

    def __missing__(self, number: int) -> Callable[..., OpNode]:
        self.names[f"_class_{number}"], self[number] = node_class(self.op, number)
        return self[number]

    def _first(self, number: int) -> OpNode:
        """The first node of a variant, for the function to fill."""
        self[number]
        node: OpNode = self.names[f"_class_{number}"]()
        return node


def public_function(op: Op) -> Callable[..., Any]:
    """The public function of an op; its code is written when it is first called."""
    names = NAMES | {f"_d_{name}": default for name, default in op.keywords.items()}
    recorders = Recorders(op, names)

    def first_call(args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
        if op.same:
            names["_record_same"] = OPS[op.same].recorder(1)
        written = dict(names)
        execute(CallCode(op).source(), written, op.name)
        source = written[op.name]
        function.__code__ = source.__code__
        function.__defaults__ = source.__defaults__
        function.__kwdefaults__ = source.__kwdefaults__
        return function(*args, **keywords)

    names |= {"_op": op, "_recorders": recorders, "_recorded": op.recorded, "_first_call": first_call}
    op.recorder = recorders.__getitem__
    function = types.FunctionType(_stub.__code__, names, op.name)
    function.__module__ = op.module
    function.__qualname__ = op.name
    function.__wrapped__ = Declared(op)  # type: ignore[attr-defined]  # where inspect finds the signature
    function.__tapegrad_op__ = op  # type: ignore[attr-defined]
    return function


def _stub(*args: Any, **keywords: Any) -> Any:
    return _first_call(args, keywords)  # type: ignore[name-defined]  # noqa: F821
