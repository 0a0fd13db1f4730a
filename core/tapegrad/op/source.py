"""The public function of an op, written when it is first called, as `dataclasses` writes `__init__`.

It computes with operands that are alike, and leaves a node where an input is tracked (`nodes.py`, which says what the
names in written code mean). `CallCode(OPS["multiply"]).source()` is what to read.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Mapping
from functools import partial
from inspect import Parameter
from typing import Any

from ..engines.tables import OPS
from ..tape.guards import check_thread
from ..tape.mode import INSPECTED, LIVE, MODE, RECORDING
from ..tape.nodes import Node, next_seq
from . import call
from .kinds import ELEMENTWISE, LOCALLY_CONSTANT
from .nodes import NodeCode, OpNode, Variant, block, execute, node_class
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
            v_{x} = {x}._value
            p_{x} = {x}._node
            v_{y} = {y}._value
            p_{y} = {y}._node
        elif {y}.__class__ in NUMBERS:
            signature = {x}._signature
            v_{x} = {x}._value
            p_{x} = {x}._node
            v_{y} = signature.scalars.get({y}) if {y}.__class__ is not complex else None
            if v_{y} is None and (v_{y} := signature.scalar({y}, v_{x})) is None:
                signature = None
            p_{y} = None
        elif {x}.__class__ in NUMBERS:
            signature = {y}._signature
            v_{y} = {y}._value
            p_{y} = {y}._node
            v_{x} = signature.scalars.get({x}) if {x}.__class__ is not complex else None
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
        return _slow_call(_op, ({operands_in_a_tuple}), {keywords})
{result}"""

COMPUTED = """\
{refusal}    xp = signature.xp
    try:
        out = {compute}
    except Exception as error:
{failure}
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
        prologue = []
        for name in op.keywords:
            if name in op.plain:
                prologue.append(f"if {name}.__class__ is not tuple:")
            else:
                numbers = f"{name}.__class__ is tuple and _all_plain(map(type, {name}))"
                prologue.append(f"if {name}.__class__ not in PLAIN and not ({numbers}):")
            prologue.append(f"    {name} = _plain(_op, {name!r}, {name})")
        if self.takes_numbers:
            prologue.append("stretched = 0")
        variadic = [f"*{op.variadic}"] if op.variadic else []
        named = [f"{name}={name}" for name in op.keywords]
        facts = {
            "name": op.name,
            "parameters": ", ".join(parameters),
            "prologue": block(prologue) + "\n" if prologue else "",
            "operands": self._operands(),
            "unfit": "",
            "operands_in_a_tuple": ", ".join([*op.inputs, *variadic]) + ",",
            "keywords": "{" + ", ".join(f"{name!r}: {name}" for name in op.keywords) + "}",
        }
        if op.recorded is not None:
            return FUNCTION.format(
                **facts, result=f"    return _recorded({', '.join([*op.inputs, *variadic, *named])})\n"
            )
        raises = "raise _explain(_op, ({operands_in_a_tuple}), {keywords}, error)".format(**facts)
        values = [*(f"v_{name}" for name in op.inputs), *(f"*v_{name[1:]}" for name in variadic)]
        compute, failure = f"xp.{op.name}({', '.join([*values, *named])})", [raises]
        if op.name in SYMBOLS:
            # Not every engine's arrays leave an operator to the other operand where that is batched.
            failure = ["if xp.backend is not None:", f"    {raises}", f"out = {compute}"]
            compute = f" {SYMBOLS[op.name]} ".join(values) if len(values) == 2 else f"{SYMBOLS[op.name]}{values[0]}"
        signature = "signature"
        if not self.takes_numbers and self.promoting and self.promoting[0] in op.inputs[1:]:
            signature = f"{self.promoting[0]}._signature"
        if op.floats:
            facts["unfit"] = f" or ({' and '.join(self._untracked()) or 'True'} and not {signature}.inexact)"
        refusal = f"    if {signature}.complex:\n        raise _refusal(_op)\n" if op.real else ""
        computed = COMPUTED.format(refusal=refusal, compute=compute, failure=block(failure, 2))
        return FUNCTION.format(**facts, result=computed + self._result())

    def _operands(self) -> str:
        """Lines that take values and nodes from the operands; `signature` is None where they are not alike."""
        op = self.op
        if self.takes_numbers:
            return BINARY.format(x=op.inputs[0], y=op.inputs[1])
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
                else f"v_{name} = tuple([i._value for i in {name}]) if {name} else ()",
                *([f"p_{name} = tuple([i._node for i in {name}])"] if tracked else []),
                f"for i in {name}:",
                f"    if i._signature.{alike} is not signature.{alike}:",
                "        signature = None",
            ]
        return block(lines, 2) + "\n"

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
        lines = []
        signature = "signature"
        if not self.pointwise:
            signature = "xp.signatures[signature.cls, out.dtype, out.shape]"
            lines = ["if not made._signature.inexact:", "    made._node = None", "    return made"]
        lines += self._nodes(facts["bits"], facts["recorded"])
        return ARRAY.format(signature=signature) + CONSTANT.format(**facts) + block(lines) + "\n" + NODE

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

    def _nodes(self, bits: str, arguments: str) -> list[str]:
        """Lines that make the common nodes, of real numbers without broadcasting, at once, and look up the others."""
        op, tracked = self.op, self.tracked
        look_up = [f"bits = {bits}", f"node = (_recorders.get(bits) or _recorder(bits))({arguments})"]
        aligned = self.pointwise or op.kind is not ELEMENTWISE
        if len(tracked) > 2 or op.variadic in tracked or not aligned:
            return look_up
        rare = f"{'signature' if self.pointwise else 'made._signature'}.complex"
        if self.takes_numbers:
            rare = f"stretched or {rare}"
        lines = [f"if {rare}:", *("    " + line for line in look_up)]
        # Which inputs are recorded, and the test for it once the cases before have been ruled out.
        cases = [(tracked[:1], f"p_{tracked[-1]} is None"), (tracked[1:], f"p_{tracked[0]} is None"), (tracked, "")]
        for recorded, test in cases if len(tracked) == 2 else cases[-1:]:
            if op.same and not test:
                x, y = op.inputs
                lines += [f"elif p_{x} is p_{y} and v_{x} is v_{y}:", f"    node = _record_same(xp, out, v_{x}, p_{x})"]
            lines.append(f"elif {test}:" if test else "else:")
            on = tuple(name in recorded for name in op.arrays)
            number = sum(bit << i for i, bit in enumerate(on))
            if all(name in op.formulas for name in recorded):
                code = NodeCode(op, Variant(on, (False,) * len(on), False))
                lines += [
                    "    " + line for line in code.save(f"(_class_{number} or _class({number}))", beside_arrays=True)
                ]
            else:
                lines.append(f"    _recorder({number})")  # raises: there is no rule
        return lines


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
        "_all_plain": call.PLAIN.issuperset,
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
        **{f"_class_{number}": None for number in range(1, 1 << len(op.inputs))},
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
        execute(CallCode(op).source(), written, op.name)
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
