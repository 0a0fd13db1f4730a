"""What the composition tests share: every differentiable op with two samples, as a function of flat float64 arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import pytest

import tapegrad
from tapegrad.kernels import RECORDED
from tapegrad.op import Op, registered
from tapegrad.testing.samples import Draw

SAMPLES_PER_OP = 2


@dataclass
class Case:
    """An op at a sample: its differentiable inputs, and the op as a function of these alone."""

    op: Op
    inputs: list[np.ndarray[Any, Any]]
    call: Callable[..., list[Any]]
    rng: np.random.Generator

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


def _build(op: Op, sample: Any, index: int) -> Case | None:
    rng = np.random.default_rng(crc32(f"{op.name} {index}".encode()))
    draws, keywords = sample if len(sample) == 2 and isinstance(sample[1], dict) else (sample, {})
    values = [d.draw(rng, np.float64) if isinstance(d, Draw) else d for d in draws]
    names = op.inputs + (op.variadic or "",) * max(0, len(values) - len(op.inputs))
    places = [
        i
        for i, (v, name) in enumerate(zip(values, names, strict=False))
        if isinstance(v, np.ndarray) and v.dtype.kind == "f" and name in op.formulas
    ]
    if not places or any(isinstance(v, np.ndarray) and v.dtype.kind == "c" for v in values):
        return None

    def call(*xs: Any) -> list[Any]:
        filled = list(values)
        for i, x in zip(places, xs, strict=True):
            filled[i] = x
        out = op.call(*filled, **keywords)
        outs = list(out) if isinstance(out, (list, tuple)) else [out]
        return [o for o in outs if o.dtype.kind == "f"]

    try:
        with np.errstate(all="ignore"):
            outs = call(*[tapegrad.transforms.as_array(values[i]) for i in places])
    except tapegrad.errors.DtypeError:
        return None
    except Exception:  # an op that fails is for the tests to report, each by its name, not for the collection
        return Case(op, [values[i] for i in places], call, rng)
    if (
        not outs
        or any(o.dtype != np.float64 for o in outs)
        or any(not np.isfinite(o.asnumpy()).all() for o in outs)
        or sum(values[i].size for i in places) == 0
    ):
        return None
    return Case(op, [values[i] for i in places], call, rng)


def cases() -> list[Any]:
    """Every differentiable op with up to two samples whose values are finite, as pytest parameters."""
    found = []
    for name, op in sorted(registered().items()):
        if op.kind == "locally_constant" or op.dynamic:
            continue
        count = 0
        for index, sample in enumerate(op.samples):
            case = _build(op, sample, index)
            if case is not None:
                found.append(pytest.param(case, id=f"{name}-{index}"))
                count += 1
            if count == SAMPLES_PER_OP:
                break
    return found


CASES = cases()


def close(got: Any, wanted: Any, tolerance: float = 1e-9) -> None:
    """Assert that two lists of arrays agree, relative to the largest number in each."""
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape, (a.shape, b.shape)
        assert a.dtype == b.dtype, (a.dtype, b.dtype)
        scale = max(float(np.max(np.abs(b), initial=0.0)), 1e-3)
        assert np.all(np.isfinite(a)) and float(np.max(np.abs(a - b), initial=0.0)) <= tolerance * scale, (a, b)
