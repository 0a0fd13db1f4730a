"""Programs of transforms give what JAX gives for them: the structure, shapes, dtypes and numbers."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp

jax = pytest.importorskip("jax", reason="there is nothing to compare with")

V = np.asarray([1.0, 2.0, 3.0])
S = np.asarray([2.0, 5.0])
A = np.arange(1.0, 7.0).reshape(2, 3)
Point = namedtuple("Point", "x y")

TREES = {
    "dict": lambda T, n: T.grad(lambda d: n.sum(d["a"] * d["b"][0]))({"a": V, "b": (V,)}),
    "named tuple": lambda T, n: T.grad(lambda p: n.sum(p.x * p.y))(Point(V, V)),
    "ordered dict": lambda T, n: T.grad(lambda d: n.sum(d["b"] * d["a"]))(OrderedDict(b=V, a=V)),
    "None in a dict": lambda T, n: T.grad(lambda d: n.sum(d["a"]))({"a": V, "b": None}),
    "None in a tuple": lambda T, n: T.grad(lambda d: n.sum(d[0]))((V, None, {"k": None})),
    "None in, None out": lambda T, n: T.jacrev(lambda d: {"o": d["a"] * 2, "n": None})({"a": V, "z": None}),
    "None in a batch": lambda T, n: T.vmap(lambda d: {"o": d["a"], "z": None})({"a": A, "z": None}),
    "None as an argument": lambda T, n: T.vmap(lambda a, b: a, in_axes=(0, None))(A, None),
    "empty dict": lambda T, n: T.grad(lambda d, x: n.sum(x * x))({}, V),
    "float32 beside float64": lambda T, n: T.grad(lambda d: n.sum(d["a"]) * n.sum(d["b"]))(
        {"a": V.astype("f4"), "b": V}
    ),
    "NumPy scalars": lambda T, n: T.grad(lambda d: d["a"] * d["b"])({"a": np.float64(2), "b": np.float32(3)}),
    "0-d": lambda T, n: T.grad(lambda x: x**3)(np.asarray(2.0)),
    "Python float": lambda T, n: T.grad(lambda x: x**3)(2.0),
    "argnums, a tuple": lambda T, n: T.grad(lambda a, b, c: n.sum(a * b * c), (0, 2))(V, V, V),
    "argnums, a list": lambda T, n: T.grad(lambda a, b, c: n.sum(a * b * c), [0, 2])(V, V, V),
    "argnums, one in a tuple": lambda T, n: T.grad(lambda a, b: n.sum(a * b), (0,))(V, V),
    "argnums, from the end": lambda T, n: T.grad(lambda a, b, c: n.sum(a * b * c), (-1, 0))(V, V, V),
    "keywords": lambda T, n: T.grad(lambda a, *, k: n.sum(a * k["z"]))(V, k={"z": V}),
    "aux, a tree": lambda T, n: T.value_and_grad(lambda a: (n.sum(a * a), {"s": a * 2, "n": 3}), has_aux=True)(V),
    "aux, integers": lambda T, n: T.grad(lambda x: (n.sum(x), {"n": np.int64(3), "i": n.argmax(x)}), has_aux=True)(V),
    "vjp of a tree": lambda T, n: (lambda out, pull: (out, pull({"o": V, "q": (np.asarray(1.0),)})))(
        *T.vjp(lambda a, b: {"o": a * b["k"], "q": (n.sum(a),)}, V, {"k": V})
    ),
    "vjp with aux": lambda T, n: (lambda out, pull, aux: (out, pull(V), aux))(
        *T.vjp(lambda a: (a * 2, {"x": a}), V, has_aux=True)
    ),
    "jvp of a tree": lambda T, n: T.jvp(
        lambda a, b: {"o": a * b["k"], "q": (n.sum(a),)}, (V, {"k": V}), (V, {"k": V * 2})
    ),
    "jvp of lists": lambda T, n: T.jvp(lambda a: a * a, [V], [V]),
    "jvp with aux": lambda T, n: T.jvp(lambda a: (a * a, a), (V,), (V,), has_aux=True),
    "linearize": lambda T, n: (lambda out, push: (out, push(V, {"k": V}), push(V * 2, {"k": V * 0})))(
        *T.linearize(lambda a, b: {"o": a * b["k"]}, V, {"k": V})
    ),
    "jacrev of a tree": lambda T, n: T.jacrev(lambda d: {"o": d["a"] * d["b"], "s": (n.sum(d["a"]),)})(
        {"a": V, "b": V}
    ),
    "jacfwd of a tree": lambda T, n: T.jacfwd(lambda d: {"o": d["a"] * d["b"], "s": (n.sum(d["a"]),)})(
        {"a": V, "b": V}
    ),
    "jacrev of two arguments": lambda T, n: T.jacrev(lambda a, b: n.outer(a, b), (0, 1))(S, V),
    "jacfwd of two arguments": lambda T, n: T.jacfwd(lambda a, b: n.outer(a, b), (0, 1))(S, V),
    "jacrev of a matrix": lambda T, n: T.jacrev(lambda a: a @ a.T)(A),
    "jacfwd of a matrix": lambda T, n: T.jacfwd(lambda a: a @ a.T)(A),
    "jacrev of a number": lambda T, n: T.jacrev(lambda x: n.stack([x, x * x]))(2.0),
    "jacfwd of a number": lambda T, n: T.jacfwd(lambda x: n.stack([x, x * x]))(2.0),
    "jacrev with aux": lambda T, n: T.jacrev(lambda x: (x * x, {"a": x}), has_aux=True)(V),
    "jacfwd with aux": lambda T, n: T.jacfwd(lambda x: (x * x, {"a": x}), has_aux=True)(V),
    "jacrev of constants": lambda T, n: T.jacrev(lambda x: (x, V, 3.0))(V),
    "jacfwd of constants": lambda T, n: T.jacfwd(lambda x: (x, V, 3.0))(V),
    "jacrev of nothing": lambda T, n: T.jacrev(lambda d: d["a"])({"a": np.zeros(0)}),
    "jacfwd of nothing": lambda T, n: T.jacfwd(lambda d: d["a"])({"a": np.zeros(0)}),
    "hessian of a dict": lambda T, n: T.hessian(lambda d: n.sum(d["a"] ** 2 * d["b"]))({"a": V, "b": V}),
    "hessian of two arguments": lambda T, n: T.hessian(lambda a, b: n.sum(a**2 * b), (0, 1))(V, V),
    "hessian of a number": lambda T, n: T.hessian(lambda x: x**3)(2.0),
    "hessian with aux": lambda T, n: T.hessian(lambda x: (n.sum(x**3), x * 2), has_aux=True)(V),
    "hessian of a vector": lambda T, n: T.hessian(lambda x: x**3)(V),
    "hessian of nothing": lambda T, n: T.hessian(lambda d: n.sum(d["a"]))({"a": np.zeros(0)}),
    "in_axes, a tree": lambda T, n: T.vmap(lambda d, s: d["a"] * s + d["b"], in_axes=({"a": 1, "b": None}, None))(
        {"a": A, "b": S}, 3.0
    ),
    "in_axes, a tuple in a tuple": lambda T, n: T.vmap(lambda t: t[0] * t[1], in_axes=((0, 1),))((A, A.T.copy())),
    "in_axes, a list": lambda T, n: T.vmap(lambda a, b: a * b, in_axes=[0, None])(A, V),
    "out_axes, a tree": lambda T, n: T.vmap(lambda a: {"x": a, "y": (a * 2, a * 3)}, out_axes={"x": 1, "y": 0})(A),
    "axes from the end": lambda T, n: T.vmap(lambda a: a * 2, in_axes=-1, out_axes=-1)(A),
    "out_axes None": lambda T, n: T.vmap(lambda a: (a, np.float64(3.0)), out_axes=(0, None))(A),
    "constant results": lambda T, n: T.vmap(lambda a: (n.ones(2), 2.0))(A),
    "nested axes": lambda T, n: T.vmap(T.vmap(lambda a, b: a * b, (0, None)), (None, 0))(V, S),
    "three nested axes": lambda T, n: T.vmap(T.vmap(T.vmap(lambda x: x * 2, -1, 0), 0, -1), 1, 1)(
        np.arange(24.0).reshape(2, 3, 4)
    ),
    "keywords of a batch": lambda T, n: T.vmap(lambda a, b, k: a * k + b, in_axes=(0, None))(A, V, k=S),
    "integers in a batch": lambda T, n: T.vmap(lambda a: a + 1)(np.arange(3)),
    "float32 and float64 in a batch": lambda T, n: T.vmap(lambda a, b: a * b)(V.astype("f4"), V),
    "axis_size": lambda T, n: T.vmap(lambda: n.ones(2), axis_size=3)(),
    "an empty batch": lambda T, n: T.vmap(T.value_and_grad(lambda r: n.sum(n.sin(r))))(np.zeros((0, 3))),
    "vmap of grad of a tree": lambda T, n: T.vmap(T.grad(lambda d: n.sum(d["w"] * d["w"]) * d["b"]))({"w": A, "b": S}),
    "vmap of value_and_grad": lambda T, n: T.vmap(T.value_and_grad(lambda w, x: n.sum(w * x) ** 2), (None, 0))(V, A),
    "vmap of hessian of a tree": lambda T, n: T.vmap(T.hessian(lambda d: n.sum(d["w"] ** 3)))({"w": A}),
    "grad of vmap of a tree": lambda T, n: T.grad(
        lambda d: n.sum(T.vmap(lambda r, b: n.sum(r * r) * b)(d["w"], d["b"]))
    )({"w": A, "b": S}),
}

PERTURBATIONS = {
    "x times a slope": lambda T, n: T.grad(lambda x: x * T.grad(lambda y: x + y)(2.0))(1.0),
    "the same forward": lambda T, n: T.jvp(lambda x: x * T.jvp(lambda y: x + y, (2.0,), (1.0,))[1], (1.0,), (1.0,))[1],
    "forward in reverse": lambda T, n: T.grad(lambda x: x * T.jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0),
    "reverse in forward": lambda T, n: T.jvp(lambda x: x * T.grad(lambda y: x * y * y)(x), (3.0,), (1.0,))[1],
    "a shift of a function": lambda T, n: T.jvp(
        lambda u: T.jvp(lambda x: n.sin(x + u) * (x + u), (2.0,), (1.0,))[1], (0.0,), (1.0,)
    )[1],
    "three levels": lambda T, n: T.grad(lambda x: T.grad(lambda y: T.grad(lambda z: x * y**2 * z**3)(y))(x))(2.0),
    "closures at three levels": lambda T, n: T.grad(
        lambda x: T.grad(lambda y: T.grad(lambda z: x * y * z + n.sin(x * z))(x * y) * y)(x * x)
    )(1.3),
    "a constant of an outer variable": lambda T, n: T.grad(lambda x: T.grad(lambda y: T.stop_gradient(x) * y**3)(x))(
        2.0
    ),
    "a constant in a batch": lambda T, n: T.grad(lambda a: n.sum(T.vmap(lambda r: n.sum(r * T.stop_gradient(r)))(a)))(
        A
    ),
    "a constant forward": lambda T, n: T.jvp(lambda x: x * T.stop_gradient(x * x), (3.0,), (1.0,)),
    "a batch over an outer variable": lambda T, n: T.grad(lambda w: n.sum(T.vmap(lambda r: n.sum(n.sin(r * w)))(A)))(V),
    "a batch over a batch": lambda T, n: T.vmap(lambda w: T.vmap(lambda r: n.sum(r) * w)(A))(V),
    "grad in a batch over an outer variable": lambda T, n: T.grad(
        lambda w: n.sum(T.vmap(T.grad(lambda r: n.sum(n.sin(r * w))))(A))
    )(V),
    "grad of vmap of grad of vmap": lambda T, n: T.grad(
        lambda w: n.sum(T.vmap(lambda r: T.grad(lambda q: n.sum(T.vmap(lambda z: n.sin(z * q * w[0]))(r)))(w[1]))(A))
    )(V),
    "vmap in jvp in vmap": lambda T, n: T.vmap(
        lambda x: T.jvp(lambda y: T.vmap(lambda z: n.sin(z * y) * x)(V), (x,), (n.ones(()),))[1]
    )(S),
    "vmap in grad in vmap": lambda T, n: T.vmap(
        lambda x: T.grad(lambda y: n.sum(T.vmap(lambda z: n.sin(z * y) * x)(V)))(x)
    )(S),
    "jacrev in a batch": lambda T, n: T.vmap(lambda r: T.jacrev(lambda q: n.outer(q, r))(r))(A),
    "jacfwd in a batch": lambda T, n: T.vmap(lambda r: T.jacfwd(lambda q: n.outer(q, r))(r))(A),
    "hessian in a batch": lambda T, n: T.vmap(lambda s: T.hessian(lambda q: n.sum(n.sin(q * s)))(V))(S),
    "grad of a trace of a hessian": lambda T, n: T.grad(lambda x: n.trace(T.hessian(lambda q: n.sum(q**4))(x)))(V),
    "grad of the volume of a jacobian": lambda T, n: T.grad(
        lambda x: n.linalg.slogdet(T.jacrev(lambda q: n.tanh(q) + 0.1 * n.sum(q))(x))[1]
    )(V),
    "jacrev of jacfwd": lambda T, n: T.jacrev(T.jacfwd(lambda q: n.sin(q) * n.sum(q)))(V),
    "jacfwd of jacrev": lambda T, n: T.jacfwd(T.jacrev(lambda q: n.sin(q) * n.sum(q)))(V),
    "jacfwd of jacfwd": lambda T, n: T.jacfwd(T.jacfwd(lambda q: n.sin(q) * n.sum(q)))(V),
    "third derivatives": lambda T, n: T.jacfwd(T.jacrev(T.grad(lambda q: n.sum(q) ** 3 * q[0])))(V),
    "forward over reverse": lambda T, n: T.jvp(T.grad(lambda q: n.sum(q**3) * q[1]), (V,), (V,))[1],
    "reverse over forward": lambda T, n: T.grad(lambda q: T.jvp(lambda z: n.sum(z**3) * z[1], (q,), (V,))[1])(V),
    "forward over forward": lambda T, n: T.jvp(
        lambda q: T.jvp(lambda z: n.sum(z**3) * z[1], (q,), (V,))[1], (V,), (V * 2,)
    ),
    "a pull in a gradient": lambda T, n: T.grad(lambda x: n.sum(T.vjp(lambda y: n.sin(y) * x, x)[1](x)[0]))(V),
    "a push in a gradient": lambda T, n: T.grad(lambda x: n.sum(T.linearize(lambda y: n.sin(y) * x, x)[1](x)))(V),
    "a pull in a batch": lambda T, n: T.grad(
        lambda w: n.sum(T.vmap(lambda r: T.vjp(lambda y: n.sin(y) * w, r)[1](w)[0])(A))
    )(V),
    "one output twice": lambda T, n: T.vjp(lambda a: (lambda y: (y, y))(a * a), V)[1]((V, V)),
    "the argument returned twice": lambda T, n: T.vjp(lambda a: (a, a), V)[1]((V, V)),
    "one array as two arguments": lambda T, n: T.grad(lambda a, b: n.sum(a * b), (0, 1))(V, V),
    "an index as an argument": lambda T, n: T.grad(lambda x, k: n.sum(x[k] * x[0]))(V, np.asarray([0, 2])),
    "a batch of indices": lambda T, n: T.vmap(T.grad(lambda x, k: x[k] ** 2), in_axes=(None, 0))(
        V, np.asarray([0, 2, 1, 0])
    ),
    "a batch of solutions": lambda T, n: T.grad(
        lambda a: n.sum(T.vmap(lambda r: n.linalg.solve(n.eye(3) * 2 + n.outer(r, r), r))(a))
    )(A),
    "second derivatives of eigenvalues": lambda T, n: T.hessian(
        lambda x: n.sum(n.linalg.eigvalsh(n.outer(x, x) + n.diag(n.asarray(V))) ** 3)
    )(V),
}


def pulled(T: Any, n: Any) -> Any:
    """A linear map, from a vjp that is over."""
    return T.vjp(lambda y: n.sin(y) * y[0], V)[1]


def pushed(T: Any, n: Any) -> Any:
    """The transpose of the same map, from a linearize that is over."""
    push = T.linearize(lambda y: n.sin(y) * y[0], V)[1]
    return lambda t: (push(t),)


def _of_linear_maps(name: str, make: Any) -> dict[str, Any]:
    """A pull or push is a linear function like any other, for transforms that begin after it was made."""
    programs = {
        "grad": lambda T, n, p: T.grad(lambda c: n.sum(n.sin(p(c)[0])))(V),
        "hessian": lambda T, n, p: T.hessian(lambda c: n.sum(n.sin(p(c)[0])))(V),
        "jvp": lambda T, n, p: T.jvp(lambda c: n.sin(p(c)[0]), (V,), (V,)),
        "jacrev": lambda T, n, p: T.jacrev(lambda c: p(c)[0])(V),
        "vmap": lambda T, n, p: T.vmap(p)(A),
        "grad of vmap": lambda T, n, p: T.grad(lambda C: n.sum(n.sin(T.vmap(lambda c: p(c)[0])(C))))(A),
        "vmap of grad": lambda T, n, p: T.vmap(T.grad(lambda c: n.sum(n.sin(p(c)[0]))))(A),
    }
    return {f"{key} of a {name}": lambda T, n, f=f: f(T, n, make(T, n)) for key, f in programs.items()}


LINEAR_MAPS = _of_linear_maps("pull", pulled) | _of_linear_maps("push", pushed)
PROGRAMS = TREES | PERTURBATIONS | LINEAR_MAPS


@pytest.fixture(autouse=True)
def _float64() -> Any:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        with tapegrad.use_default_dtype("float64"):
            yield
    finally:
        jax.config.update("jax_enable_x64", before)


def plain(tree: Any) -> Any:
    """A tree with NumPy arrays for leaves."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return type(tree)((key, plain(value)) for key, value in tree.items())
    if isinstance(tree, (tuple, list)):
        parts = [plain(value) for value in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return np.asarray(tree)


def assert_equal(found: Any, wanted: Any) -> None:
    """Assert that two trees agree in everything."""
    assert type(found) is type(wanted)
    if isinstance(wanted, np.ndarray):
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
    elif isinstance(wanted, dict):
        assert sorted(found) == sorted(wanted)
        for key in wanted:
            assert_equal(found[key], wanted[key])
    elif wanted is not None:
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_equal(one, other)


NAMES = ("grad", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "value_and_grad", "vjp", "vmap")
THEIRS = SimpleNamespace(**{name: getattr(jax, name) for name in NAMES}, stop_gradient=jax.lax.stop_gradient)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_what_jax_gives(name: str) -> None:
    program = PROGRAMS[name]
    assert_equal(plain(program(tapegrad, tnp)), plain(program(THEIRS, jax.numpy)))
    assert tapegrad.tape.mode.MODE.get() == 0
