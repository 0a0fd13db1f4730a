"""The nodes of an op: what each keeps, how it pulls a cotangent back and pushes a tangent forward.

For each set of recorded inputs a class is written when it is first needed, as `dataclasses` writes `__init__`: its
`pull` and `push` are the op's formulas with every name resolved. What is written is registered with `linecache`, so
that tracebacks show it. In it `v_x` is the value of input `x`, `p_x` its node, `s_x` what a node keeps of it, `d_x` its
tangent.
"""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Callable, Iterable, Sequence
from textwrap import indent
from typing import Any, NamedTuple

from ..errors import NoGradientError
from ..tape.mode import INSPECTED, MODE
from ..tape.nodes import Node, Output, freed, next_seq
from . import call
from .kinds import ELEMENTWISE
from .record import Op

_written = 0


def execute(source: str, names: dict[str, Any], title: str) -> None:
    global _written
    _written += 1
    filename = f"<tapegrad {title} #{_written}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)


def block(lines: Iterable[str], depth: int = 1) -> str:
    return indent("\n".join(lines), "    " * depth)


class Variant(NamedTuple):
    """What the code of a node depends on: which inputs are recorded or broadcast, whether numbers are complex."""

    recorded: tuple[bool, ...]
    stretched: tuple[bool, ...]
    complex: bool

    @classmethod
    def of_bits(cls, op: Op, bits: int) -> Variant:
        """The variant that a public function knows by a number: a bit for each input, again for each, and one more."""
        count = len(op.arrays)
        flags = [bool(bits >> i & 1) for i in range(2 * count + 1)]
        return cls(tuple(flags[:count]), tuple(flags[count:-1]), flags[-1])


class OpNode(Node):
    """The base of written node classes. `pull` is written with the class, `push` when it is asked for."""

    __slots__ = ()
    op: Op
    variant: Variant

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        cls = type(self)
        names = _names_of(cls.op)
        execute(NodeCode(cls.op, cls.variant).push_source(), names, f"{cls.op.name} forward")
        cls.push = names["push"]  # type: ignore[method-assign]
        return self.push(xp, wrap, table)


