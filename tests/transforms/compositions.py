"""What the composition tests share: every differentiable op with two samples, as a function of flat float64 arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import pytest

import tapegrad
from tapegrad.engines.tables import RECORDED
from tapegrad.op import registered
from tapegrad.op.kinds import LOCALLY_CONSTANT
from tapegrad.op.record import Op
from tapegrad.op.samples import Draw

SAMPLES_PER_OP = 2
UP_TO_A_PHASE = ("eigh", "svd")
"""Ops whose complex vectors are given up to a phase each: their magnitudes are functions of the input, they are not."""


@dataclass
class Case:
    """An op at a sample, as a function of its differentiable inputs alone; a complex one is given and had in two parts.

    So every law is one of real arrays, and holds whatever the convention of complex cotangents; that one has its own
    test, `test_jvp_of_vjp.py`.
    """

    op: Op
    inputs: list[np.ndarray[Any, Any]]
    call: Callable[..., list[Any]]
    whole_inputs: list[np.ndarray[Any, Any]]
    whole: Callable[..., list[Any]]

    def scalar(self, *xs: Any) -> Any:
        """A nonlinear scalar of the outputs, so that second derivatives do not vanish."""
        total: Any = None
        for i, out in enumerate(self.call(*xs)):
            part = RECORDED.sum(out * (1.0 + 0.5 * i) + 0.25 * out * out)
            total = part if total is None else total + part
        return total

    def direction(self, seed: int = 1) -> list[np.ndarray[Any, Any]]:
        """Tangents for the inputs."""
        rng = np.random.default_rng(seed)
        return [np.asarray(rng.standard_normal(x.shape)) for x in self.inputs]

    def batch(self, size: int = 3) -> list[np.ndarray[Any, Any]]:
        """The inputs with a batch axis in front, each element a little different."""
        rng = np.random.default_rng(2)
        return [np.stack([x * (1 + 0.01 * k * rng.uniform()) for k in range(size)]) for x in self.inputs]


def in_parts(x: Any) -> list[Any]:
    """A complex array as its real and imaginary parts, any other as it is."""
    return [x.real, x.imag] if x.dtype.kind == "c" else [x]


def _parts_of(op: Op, out: Any) -> list[Any]:
    """An output as real arrays."""
    if out.dtype.kind != "c":
        return [out]
    parts = [RECORDED.real(out), RECORDED.imag(out)]
    return [sum(part * part for part in parts)] if op.name in UP_TO_A_PHASE else parts


def _build(op: Op, sample: Any, index: int, dtype: Any) -> Case | None:
    rng = np.random.default_rng(crc32(f"{op.name} {index}".encode()))
    draws, keywords = sample if len(sample) == 2 and isinstance(sample[1], dict) else (sample, {})
    values = [d.draw(rng, dtype) if isinstance(d, Draw) else d for d in draws]
    names = op.inputs + (op.variadic or "",) * max(0, len(values) - len(op.inputs))
    places = [
        i
        for i, (v, name) in enumerate(zip(values, names, strict=False))
        if isinstance(v, np.ndarray) and v.dtype.kind in "fc" and name in op.formulas
    ]
    complexes = {i for i in places if values[i].dtype.kind == "c"}
    if not places or (dtype == np.complex128 and not complexes):
        return None

    def whole(*xs: Any) -> list[Any]:
        filled = list(values)
        for i, x in zip(places, xs, strict=True):
            filled[i] = x
        out = op.call(*filled, **keywords)
        outs = list(out) if isinstance(out, (list, tuple)) else [out]
        return [o for o in outs if o.dtype.kind in "fc"]

    def call(*xs: Any) -> list[Any]:
        rest = iter(xs)
        outs = whole(*[next(rest) + 1j * next(rest) if i in complexes else next(rest) for i in places])
        return [part for out in outs for part in _parts_of(op, out)]

    whole_inputs = [values[i] for i in places]
    inputs = [np.array(part) for x in whole_inputs for part in in_parts(x)]
    try:
        with np.errstate(all="ignore"):
            outs = call(*[tapegrad.arrays.entering.as_array(x) for x in inputs])
    except tapegrad.errors.DtypeError:
        return None
    except Exception:  # an op that fails is for the tests to report, each by its name, not for the collection
        return Case(op, inputs, call, whole_inputs, whole)
    if not outs or any(o.dtype != np.float64 for o in outs) or any(not np.isfinite(o.asnumpy()).all() for o in outs):
        return None
    return Case(op, inputs, call, whole_inputs, whole)


def cases(*, dynamic: bool = False) -> list[Any]:
    """Every differentiable op, as pytest parameters: up to two samples whose values are finite, one complex, one empty.

    `dynamic` ones are those whose shapes depend on data, which there are none of in a batch.
    """
    found = []
    for name, op in sorted(registered().items()):
        if op.kind is LOCALLY_CONSTANT or op.dynamic != dynamic:
            continue
        wanted = {"": SAMPLES_PER_OP, "-empty": 1, "-complex": 1}
        for dtype in (np.float64, np.complex128):
            for index, sample in enumerate(op.samples):
                case = _build(op, sample, index, dtype)
                if case is None:
                    continue
                empty = sum(x.size for x in case.inputs) == 0
                kind = "-empty" if empty else "-complex" if dtype == np.complex128 else ""
                if wanted[kind] and not (empty and dtype == np.complex128):
                    wanted[kind] -= 1
                    found.append(pytest.param(case, id=f"{name}-{index}{kind}"))
    return found


CASES = cases()
DYNAMIC = cases(dynamic=True)


def close(got: Any, wanted: Any, tolerance: float = 1e-9) -> None:
    """Assert that two lists of arrays agree, relative to the largest number in each."""
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape, (a.shape, b.shape)
        assert a.dtype == b.dtype, (a.dtype, b.dtype)
        scale = max(float(np.max(np.abs(b), initial=0.0)), 1e-3)
        assert np.all(np.isfinite(a)) and float(np.max(np.abs(a - b), initial=0.0)) <= tolerance * scale, (a, b)
