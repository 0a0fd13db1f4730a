"""The code that is written for an op: that it can be read, what its nodes keep, and that it is written once."""

import ast
import linecache

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.engines.tables import OPS
from tapegrad.op.nodes import NodeCode
from tapegrad.op.source import CallCode

DIFFERENTIABLE = sorted(name for name, op in OPS.items() if op.formulas)


def variable(values):
    x = tnp.asarray(values)
    x.attach_grad()
    return x


@pytest.mark.parametrize("name", sorted(OPS))
def test_the_function_of_every_op_is_a_short_function(name):
    source = CallCode(OPS[name]).source()
    (function,) = ast.parse(source).body
    assert function.name == name
    assert len(source.splitlines()) <= 80


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_node_of_every_op_parses_for_each_input(name):
    op = OPS[name]
    for number, array in enumerate(op.arrays):
        if array not in op.formulas:
            continue
        code = NodeCode(op, 1 << number)
        for written in (code.pull_source(), code.push_source(), code.parents_source(), code.record_source()):
            assert len(ast.parse(written).body) == 1


def test_the_function_is_written_when_it_is_first_called_and_shows_in_tracebacks():
    before = set(linecache.cache)
    tnp.trunc(tnp.asarray(1.5))  # perhaps already written by another test
    tnp.trunc(tnp.asarray(2.5))
    written = [name for name in set(linecache.cache) - before if name.startswith("<tapegrad trunc ")]
    assert len(written) <= 1
    assert OPS["trunc"].call.__code__.co_filename in linecache.cache


def test_variants_are_told_apart_by_a_number():
    def variant(bits):
        code = NodeCode(OPS["multiply"], bits)
        return code.recorded, code.stretched, code.complex

    assert variant(0b01) == (["x"], [], False)
    assert variant(0b10) == (["y"], [], False)
    assert variant(0b0101) == (["x"], ["x"], False)
    assert variant(0b0110) == (["y"], [], False)
    assert variant(0b10011) == (["x", "y"], [], True)


def test_a_node_keeps_what_its_formulas_name_and_nothing_else():
    x, y = variable([1.0, 2.0]), tnp.asarray([3.0, 4.0])
    with tapegrad.record():
        product, total, squashed = x * y, x + y, tnp.exp(x)
    slots = [set(type(node._node).__slots__) for node in (product, total, squashed)]
    assert slots == [{"p_x", "s_y"}, {"p_x"}, {"p_x", "s_out"}]


def test_formulas_as_text_and_as_functions_are_the_same_formulas():
    op = OPS["multiply"]
    formula = op.formulas["x"]
    assert formula.text == "y" and formula.names == ("y",) and formula.fn(3) == 3
    assert "g * y" in NodeCode(op, 1).pull_source()


@pytest.mark.parametrize(
    "shapes", [((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 1)), ((), (3,)), ((1,), (3,)), ((2, 3), ())]
)
@pytest.mark.parametrize("tracked", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_broadcast_operands_get_gradients_of_their_shapes(shapes, tracked, dtype):
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    arrays = [tnp.asarray(v) for v in values]
    for x, on in zip(arrays, tracked, strict=True):
        if on:
            x.attach_grad()
    with tapegrad.record():
        out = arrays[0] * arrays[1]
    head = rng.standard_normal(out.shape).astype(dtype)
    out.backward(tnp.asarray(head))
    for x, other, on in zip(arrays, values[::-1], tracked, strict=True):
        if not on:
            assert x.grad is None
            continue
        whole = head * np.conj(other)
        wanted = whole.sum(axis=tuple(range(whole.ndim - x.ndim)))
        wanted = wanted.sum(axis=tuple(i for i, n in enumerate(x.shape) if n == 1 != wanted.shape[i]), keepdims=True)
        assert x.grad.shape == x.shape and x.grad.dtype == x.dtype
        np.testing.assert_allclose(x.grad.asnumpy(), wanted, rtol=1e-5)


def test_the_same_pair_of_shapes_is_thought_about_once():
    x, y = tnp.ones((4, 5)), tnp.ones(5)
    pairs = x._signature.pairs
    first = x + y
    assert pairs[y._signature] == (first._signature, 2)
    assert (x + y)._signature is first._signature


def test_numbers_keep_their_kind_beside_integers():
    x = tnp.asarray([1, 2])
    assert (x * 2).dtype == np.int64
    assert (x * 2.0).dtype == np.float32
    assert (x * 2).dtype == np.int64
    assert (x * True).dtype == np.int64
    assert (tnp.asarray([True]) * 2).dtype == np.int64
