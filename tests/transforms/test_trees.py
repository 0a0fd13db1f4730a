"""What goes in comes out: kinds of arrays, faces, and pytrees."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import optree
import pytest

import tapegrad
from tapegrad.arrays.entering import as_array
from tapegrad.engines.tables import RECORDED


class Point(NamedTuple):
    """A pytree that comes with Python."""

    x: Any
    y: Any


def loss(params: Any) -> Any:
    """A scalar of a dict that holds a list and a tuple."""
    return RECORDED.sum(params["w"][0] * params["w"][1]) + params["p"].x * params["p"].y


def params() -> Any:
    """Arrays, and floats, in containers."""
    return {"w": [np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0])], "p": Point(5.0, 6.0)}


def test_a_gradient_has_the_structure_of_the_argument() -> None:
    """Dicts, lists, named tuples; arrays as arrays and floats as floats."""
    with tapegrad.use_default_dtype("float64"):
        value, g = tapegrad.value_and_grad(loss)(params())
    assert value == 41.0 and isinstance(g["p"], Point) and g["p"] == Point(6.0, 5.0) and isinstance(g["p"].x, float)
    assert type(g["w"][0]) is np.ndarray
    np.testing.assert_array_equal(g["w"][0], [3, 4])
    np.testing.assert_array_equal(g["w"][1], [1, 2])


def test_kinds() -> None:
    """Raw in, raw out; ours in, ours out; floats in, floats out."""
    square = tapegrad.grad(lambda x: RECORDED.sum(x * x))
    assert type(square(np.ones(2))) is np.ndarray
    assert type(square(as_array(np.ones(2)))) is tapegrad.numpy.ndarray
    assert type(square(3.0)) is float
    assert type(tapegrad.jvp(lambda x: x * x, (3.0,), (1.0,))[1]) is float


def test_aux_and_argnums() -> None:
    """has_aux passes other results through; a tuple of argnums gives a tuple."""
    (value, aux), g = tapegrad.value_and_grad(lambda x, y: (x * y, {"sum": x + y}), (0, 1), has_aux=True)(2.0, 3.0)
    assert (value, aux, g) == (6.0, {"sum": 5.0}, (3.0, 2.0))
    g, aux = tapegrad.grad(lambda x: (x * x, "note"), has_aux=True)(2.0)
    assert (g, aux) == (4.0, "note")
    assert tapegrad.grad(lambda x, y: x * y, -1)(2.0, 3.0) == 2.0


def test_jacobians_of_trees() -> None:
    """The output's tree of the argument's."""
    found = tapegrad.jacobian(lambda d: {"out": d["a"] * d["b"]})({"a": np.ones(2), "b": np.asarray([2.0, 3.0])})
    np.testing.assert_array_equal(found["out"]["a"], np.diag([2.0, 3.0]))
    np.testing.assert_array_equal(found["out"]["b"], np.eye(2))
    forward = tapegrad.jacfwd(lambda d: {"out": d["a"] * d["b"]})({"a": np.ones(2), "b": np.asarray([2.0, 3.0])})
    np.testing.assert_array_equal(forward["out"]["a"], np.diag([2.0, 3.0]))


def test_vmap_over_trees_and_axes() -> None:
    """in_axes and out_axes as numbers, tuples, and prefixes of a tree."""
    data = {"x": np.arange(6.0).reshape(3, 2), "y": np.arange(3.0)}
    got = tapegrad.vmap(lambda d, s: d["x"] * d["y"] * s, in_axes=(0, None))(data, 2.0)
    np.testing.assert_array_equal(got, data["x"] * data["y"][:, None] * 2)
    got = tapegrad.vmap(lambda x: x, in_axes=1, out_axes=-1)(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(got, np.arange(6.0).reshape(2, 3))
    got = tapegrad.vmap(lambda d: d["a"] + d["b"], in_axes=({"a": 0, "b": None},))({"a": np.ones(3), "b": np.ones(2)})
    np.testing.assert_array_equal(got, np.full((3, 2), 2.0))
    swapped = tapegrad.vmap(lambda x: (x, x * 2), out_axes=(0, 1))(np.ones((3, 2)))
    assert swapped[0].shape == (3, 2) and swapped[1].shape == (2, 3)


def test_inputs_are_left_alone() -> None:
    """A transform adopts raw arrays without a copy and never hands out an alias."""
    x = np.asarray([1.0, 2.0])
    value, pull = tapegrad.vjp(lambda z: z, x)
    (g,) = pull(x)
    assert not np.shares_memory(value, x) and not np.shares_memory(g, x)
    x[:] = 7
    assert value.tolist() == [1, 2] and g.tolist() == [1, 2]


@dataclasses.dataclass
class Layer:
    """A container of one's own."""

    w: Any
    b: Any