class NodeCode:
    """The code of one op's nodes for one variant. `kept` has the expression for each name that a node keeps."""

    def __init__(self, op: Op, variant: Variant) -> None:
        self.op = op
        self.complex = variant.complex
        self.recorded = [name for name, on in zip(op.arrays, variant.recorded, strict=True) if on]
        self.stretched = [
            name
            for name, on, wide in zip(op.arrays, variant.recorded, variant.stretched, strict=True)
            if on and wide and op.kind is ELEMENTWISE
        ]
        self.kept: dict[str, str] = {}
        self.uses_xp = False
        for name in self.recorded:
            self.keep_names(op.formulas[name].names)
        if op.outs:
            self.keep("shape_out", "[o.shape for o in out]")
        op.kind.keep(self)

    def keep(self, name: str, expression: str) -> None:
        """Have the node keep an expression under a name."""
        self.kept[name] = expression

    def keep_names(self, names: Iterable[str]) -> None:
        """Have the node keep what a formula asks for by these names."""
        op = self.op
        outs = op.outs if isinstance(op.outs, tuple) else ()
        for name in names:
            if name in op.keywords:
                self.keep(name, name)
            elif name in outs:
                self.keep(name, f"out[{outs.index(name)}]")
            elif name == "out":
                self.keep(name, "out")
            elif name.startswith("spec_"):
                self.keep(name, self._spec(name.removeprefix("spec_")))
            elif name in op.arrays:
                argument = op.kind.argument(op, name)
                self.keep(argument, f"v_{name}" if argument == name else self._spec(name))

    def _spec(self, name: str) -> str:
        if name == self.op.variadic:
            return f"[xp.spec(v) for v in v_{name}]"
        return f"None if v_{name} is None else xp.spec(v_{name})" if name in self.op.optional else f"xp.spec(v_{name})"

    def _is_array(self, name: str) -> bool:
        return name not in self.op.keywords and not name.startswith(("spec_", "shape_", "dtype_"))

    @property
    def slots(self) -> list[str]:
        """The slots of the node class, parents first."""
        return [f"p_{name}" for name in self.recorded] + [f"s_{name}" for name in self.kept]

    def save(self, make: str, *, beside_arrays: bool = False) -> list[str]:
        """Lines that make a node and fill it; `beside_arrays`: where the inputs themselves are at hand, too."""
        slots = {"seq": "_seq()", "xp": "xp"}
        slots |= {f"p_{name}": f"p_{name}" for name in self.recorded}
        slots |= {f"s_{name}": expression for name, expression in self.kept.items()}
        for name in self.op.inputs if beside_arrays else ():
            known = f"{name}._signature.spec or xp.spec(v_{name})"
            slots |= {slot: known for slot, expression in slots.items() if expression == f"xp.spec(v_{name})"}
        filled = [f"node.{slot}" for slot in slots], list(slots.values())
        pairs = [
            f"{', '.join(filled[0][i : i + 2])} = {', '.join(filled[1][i : i + 2])}" for i in range(0, len(slots), 2)
        ]
        return [f"node = {make}()", *pairs]

    def record_source(self) -> str:
        """A function that makes a node out of what a call has: its table, result, values, parents and keywords."""
        op = self.op
        parents = [f"p_{name}" for name in op.arrays if not (name == op.variadic and name in op.constant)]
        head = ", ".join(["xp", "out", *(f"v_{name}" for name in op.arrays), *parents, *op.keywords])
        return f"def record({head}):\n{block([*self.save('_node_class'), 'return node'])}\n"

    def _load(self) -> list[str]:
        """Lines that give each kept name its value.

        Parents are read last: if the first is there, so was all that was read before, whichever thread sweeps besides.
        """
        return [
            *(f"{name} = node.s_{name}" for name in self.kept),
            *(f"p_{name} = node.p_{name}" for name in self.recorded),
            f"if p_{self.recorded[0]} is None:",
            "    raise _freed(node)",
        ]

    def _wrap(self) -> list[str]:
        """Lines that make arrays of kept values, for a sweep that is itself recorded."""
        op = self.op
        outs = op.outs if isinstance(op.outs, tuple) else ()
        lines = []
        for name in filter(self._is_array, self.kept):
            if name == op.variadic:
                nodes = f"p_{name}" if name in self.recorded else f"(None,) * len({name})"
                array = f"[wrap(v, p, own) for v, p in zip({name}, {nodes})]"
            elif name == "out" and op.outs:
                array = "[wrap(v, _Output(node, i), own) for i, v in enumerate(out)]"
            elif name == "out":
                array = "wrap(out, node, own)"
            elif name in outs:
                # As when it was handed out: an output of integers has no place on the tape.
                array = f"wrap({name}, _Output(node, {outs.index(name)}) if {name}.dtype in own.inexact else None, own)"
            else:
                array = f"wrap({name}, {f'p_{name}' if name in self.recorded else None}, own)"
            lines.append(
                f"{name} = None if {name} is None else {array}" if name in op.optional else f"{name} = {array}"
            )
        return ["if wrap is not None:", "    own = node.xp", *("    " + line for line in lines)] if lines else []

    def formula(self, name: str, g: str, *, conjugate: bool) -> str:
        """The expression for what the formula of an input makes of `g`, a cotangent or tangent."""
        op = self.op
        formula = op.formulas[name]
        if formula.constant is not None:
            if formula.constant == 0:
                self.uses_xp = True
                return f"xp.zeros_like({g})"  # 0 even where the cotangent is infinite
            return {1.0: g, -1.0: f"-{g}"}.get(formula.constant) or f"{g} * {formula.constant!r}"
        conjugate = conjugate and self.complex and op.kind.conjugates()
        self.uses_xp |= conjugate or "xp" in formula.names
        product = op.kind.is_product(formula)
        if conjugate and product:
            g = f"[xp.conj(i) for i in {g}]" if op.outs is True else f"xp.conj({g})"
        as_given = all(op.kind.argument(op, asked) == asked for asked in formula.names)
        if formula.text and as_given and (g == "g" or "g" not in formula.names):
            value = formula.text if "g" in formula.names or formula.text.isidentifier() else f"({formula.text})"
        else:
            arguments = [g if asked == "g" else op.kind.argument(op, asked) for asked in formula.names]
            value = f"_f_{name}({', '.join(arguments)})"
        if not product:
            return f"{g} * xp.conj({value})" if conjugate else f"{g} * {value}"
        if conjugate and name == op.variadic:
            return f"[None if i is None else xp.conj(i) for i in {value}]"
        return f"xp.conj({value})" if conjugate else value

    def call_op(self, arguments: Sequence[str]) -> str:
        """The expression that applies the op itself, as the tangent of a linear op does."""
        return f"xp.{self.op.name}({', '.join([*arguments, *(f'{name}={name}' for name in self.op.keywords)])})"

    def stop_without_tangents(self) -> list[str]:
        """Lines that end a push to which no tangent has come."""
        return [f"if {' and '.join(f'd_{name} is None' for name in self.recorded)}:", "    return None"]

    def _cotangents_of_outputs(self) -> list[str]:
        """Lines that give the cotangents of several outputs their names; an absent one is zeros where it is needed."""
        op = self.op
        if not isinstance(op.outs, tuple):
            return [
                "g = [g.get(i) for i in range(len(shape_out))]",
                "some = next(v for v in g if v is not None)",
                "g = [xp.filled(some, shape=s, value=0) if v is None else v for v, s in zip(g, shape_out)]",
            ]
        asked = {asked for name in self.recorded for asked in op.formulas[name].names}
        defaults = {asked for name in self.recorded for asked in op.formulas[name].defaults}
        lines = []
        for index, out in enumerate(op.outs):
            if f"g_{out}" in asked:
                lines.append(f"g_{out} = g.get({index})")
                if f"g_{out}" not in defaults:
                    zeros = f"xp.filled(next(iter(g.values())), shape=shape_out[{index}], value=0)"
                    lines += [f"if g_{out} is None:", f"    g_{out} = {zeros}"]
        return lines

    def pull_source(self) -> str:
        """The method that pulls a cotangent back to the parents; see `Node.pull`."""
        op = self.op
        in_hand = self.recorded[0] if self.recorded[0] != op.variadic else None
        lines = []
        for number, name in enumerate(self.recorded):
            cotangent = f"g_{name}_" if op.outs else f"g_{name}"
            lines.append(f"{cotangent} = {self.formula(name, 'g', conjugate=True)}")
            later = {asked for other in self.recorded[number + 1 :] for asked in op.formulas[other].names}
            if number + 1 < len(self.recorded):
                # What the next formulas do not need makes room for their results.
                spent = [k for k in op.formulas[name].names if k in self.kept and self._is_array(k) and k not in later]
                lines += [f"del {', '.join(spent)}"] if spent else []
            if name == op.variadic:
                lines += [f"for p, v in zip(p_{name}, {cotangent}):", "    if p is not None and v is not None:"]
                lines += [f"        {line}" for line in _deposit("p", "v")]
                continue
            reshape = op.kind.reshape(self, name, cotangent)
            self.uses_xp |= bool(reshape)
            lines += reshape
            if name != in_hand:
                lines += _deposit(f"p_{name}", cotangent)
        lines.append(
            f"return p_{in_hand}, {f'g_{in_hand}_' if op.outs else f'g_{in_hand}'}" if in_hand else "return None, None"
        )
        outputs = self._cotangents_of_outputs() if op.outs else []
        uses_xp = self.uses_xp or bool(outputs)
        body = [
            *self._load(),
            *self._wrap(),
            *(["if xp is None:", "    xp = node.xp"] if uses_xp else []),
            "if free is not None:",
            f"    {' = '.join(f'node.{slot}' for slot in self.slots)} = None",
            "    node.xp = free",
            *outputs,
            *lines,
        ]
        return f"def pull(node, g, table, met, free, xp, wrap):\n{block(body)}\n"

    def parents_source(self) -> str:
        """The method that gives the nodes of the recorded inputs."""
        nodes = ", ".join(f"*node.p_{n}" if n == self.op.variadic else f"node.p_{n}" for n in self.recorded)
        several = self.op.variadic in self.recorded
        result = f"tuple(p for p in ({nodes},) if p is not None)" if several else f"({nodes},)"
        body = [f"if node.p_{self.recorded[0]} is None:", "    raise _freed(node)", f"return {result}"]
        return f"def parents(node):\n{block(body)}\n"

    def push_source(self) -> str:
        """The method that pushes the parents' tangents forward; see `Node.push`."""
        tangents = [
            f"d_{name} = [None if p is None else table.get(p) for p in p_{name}]"
            if name == self.op.variadic
            else f"d_{name} = table.get(p_{name})"
            for name in self.recorded
        ]
        body = [
            *self._load(),
            *self._wrap(),
            "if xp is None:",
            "    xp = node.xp",
            *tangents,
            *self.op.kind.push(self),
        ]
        return f"def push(node, xp, wrap, table):\n{block(body)}\n"


