"""The source of the public function of an op.

It computes with operands that are alike, and leaves a node where an input is tracked (`nodes.py` says what the names in
it mean). `CallCode(OPS["multiply"]).source()` is what to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter

from .kinds import ELEMENTWISE, LOCALLY_CONSTANT
from .nodes import NodeCode, block, record_arguments
from .record import Op

SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "negative": "-"}
"""Ops that are Python's operators on the arrays of every engine, where the operator is the fastest spelling.

Not division: compilers like to multiply by the reciprocal instead, and an engine must be able to forbid it.
"""

BINARY = """\
        if {y}.__class__ is {x}.__class__:
            signature = {x}._signature
            if signature is not {y}._signature:
                signature, stretched = signature.pairs[{y}._signature]
            v_{x}, p_{x} = {x}._value, {x}._node
            v_{y}, p_{y} = {y}._value, {y}._node
        elif {y}.__class__ in _NUMBERS:
            signature = {x}._signature
            v_{x}, p_{x}, p_{y} = {x}._value, {x}._node, None
            v_{y} = signature.scalars.get({y}) if {y}.__class__ is not complex else None
            if v_{y} is None and (v_{y} := signature.scalar({y}, v_{x})) is None:
                signature = None
        elif {x}.__class__ in _NUMBERS:
            signature = {y}._signature
            v_{y}, p_{y}, p_{x} = {y}._value, {y}._node, None
            v_{x} = signature.scalars.get({x}) if {x}.__class__ is not complex else None
            if v_{x} is None and (v_{x} := signature.scalar({x}, v_{y})) is None:
                signature = None
        else:
            signature = None
"""

FUNCTION = """\
def {name}({parameters}):
{keywords}    try:
{operands}    except (AttributeError, IndexError):
        signature = None
    if signature is None{unfit}:
        return _slow_call(_op, ({positional},), {named})
"""

COMPUTED = """\
{refusal}    xp = signature.xp
    try:
        out = {compute}
    except Exception as error:
{failure}"""

ARRAY = """\
    made = signature.cls()
    made._value = out
    made._kernels = xp
{signature}    made._signature = signature
"""

NODE = """\
    flags = _mode()
    if {untracked}:
        made._node = None
        if flags & _RECORDING:
            made._constant = True
        return made
    if not flags & _RECORDING:
        made._node = None
        if _LIVE:
            _check_thread(({parents},), "{name}()")
        return made
{nodes}    made._node = node
    if flags >= _INSPECTED:
        _inspect_result(_op, node, out)
    return made
"""

OF_SHAPE = """\
    signature = (
        signature.family[out.shape] if out.dtype is signature.dtype else
        xp.signatures[signature.cls, out.dtype, out.shape])
