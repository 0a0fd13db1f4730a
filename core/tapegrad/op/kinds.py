"""The kinds of ops: what a formula of each means, and so what a node keeps, its cotangents, its tangent.

A kind writes lines of source for `nodes.py`; `code` is the `NodeCode` of an op for one set of recorded inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .nodes import NodeCode
    from .record import Formula, Op


class Kind:
    """What all ops of a kind have in common; the base is for ops whose formulas are complete vjps."""

    name = "op"
    aligns = False
    """Whether such an op acts on each element by itself, so that a batch needs no more than aligned axes."""
    copies = False
    """Whether a result never shares memory with an operand."""

    def __repr__(self) -> str:
        return self.name

    def is_product(self, formula: Formula) -> bool:
        """Whether a formula gives the cotangent itself, and not a partial derivative to multiply it by."""
        return True

    def conjugates(self) -> bool:
        """Whether formulas are written for holomorphic functions, so that the cotangent is conjugated around them."""
        return True

    def argument(self, op: Op, name: str) -> str:
        """Under which name a formula gets the input that it asks for."""
        return name

    def keep(self, code: NodeCode) -> None:
        """Have a node keep what its tangent and the shapes of its cotangents need, beyond what its formulas name."""
        op = code.op
        if op.jvp is not None:
            code.keep(*op.jvp.names)
            return
        code.kept["shape_out"] = "[o.shape for o in out]" if op.outs else "out.shape"
        code.kept["dtype_out"] = "[xp.dtype_of(o) for o in out]" if op.outs else "xp.dtype_of(out)"

    def reshape(self, code: NodeCode, name: str, cotangent: str) -> list[str]:
        """Lines that bring the cotangent of an input that was broadcast into its shape."""
        return []

    def push(self, code: NodeCode) -> list[str]:
        """Lines that compute the tangent of the output from the tangents `d_x` of the recorded inputs `x`."""
        op = code.op
        if op.jvp is None:
            return ["return _push_by_transpose(node, xp, wrap, table)"]
        recorded = {f"d_{name}" for name in code.recorded}
        arguments = ["None" if name.startswith("d_") and name not in recorded else name for name in op.jvp.names]
        return [*code.stop_without_tangents(), f"return _f_jvp({', '.join(arguments)})"]


class _Summed(Kind):
    """Kinds whose tangent is a sum over the recorded inputs."""

    def term(self, code: NodeCode, name: str) -> str:
        """The expression for what one input's tangent adds."""
        raise NotImplementedError

    def push(self, code: NodeCode) -> list[str]:
        lines = ["tangent = None"]
        for name in code.recorded:
            lines += [
                f"if d_{name} is not None:",
                f"    term = {self.term(code, name)}",
                "    tangent = term if tangent is None else tangent + term",
            ]
        return lines


class Elementwise(_Summed):
    """Acts on each element by itself, with broadcasting. A formula is ∂out/∂x; if it names `g`, the product with it."""

    name = "elementwise"
    aligns = True
    copies = True

    def is_product(self, formula: Formula) -> bool:
        return "g" in formula.names

    def keep(self, code: NodeCode) -> None:
        for name in code.stretched:
            code.kept[f"shape_{name}"] = f"v_{name}.shape"
        if code.stretched:
            code.kept["shape_out"] = "out.shape"

    def reshape(self, code: NodeCode, name: str, cotangent: str) -> list[str]:
        return [f"{cotangent} = xp.unbroadcast({cotangent}, shape=shape_{name})"] if name in code.stretched else []

    def term(self, code: NodeCode, name: str) -> str:
        return code.formula(name, f"d_{name}", conjugate=False)

    def push(self, code: NodeCode) -> list[str]:
        lines = super().push(code)
        if code.stretched:
            lines += [
                "if tangent is not None and tangent.shape != shape_out:",
                "    tangent = xp.broadcast_to(tangent, shape=shape_out)",
            ]
        return [*lines, "return tangent"]


class Multilinear(_Summed):
    """Linear in each input by itself. A formula is the transpose in that input."""

    name = "multilinear"
    copies = True

    def keep(self, code: NodeCode) -> None:
        op = code.op
        code.keep(*op.keywords, *(name for name in op.arrays if name in op.constant))
        for name in code.recorded:
            code.kept[f"shape_{name}"] = f"v_{name}.shape"
        alone = code.recorded[0] if len(code.recorded) == 1 else None
        code.keep(*(name for name in op.inputs if name != alone))

    def reshape(self, code: NodeCode, name: str, cotangent: str) -> list[str]:
        return [
            f"if {cotangent}.shape != shape_{name}:",
            f"    {cotangent} = xp.unbroadcast({cotangent}, shape=shape_{name})",
        ]

    def term(self, code: NodeCode, name: str) -> str:
        op = code.op
        return code.call_op([f"d_{name}" if other == name else other for other in op.inputs])

    def push(self, code: NodeCode) -> list[str]:
        return [*super().push(code), "return tangent"]


class Linear(Kind):
    """Linear in its inputs together. A formula is the transpose; an input in it is only a `Spec`."""

    name = "linear"

    def argument(self, op: Op, name: str) -> str:
        return f"spec_{name}" if name in op.arrays and name not in op.constant else name

    def keep(self, code: NodeCode) -> None:
        op = code.op
        code.keep(*op.keywords, *(name for name in op.arrays if name in op.constant))
        several = [name for name in op.inputs if name not in op.constant and name not in op.optional]
        if len(several) > 1:
            code.keep(*(f"spec_{name}" for name in several))
        if op.variadic in code.recorded:
            code.keep(f"spec_{op.variadic}")

    def push(self, code: NodeCode) -> list[str]:
        op = code.op
        if op.variadic in code.recorded:
            name = op.variadic
            return [
                f"some = next((d for d in d_{name} if d is not None), None)",
                "if some is None:",
                "    return None",
                f"d_{name} = [",
                "    xp.filled(some, shape=spec.shape, value=0) if d is None else d",
                f"    for d, spec in zip(d_{name}, spec_{name})",
                "]",
                f"return {code.call_op([f'*d_{name}'])}",
            ]
        lines = code.stop_without_tangents()
        several = [name for name in op.inputs if name not in op.constant]
        if len(several) > 1:
            some = ", ".join(f"d_{name}" for name in code.recorded)
            lines.append(f"some = next(d for d in ({some},) if d is not None)")
            for name in several:
                zeros = f"xp.filled(some, shape=spec_{name}.shape, value=0)"
                if name in code.recorded:
                    lines += [f"if d_{name} is None:", f"    d_{name} = {zeros}"]
                else:
                    lines.append(f"d_{name} = {zeros}")
        arguments = [name if name in op.constant else f"d_{name}" for name in op.inputs]
        return [*lines, f"return {code.call_op([*arguments, *([f'*{op.variadic}'] if op.variadic else [])])}"]


class General(Kind):
    """Any other function. A formula is the vjp, in the convention of complex gradients itself."""

    def conjugates(self) -> bool:
        return False


class LocallyConstant(Kind):
    """A function whose derivative is zero wherever it has one (sign, comparisons, argmax): it leaves no node."""

    name = "locally_constant"
    aligns = True


ELEMENTWISE, LINEAR, MULTILINEAR, GENERAL = Elementwise(), Linear(), Multilinear(), General()
LOCALLY_CONSTANT = LocallyConstant()
