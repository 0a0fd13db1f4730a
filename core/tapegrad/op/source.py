"""The source code of an op, written once, as `dataclasses` writes `__init__`.

Two things are written, each when it is first needed, and registered with `linecache` so that tracebacks show them:

* the public function of an op, which computes and, where an input is tracked, leaves a node (`public_function`);
* for each set of recorded inputs the class of that node, whose `pull` and `push` are the op's formulas with every name
  resolved (`node_class`).

In written code `v_x` is the value of input `x`, `p_x` its node, `s_x` what a node keeps of it, `d_x` its tangent.
"""

from __future__ import annotations

import builtins
import linecache
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from inspect import Parameter
from textwrap import indent
from typing import Any, NamedTuple

from ..engines.tables import OPS
from ..errors import NoGradientError
from ..tape.guards import LIVE, check_thread
from ..tape.mode import INSPECTED, MODE, RECORDING
from ..tape.nodes import Node, Output, freed, next_seq
from . import call
from .kinds import ELEMENTWISE, LOCALLY_CONSTANT
from .record import Op

SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "negative": "-"}
"""Ops that are Python's operators on the arrays of every engine, where the operator is the fastest spelling.

Not division: compilers like to multiply by the reciprocal instead, and an engine must be able to forbid it.
"""

_written = 0


def _execute(source: str, names: dict[str, Any], title: str) -> None:
    global _written
    _written += 1
    filename = f"<tapegrad {title} #{_written}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)


def _block(lines: Iterable[str], depth: int = 1) -> str:
    return indent("\n".join(lines), "    " * depth)


# A node: what it keeps, how it pulls a cotangent back and pushes a tangent forward.


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
        _execute(NodeCode(cls.op, cls.variant).push_source(), names, f"{cls.op.name} forward")
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

    def save(self, make: str) -> list[str]:
        """Lines that make a node and fill it."""
        slots = {"seq": "_seq()", "xp": "xp"}
        slots |= {f"p_{name}": f"p_{name}" for name in self.recorded}
        slots |= {f"s_{name}": expression for name, expression in self.kept.items()}
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
        return f"def record({head}):\n{_block([*self.save('_node_class'), 'return node'])}\n"

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
        return f"def pull(node, g, table, met, free, xp, wrap):\n{_block(body)}\n"

    def parents_source(self) -> str:
        """The method that gives the nodes of the recorded inputs."""
        nodes = ", ".join(f"*node.p_{n}" if n == self.op.variadic else f"node.p_{n}" for n in self.recorded)
        several = self.op.variadic in self.recorded
        result = f"tuple(p for p in ({nodes},) if p is not None)" if several else f"({nodes},)"
        body = [f"if node.p_{self.recorded[0]} is None:", "    raise _freed(node)", f"return {result}"]
        return f"def parents(node):\n{_block(body)}\n"

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
        return f"def push(node, xp, wrap, table):\n{_block(body)}\n"


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
    _execute(code.pull_source() + code.parents_source() + code.record_source(), names, f"{op.name} backward")
    members = {"__slots__": tuple(code.slots), "__module__": __name__, "op": op, "variant": variant, "label": op.name}
    members |= {"pull": names["pull"], "parents": names["parents"]}
    cls: type[OpNode] = type(f"{op.name}_{'_'.join(code.recorded)}", (OpNode,), members)
    names |= {"_node_class": cls, "_seq": next_seq}
    return cls, names["record"]


# The public function.

UNARY = """\
        signature = {x}._signature
        v_{x} = {x}._value
        p_{x} = {x}._node
"""

BINARY = """\
        if {y}.__class__ is {x}.__class__:
            signature = {x}._signature
            if signature is not {y}._signature:
                signature, stretched = signature.pairs[{y}._signature]
            v_{x} = {x}._value
            p_{x} = {x}._node
            v_{y} = {y}._value
            p_{y} = {y}._node
        elif {y}.__class__ in NUMBERS:
            signature = {x}._signature
            v_{x} = {x}._value
            p_{x} = {x}._node
            v_{y} = signature.scalars.get({y})
            if v_{y} is None and (v_{y} := signature.scalar({y}, v_{x})) is None:
                signature = None
            p_{y} = None
        elif {x}.__class__ in NUMBERS:
            signature = {y}._signature
            v_{y} = {y}._value
            p_{y} = {y}._node
            v_{x} = signature.scalars.get({x})
            if v_{x} is None and (v_{x} := signature.scalar({x}, v_{y})) is None:
                signature = None
            p_{x} = None
        else:
            signature = None
"""

