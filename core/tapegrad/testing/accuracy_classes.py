"""The accuracy classes of ops, as `accuracy=` beside an op names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engines.backend import Backend
from ..op.record import Op

__all__ = ["RULE_ULPS", "Class", "accuracy_class"]

RULE_ULPS = 8.0
"""What a rule around a library function may be off, in ulps, unless the op says otherwise (`accuracy="I1:200"`)."""


@dataclass(frozen=True)
class Class:
    """An op's class: its name, the ulps its rule may be off, whether values are judged beside 1; and of an op that
    promises bits, whether it does so for real numbers alone, whether for the signs of zeros, and whether in half
    precision.
    """

    name: str
    rule_ulps: float = RULE_ULPS
    absolute: bool = False
    real: bool = False
    unsigned: bool = False
    wide: bool = False

    def has_bits(self, dtype: np.dtype[Any]) -> bool:
        """Whether numbers of that dtype are the same bits on every engine."""
        apart = (self.real and dtype.kind == "c") or (self.wide and dtype == np.float16)
        return self.name == "I0" and not apart


def accuracy_class(op: Op, backend: Backend | None = None) -> Class:
    """What `accuracy=` says beside the op: `I1`, `I1:200` for a rule that is knowingly worse, `I3 absolute` for a value
    that may come near 0 by cancelling numbers near 1.

    `I0 real` promises bits for real numbers alone: IEEE 754 does not say how complex ones are multiplied, divided or
    measured, and engines do it in other orders, with and without fused products; those are judged in ulps.
    `I0 unsigned`: the op picks one of equal numbers, of two zeros either, as the array API standard lets it.
    `I0 wide` promises bits in single and double precision, for engines that compute half precision in single.

    A backend's own word for an op (`Backend.classes`) goes before that.
    """
    words = (op.accuracy if backend is None else backend.classes.get(op.name, (op.accuracy, ""))[0]).split()
    name, _, bound = words[0].partition(":")
    said = words[1:]
    return Class(
        name,
        float(bound) if bound else RULE_ULPS,
        *(word in said for word in ("absolute", "real", "unsigned", "wide")),
    )