def test_a_container_of_ones_own_is_made_known_to_optree() -> None:
    """Unknown it is named, with the remedy; known it is a container like any other."""
    f = lambda layer: RECORDED.sum(layer.w * layer.b)
    layer = Layer(np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0]))
    with pytest.raises(TypeError, match=r"argument 0 holds a Layer.*register_pytree_node"):
        tapegrad.grad(f)(layer)
    with pytest.raises(TypeError, match=r"vmap: argument 0 holds a Layer.*register_pytree_node"):
        tapegrad.vmap(f)(layer)
    with pytest.raises(TypeError, match=r"returned a Layer.*register_pytree_node"):
        tapegrad.jacobian(lambda x: Layer(x, x))(layer.w)
    optree.register_pytree_node(
        Layer, lambda x: ((x.w, x.b), None, ("w", "b")), lambda _, parts: Layer(*parts), namespace="tapegrad"
    )
    try:
        found = tapegrad.grad(f)(layer)
        assert isinstance(found, Layer) and found.w.tolist() == [3, 4] and found.b.tolist() == [1, 2]
        batch = tapegrad.vmap(lambda x: Layer(x.w * 2, x.b), in_axes=Layer(0, None), out_axes=Layer(0, None))(layer)
        assert batch.w.tolist() == [2, 4] and batch.b.tolist() == [3, 4]
    finally:
        optree.unregister_pytree_node(Layer, namespace="tapegrad")


def test_a_number_takes_the_face_and_the_engine_of_what_it_stands_beside() -> None:
    """A Python float as a variable beside an NDArray, in another argument or in the same tree."""
    x = tapegrad.nd.array([1.0, 2.0])
    slope = tapegrad.grad(lambda x, s: tapegrad.nd.sum(x * s), 1)(x, 3.0)
    assert type(slope) is float and slope == 3.0
    found = tapegrad.grad(lambda d: tapegrad.nd.sum(d["x"] * d["s"]))({"x": x, "s": 3.0})
    assert found["s"] == 3.0 and found["x"].asnumpy().tolist() == [3, 3]


def test_a_hessian_of_an_ndarray_is_square() -> None:
    """Though MXNet's sums have the shape (1,)."""
    cubes = lambda x: tapegrad.nd.sum(x**3)
    x = tapegrad.nd.array([1.0, 2.0])
    np.testing.assert_array_equal(tapegrad.hessian(cubes)(x).asnumpy(), [[6, 0], [0, 12]])
    found, aux = tapegrad.hessian(lambda x: (cubes(x), "note"), has_aux=True)(x)
    assert found.shape == (2, 2) and aux == "note"


def test_hvp_of_a_tree() -> None:
    """The vector has the structure of the argument."""
    d = {"a": np.asarray([1.0, 2.0]), "b": np.asarray([3.0, 4.0])}
    found = tapegrad.hvp(lambda d: RECORDED.sum(d["a"] ** 2 * d["b"]))(d, {"a": np.ones(2), "b": np.zeros(2)})
    np.testing.assert_array_equal(found["a"], 2 * d["b"])
    np.testing.assert_array_equal(found["b"], 2 * d["a"])
    second = tapegrad.hvp(lambda s, x: RECORDED.sum(x**3) * s, argnums=1)(2.0, d["a"], np.ones(2))
    np.testing.assert_array_equal(second, 12 * d["a"])