FUNCTION = """\
def {name}({parameters}):
{prologue}    try:
{operands}    except (AttributeError, IndexError):
        signature = None
    if signature is None{unfit}:
        return _slow_call(_op, ({everything}), {keywords})
{refusal}    xp = signature.xp
    try:
        out = {compute}
    except Exception as error:
{failure}
{result}"""

RECORDED = """\
def {name}({parameters}):
{prologue}    try:
{operands}    except (AttributeError, IndexError):
        signature = None
    if signature is None:
        return _slow_call(_op, ({everything}), {keywords})
    return _recorded({arguments})
"""

ARRAY = """\
    made = signature.cls()
    made._value = out
    made._xp = xp
    made._signature = {signature}
"""

CONSTANT = """\
    flags = _mode()
    if {untracked}:
        made._node = None
        if flags & RECORDING:
            made._constant = True
        return made
    if not flags & RECORDING:
        made._node = None
        if _live:
            _check_thread(({parents},), "{name}()")
        return made
"""

NODE = """\
    made._node = node
    if flags >= INSPECTED:
        _inspect(_op, node, out)
    return made
"""

OUTPUTS = """\
    out = tuple(out)
    if {untracked}:
        return _outputs(signature.cls, xp, out, None)
    if not _mode() & RECORDING:
        if _live:
            _check_thread(({parents},), "{name}()")
        return _outputs(signature.cls, xp, out, None)
    bits = {bits}
    node = (_recorders.get(bits) or _recorder(bits))({recorded})
    if _mode() >= INSPECTED:
        _inspect(_op, node, out)
    return _outputs(signature.cls, xp, out, node)
"""


