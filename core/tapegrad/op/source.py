"""From formulas to straight-line Python, once per op and set of recorded inputs.

Two things are written here, as `dataclasses` writes `__init__`, and registered with `linecache` so that tracebacks show
them: the public function of an op (`compile_call`), which computes and, where an input is tracked, leaves a node; and
the class of that node (`compile_node`), whose methods are the op's formulas with every name already resolved. Both are
written when they are first needed, so that importing an op costs next to nothing.
"""

from __future__ import annotations

import builtins
import inspect
import linecache
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..arrays.array import handle
from ..engines.tables import OPS, RECORDED
from ..errors import NoGradientError
from ..tape.guards import LIVE, check_thread
from ..tape.mode import MODE, RECORDING, Scope
from ..tape.nodes import Leaf, Node, Output, freed, next_seq
from ..tape.sweep import reverse_sweep
from .record import Formula, Op
from .words import explained

_counter = 0

_PROJECTION = (lambda x: x).__code__.co_code
"""The code of a formula that is just one of its names; it is written out instead of called."""

_KERNEL_CALLS = [f.__code__.co_code for f in (lambda xp, x: xp.f(x), lambda xp, x, y: xp.f(x, y))]
"""The code of formulas that hand all they ask for to one kernel or op; such a call is written out, too."""

_SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "negative": "-"}
"""Ops that are Python's operators on the arrays of every engine, where the operator is the fastest spelling.

Not division: compilers like to multiply by the reciprocal instead, and an engine must be able to forbid it.
"""


_NUMBERS = frozenset((int, float, type(None)))
"""What a keyword that is a number usually is."""


def _execute(source: str, space: dict[str, Any], title: str) -> None:
    global _counter
    _counter += 1
    filename = f"<tapegrad {title} #{_counter}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), space)


@dataclass(frozen=True, slots=True)
class Key:
    """What a node's code depends on: which inputs are recorded, which were broadcast, whether numbers are complex."""

    recorded: tuple[bool, ...]
    stretched: tuple[bool, ...]
    complex: bool