"""


class CallCode:
    """The source of the public function of an op."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.tracked = [name for name in op.arrays if name not in op.constant]
        self.promoting = [name for name in op.arrays if name in op.promotes]
        self.takes_numbers = len(op.inputs) == 2 == len(self.promoting) and op.kind.aligns and not op.variadic
        plain = not (op.keywords or op.optional or op.variadic or op.constant or op.outs)
        self.pointwise = op.kind is ELEMENTWISE and plain and len(op.inputs) <= 2
        self.untracked = " and ".join(f"not any(p_{n})" if n == op.variadic else f"p_{n} is None" for n in self.tracked)
        starred = [f"*{op.variadic}"] if op.variadic else []
        self.positional = ", ".join([*op.inputs, *starred])
        self.named = "{" + ", ".join(f"{name!r}: {name}" for name in op.keywords) + "}"

    def _of_each(self, letter: str, names: Sequence[str]) -> str:
        """The values (`v`) or the nodes (`p`) of these inputs, one after the other."""
        return ", ".join(f"*{letter}_{n}" if n == self.op.variadic else f"{letter}_{n}" for n in names)

    def source(self) -> str:
        """The function, from operands that are alike to the result; all else is `slow_call`'s."""
        op = self.op
        parameters = [f"{name}=None" if name in op.optional else name for name in op.inputs]
        parameters += [f"*{op.variadic}"] if op.variadic else ["*"] * bool(op.keywords)
        parameters += [n if default is Parameter.empty else f"{n}=_d_{n}" for n, default in op.keywords.items()]
        keywords = "".join(f", {name}={name}" for name in op.keywords)
        signature = "signature"
        if not self.takes_numbers and self.promoting and self.promoting[0] in op.inputs[1:]:
            signature = f"{self.promoting[0]}._signature"
        unfit = f" or ({self.untracked or 'True'} and not {signature}.inexact)"
        function = FUNCTION.format(
            name=op.name,
            parameters=", ".join(parameters),
            keywords=block(self._keywords()),
            operands=self._operands(),
            unfit=unfit if op.floats and op.recorded is None else "",
            positional=self.positional,
            named=self.named,
        )
        if op.recorded is not None:
            return f"{function}    return _recorded({self.positional}{keywords})\n"
        failure = [f"raise _explain(_op, ({self.positional},), {self.named}, error)"]
        compute = f"xp.{op.name}({self._of_each('v', op.arrays)}{keywords})"
        if op.name in SYMBOLS:
            # Not every engine's arrays leave an operator to the other operand where that is batched.
            again = ["try:", f"    out = {compute}", "except Exception as error:", f"    {failure[0]}"]
            failure = ["if xp.backend is not None:", f"    {failure[0]}", *again]
            values = [f"v_{name}" for name in op.inputs]
            compute = f" {SYMBOLS[op.name]} ".join(values) if len(values) == 2 else f"{SYMBOLS[op.name]}{values[0]}"
        refusal = f"    if {signature}.complex:\n        raise _refusal(_op)\n" if op.real else ""
        return function + COMPUTED.format(refusal=refusal, compute=compute, failure=block(failure, 2)) + self._result()

    def _keywords(self) -> list[str]:
        """Lines that take arrays among the keywords for numbers, and `stretched`."""
        lines = ["stretched = 0"] if self.takes_numbers else []
        for name in self.op.keywords:
            tuples = "" if name in self.op.plain else f" and _all_plain(map(type, {name}))"
            lines += [
                f"if {name}.__class__ not in _PLAIN and not ({name}.__class__ is tuple{tuples}):",
                f"    {name} = _plain_keyword(_op, {name!r}, {name})",
            ]
        return lines

    def _operands(self) -> str:
        """Lines that take values and nodes from the operands; `signature` is None where they are not alike."""
        op = self.op
        if self.takes_numbers:
            return BINARY.format(x=op.inputs[0], y=op.inputs[1])
        lines = [f"signature = {op.arrays[0]}{'' if op.inputs else '[0]'}._signature"]
        for number, name in enumerate(op.inputs):
            promotes = name in self.promoting[1:]
            alike, first = ("family", self.promoting[0]) if promotes else ("home", op.inputs[0])
            other = "signature" if first == op.inputs[0] else f"{first}._signature"
            take = [f"v_{name} = {name}._value"] + [f"p_{name} = {name}._node"] * (name in self.tracked)
            if number:
                take = [f"if {name}._signature.{alike} is not {other}.{alike}:", "    signature = None", *take]
            if name in op.optional:
                missing = " = ".join([f"v_{name}"] + [f"p_{name}"] * (name in self.tracked))
                take = [f"if {name} is None:", f"    {missing} = None", "else:", *(f"    {line}" for line in take)]
            lines += take
        if op.variadic:
            name = op.variadic
            alike = "family" if name in self.promoting else "home"
            values, nodes = f"[i._value for i in {name}]", f"p_{name} = tuple([i._node for i in {name}])"
            taken = (
                [f"v_{name} = {values}", nodes]
                if name in self.tracked
                else [f"v_{name} = tuple({values}) if {name} else ()"]
            )
            lines += [*taken, f"for i in {name}:", f"    if i._signature.{alike} is not signature.{alike}:"]
            lines.append("        signature = None")
        return block(lines, 2)

    def _result(self) -> str:
        """Lines that put the result into an array and, where an input is tracked, leave a node."""
        op = self.op
        constant = op.kind is LOCALLY_CONSTANT
        parents = self._of_each("p", () if constant else self.tracked)
        if op.outs:
            places = ", ".join("None" if n in op.constant or constant else self._of_each("p", [n]) for n in op.arrays)
            values = self._of_each("v", op.arrays)
            return f"    return _results(_op, signature.cls, xp, tuple(out), [{values}], [{places}], {self.named})\n"
        array = ARRAY.format(signature="" if self.pointwise else OF_SHAPE)
        if constant:
            return f"{array}    made._node = None\n    return made\n"
        nodes = block(self._nodes())
        return array + NODE.format(name=op.name, untracked=self.untracked, parents=parents, nodes=nodes)

    def _bits(self) -> str:
        """The expression for the number of a node's variant; see `NodeCode`."""
        op, count = self.op, len(self.op.arrays)
        bits = []
        for number, name in enumerate(op.arrays):
            if name in self.tracked:
                on = (
                    f"(True in [p is not None for p in p_{name}])" if name == op.variadic else f"(p_{name} is not None)"
                )
                bits.append(f"{on} << {number}" if number else on)
                if op.kind is ELEMENTWISE and count > 1 and not self.takes_numbers:
                    bits.append(f"(p_{name} is not None and v_{name}.shape != out.shape) << {count + number}")
        if self.takes_numbers:
            bits.append(f"stretched << {count}")
        return " | ".join([*bits, f"signature.complex << {2 * count}"])

    def _nodes(self) -> list[str]:
        """Lines that make the common nodes, of real numbers without broadcasting, at once, and look up the others."""
        op, tracked = self.op, self.tracked
        arguments = ", ".join(record_arguments(op))
        lines = [f"bits = {self._bits()}", f"node = (_recorders.get(bits) or _variant(bits)[1])({arguments})"]
        if op.variadic not in tracked and len(tracked) <= 2 and (self.pointwise or op.kind is not ELEMENTWISE):
            rare = "stretched or " * self.takes_numbers + "signature.complex"
            lines = [f"if {rare}:", *(f"    {line}" for line in lines), *self._common_nodes()]
        return (
            lines
            if self.pointwise
            else ["if not signature.inexact:", "    made._node = None", "    return made", *lines]
        )

    def _common_nodes(self) -> list[str]:
        op, tracked = self.op, self.tracked
        # Which inputs are recorded, and the test for it once the cases before have been ruled out.
        cases = [(tracked[:1], f"elif p_{tracked[-1]} is None:"), (tracked[1:], f"elif p_{tracked[0]} is None:")]
        lines = []
        for recorded, test in [*(cases if len(tracked) == 2 else []), (tracked, "else:")]:
            if op.same and recorded == tracked:
                x, y = op.inputs
                lines += [f"elif p_{x} is p_{y} and v_{x} is v_{y}:", f"    node = _record_same(xp, out, v_{x}, p_{x})"]
            number = sum((name in recorded) << i for i, name in enumerate(op.arrays))
            save = [f"_variant({number})"]  # raises: there is no rule
            if all(name in op.formulas for name in recorded):
                save = NodeCode(op, number).save(f"(_class_{number} or _variant({number})[0])")
                for name in op.inputs:
                    spec = f"xp.spec(v_{name})"
                    save = [line.replace(spec, f"{name}._signature.spec or {spec}") for line in save]
            lines += [test, *(f"    {line}" for line in save)]
        return lines