class CallCode:
    """The source of the public function of an op."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.tracked = [name for name in op.arrays if name not in op.constant]
        self.promoting = [name for name in op.arrays if name in op.promotes]
        self.takes_numbers = len(op.inputs) == 2 == len(self.promoting) and op.kind.aligns and not op.variadic
        self.plain = not (op.keywords or op.optional or op.variadic or op.constant or op.outs)
        self.pointwise = op.kind is ELEMENTWISE and self.plain and len(op.inputs) <= 2

    def source(self) -> str:
        """The function, from operands that are alike to the result; all else is `slow_call`'s."""
        op = self.op
        parameters = [f"{name}=None" if name in op.optional else name for name in op.inputs]
        parameters += [f"*{op.variadic}"] if op.variadic else ["*"] if op.keywords else []
        parameters += [n if default is Parameter.empty else f"{n}=_d_{n}" for n, default in op.keywords.items()]
        everything = [*op.inputs, *([f"*{op.variadic}"] if op.variadic else [])]
        keywords = "{" + ", ".join(f"{name!r}: {name}" for name in op.keywords) + "}"
        values = [*(f"v_{name}" for name in op.inputs), *([f"*v_{op.variadic}"] if op.variadic else [])]
        arguments = ", ".join([*values, *(f"{name}={name}" for name in op.keywords)])
        checks = [
            line
            for name in op.keywords
            for line in (f"if {name}.__class__ not in PLAIN:", f"    {name} = _plain(_op, {name!r}, {name})")
        ]
        if op.recorded is not None:
            return RECORDED.format(
                name=op.name,
                parameters=", ".join(parameters),
                prologue=_block(checks) + "\n" if checks else "",
                operands=self._operands(),
                everything=", ".join(everything) + ",",
                keywords=keywords,
                arguments=", ".join([*everything, *(f"{name}={name}" for name in op.keywords)]),
            )
        raises = f"raise _explain(_op, ({', '.join(everything)},), {keywords}, error)"
        compute, failure = f"xp.{op.name}({arguments})", [raises]
        if op.name in SYMBOLS:
            # Not every engine's arrays leave an operator to the other operand where that is batched.
            failure = ["if xp.backend is not None:", f"    {raises}", f"out = {compute}"]
            compute = f" {SYMBOLS[op.name]} ".join(values) if len(values) == 2 else f"{SYMBOLS[op.name]}{values[0]}"
        prologue = [*checks, *(["stretched = 0"] if self.takes_numbers else [])]
        untracked = " and ".join(self._untracked()) or "True"
        first = op.arrays[0] if op.inputs else f"{op.variadic}[0]"
        of_dtype = f"{self.promoting[0]}._signature" if self.promoting and self.promoting[0] in op.inputs else None
        signature = "signature" if of_dtype is None or self.takes_numbers or self.promoting[0] == first else of_dtype
        return FUNCTION.format(
            name=op.name,
            parameters=", ".join(parameters),
            prologue=_block(prologue) + "\n" if prologue else "",
            operands=self._operands(),
            unfit=f" or ({untracked} and not {signature}.inexact)" if op.floats else "",
            everything=", ".join(everything) + ",",
            keywords=keywords,
            refusal=f"    if {signature}.complex:\n        raise _refusal(_op)\n" if op.real else "",
            compute=compute,
            failure=_block(failure, 2),
            result=self._result(),
        )

    def _operands(self) -> str:
        """Lines that take values and nodes from the operands; `signature` is None where they are not alike."""
        op = self.op
        if self.takes_numbers:
            return BINARY.format(x=op.inputs[0], y=op.inputs[1])
        if self.plain and len(op.inputs) == 1:
            return UNARY.format(x=op.inputs[0])
        lines = [f"signature = {op.inputs[0] if op.inputs else f'{op.variadic}[0]'}._signature"]
        for number, name in enumerate(op.inputs):
            of_one = ["family", self.promoting[0]] if name in self.promoting[1:] else ["home", op.inputs[0]]
            other = "signature" if of_one[1] == op.inputs[0] else f"{of_one[1]}._signature"
            take = [f"v_{name} = {name}._value"] + [f"p_{name} = {name}._node"] * (name in self.tracked)
            if number:
                take = [f"if {name}._signature.{of_one[0]} is not {other}.{of_one[0]}:", "    signature = None", *take]
            if name in op.optional:
                missing = " = ".join([f"v_{name}"] + [f"p_{name}"] * (name in self.tracked))
                take = [f"if {name} is None:", f"    {missing} = None", "else:", *("    " + line for line in take)]
            lines += take
        if op.variadic:
            name = op.variadic
            tracked = name in self.tracked
            alike = "family" if name in self.promoting else "home"
            lines += [
                f"v_{name} = [i._value for i in {name}]"
                if tracked
                else f"v_{name} = tuple([i._value for i in {name}])",
                *([f"p_{name} = tuple([i._node for i in {name}])"] if tracked else []),
                f"for i in {name}:",
                f"    if i._signature.{alike} is not signature.{alike}:",
                "        signature = None",
            ]
        return _block(lines, 2) + "\n"

    def _result(self) -> str:
        """Lines that put the result into an array and, where an input is tracked, leave a node."""
        op, name = self.op, self.op.name
        if op.kind is LOCALLY_CONSTANT:
            if op.outs:
                return "    return _outputs(signature.cls, xp, tuple(out), None)\n"
            return (
                ARRAY.format(signature="xp.signatures[signature.cls, out.dtype, out.shape]")
                + "    made._node = None\n    return made\n"
            )
        facts = {
            "name": name,
            "untracked": " and ".join(self._untracked()),
            "parents": ", ".join(f"*p_{n}" if n == op.variadic else f"p_{n}" for n in self.tracked),
            "bits": self._bits(),
            "recorded": self._record_arguments(),
        }
        if op.outs:
            return OUTPUTS.format(**facts)
        if not self.pointwise:
            made = ARRAY.format(signature="xp.signatures[signature.cls, out.dtype, out.shape]")
            node = [
                "if not made._signature.inexact:",
                "    made._node = None",
                "    return made",
                f"bits = {facts['bits']}",
                f"node = (_recorders.get(bits) or _recorder(bits))({facts['recorded']})",
            ]
            return made + CONSTANT.format(**facts) + _block(node) + "\n" + NODE
        return ARRAY.format(signature="signature") + CONSTANT.format(**facts) + self._common_nodes() + "\n" + NODE

    def _untracked(self) -> list[str]:
        """The tests that no input is tracked."""
        return [f"not any(p_{n})" if n == self.op.variadic else f"p_{n} is None" for n in self.tracked]

    def _bits(self) -> str:
        """The expression for the number of a node's variant; see `Variant.of_bits`."""
        op, count = self.op, len(self.op.arrays)
        bits = []
        for number, name in enumerate(op.arrays):
            if name not in self.tracked:
                continue
            bits.append(
                f"(True in [p is not None for p in p_{name}])" if name == op.variadic else f"(p_{name} is not None)"
            )
            bits[-1] += f" << {number}" if number else ""
            if op.kind is ELEMENTWISE and count > 1 and not self.takes_numbers:
                bits.append(f"(p_{name} is not None and v_{name}.shape != out.shape) << {count + number}")
        if self.takes_numbers:
            bits.append(f"stretched << {count}")
        of = "made._signature" if not op.outs else "xp.signatures[signature.cls, out[0].dtype, out[0].shape]"
        return " | ".join([*bits, f"{of}.complex << {2 * count}"])

    def _record_arguments(self) -> str:
        op = self.op
        parents = [n for n in op.arrays if not (n == op.variadic and n in op.constant)]
        nodes = ["None" if name in op.constant else f"p_{name}" for name in parents]
        return ", ".join(["xp", "out", *(f"v_{name}" for name in op.arrays), *nodes, *op.keywords])

    def _common_nodes(self) -> str:
        """Lines that make the nodes of real numbers without broadcasting at once, and look up the others."""
        op = self.op
        cases = [(True,)] if len(op.inputs) == 1 else [(True, False), (False, True), (True, True)]
        tests = [f"p_{op.inputs[-1]} is None", f"p_{op.inputs[0]} is None", None] if len(cases) == 3 else [None]
        rare = "stretched or signature.complex" if len(cases) == 3 else "signature.complex"
        look_up = f"node = (_recorders.get(bits) or _recorder(bits))({self._record_arguments()})"
        lines = [f"if {rare}:", f"    bits = {self._bits()}", f"    {look_up}"]
        for case, test in zip(cases, tests, strict=True):
            if op.same and test is None:
                x, y = op.inputs
                lines += [f"elif p_{x} is p_{y} and v_{x} is v_{y}:", f"    node = _record_same(xp, out, v_{x}, p_{x})"]
            lines.append("else:" if test is None else f"elif {test}:")
            number = sum(on << i for i, on in enumerate(case))
            if all(name in op.formulas for name, on in zip(op.inputs, case, strict=True) if on):
                code = NodeCode(op, Variant(case, (False,) * len(case), False))
                lines += ["    " + line for line in code.save(f"(_class_{number} or _class({number}))")]
            else:
                lines.append(f"    _recorder({number})")  # raises: there is no rule
        return _block(lines)