class PlanNode(Node):
    """The base of the written classes. What a first-order sweep needs is written at once, the rest when asked for."""

    __slots__ = ()
    op: Op
    key: Key

    def pull_batched(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        _complete(type(self))
        return self.pull_batched(g, table, fresh, free)

    def pull_recorded(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        _complete(type(self))
        return self.pull_recorded(g, table, fresh, free)

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        _complete(type(self))
        return self.push(xp, wrap, table)


class _Layout:
    """Which names a node of an op keeps for a key, and under what expression each is had when recording."""

    def __init__(self, op: Op, key: Key) -> None:
        self.op = op
        self.key = key
        self.recorded = [name for name, on in zip(op.arrays, key.recorded, strict=True) if on]
        self.stretched = {name for name, on in zip(op.arrays, key.stretched, strict=True) if on}
        wanted: dict[str, None] = {}
        for name in self.recorded:
            for asked in self.formula(name).names:
                wanted[asked] = None
        if op.kind in ("linear", "multilinear"):
            wanted.update(dict.fromkeys(op.keywords))
            wanted.update(dict.fromkeys(name for name in op.arrays if name in op.constant))
        if op.jvp is not None:
            wanted.update(dict.fromkeys(op.jvp.names))
        self.kept: dict[str, str] = {}
        outs = op.outs if isinstance(op.outs, tuple) else ()
        for name in wanted:
            if name in ("xp", "g") or (name.startswith(("g_", "d_")) and name not in op.arrays + tuple(op.keywords)):
                continue
            if name in op.keywords:
                self.kept[name] = name
            elif name in outs:
                self.kept[name] = f"out[{outs.index(name)}]"
            elif name == "out":
                self.kept[name] = "out"
            elif name.startswith("spec_"):
                self.kept[name] = self.spec_of(name[5:])
            elif op.kind == "linear" and name not in op.constant:
                self.kept[f"spec_{name}"] = self.spec_of(name)
            else:
                self.kept[name] = f"v_{name}"
        several = [name for name in op.inputs if name not in op.constant and name not in op.optional]
        if op.kind == "linear" and len(several) > 1:
            self.kept.update({f"spec_{name}": self.spec_of(name) for name in several})
        if op.kind == "linear" and op.variadic in self.recorded:
            self.kept[f"spec_{op.variadic}"] = self.spec_of(op.variadic)
        if op.kind == "multilinear":
            self.kept.update({f"shape_{name}": f"v_{name}.shape" for name in self.recorded})
            if len(self.recorded) > 0:
                others = [n for n in op.inputs if n not in self.recorded or len(self.recorded) > 1]
                self.kept.update({name: f"v_{name}" for name in others})
        if op.kind == "elementwise":
            self.kept.update({f"shape_{name}": f"v_{name}.shape" for name in self.recorded if name in self.stretched})
            if self.stretched:
                self.kept["shape_out"] = "out.shape"
        if op.outs or (op.kind == "op" and op.jvp is None):
            self.kept["shape_out"] = "[o.shape for o in out]" if op.outs else "out.shape"
        if op.kind == "op" and op.jvp is None:
            self.kept["dtype_out"] = "[xp.dtype_of(o) for o in out]" if op.outs else "xp.dtype_of(out)"

    def spec_of(self, name: str) -> str:
        if name == self.op.variadic:
            return f"[xp.spec(v) for v in v_{name}]"
        if name in self.op.optional:
            return f"None if v_{name} is None else xp.spec(v_{name})"
        return f"xp.spec(v_{name})"

    def formula(self, name: str) -> Formula:
        return self.op.formulas[name]

    def save(self, indent: str, make: str) -> list[str]:
        """Lines that make the node `n` and fill it."""
        lines = [f"node = ({make})()" if " or " in make else f"node = {make}()", "node.seq = _seq()", "node.xp = xp"]
        lines += [f"node.p_{name} = p_{name}" for name in self.recorded]
        lines += [f"node.s_{name} = {source}" for name, source in self.kept.items()]
        return [indent + line for line in lines]

    def is_array(self, name: str) -> bool:
        return not (name in self.op.keywords or name.startswith(("spec_", "shape_", "dtype_")))

    def load(self, indent: str, flavour: str) -> list[str]:
        """Lines that give each kept name its value, for one flavour of method.

        Parents are read last: if the first is there, so was all that was read before, whichever thread sweeps besides.
        """
        op = self.op
        outs = op.outs if isinstance(op.outs, tuple) else ()
        lines = ["_own = node.xp"] if flavour != "raw" and any(map(self.is_array, self.kept)) else []
        lines += [f"{name} = node.s_{name}" for name in self.kept]
        lines += [f"p_{name} = node.p_{name}" for name in self.recorded]
        if self.recorded:
            lines += [f"if p_{self.recorded[0]} is None:", "    raise _freed(node)"]
        for name in self.kept if flavour != "raw" else ():
            if not self.is_array(name):
                continue
            if name == op.variadic:
                nodes = f"p_{name}" if name in self.recorded else f"(None,) * len({name})"
                wrapped = f"[_wrap(v, p, _own) for v, p in zip({name}, {nodes})]"
            elif name == "out" and op.outs:
                wrapped = "[_wrap(v, _Output(node, i), _own) for i, v in enumerate(out)]"
            elif name == "out":
                wrapped = "_wrap(out, node, _own)"
            elif name in outs:
                # As when it was handed out: an output of integers has no place on the tape.
                parent = f"_Output(node, {outs.index(name)}) if {name}.dtype in _own.inexact else None"
                wrapped = f"_wrap({name}, {parent}, _own)"
            else:
                wrapped = f"_wrap({name}, {f'p_{name}' if name in self.recorded else None}, _own)"
            if name in op.optional:
                wrapped = f"None if {name} is None else {wrapped}"
            if flavour == "either":
                wrapped = f"{name} if wrap is None else ({wrapped})"
            lines.append(f"{name} = {wrapped}")
        return [indent + line for line in lines]

    def call(self, name: str, g: str, *, conjugate: bool) -> str:
        """The expression for what the formula of an input makes of `g`, a cotangent or tangent."""
        formula = self.formula(name)
        op = self.op
        if formula.constant is not None:
            if formula.constant == 1:
                return g
            if formula.constant == 0:
                return f"xp.zeros_like({g})"  # 0 even where the cotangent is infinite
            return f"-{g}" if formula.constant == -1 else f"{g} * {formula.constant!r}"
        conjugate = conjugate and self.key.complex and op.kind != "op"
        whole = op.kind != "elementwise" or "g" in formula.names
        inner = g
        if conjugate and whole:
            inner = f"[xp.conj(i) for i in {g}]" if op.outs is True else f"xp.conj({g})"
        arguments = []
        for asked in formula.names:
            if asked == "g":
                arguments.append(inner)
            elif op.kind == "linear" and asked in op.arrays and asked not in op.constant:
                arguments.append(f"spec_{asked}")
            else:
                arguments.append(asked)
        code = formula.fn.__code__ if formula.fn is not None else None
        value = f"_f_{name}({', '.join(arguments)})"
        if code is not None and not code.co_freevars:
            if code.co_code == _PROJECTION and len(arguments) == 1:
                value = arguments[0]
            elif code.co_code in _KERNEL_CALLS and code.co_varnames[0] == "xp":
                value = f"xp.{code.co_names[0]}({', '.join(arguments[1:])})"
        if whole:
            if conjugate and name == op.variadic:
                return f"[None if i is None else xp.conj(i) for i in {value}]"
            return f"xp.conj({value})" if conjugate else value
        return f"{g} * xp.conj({value})" if conjugate else f"{g} * {value}"


def _deposit(indent: str, parent: str, value: str, met: str) -> list[str]:
    return [
        indent + line
        for line in (
            f"_t = table.get({parent})",
            "if _t is None:",
            f"    table[{parent}] = {value}",
            f"    {met}",
            "else:",
            f"    table[{parent}] = _t + {value}",
        )
    ]


def _write_pull(layout: _Layout, title: str, flavour: str, xp: str, last: bool = False) -> list[str]:
    """A method that pulls back a cotangent; with `last`, one that frees and returns a parent with its cotangent."""
    op, pad = layout.op, "    "
    lines = [f"def {title}(node, g, table, fresh{'' if last else ', free'}):"]
    lines += layout.load(pad, flavour)
    start = len(lines)
    if isinstance(op.outs, tuple) and op.outs:
        asked = {a for name in layout.recorded for a in layout.formula(name).names}
        defaults = {a for name in layout.recorded for a in layout.formula(name).defaults}
        for index, out in enumerate(op.outs):
            if f"g_{out}" in asked:
                lines.append(f"{pad}g_{out} = g.get({index})")
                if f"g_{out}" not in defaults:
                    lines.append(f"{pad}if g_{out} is None:")
                    lines.append(
                        f"{pad}    g_{out} = xp.filled(next(iter(g.values())), shape=shape_out[{index}], value=0)"
                    )
    elif op.outs:
        lines.append(f"{pad}g = [g.get(i) for i in range(len(shape_out))]")
        lines.append(f"{pad}some = next(v for v in g if v is not None)")
        lines.append(f"{pad}g = [xp.filled(some, shape=s, value=0) if v is None else v for v, s in zip(g, shape_out)]")
    clear = " = ".join([f"node.p_{name}" for name in layout.recorded] + [f"node.s_{name}" for name in layout.kept])
    if last:
        lines += [f"{pad}{clear} = None", f"{pad}node.xp = fresh"]
    else:
        lines += [f"{pad}if free:", f"{pad}    {clear} = None"]
    in_hand = layout.recorded[0] if last and layout.recorded[0] != op.variadic else None
    for n, name in enumerate(layout.recorded):
        value = f"g_of_{name}"
        lines.append(f"{pad}{value} = {layout.call(name, 'g', conjugate=True)}")
        if last and n + 1 < len(layout.recorded):
            # What the next formulas do not need makes room for their results.
            later = {asked for other in layout.recorded[n + 1 :] for asked in layout.formula(other).names}
            asked_here = layout.formula(name).names
            spent = [kept for kept in asked_here if kept in layout.kept and layout.is_array(kept) and kept not in later]
            lines += [f"{pad}del {', '.join(spent)}"] if spent else []
        if name == op.variadic:
            lines.append(f"{pad}for p, v in zip(p_{name}, {value}):")
            lines.append(f"{pad}    if p is not None and v is not None:")
            lines += _deposit(pad * 3, "p", "v", "fresh.append(p)")
            continue
        if op.kind == "elementwise" and name in layout.stretched:
            lines.append(f"{pad}{value} = xp.unbroadcast({value}, shape=shape_{name})")
        if op.kind == "multilinear":
            lines.append(f"{pad}if {value}.shape != shape_{name}:")
            lines.append(f"{pad}    {value} = xp.unbroadcast({value}, shape=shape_{name})")
        if name != in_hand:
            at_the_end = not last and name == layout.recorded[-1]
            met = f"return p_{name}" if at_the_end else f"fresh.append(p_{name})"
            lines += _deposit(pad, f"p_{name}", value, met)
    if last:
        lines.append(f"{pad}return p_{in_hand}, g_of_{in_hand}" if in_hand else f"{pad}return None, None")
    if any("xp" in line for line in lines[start:] if line != f"{pad}node.xp = fresh"):
        lines.insert(1, f"{pad}xp = {xp}")
    return lines


def _write_push(layout: _Layout) -> list[str]:
    op, pad = layout.op, "    "
    if op.kind == "op" and op.jvp is None:
        return ["def push(node, xp, wrap, table):", f"{pad}return _push_by_transpose(node, xp, wrap, table)"]
    lines = ["def push(node, xp, wrap, table):", f"{pad}if xp is None:", f"{pad}    xp = node.xp"]
    lines += layout.load(pad, "either")
    for name in layout.recorded:
        if name == op.variadic:
            lines.append(f"{pad}d_{name} = [None if p is None else table.get(p) for p in p_{name}]")
        else:
            lines.append(f"{pad}d_{name} = table.get(p_{name})")
    keywords = "".join(f", {name}={name}" for name in op.keywords)
    if op.kind == "op":
        assert op.jvp is not None and op.jvp.fn is not None
        nothing = " and ".join(f"d_{name} is None" for name in layout.recorded)
        lines += [f"{pad}if {nothing}:", f"{pad}    return None"]
        known = {f"d_{name}" for name in layout.recorded}
        arguments = ["None" if a.startswith("d_") and a not in known else a for a in op.jvp.names]
        lines.append(f"{pad}return _f_jvp({', '.join(arguments)})")
        return lines
    if op.kind == "elementwise":
        lines.append(f"{pad}out_t = None")
        for name in layout.recorded:
            lines.append(f"{pad}if d_{name} is not None:")
            lines.append(f"{pad}    _t = {layout.call(name, f'd_{name}', conjugate=False)}")
            lines.append(f"{pad}    out_t = _t if out_t is None else out_t + _t")
        if layout.stretched:
            lines.append(f"{pad}if out_t is not None and out_t.shape != shape_out:")
            lines.append(f"{pad}    out_t = xp.broadcast_to(out_t, shape=shape_out)")
        lines.append(f"{pad}return out_t")
        return lines
    if op.kind == "multilinear":
        lines.append(f"{pad}out_t = None")
        for name in layout.recorded:
            arguments = [f"d_{name}" if other == name else other for other in op.inputs]
            lines.append(f"{pad}if d_{name} is not None:")
            lines.append(f"{pad}    _t = xp.{op.name}({', '.join(arguments)}{keywords})")
            lines.append(f"{pad}    out_t = _t if out_t is None else out_t + _t")
        lines.append(f"{pad}return out_t")
        return lines
    if op.variadic in layout.recorded:
        name = op.variadic
        lines.append(f"{pad}some = next((d for d in d_{name} if d is not None), None)")
        lines += [f"{pad}if some is None:", f"{pad}    return None"]
        lines.append(
            f"{pad}d_{name} = [xp.filled(some, shape=s.shape, value=0) if d is None else d"
            f" for d, s in zip(d_{name}, spec_{name})]"
        )
        lines.append(f"{pad}return xp.{op.name}(*d_{name}{keywords})")
        return lines
    nothing = " and ".join(f"d_{name} is None" for name in layout.recorded)
    lines += [f"{pad}if {nothing}:", f"{pad}    return None"]
    several = [name for name in op.inputs if name not in op.constant]
    if len(several) > 1:
        some = ", ".join(f"d_{name}" for name in layout.recorded)
        lines.append(f"{pad}some = next(d for d in ({some},) if d is not None)")
        for name in several:
            fill = f"xp.filled(some, shape=spec_{name}.shape, value=0)"
            if name not in layout.recorded:
                lines.append(f"{pad}d_{name} = {fill}")
            else:
                lines += [f"{pad}if d_{name} is None:", f"{pad}    d_{name} = {fill}"]
    arguments = [name if name in op.constant else f"d_{name}" for name in op.inputs]
    if op.variadic:
        arguments.append(f"*{op.variadic}")
    lines.append(f"{pad}return xp.{op.name}({', '.join(arguments)}{keywords})")
    return lines


def _push_by_transpose(n: PlanNode, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
    """The tangent of an op that only has a vjp: the vjp is linear in its cotangent, and its transpose is the jvp."""
    from ..arrays.batched import wrap as to_array

    if xp is None:
        xp = n.xp
    given = {parent: table[parent] for parent in n.parents() if parent in table}
    if not given:
        return None
    some = next(iter(given.values()))
    several = bool(n.op.outs)
    kept = (n.s_shape_out, n.s_dtype_out)  # type: ignore[attr-defined]
    outs = list(zip(*kept, strict=True)) if several else [kept]
    leaves: list[Node] = [Leaf() for _ in outs]
    since = next_seq()
    with Scope(RECORDING):
        example = (some if wrap else to_array(some, None, n.xp)).detach()
        zeros = [RECORDED.astype(RECORDED.filled(example, shape=shape, value=0), dtype=dtype) for shape, dtype in outs]
        heads = [to_array(z._value, leaf, z._xp) for z, leaf in zip(zeros, leaves, strict=True)]
        pulled: dict[Node, Any] = {}
        n.pull_recorded(dict(enumerate(heads)) if several else heads[0], pulled, [], False)
    seeds = [(pulled[p]._node, d) for p, d in given.items() if p in pulled and pulled[p]._node is not None]
    seeds = [seed for seed in seeds if seed[0].seq >= since or seed[0] in leaves]
    found = reverse_sweep(seeds, recorded=wrap is not None, free=False, since=since)
    tangents = [found.get(leaf) for leaf in leaves]
    filled = [
        xp.filled(some, shape=shape, value=0)
        if tangent is None
        # A real output of a complex input: the transpose has an imaginary part that no cotangent of it ever meets.
        else xp.real(tangent)
        if xp.isdtype(tangent.dtype, "complex floating") and not xp.isdtype(dtype, "complex floating")
        else tangent
        for tangent, (shape, dtype) in zip(tangents, outs, strict=True)
    ]
    return tuple(filled) if several else filled[0]


def compile_node(op: Op, key: Key) -> type[PlanNode]:
    """The node class of an op for one set of recorded inputs. Raises `NoGradientError` where a rule is missing."""
    for name, on in zip(op.arrays, key.recorded, strict=True):
        if on and name not in op.formulas:
            raise NoGradientError(
                f"{op.name}() has no derivative in {name!r}; pass {name}.detach() to treat it as a constant"
            )
    layout = _Layout(op, key)
    space = _space(op)
    lines = _write_pull(layout, "pull", "raw", "node.xp")
    lines += _write_pull(layout, "pull_last", "raw", "node.xp", last=True)
    several = op.variadic in layout.recorded
    nodes = ", ".join(f"node.p_{name}" for name in layout.recorded)
    lines += [
        "def parents(node):",
        f"    if node.p_{layout.recorded[0]} is None:",
        "        raise _freed(node)",
        f"    return tuple(p for p in {nodes} if p is not None)" if several else f"    return ({nodes},)",
    ]
    _execute("\n".join(lines) + "\n", space, f"{op.name} backward")
    return type(
        f"{op.name}_{'_'.join(layout.recorded)}",
        (PlanNode,),
        {
            "__slots__": tuple(f"p_{name}" for name in layout.recorded) + tuple(f"s_{name}" for name in layout.kept),
            "__module__": __name__,
            "op": op,
            "key": key,
            "label": op.name,
            "pull": space["pull"],
            "pull_last": space["pull_last"],
            "parents": space["parents"],
        },
    )


def _complete(cls: type[PlanNode]) -> None:
    layout = _Layout(cls.op, cls.key)
    space = _space(cls.op)
    lines = _write_pull(layout, "pull_batched", "raw", "_BATCHED")
    lines += _write_pull(layout, "pull_recorded", "recorded", "_RECORDED")
    lines += _write_push(layout)
    _execute("\n".join(lines) + "\n", space, f"{cls.op.name} higher order")
    for name in ("pull_batched", "pull_recorded", "push"):
        setattr(cls, name, space[name])


def _space(op: Op) -> dict[str, Any]:
    from ..arrays.batched import BATCHED, wrap

    space: dict[str, Any] = {
        "_wrap": wrap,
        "_freed": freed,
        "_RECORDED": RECORDED,
        "_BATCHED": BATCHED,
        "_Output": Output,
        "_push_by_transpose": _push_by_transpose,
    }
    for name, formula in op.formulas.items():
        space[f"_f_{name}"] = formula.fn
    if op.jvp is not None:
        space["_f_jvp"] = op.jvp.fn
    return space


def _write_call(op: Op) -> str:
    """The public function of an op. The order is: alike operands or `_general`, compute, wrap, record if tracked."""
    inputs, pad = op.inputs, "    "
    parameters = list(inputs)
    parameters = [f"{name}=None" if name in op.optional else name for name in inputs]
    if op.variadic:
        parameters.append(f"*{op.variadic}")
    elif op.keywords:
        parameters.append("*")
    parameters += [
        name if default is inspect.Parameter.empty else f"{name}=_d_{name}" for name, default in op.keywords.items()
    ]
    keywords = "".join(f", {name}={name}" for name in op.keywords)
    bound = "{" + ", ".join(f"{name!r}: {name}" for name in op.keywords) + "}"
    everything = ", ".join([*inputs, *([f"*{op.variadic}"] if op.variadic else [])])
    general = f"return _general(_op, ({everything},), {bound})"
    lines = [f"def {op.name}({', '.join(parameters)}):"]
    for name in op.keywords:
        if "float" in str(op.body.__annotations__.get(name)):
            # A number that is an array of ours would be taken for a constant, and its gradient lost.
            lines.append(f"{pad}if {name}.__class__ not in _NUMBERS:")
            lines.append(f"{pad}    {name} = _number(_op, {name!r}, {name})")

    if op.variadic and op.variadic not in op.constant:
        return "\n".join(lines + _variadic_call(op, keywords, general)) + "\n"

    first = inputs[0]
    promoting = [name for name in inputs if name in op.promotes]
    scalar_ok = len(inputs) == 2 and op.kind in ("elementwise", "locally_constant") and set(promoting) == set(inputs)
    alike = []
    for name in inputs[1:]:
        test = f"{name}.__class__ is not _cls or {name}._xp is not xp"
        if name in promoting and name != promoting[0]:
            test += f" or {_unequal(f'{name}._value.dtype', f'{promoting[0]}._value.dtype')}"
        alike.append(f"({name} is not None and ({test}))" if name in op.optional else test)
    if op.variadic:
        alike.append(f"({op.variadic} and any(i.__class__ is not _cls or i._xp is not xp for i in {op.variadic}))")

    if op.kind == "elementwise" and len(inputs) <= 2 and not (op.constant or op.optional or op.variadic or op.keywords):
        lines += _alike_call(op)
    tracked = [name for name in inputs if name not in op.constant]
    if scalar_ok:
        lines += _pair(inputs[0], inputs[1], general)
    else:
        lines += [f"{pad}_cls = {first}.__class__"]
        lines += [f"{pad}try:", f"{pad}    xp = {first}._xp", f"{pad}    v_{first} = {first}._value"]
        if alike:
            lines += [f"{pad}    if {' or '.join(alike)}:", f"{pad}        {general}"]
        for name in inputs[1:]:
            lines.append(
                f"{pad}    v_{name} = "
                + (f"None if {name} is None else " if name in op.optional else "")
                + f"{name}._value"
            )
        if op.variadic:
            values = f"tuple([i._value for i in {op.variadic}]) if {op.variadic} else ()"
            lines.append(f"{pad}    v_{op.variadic} = {values}")
        lines += [f"{pad}except AttributeError:", f"{pad}    {general}"]
    for name in tracked if not scalar_ok else ():
        lines.append(
            f"{pad}p_{name} = " + (f"None if {name} is None else " if name in op.optional else "") + f"{name}._node"
        )
    if op.floats:
        lines += [
            f"{pad}if {_none(tracked) if tracked else 'True'} and v_{first}.dtype not in xp.inexact:",
            f"{pad}    {general}",
        ]
    if op.real:
        lines += [f"{pad}if v_{promoting[0]}.dtype in xp.complexes:", f"{pad}    raise _refusal(_op)"]
    values = ", ".join([f"v_{name}" for name in inputs] + ([f"*v_{op.variadic}"] if op.variadic else []))
    compute = _compute(op, values + keywords)
    lines += [
        f"{pad}try:",
        f"{pad}    out = {compute}",
        f"{pad}except Exception as _error:",
        *_failure(op, pad + "    ", values, f"raise _explain(_op, ({everything},), {bound}, _error)"),
    ]
    if op.outs:
        lines.append(f"{pad}out = tuple(out)")
    if op.kind == "locally_constant":
        lines += _hand_over(op, pad, "None")
        return "\n".join(lines) + "\n"
    lines += [f"{pad}if {_none(tracked)}:"] + _hand_over(op, pad * 2, "constant")
    lines += [f"{pad}_m = _mode()", f"{pad}if not _m & 1:"] + _strays(op, pad, tracked)
    lines += _hand_over(op, pad * 2, "None")
    if op.casts:
        lines += [f"{pad}if out.dtype not in xp.inexact:"] + _hand_over(op, pad * 2, "None")
    inline = len(inputs) <= 2 and len(tracked) == len(inputs) and not op.optional
    if inline:
        lines += _inline_nodes(op, pad)
    else:
        lines += _by_key(op, pad)
    lines += _hand_over(op, pad, "node")
    return "\n".join(lines) + "\n"


def _pair(x: str, y: str, general: str) -> list[str]:
    """Lines that take values and nodes from two operands: arrays of one dtype, or an array and a Python number."""
    lines = [
        f"if {x}.__class__ in _SCALARS:",
        f"    _cls = {y}.__class__",
        "    try:",
        f"        xp = {y}._xp",
        f"        v_{y} = {y}._value",
        f"        p_{y} = {y}._node",
        f"        v_{x} = xp.weak({x}, v_{y})",
        "    except AttributeError:",
        f"        {general}",
        f"    if v_{x} is None:",
        f"        {general}",
        f"    p_{x} = None",
        "else:",
        f"    _cls = {x}.__class__",
        "    try:",
        f"        xp = {x}._xp",
        f"        v_{x} = {x}._value",
        f"        p_{x} = {x}._node",
        f"        if {y}.__class__ is _cls:",
        f"            v_{y} = {y}._value",
        f"            p_{y} = {y}._node",
        f"            if {y}._xp is not xp or {_unequal(f'v_{y}.dtype', f'v_{x}.dtype')}:",
        f"                {general}",
        f"        elif {y}.__class__ in _SCALARS and (v_{y} := xp.weak({y}, v_{x})) is not None:",
        f"            p_{y} = None",
        "        else:",
        f"            {general}",
        "    except AttributeError:",
        f"        {general}",
    ]
    return ["    " + line for line in lines]


def _alike_call(op: Op) -> list[str]:
    """Lines for the commonest call of all: one array, two of one likeness, or one and a Python number.

    Nothing has to be converted or broadcast, and the result is of the same likeness; so nothing is asked of shapes and
    dtypes. Whatever else comes falls through to the lines that do ask.
    """
    inputs = op.inputs
    pad = "    "
    x, y = inputs[0], inputs[-1]
    lines = ["try:"]
    if len(inputs) == 1:
        lines += [f"    _like = {x}._like", f"    v_{x} = {x}._value", f"    p_{x} = {x}._node"]
    else:
        lines += [
            f"    if {y}.__class__ is {x}.__class__:",
            f"        _like = {x}._like",
            f"        if _like is {y}._like:",
            f"            v_{x} = {x}._value",
            f"            p_{x} = {x}._node",
            f"            v_{y} = {y}._value",
            f"            p_{y} = {y}._node",
            "        else:",
            "            _like = None",
        ]
        for number, array in ((y, x), (x, y)):
            lines += [
                f"    elif {number}.__class__ is float or {number}.__class__ is int:",
                f"        _like = {array}._like",
                "        if _like is not None:",
                f"            v_{array} = {array}._value",
                f"            p_{array} = {array}._node",
                f"            v_{number} = _like.scalars.get({number})",
                f"            if v_{number} is None:",
                f"                v_{number} = _like.scalar({number}, v_{array})",
                f"            p_{number} = None",
            ]
        lines += ["    else:", "        _like = None"]
    lines += ["except AttributeError:", "    _like = None", "if _like is not None:"]
    values = ", ".join(f"v_{name}" for name in inputs)
    lines += [
        "    xp = _like.xp",
        "    try:",
        f"        out = {_compute(op, values)}",
        "    except Exception as _error:",
        *_failure(op, "        ", values, f"raise _explain(_op, ({', '.join(inputs)},), {{}}, _error)"),
        "    made = _like.cls()",
        "    made._value = out",
        "    made._xp = xp",
        "    made._like = _like",
        f"    if {_none(list(inputs))}:",
        "        made._node = None",
        "        if _mode() & 1:",
        "            made._constant = True",
        "        return made",
        "    _m = _mode()",
        "    if not _m & 1:",
        *_strays(op, "    ", inputs),
        "        made._node = None",
        "        return made",
    ]
    cases = [(True,)] if len(inputs) == 1 else [(True, False), (False, True), (True, True)]
    heads = ["if True:"] if len(inputs) == 1 else [f"if p_{y} is None:", f"elif p_{x} is None:", "else:"]
    for head, case in zip(heads, cases, strict=True):
        unruled = any(on and name not in op.formulas for name, on in zip(inputs, case, strict=True))
        name = "_C" + "".join("1" if on else "0" for on in case)
        build = f"_build({name!r}, {case!r}, {(False,) * len(case)!r}, False)"
        lines.append(f"    {head}")
        if unruled:
            lines.append(f"        {build}")
        else:
            if op.same and head == "else:":
                lines.insert(len(lines) - 1, f"    elif p_{x} is p_{y} and v_{x} is v_{y}:")
                alone = _Layout(OPS[op.same], Key((True,), (False,), False))
                lines[-1:-1] = alone.save("        ", "_same or _build_same()")
            lines += _Layout(op, Key(case, (False,) * len(case), False)).save("        ", f"{name} or {build}")
    lines += ["    made._node = node", "    if _m > 7:", "        _inspect(_op, node, out)", "    return made"]
    return [pad + line for line in lines]


def _inline_nodes(op: Op, pad: str) -> list[str]:
    """Lines that make the common nodes at once: real, no broadcasting of recorded inputs, two inputs at most."""
    lines: list[str] = []
    inputs = op.inputs
    cases = [(True,)] if len(inputs) == 1 else [(True, False), (False, True), (True, True)]
    heads = (
        ["if True:"] if len(inputs) == 1 else [f"if p_{inputs[1]} is None:", f"elif p_{inputs[0]} is None:", "else:"]
    )
    for head, case in zip(heads, cases, strict=True):
        recorded = [name for name, on in zip(inputs, case, strict=True) if on]
        tests = []
        if op.kind == "elementwise" and len(inputs) == 2:
            tests.append(
                f"v_{recorded[0]}.shape == " + (f"v_{recorded[1]}.shape" if len(recorded) == 2 else "out.shape")
            )
        if op.kind != "op" and any(op.formulas[name].constant is None for name in recorded if name in op.formulas):
            tests.append(f"{'out[0]' if op.outs else 'out'}.dtype not in xp.complexes")
        deep = pad
        if len(inputs) == 2:
            lines.append(pad + head)
            deep += "    "
        name = "_C" + "".join("1" if on else "0" for on in case)
        of_all = case + (False,) * bool(op.variadic)  # a variadic input that comes here is a constant one
        build = f"_build({name!r}, {of_all!r}, {(False,) * len(of_all)!r}, False)"
        if any(name not in op.formulas for name in recorded):
            lines.append(deep + build)
            continue
        inner = deep
        if tests:
            lines.append(f"{deep}if {' and '.join(tests)}:")
            inner += "    "
        layout = _Layout(op, Key(of_all, (False,) * len(of_all), False))
        lines += layout.save(inner, f"{name} or {build}")
        if tests:
            lines.append(f"{deep}else:")
            lines += _by_key(op, deep + "    ")
    return lines


def _compute(op: Op, arguments: str) -> str:
    """The expression that computes the op: an operator where there is one, else a kernel."""
    symbol = _SYMBOLS.get(op.name)
    if symbol is None:
        return f"xp.{op.name}({arguments})"
    values = [f"v_{name}" for name in op.inputs]
    return f"{symbol}{values[0]}" if len(values) == 1 else f" {symbol} ".join(values)


def _failure(op: Op, pad: str, values: str, complain: str) -> list[str]:
    """Lines for when a kernel raises. An operator among batched values is tried again as a kernel: not every engine's
    arrays leave an operator to the other operand.
    """
    if op.name not in _SYMBOLS:
        return [pad + complain]
    return [f"{pad}if xp.backend is not None:", f"{pad}    {complain}", f"{pad}out = xp.{op.name}({values})"]


def _unequal(first: str, second: str) -> str:
    """The test whether two dtypes differ. Most engines have one object for each; the standard only promises `==`."""
    return f"({first} is not {second} and {first} != {second})"


def _none(names: list[str]) -> str:
    return " and ".join(f"p_{name} is None" for name in names)


def _strays(op: Op, pad: str, tracked: Sequence[str]) -> list[str]:
    """Lines that look, while a transform is running somewhere, whether this is a thread that loses its gradient."""
    nodes = ", ".join(f"p_{name}" for name in tracked)
    return [f"{pad}    if _live:", f"{pad}        _check_thread(({nodes},), {op.name + '()'!r})"]


def _hand_over(op: Op, pad: str, node: str) -> list[str]:
    """Lines that put the result into handles of the operands' face and return them.

    `node` is `node`, `None`, or `constant`: nothing was tracked, which is noted if it happens while recording.
    """
    lines = []
    if node == "node":
        lines += [f"{pad}if _m > 7:", f"{pad}    _inspect(_op, node, out)"]
    if op.outs:
        if node != "node":
            lines.append(f"{pad}return [_handle(_cls, v, None, xp) for v in out]")
        else:
            lines.append(
                f"{pad}return [_handle(_cls, v, _Output(node, i) if v.dtype in xp.inexact else None, xp)"
                " for i, v in enumerate(out)]"
            )
        return lines
    lines += [f"{pad}made = _cls()", f"{pad}made._value = out", f"{pad}made._xp = xp"]
    lines.append(f"{pad}made._like = xp.alike[_cls, out.dtype, out.shape]")
    lines.append(f"{pad}made._node = {'node' if node == 'node' else 'None'}")
    if node == "constant":
        lines += [f"{pad}if _mode() & 1:", f"{pad}    made._constant = True"]
    return [*lines, f"{pad}return made"]


def _by_key(op: Op, pad: str) -> list[str]:
    """Lines for the rarer nodes, found by which inputs are recorded, which were broadcast, whether any is complex."""
    recorded, stretched = [], []
    for name in op.inputs:
        recorded.append("False" if name in op.constant else f"p_{name} is not None")
        stretched.append(
            f"p_{name} is not None and v_{name}.shape != out.shape"
            if op.kind == "elementwise" and name not in op.constant
            else "False"
        )
    if op.variadic:
        recorded.append("False")
        stretched.append("False")
    out = "out[0]" if op.outs else "out"
    values = ", ".join([f"v_{name}" for name in op.arrays])
    parents = ", ".join("None" if name in op.constant else f"p_{name}" for name in op.inputs)
    keywords = "".join(f", {name}" for name in op.keywords)
    return [
        f"{pad}_key = (({', '.join(recorded)},), ({', '.join(stretched)},), {out}.dtype in xp.complexes)",
        f"{pad}node = (_fillers.get(_key) or _filler(_key))(xp, out, {values}, {parents}{keywords})",
    ]


def _variadic_call(op: Op, keywords: str, general: str) -> list[str]:
    name, pad = op.variadic, "    "
    out = "out[0]" if op.outs else "out"
    lines = [
        f"{pad}try:",
        f"{pad}    _first = {name}[0]",
        f"{pad}    _cls = _first.__class__",
        f"{pad}    xp = _first._xp",
        f"{pad}    _dtype = _first._value.dtype",
        f"{pad}    v_{name} = [x._value for x in {name}]",
        f"{pad}    if any(x.__class__ is not _cls or x._xp is not xp or {_unequal('x._value.dtype', '_dtype')}"
        f" for x in {name}):",
        f"{pad}        {general}",
        f"{pad}except (AttributeError, IndexError):",
        f"{pad}    {general}",
        f"{pad}p_{name} = tuple([x._node for x in {name}])",
    ]
    if op.floats:
        lines += [f"{pad}if _dtype not in xp.inexact:", f"{pad}    {general}"]
    bound = "{" + ", ".join(f"{key!r}: {key}" for key in op.keywords) + "}"
    lines += [
        f"{pad}try:",
        f"{pad}    out = xp.{op.name}(*v_{name}{keywords})",
        f"{pad}except Exception as _error:",
        f"{pad}    raise _explain(_op, {name}, {bound}, _error)",
    ]
    if op.outs:
        lines.append(f"{pad}out = tuple(out)")
    if op.kind == "locally_constant":
        return lines + _hand_over(op, pad, "None")
    lines += [f"{pad}if all([p is None for p in p_{name}]):"] + _hand_over(op, pad * 2, "constant")
    lines += [f"{pad}_m = _mode()", f"{pad}if not _m & 1:"]
    lines += [f"{pad}    if _live:", f"{pad}        _check_thread(p_{name}, {op.name + '()'!r})"]
    lines += _hand_over(op, pad * 2, "None")
    extra = "".join(f", {key}" for key in op.keywords)
    lines += [
        f"{pad}_key = ((True,), (False,), {out}.dtype in xp.complexes)",
        f"{pad}node = (_fillers.get(_key) or _filler(_key))(xp, out, v_{name}, p_{name}{extra})",
    ]
    return lines + _hand_over(op, pad, "node")


def compile_call(op: Op) -> Callable[..., Any]:
    """The public function of an op; its code is written when it is first called."""
    from . import call as dispatch

    space: dict[str, Any] = {
        "__name__": __name__,
        "__builtins__": vars(builtins),  # a warning of NumPy's looks for them in the globals of the frame
        "_op": op,
        "_seq": next_seq,
        "_mode": MODE.get,
        "_live": LIVE,
        "_check_thread": check_thread,
        "_fillers": {},
        "_Output": Output,
        "_general": dispatch.general,
        "_explain": dispatch.explain,
        "_refusal": dispatch.refusal,
        "_number": dispatch.number,
        "_NUMBERS": _NUMBERS,
        "_inspect": dispatch.inspect_result,
        "_handle": handle,
        "_SCALARS": frozenset((bool, int, float, complex)),
        "_C1": None,
        "_C10": None,
        "_C01": None,
        "_C11": None,
        "_same": None,
    }
    for name, default in op.keywords.items():
        space[f"_d_{name}"] = default

    def build(name: str, recorded: tuple[bool, ...], stretched: tuple[bool, ...], is_complex: bool) -> type[PlanNode]:
        cls = space[name] = compile_node(op, Key(recorded, stretched, is_complex))
        return cls

    def build_same() -> type[PlanNode]:
        cls = space["_same"] = compile_node(OPS[op.same], Key((True,), (False,), False))
        return cls

    def filler(key: tuple[tuple[bool, ...], tuple[bool, ...], bool]) -> Callable[..., Any]:
        plan = Key(*key)
        cls = compile_node(op, plan)
        layout = _Layout(op, plan)
        values = [f"v_{name}" for name in op.arrays]
        parents = [f"p_{name}" for name in op.arrays if not (name == op.variadic and name in op.constant)]
        head = f"def fill({', '.join(['xp', 'out', *values, *parents, *op.keywords])}):"
        local: dict[str, Any] = {"_seq": next_seq, "_made_by": cls}
        _execute(
            "\n".join([head, *layout.save("    ", "_made_by"), "    return node"]) + "\n", local, f"{op.name} save"
        )
        found: Callable[..., Any] = local["fill"]
        space["_fillers"][key] = found
        return found

    def note(
        xp: Any, out: Any, values: Sequence[Any], parents: Sequence[Node | None], keywords: Mapping[str, Any]
    ) -> Node:
        """The node of a result that was computed elsewhere, as by a write in place; not for broadcasting ops."""
        fixed = op.variadic in op.constant
        recorded = (*(p is not None for p in parents), *((False,) if fixed else ()))
        key = (recorded, (False,) * len(recorded), out.dtype in xp.complexes)
        fill = space["_fillers"].get(key) or filler(key)
        node: Node = fill(xp, out, *values, *parents, **keywords)
        if MODE.get() > 3:
            dispatch.inspect_result(op, node, out)
        return node

    op.note = note

    def first_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        written: dict[str, Any] = dict(space)
        _execute(_write_call(op), written, op.name)
        source = written[op.name]
        call.__code__ = source.__code__
        call.__defaults__ = source.__defaults__
        call.__kwdefaults__ = source.__kwdefaults__
        return call(*args, **kwargs)

    space["_build"] = build
    space["_build_same"] = build_same
    space["_filler"] = filler
    space["_first_call"] = first_call
    call = types.FunctionType(_stub.__code__, space, op.name)
    call.__doc__ = explained(op)
    call.__module__ = op.module
    call.__qualname__ = op.name
    call.__wrapped__ = partial(op.body, None)  # type: ignore[attr-defined]  # where inspect finds the signature
    call.__tapegrad_op__ = op  # type: ignore[attr-defined]
    return call


def _stub(*args: Any, **kwargs: Any) -> Any:
    return _first_call(args, kwargs)  # type: ignore[name-defined]  # noqa: F821
