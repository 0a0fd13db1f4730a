"""W3: one elementwise expression over ten million float32 numbers, bound by memory rather than by arithmetic.

``sum(tanh(x * w + b) * exp(-x ** 2))``, with gradients in x and w; b is a number.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.case import (
    Case,
    Goal,
    Step,
    as_compiled,
    beside_hand,
    compiled_beside_hand,
    compiled_faster_than,
    faster_than,
)


@dataclass(frozen=True)
class Expression:
    """Two long vectors and a number."""

    x: np.ndarray
    w: np.ndarray
    b: float


def expression(size: int) -> Expression:
    """Standard normal x and w."""
    draw = np.random.default_rng(0)
    return Expression(
        x=draw.standard_normal(size, dtype=np.float32),
        w=draw.standard_normal(size, dtype=np.float32),
        b=0.5,
    )


def by_hand(problem: Expression) -> Step:
    """NumPy by hand, as one writes it down; NumPy itself reuses the larger temporaries."""
    x, w, b = problem.x, problem.w, problem.b

    def step() -> tuple[np.ndarray, ...]:
        t = np.tanh(x * w + b)
        e = np.exp(-np.square(x))
        value = np.sum(t * e)
        gu = (1 - t * t) * e
        gx = gu * w - 2 * x * t * e
        gw = gu * x
        return value, gx, gw

    return step


def by_tapegrad(problem: Expression) -> Step:
    """Tapegrad's imperative face."""
    from tapegrad import autograd, nd

    x, w, b = nd.array(problem.x), nd.array(problem.w), problem.b
    x.attach_grad()
    w.attach_grad()

    def step() -> tuple[nd.NDArray, ...]:
        with autograd.record():
            value = nd.sum(nd.tanh(x * w + b) * nd.exp(-nd.square(x)))
        value.backward()
        return value, x.grad, w.grad

    return step


def by_torch(problem: Expression) -> Step:
    """PyTorch eager."""
    import torch

    x = torch.tensor(problem.x, requires_grad=True)
    w = torch.tensor(problem.w, requires_grad=True)

    def step() -> tuple[torch.Tensor, ...]:
        x.grad = w.grad = None
        value = torch.sum(torch.tanh(x * w + problem.b) * torch.exp(-torch.square(x)))
        value.backward()
        return value, x.grad, w.grad

    return step


def by_hips(problem: Expression) -> Step:
    """HIPS/autograd."""
    import autograd.numpy as anp
    from autograd import make_vjp

    def function(arguments: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        x, w = arguments
        return anp.sum(anp.tanh(x * w + problem.b) * anp.exp(-anp.square(x)))

    def step() -> tuple[np.ndarray, ...]:
        pull, value = make_vjp(function)((problem.x, problem.w))
        gx, gw = pull(np.ones_like(value))
        return value, gx, gw

    return step


def by_jax(problem: Expression) -> Step:
    """JAX, compiled."""
    import jax
    import jax.numpy as jnp

    x, w = jnp.asarray(problem.x), jnp.asarray(problem.w)
    both = jax.jit(
        jax.value_and_grad(lambda x, w: jnp.sum(jnp.tanh(x * w + problem.b) * jnp.exp(-jnp.square(x))), (0, 1))
    )

    def step() -> tuple[Any, ...]:
        value, (gx, gw) = jax.block_until_ready(both(x, w))
        return value, gx, gw

    return step


def by_torch_compile(problem: Expression) -> Step:
    """PyTorch, compiled."""
    import torch

    x, w = (torch.tensor(value, requires_grad=True) for value in (problem.x, problem.w))
    value_of = torch.compile(lambda x, w: (torch.tanh(x * w + problem.b) * torch.exp(-(x**2))).sum())

    def step() -> tuple[torch.Tensor, ...]:
        x.grad = w.grad = None
        value = value_of(x, w)
        value.backward()
        return value, x.grad, w.grad

    return step


C = """
SIMD float expf(float);
SIMD float tanhf(float);
double w3(const float *restrict x, const float *restrict w, float b, float *restrict gx, float *restrict gw, long n) {
    double total = 0;
    for (long start = 0; start < n; start += 1000) {
        const long end = start + 1000 < n ? start + 1000 : n;
        float sum = 0;
        #pragma omp simd reduction(+: sum)
        for (long i = start; i < end; i++) {
            const float t = tanhf(x[i] * w[i] + b), e = expf(-x[i] * x[i]), u = (1 - t * t) * e;
            sum += t * e;
            gx[i] = u * w[i] - 2 * x[i] * t * e;
            gw[i] = u * x[i];
        }
        total += sum;
    }
    return total;
}
"""


def by_c(problem: Expression) -> Step:
    """A loop by hand in C, with the vector mathematics that tapegrad's kernels have."""
    from tapegrad.compile.native import compiler

    library = compiler.load(C) if compiler.vectors() else None
    if library is None:
        raise RuntimeError("there is no C compiler with vector mathematics")
    library.w3.restype = ctypes.c_double
    x, w = problem.x, problem.w

    def step() -> tuple[Any, ...]:
        gx, gw = np.empty_like(x), np.empty_like(w)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, w, gx, gw)]
        value = library.w3(*pointers[:2], ctypes.c_float(problem.b), *pointers[2:], ctypes.c_long(x.size))
        return np.float32(value), gx, gw

    return step


FORMS = {
    "hand": by_hand,
    "tapegrad": by_tapegrad,
    "compiled": as_compiled(by_tapegrad),
    "C": by_c,
    "torch": by_torch,
    "hips": by_hips,
    "jax": by_jax,
    "torch.compile": by_torch_compile,
}


def cases(tiny: bool = False) -> list[Case]:
    """Ten million numbers, or two hundred."""
    size = 200 if tiny else 10_000_000
    goals = (
        *(compiled_beside_hand(0.14), beside_hand(final=1.4), faster_than("torch"), faster_than("hips")),
        *(compiled_faster_than("torch.compile", 4.0), compiled_faster_than("jax", 5.0)),
        Goal("compiled", "C", at_most=True, final=2.5),
    )
    # The sum of ten million float32 numbers of both signs, added in each library's own order.
    return [Case("W3", "", f"elementwise, {size:,} numbers", lambda: expression(size), FORMS, goals, rtol=1e-3)]