def public_function(op: Op) -> Callable[..., Any]:
    """The public function of an op; its code is written when it is first called."""
    recorders: dict[int, Callable[..., OpNode]] = {}
    names: dict[str, Any] = {
        "__name__": __name__,
        "__builtins__": vars(builtins),  # a warning of NumPy's looks for them in the globals of the frame
        "RECORDING": RECORDING,
        "INSPECTED": INSPECTED,
        "NUMBERS": call.NUMBERS,
        "PLAIN": call.PLAIN,
        "_op": op,
        "_seq": next_seq,
        "_mode": MODE.get,
        "_live": LIVE,
        "_check_thread": check_thread,
        "_recorders": recorders,
        "_slow_call": call.slow_call,
        "_explain": call.explain,
        "_refusal": call.refusal,
        "_plain": call.plain_keyword,
        "_inspect": call.inspect_result,
        "_outputs": call.outputs,
        "_recorded": op.recorded,
        **{f"_class_{number}": None for number in (1, 2, 3)},
        **{f"_d_{name}": default for name, default in op.keywords.items()},
    }

    def recorder(bits: int) -> Callable[..., OpNode]:
        cls, recorders[bits] = node_class(op, Variant.of_bits(op, bits))
        if f"_class_{bits}" in names:
            names[f"_class_{bits}"] = cls
        return recorders[bits]

    def class_of(bits: int) -> type[OpNode]:
        recorder(bits)
        return names[f"_class_{bits}"]  # type: ignore[no-any-return]

    def record_same(xp: Any, out: Any, value: Any, parent: Node) -> OpNode:
        names["_record_same"] = OPS[op.same].recorder(1)
        return names["_record_same"](xp, out, value, parent)  # type: ignore[no-any-return]

    def first_call(args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
        written: dict[str, Any] = dict(names)
        _execute(CallCode(op).source(), written, op.name)
        source = written[op.name]
        function.__code__ = source.__code__
        function.__defaults__ = source.__defaults__
        function.__kwdefaults__ = source.__kwdefaults__
        return function(*args, **keywords)

    names |= {"_recorder": recorder, "_class": class_of, "_record_same": record_same, "_first_call": first_call}
    op.recorder = lambda bits: recorders.get(bits) or recorder(bits)
    function = types.FunctionType(_stub.__code__, names, op.name)
    function.__module__ = op.module
    function.__qualname__ = op.name
    function.__wrapped__ = partial(op.body, None)  # type: ignore[attr-defined]  # where inspect finds the signature
    function.__tapegrad_op__ = op  # type: ignore[attr-defined]
    return function


def _stub(*args: Any, **keywords: Any) -> Any:
    return _first_call(args, keywords)  # type: ignore[name-defined]  # noqa: F821


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
