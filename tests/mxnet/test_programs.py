"""What programs for MXNet do besides calling functions of `nd`: names, numbers out of arrays, loose ends."""

import math
import pickle

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.errors import AxisError, ShapeError


def variable(values, **options):
    """An array with a gradient."""
    x = nd.array(values, **options)
    x.attach_grad()
    return x


def test_a_host_array_of_one_element_is_a_number_to_formats_and_to_float():
    loss = nd.array([1.0, 2.0]).mean().asnumpy()
    assert loss.shape == (1,)
    assert f"{float(loss):.2f} %.2f %d" % (loss, loss) == "1.50 1.50 1"
    assert (int(loss), complex(loss), math.floor(loss)) == (1, 1.5, 1)


def test_and_otherwise_it_is_an_array_of_numpy_like_any_other():
    loss = nd.ones(1).asnumpy()
    assert isinstance(loss, np.ndarray)
    assert repr(loss) == "array([1.], dtype=float32)"
    assert type(loss * 2) is type(np.concatenate([loss, loss])) is type(nd.ones(2).asnumpy()) is np.ndarray
    assert type(loss[0]) is type(loss.sum()) is np.float32
    assert pickle.loads(pickle.dumps(loss)).tolist() == [1]
    assert (nd.ones(2) * loss).shape == nd.array(np.concatenate([loss, loss])).shape == (2,)


def test_a_head_gradient_may_differ_in_axes_of_length_one():
    x = variable([[0], [1], [2], [3]])
    for head in (nd.array([10, 1, 0.1, 0.01]), nd.array([[10, 1, 0.1, 0.01]])):
        with autograd.record():
            y = 2 * x * x
        y.backward(head)
        np.testing.assert_allclose(x.grad.asnumpy().ravel(), [0, 4, 0.8, 0.12], rtol=1e-6)
        with autograd.record():
            y = 2 * x * x
        (found,) = autograd.grad(y, [x], [head])
        assert (found == x.grad).asnumpy().all()


def test_but_not_in_others():
    x = variable(np.ones((2, 3)))
    with autograd.record():
        y = x * x
    for shape in ((6,), (3, 2), (2, 1), (2, 3, 2)):
        with pytest.raises(ShapeError, match=r"head gradient has shape .*, its head \(2, 3\)"):
            y.backward(nd.ones(shape))
    y.backward(nd.ones((1, 2, 3)))
    assert (x.grad.asnumpy() == 2).all()


def test_random_numbers_by_way_of_mx_random():
    mx.random.seed(1)
    first = mx.random.uniform(0, 1, shape=(3,))
    mx.random.seed(1)
    assert type(first) is nd.NDArray
    assert (first == nd.random.uniform(shape=3)).asnumpy().all()
    for name in nd.random.__all__:
        assert getattr(mx.random, name) is getattr(nd.random, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        mx.random.nonsense  # noqa: B018


def test_seeds_may_be_negative_and_for_a_context():
    mx.random.seed(-5)
    first = nd.random.normal(shape=3)
    mx.random.seed(2**32 - 5)
    assert (nd.random.normal(shape=3) == first).asnumpy().all()
    mx.random.seed(7, ctx=mx.cpu())
    dice = nd.random.multinomial(nd.array([0.5, 0.5]), shape=20)
    mx.random.seed(7, ctx=mx.cpu())
    assert (nd.random.multinomial(nd.array([0.5, 0.5]), shape=20) == dice).asnumpy().all()


@pytest.mark.parametrize("name", ["gluon", "sym", "io", "optimizer", "np", "npx"])
def test_parts_of_mxnet_that_are_not_here_say_what_is(name):
    with pytest.raises(AttributeError, match=f"no '{name}'.*imperative part, which is nd, autograd"):
        getattr(mx, name)


def test_functions_that_make_arrays_take_out():
    x = nd.full((2, 3), 5)
    assert nd.ones((2, 3), out=x) is x
    assert (x.asnumpy() == 1).all()
    nd.zeros((2, 3), out=x)
    assert (x.asnumpy() == 0).all()


def test_arguments_have_mxnets_names_and_order():
    assert nd.power(base=nd.array([3]), exp=2).asscalar() == 9
    assert nd.power(2, nd.array([3])).asscalar() == 8
    assert nd.array([[[1]]]).flatten(inplace=True).shape == (1, 1)
    x = nd.array([[[1], [2], [0]]])
    assert (nd.LRN(x, 3, 1, 1, 3) == nd.LRN(x, alpha=3, beta=1, knorm=1, nsize=3)).asnumpy().all()
    with pytest.raises(TypeError, match="nsize"):
        nd.LRN(x)
    weight, zeros = nd.ones(2), [nd.zeros(2) for _ in range(3)]
    with pytest.raises(ValueError, match=r"needs t, the number of this step"):
        nd.ftml_update(weight, weight, *zeros, lr=0.1)
    with pytest.raises(ValueError, match=r"needs t, the number of this step"):
        nd.lamb_update_phase1(weight, weight, *zeros[:2])


def test_axes_that_do_not_go_together_are_named():
    x, y = nd.ones((1, 3)), nd.ones((4, 7))
    for axes in ({"lhs_axes": (), "rhs_axes": ()}, {"lhs_axes": (0,), "rhs_axes": (0, 1)}, {"lhs_axes": (0,)}):
        with pytest.raises(ValueError, match="lhs_axes"):
            nd.broadcast_like(x, y, **axes)
    with pytest.raises(AxisError, match="axis 2 of an array with 2 axes"):
        nd.broadcast_like(x, y, lhs_axes=(2,), rhs_axes=(0,))