def _deposit(parent: str, cotangent: str) -> list[str]:
    return [
        f"known = table.get({parent})",
        "if known is None:",
        f"    table[{parent}] = {cotangent}",
        f"    met.append({parent})",
        "else:",
        f"    table[{parent}] = known + {cotangent}",
    ]


def _names_of(op: Op) -> dict[str, Any]:
    """The global names of the code of an op's nodes."""
    names: dict[str, Any] = {
        "__builtins__": vars(builtins),
        "_freed": freed,
        "_Output": Output,
        "_push_by_transpose": call.push_by_transpose,
        "_f_jvp": None if op.jvp is None else op.jvp.fn,
    }
    return names | {f"_f_{name}": formula.fn for name, formula in op.formulas.items()}


PULLS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {}
"""What is put around the written pull of an op, by its name."""


def node_class(op: Op, variant: Variant) -> tuple[type[OpNode], Callable[..., OpNode]]:
    """The node class of an op for one set of recorded inputs, and a function that makes a node of it.

    Raises `NoGradientError` where a rule is missing.
    """
    for name, on in zip(op.arrays, variant.recorded, strict=True):
        if on and name not in op.formulas:
            raise NoGradientError(
                f"{op.name}() has no derivative in {name!r}; pass {name}.detach() to treat it as a constant"
            )
    code = NodeCode(op, variant)
    names = _names_of(op)
    execute(code.pull_source() + code.parents_source() + code.record_source(), names, f"{op.name} backward")
    members = {"__slots__": tuple(code.slots), "__module__": __name__, "op": op, "variant": variant, "label": op.name}
    pull = PULLS[op.name](names["pull"]) if op.name in PULLS else names["pull"]
    members |= {"pull": pull, "parents": names["parents"]}
    cls: type[OpNode] = type(f"{op.name}_{'_'.join(code.recorded)}", (OpNode,), members)
    names |= {"_node_class": cls, "_seq": next_seq}
    return cls, names["record"]


def record(op: Op, xp: Any, out: Any, values: Sequence[Any], parents: Sequence[Node | None], keywords: Any) -> Node:
    """The node of a result that was computed elsewhere, as by a write in place; not for ops that broadcast.

    `values` and `parents` are those of all operands, in order.
    """
    count = len(op.inputs)
    recorded = sum((parent is not None) << i for i, parent in enumerate(parents[:count]))
    operands, nodes = list(values[:count]), list(parents[:count])
    if op.variadic:
        operands.append(list(values[count:]))
        if op.variadic not in op.constant:
            nodes.append(tuple(parents[count:]))  # type: ignore[arg-type]
            recorded |= any(parent is not None for parent in parents[count:]) << count
    first = out[0] if op.outs else out
    bits = recorded | (first.dtype in xp.complexes) << 2 * len(op.arrays)
    node: Node = op.recorder(bits)(xp, out, *operands, *nodes, **keywords)
    if MODE.get() >= INSPECTED:
        call.inspect_result(op, node, out)
    return node
