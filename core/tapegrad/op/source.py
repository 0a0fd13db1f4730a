"""The source of the public function of an op.

It computes with operands that are alike, and leaves a node where an input is tracked (`nodes.py` says what the names in
it mean). `CallCode(OPS["multiply"]).source()` is what to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter

from .kinds import ELEMENTWISE, LOCALLY_CONSTANT
from .nodes import NodeCode, block, indented, record_arguments
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
{number_y}{number_x}        else:
            signature = None
"""

NUMBER = """\
        elif {y}.__class__ in _NUMBERS:
            signature = {x}._signature
            v_{x}, p_{x}, p_{y} = {x}._value, {x}._node, None
            v_{y} = signature.scalars.get({y}) if {y}.__class__ is not complex else None
            if v_{y} is None and (v_{y} := signature.scalar({y}, v_{x})) is None:
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
    made._node = None
"""

OF_SHAPE = """\
    signature = (
        signature.family[out.shape] if out.dtype is signature.dtype else
        xp.signatures[signature.cls, out.dtype, out.shape])
"""

NODE = """\
    flags = _mode()
    if {untracked}:
        if flags & _RECORDING:
            made._constant = True
    elif flags & _RECORDING{inexact}:
{nodes}        made._node = node
        if flags >= _INSPECTED:
            _inspect_result(_op, node, out)
    elif _LIVE:
        _check_thread(({parents},), "{name}()")
"""


