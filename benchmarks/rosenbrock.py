"""W7: second derivatives of Rosenbrock's function of a hundred variables, float64.

``f(x) = sum(100 (x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)``: its Hessian times a vector, and its whole Hessian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.case import Case, Step, as_compiled, compiled_faster_than, faster_than


@dataclass(frozen=True)
class Curvature:
    """A point and a direction."""

    x: np.ndarray
    v: np.ndarray


def curvature(size: int) -> Curvature:
    """A random point near the origin and a random direction."""
    draw = np.random.default_rng(0)
    return Curvature(draw.uniform(-1, 1, size), draw.standard_normal(size))


def rosenbrock(total: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Rosenbrock's function, where `total` is the library's own sum: the rest is operators, alike everywhere."""

    def function(x: Any) -> Any:
        head, tail = x[:-1], x[1:]
        bend, slope = tail - head * head, 1 - head
        return total(100 * bend * bend + slope * slope)

    return function


def product_by_hand(problem: Curvature) -> Step:
    """The Hessian-vector product from the formula: the matrix is tridiagonal."""
    x, v = problem.x, problem.v

    def step() -> tuple[np.ndarray]:
        head, tail = x[:-1], x[1:]
        beside = -400 * head
        out = np.zeros_like(x)
        out[:-1] += (2 + 1200 * head * head - 400 * tail) * v[:-1] + beside * v[1:]
        out[1:] += beside * v[:-1] + 200 * v[1:]
        return (out,)

    return step


def matrix_by_hand(problem: Curvature) -> Step:
    """The Hessian from the formula."""
    x = problem.x
    size = len(x)

    def step() -> tuple[np.ndarray]:
        head, tail = x[:-1], x[1:]
        out = np.zeros((size, size))
        entries = out.ravel()
        entries[:: size + 1][:-1] += 2 + 1200 * head * head - 400 * tail
        entries[:: size + 1][1:] += 200
        entries[1 :: size + 1] = entries[size :: size + 1] = -400 * head
        return (out,)

    return step


def product_by_tapegrad(problem: Curvature) -> Step:
    """Tapegrad's `hvp`."""
    import tapegrad

    x, v = (tapegrad.numpy.asarray(value) for value in (problem.x, problem.v))
    product = tapegrad.hvp(rosenbrock(tapegrad.numpy.sum))

    def step() -> tuple[Any]:
        return (product(x, v),)

    return step


def push_by_tapegrad(problem: Curvature) -> Step:
    """Tapegrad: the gradient, pushed forward along v."""
    import tapegrad

    x, v = (tapegrad.numpy.asarray(value) for value in (problem.x, problem.v))
    gradient = tapegrad.grad(rosenbrock(tapegrad.numpy.sum))

    def step() -> tuple[Any]:
        return (tapegrad.jvp(gradient, (x,), (v,))[1],)

    return step


def matrix_by_tapegrad(problem: Curvature) -> Step:
    """Tapegrad's `hessian`."""
    import tapegrad

    x = tapegrad.numpy.asarray(problem.x)
    hessian = tapegrad.hessian(rosenbrock(tapegrad.numpy.sum))

    def step() -> tuple[Any]:
        return (hessian(x),)

    return step


def product_by_torch(problem: Curvature) -> Step:
    """PyTorch's `torch.autograd.functional.hvp`."""
    import torch

    x, v = torch.tensor(problem.x), torch.tensor(problem.v)
    function = rosenbrock(torch.sum)

    def step() -> tuple[torch.Tensor]:
        return (torch.autograd.functional.hvp(function, x, v)[1],)

    return step


def twice_by_torch(problem: Curvature) -> Step:
    """PyTorch eager, written out: the gradient of the gradient's product with v."""
    import torch

    x, v = torch.tensor(problem.x, requires_grad=True), torch.tensor(problem.v)

    def step() -> tuple[torch.Tensor]:
        (gradient,) = torch.autograd.grad(rosenbrock(torch.sum)(x), x, create_graph=True)
        return torch.autograd.grad(gradient, x, v)

    return step


def matrix_by_torch(problem: Curvature) -> Step:
    """PyTorch's `torch.func.hessian`."""
    import torch

    x = torch.tensor(problem.x)
    hessian = torch.func.hessian(rosenbrock(torch.sum))

    def step() -> tuple[torch.Tensor]:
        return (hessian(x),)

    return step


def product_by_hips(problem: Curvature) -> Step:
    """HIPS/autograd's `hessian_vector_product`."""
    import autograd.numpy as anp
    from autograd import hessian_vector_product

    product = hessian_vector_product(rosenbrock(anp.sum))

    def step() -> tuple[np.ndarray]:
        return (product(problem.x, problem.v),)

    return step


def matrix_by_hips(problem: Curvature) -> Step:
    """HIPS/autograd's `hessian`."""
    import autograd.numpy as anp
    from autograd import hessian

    matrix = hessian(rosenbrock(anp.sum))

    def step() -> tuple[np.ndarray]:
        return (matrix(problem.x),)

    return step


def product_by_jax(problem: Curvature) -> Step:
    """JAX, compiled; `block_until_ready` because JAX answers before it has finished."""
    import jax
    import jax.numpy as jnp

    x, v = jnp.asarray(problem.x), jnp.asarray(problem.v)
    product = jax.jit(lambda x, v: jax.jvp(jax.grad(rosenbrock(jnp.sum)), (x,), (v,))[1])

    def step() -> tuple[Any]:
        return (product(x, v).block_until_ready(),)

    return step


def matrix_by_jax(problem: Curvature) -> Step:
    """JAX's `hessian`, compiled."""
    import jax
    import jax.numpy as jnp

    x = jnp.asarray(problem.x)
    hessian = jax.jit(jax.hessian(rosenbrock(jnp.sum)))

    def step() -> tuple[Any]:
        return (hessian(x).block_until_ready(),)

    return step


PRODUCT = {
    "hand": product_by_hand,
    "tapegrad": product_by_tapegrad,
    "compiled": as_compiled(product_by_tapegrad),
    "torch": product_by_torch,
    "hips": product_by_hips,
    "jax": product_by_jax,
}
COMPOSED = {"hand": product_by_hand, "tapegrad": push_by_tapegrad, "torch": twice_by_torch}
MATRIX = {
    "hand": matrix_by_hand,
    "tapegrad": matrix_by_tapegrad,
    "compiled": as_compiled(matrix_by_tapegrad),
    "torch": matrix_by_torch,
    "hips": matrix_by_hips,
    "jax": matrix_by_jax,
}


def cases(tiny: bool = False) -> list[Case]:
    """The second derivatives, of a hundred variables or of five: by each library's own function, and composed."""
    size = 5 if tiny else 100
    return [
        Case(
            "W7",
            "HVP",
            f"Rosenbrock, n = {size}: Hessian times a vector",
            lambda: curvature(size),
            PRODUCT,
            (faster_than("torch", final=3.5), faster_than("hips"), compiled_faster_than("jax", 1.0)),
            limit=0.7,
        ),
        Case(
            "W7",
            "HVP composed",
            "the same, from first derivatives: jvp of grad, or grad twice",
            lambda: curvature(size),
            COMPOSED,
            (faster_than("torch"),),
        ),
        Case(
            "W7",
            "Hessian",
            f"Rosenbrock, n = {size}: the Hessian",
            lambda: curvature(size),
            MATRIX,
            (faster_than("torch", final=1.0), faster_than("hips"), compiled_faster_than("jax", 1.0)),
        ),
    ]
