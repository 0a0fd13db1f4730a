"""The source of an op's nodes: what each keeps, how it pulls a cotangent back and pushes a tangent forward.

There is a class for each set of recorded inputs; its `pull` and `push` are the op's formulas with every name resolved.
In what is written `v_x` is the value of input `x`, `p_x` its node, `s_x` what a node keeps of it, `d_x` its tangent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .kinds import ELEMENTWISE
from .record import Op


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def block(lines: Iterable[str], depth: int = 1) -> str:
    return "".join(f"{'    ' * depth}{line}\n" for line in lines)


PULL = """\
def pull(node, g, table, met, free, xp, wrap):
{load}    if free is not None:
        {slots} = None
        node.xp = free
{lines}    return {result}
"""

DEPOSIT = """\
known = table.get(p_{name})
if known is None:
    table[p_{name}] = {cotangent}
    met.append(p_{name})
else:
    table[p_{name}] = known + {cotangent}
"""

DEPOSIT_EACH = """\
for p, v in zip(p_{name}, {cotangent}):
    if p is not None and v is not None:
        _deposit(table, met, p, v)
"""

PARENTS = """\
def parents(node):
    if node.p_{first} is None:
        raise _freed(node)
    return {parents}
"""


class NodeCode:
    """The code of an op's nodes for one variant, which is a number: a bit for each input that is recorded, again a bit
    for each that is broadcast, and one for complex numbers. `kept` has the expression for each name that a node keeps.
    """

    def __init__(self, op: Op, bits: int, spec: str = "xp.spec(v_{0})") -> None:
        shift = len(op.arrays)
        self.spec = spec
        self.op = op
        self.outs = op.outs if isinstance(op.outs, tuple) else ()
        self.recorded = [name for i, name in enumerate(op.arrays) if bits >> i & 1]
        wide = [name for i, name in enumerate(op.arrays) if bits >> shift + i & 1]
        self.stretched = [name for name in self.recorded if name in wide and op.kind is ELEMENTWISE]
        self.complex = bool(bits >> 2 * shift)
        self.kept: dict[str, str] = {}
        for name in self.recorded:
            self.keep(*op.formulas[name].names)
        if op.outs:
            self.kept["shape_out"] = "[o.shape for o in out]"
        op.kind.keep(self)

    def keep(self, *names: str) -> None:
        """Have the node keep what a formula asks for by these names."""
        op = self.op
        for name in names:
            if name in op.arrays:
                name = op.kind.argument(op, name)
            if name in op.keywords or name == "out":
                self.kept[name] = name
            elif name in self.outs:
                self.kept[name] = f"out[{self.outs.index(name)}]"
            elif name in op.arrays:
                self.kept[name] = f"v_{name}"
            elif name.startswith("spec_"):
                self.kept[name] = self._spec(name.removeprefix("spec_"))

    def _spec(self, name: str) -> str:
        if name == self.op.variadic:
            return f"[xp.spec(v) for v in v_{name}]"
        return f"None if v_{name} is None else " * (name in self.op.optional) + self.spec.format(name)

    def _is_array(self, name: str) -> bool:
        return name not in self.op.keywords and not name.startswith(("spec_", "shape_", "dtype_"))

    @property
    def slots(self) -> list[str]:
        """The slots of the node class, parents first."""
        return [f"p_{name}" for name in self.recorded] + [f"s_{name}" for name in self.kept]

    def save(self, make: str) -> list[str]:
        """Lines that make a node and fill it."""
        slots = ["seq", "xp", *self.slots]
        values = ["_next_seq()", "xp", *(f"p_{name}" for name in self.recorded), *self.kept.values()]
        names = [f"node.{slot}" for slot in slots]
        pairs = [slice(i, i + 2) for i in range(0, len(slots), 2)]
        return [f"node = {make}()", *(f"{', '.join(names[pair])} = {', '.join(values[pair])}" for pair in pairs)]

    def record_source(self) -> str:
        """A function that makes a node out of what a call has: its table, result, values, parents and keywords."""
        head = ", ".join(record_arguments(self.op))
        return f"def record({head}):\n{block([*self.save('_node_class'), 'return node'])}"

    def _load(self) -> list[str]:
        """Lines that give each kept name its value, as an array where the sweep is itself recorded.

        Parents are read last: if the first is there, so was all read before it, even if another thread sweeps too.
        """
        lines = [f"{name} = node.s_{name}" for name in self.kept]
        lines += [f"p_{name} = node.p_{name}" for name in self.recorded]
        lines += [f"if p_{self.recorded[0]} is None:", "    raise _freed(node)"]
        arrays = [f"    {name} = {self._array(name)}" for name in self.kept if self._is_array(name)]
        return [*lines, "if wrap is not None:", "    own = node.xp", *arrays] if arrays else lines

    def _array(self, name: str) -> str:
        """The expression that makes arrays of a kept value."""
        op, node = self.op, f"p_{name}" if name in self.recorded else None
        if name == op.variadic:
            return f"[wrap(v, p, own) for v, p in zip({name}, {node or f'(None,) * len({name})'})]"
        if name == "out" and op.outs:
            return "[wrap(v, _Output(node, i), own) for i, v in enumerate(out)]"
        if name in self.outs:
            # As when it was handed out: an output of integers has no place on the tape.
            node = f"_Output(node, {self.outs.index(name)}) if {name}.dtype in own.inexact else None"
        array = f"wrap({name}, {'node' if name == 'out' else node}, own)"
        return f"None if {name} is None else {array}" if name in op.optional else array

    def formula(self, name: str, g: str, *, conjugate: bool) -> str:
        """The expression for what the formula of an input makes of `g`, a cotangent or tangent."""
        op = self.op
        formula = op.formulas[name]
        if formula.constant is not None:
            # 0 even where the cotangent is infinite.
            signs = {0.0: f"xp.zeros_like({g})", 1.0: g, -1.0: f"-{g}"}
            return signs.get(formula.constant) or f"{g} * {formula.constant!r}"
        conjugate = conjugate and self.complex and op.kind.conjugates()
        product = op.kind.is_product(formula)
        if conjugate and product:
            g = f"[xp.conj(i) for i in {g}]" if op.outs is True else f"xp.conj({g})"
        arguments = [g if asked == "g" else op.kind.argument(op, asked) for asked in formula.names]
        if formula.text and arguments == list(formula.names):
            value = formula.text if "g" in formula.names or formula.text.isidentifier() else f"({formula.text})"
        else:
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
        if not self.outs:
            return ["g = _cotangents_of_outputs(g, shape_out, xp)"] if self.op.outs else []
        formulas = [self.op.formulas[name] for name in self.recorded]
        asked = {name for formula in formulas for name in formula.names}
        needed = asked.difference(*(formula.defaults for formula in formulas))
        numbers = tuple(i for i, out in enumerate(self.outs) if f"g_{out}" in needed)
        return [f"{', '.join(f'g_{out}' for out in self.outs)} = _cotangents_of_outputs(g, shape_out, xp, {numbers})"]

    def pull_source(self) -> str:
        """The method that pulls a cotangent back to the parents; see `Node.pull`."""
        op = self.op
        result, lines = "None, None", self._cotangents_of_outputs()
        for number, name in enumerate(self.recorded):
            cotangent = f"g_{name}_" if op.outs else f"g_{name}"
            lines.append(f"{cotangent} = {self.formula(name, 'g', conjugate=True)}")
            rest = self.recorded[number + 1 :]
            later = {asked for other in rest for asked in op.formulas[other].names}
            # What the next formulas do not need makes room for their results.
            spent = [k for k in op.formulas[name].names if k in self.kept and self._is_array(k) and k not in later]
            lines += [f"del {', '.join(spent)}"] if rest and spent else []
            if name == op.variadic:
                lines += DEPOSIT_EACH.format(name=name, cotangent=cotangent).splitlines()
                continue
            lines += op.kind.reshape(self, name, cotangent)
            if number:
                lines += DEPOSIT.format(name=name, cotangent=cotangent).splitlines()
            else:
                result = f"p_{name}, {cotangent}"
        own = ["if xp is None:", "    xp = node.xp"] if re.search(r"\bxp\b", " ".join(lines)) else []
        slots = " = ".join(f"node.{slot}" for slot in self.slots)
        return PULL.format(load=block([*self._load(), *own]), slots=slots, lines=block(lines), result=result)

    def parents_source(self) -> str:
        """The method that gives the nodes of the recorded inputs."""
        nodes = ", ".join(f"*node.p_{n}" if n == self.op.variadic else f"node.p_{n}" for n in self.recorded)
        some = f"tuple(p for p in ({nodes},) if p is not None)" if self.op.variadic in self.recorded else f"({nodes},)"
        return PARENTS.format(first=self.recorded[0], parents=some)

    def push_source(self) -> str:
        """The method that pushes the parents' tangents forward; see `Node.push`."""
        body = [*self._load(), "if xp is None:", "    xp = node.xp"]
        for name in self.recorded:
            several = f"[None if p is None else table.get(p) for p in p_{name}]"
            body.append(f"d_{name} = {several if name == self.op.variadic else f'table.get(p_{name})'}")
        return f"def push(node, xp, wrap, table):\n{block([*body, *self.op.kind.push(self)])}"


def record_arguments(op: Op) -> list[str]:
    """What a node is made of: the table, the result, the values of the inputs, their nodes, and the keywords."""
    parents = [f"p_{name}" for name in op.arrays if name not in op.constant]
    return ["xp", "out", *(f"v_{name}" for name in op.arrays), *parents, *op.keywords]