class CallCode:
    """The source of the public function of an op."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.tracked = [name for name in op.arrays if name not in op.constant]
        self.first = (op.promotes or op.arrays)[0]
        self.takes_numbers = len(op.inputs) == 2 == len(op.promotes) and op.kind.aligns and not op.variadic
        plain = not (op.keywords or op.optional or op.variadic or op.constant or op.outs)
        self.pointwise = op.kind is ELEMENTWISE and plain and len(op.inputs) <= 2
        self.untracked = " and ".join(f"not any(p_{n})" if n == op.variadic else f"p_{n} is None" for n in self.tracked)
        self.positional = self._of_each("", op.arrays)
        self.named = "{" + ", ".join(f"{name!r}: {name}" for name in op.keywords) + "}"

    def _of_each(self, prefix: str, names: Sequence[str]) -> str:
        """These inputs, their values (`v_`) or their nodes (`p_`), one after the other."""
        return ", ".join(f"*{prefix}{name}" if name == self.op.variadic else prefix + name for name in names)

    def source(self) -> str:
        """The function, from operands that are alike to the result; all else is `slow_call`'s."""
        op = self.op
        parameters = [f"{name}=None" if name in op.optional else name for name in op.inputs]
        parameters += [f"*{op.variadic}"] if op.variadic else ["*"] * bool(op.keywords)
        parameters += [n if default is Parameter.empty else f"{n}=_d_{n}" for n, default in op.keywords.items()]
        keywords = "".join(f", {name}={name}" for name in op.keywords)
        unfit = f" or ({self.untracked or 'True'} and not signature.inexact)"
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
        compute = f"xp.{op.name}({self._of_each('v_', op.arrays)}{keywords})"
        if op.name in SYMBOLS:
            # Not every engine's arrays leave an operator to the other operand where that is batched.
            again = ["try:", f"    out = {compute}", "except Exception as error:", f"    {failure[0]}"]
            failure = ["if xp.backend is not None:", f"    {failure[0]}", *again]
            values = [f"v_{name}" for name in op.inputs]
            compute = f" {SYMBOLS[op.name]} ".join(values) if len(values) == 2 else f"{SYMBOLS[op.name]}{values[0]}"
        refusal = "    if signature.complex:\n        raise _refusal(_op)\n" if op.real else ""
        if op.alike:
            shapes = [f"v_{name}.shape" for name in op.alike]
            refusal += f"    if not {' == '.join(shapes)}:\n        raise _unlike(_op, {', '.join(shapes)})\n"
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
            x, y = op.inputs
            return BINARY.format(x=x, y=y, number_y=NUMBER.format(x=x, y=y), number_x=NUMBER.format(x=y, y=x))
        lines = [f"signature = {self.first}{'' if op.inputs else '[0]'}._signature"]
        for name in op.arrays:
            alike = "family" if name in op.promotes else "home"
            differs = f"_signature.{alike} is not signature.{alike}:"
            if name == op.variadic:
                lines += [f"for i in {name}:", f"    if i.{differs}", "        signature = None"]
                take = f"tuple([i.{{}} for i in {name}]) if {name} else ()"
            else:
                optional = name in op.optional
                if name != self.first:
                    lines += [f"if {f'{name} is not None and ' * optional}{name}.{differs}", "    signature = None"]
                take = f"{f'None if {name} is None else ' * optional}{name}.{{}}"
            lines.append(f"v_{name} = {take.format('_value')}")
            lines += [f"p_{name} = {take.format('_node')}"] if name in self.tracked else []
        return block(lines, 2)

    def _result(self) -> str:
        """Lines that put the result into an array and, where an input is tracked, leave a node."""
        op = self.op
        constant = op.kind is LOCALLY_CONSTANT
        if op.outs:
            places = ["None" if n in op.constant or constant else self._of_each("p_", [n]) for n in op.arrays]
            values = self._of_each("v_", op.arrays)
            operands = f"[{values}], [{', '.join(places)}], {self.named}"
            return f"    return _results(_op, signature.cls, xp, tuple(out), {operands})\n"
        node = (
            ""
            if constant
            else NODE.format(
                name=op.name,
                untracked=self.untracked,
                inexact="" if self.pointwise else " and signature.inexact",
                nodes=block(self._nodes(), 2),
                parents=self._of_each("p_", self.tracked),
            )
        )
        return ARRAY.format(signature="" if self.pointwise else OF_SHAPE) + node + "    return made\n"

    def _nodes(self) -> list[str]:
        """Lines that make the common nodes, of real numbers without broadcasting, at once, and look up the others."""
        op, tracked = self.op, self.tracked
        lookup = [f"bits = {self._bits()}", f"node = _recorders[bits]({', '.join(record_arguments(op))})"]
        if op.variadic in tracked or len(tracked) > 2 or (op.kind is ELEMENTWISE and not self.pointwise):
            return lookup
        lines = [f"if {'stretched or ' * self.takes_numbers}signature.complex:", *indented(lookup)]
        # Which inputs are recorded, and the test for it once the cases before have been ruled out.
        pairs = zip(tracked, tracked[::-1], strict=True) if len(tracked) == 2 else ()
        for recorded, test in [*(([x], f"elif p_{y} is None:") for x, y in pairs), (tracked, "else:")]:
            if op.same and recorded == tracked:
                x, y = op.inputs
                lines += [f"elif p_{x} is p_{y} and v_{x} is v_{y}:", f"    node = _record_same(xp, out, v_{x}, p_{x})"]
            number = sum((name in recorded) << i for i, name in enumerate(op.arrays))
            save = [f"_class_{number}()"]  # raises: there is no rule
            if all(name in op.formulas for name in recorded):
                save = NodeCode(op, number, spec="{0}._signature.spec or xp.spec(v_{0})").save(f"_class_{number}")
            lines += [test, *indented(save)]
        return lines

    def _bits(self) -> str:
        """The expression for the number of a node's variant; see `NodeCode`."""
        op, count = self.op, len(self.op.arrays)
        bits = []
        for i, name in enumerate(op.arrays):
            if name in self.tracked:
                on = f"any(p_{name})" if name == op.variadic else f"(p_{name} is not None)"
                bits.append(f"{on} << {i}" if i else on)
                if op.kind is ELEMENTWISE and count > 1 and not self.takes_numbers:
                    bits.append(f"(p_{name} is not None and v_{name}.shape != out.shape) << {count + i}")
        bits += [f"stretched << {count}"] * self.takes_numbers
        return " | ".join([*bits, f"signature.complex << {2 * count}"])
