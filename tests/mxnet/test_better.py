"""Where MXNet is wrong and `allowed.toml` says so: the right behaviour."""

import numpy as np
import pytest

import tapegrad
from tapegrad import autograd, nd
from tapegrad import np as mxnp
from tapegrad.errors import (
    DtypeError,
    GraphError,
    GraphFreedError,
    MaskWarning,
    NotRecordedError,
    ShapeError,
)


def variable(values, **options):
    """An array with a gradient."""
    x = nd.array(values, **options)
    x.attach_grad()
    return x


def test_a_write_between_forward_and_backward_leaves_the_gradient_that_of_the_values_used():
    x = variable([3.0])
    with autograd.record():
        y = x * x
    x[:] = 10
    y.backward()
    assert x.grad.asscalar() == 6
    assert x.asscalar() == 10


def test_writes_under_record_are_differentiated():
    x = variable([3.0, 4.0])
    with autograd.record():
        y = x * x
        y *= 2
        y[0:1] = 0
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 16]

    with autograd.record():
        b = nd.zeros((3, 2))
        b[1] = x * x
        b[2] = x * 3
        z = b * 2
    z.backward()
    assert x.grad.asnumpy().tolist() == [2 * 6 + 6, 2 * 8 + 6]

    with autograd.record():
        y = x * x
        y[[0]] = 7
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 8]

    with autograd.record():
        s = nd.zeros(2)
        s += x * x
        s += x
    s.backward()
    assert x.grad.asnumpy().tolist() == [7, 9]


def test_out_is_differentiated_through():
    x = variable([3.0])
    with autograd.record():
        y = x * x
        nd.exp(y, out=y)
    y.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), 6 * np.exp(np.float32(9)), rtol=1e-6)


@pytest.mark.parametrize("write", [lambda x: x.__iadd__(1), lambda x: x.__setitem__(slice(None), 1)])
def test_a_write_to_a_variable_under_record_names_the_remedy(write):
    x = variable([3.0])
    with autograd.record(), pytest.raises(GraphError, match=r"pause\(\)"):
        write(x)
    assert x.asscalar() == 3


class Sigmoid(autograd.Function):
    """The book's example."""

    def forward(self, x):
        y = 1 / (1 + nd.exp(-x))
        self.save_for_backward(y)
        return y

    def backward(self, dy):
        (y,) = self.saved_tensors
        return dy * y * (1 - y)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: nd.clip(x, 0, 2),
        lambda x: nd.flip(x, axis=0),
        lambda x: nd.cumsum(x),
        lambda x: x.mean(axis=0),
        lambda x: x.astype("float64"),
        lambda x: Sigmoid()(x),
        lambda x: nd.sort(x) * nd.array([1, 2, 3]),
    ],
)
def test_grad_req_add_adds(function):
    once = variable([1.0, 2.0, 3.0])
    with autograd.record():
        y = function(once)
    y.backward()
    x = nd.array([1.0, 2.0, 3.0])
    x.attach_grad("add")
    for _ in range(3):
        with autograd.record():
            y = function(x)
        y.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), 3 * once.grad.asnumpy(), rtol=1e-6)


def test_an_error_in_function_backward_reaches_the_caller_as_it_was_raised():
    class Failing(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, dy):
            raise KeyError("boom")

    x = variable([2.0])
    x.grad[:] = 5
    with autograd.record():
        y = Failing()(x)
    with pytest.raises(KeyError, match="boom"):
        y.backward()
    assert x.grad.asscalar() == 5


def test_a_wrong_number_of_gradients_is_said_with_both_numbers():
    class Short(autograd.Function):
        def forward(self, a, b):
            return a + b

        def backward(self, d):
            return d

    x = variable([2.0])
    with autograd.record():
        y = Short()(x, x)
    with pytest.raises(GraphError, match=r"Short.backward returned 1 gradient\(s\), and Short.forward has 2"):
        y.backward()


def test_derivatives_of_every_order():
    x = variable([2.0])
    with autograd.record():
        y = x * x * x * x
        g = autograd.grad(y, [x], create_graph=True)[0]
        g2 = autograd.grad(g, [x], create_graph=True)[0]
    g2.backward()
    assert x.grad.asscalar() == 48


def test_a_gradient_penalty():
    x, w = variable([1.0, 2.0]), variable([3.0, 4.0])
    with autograd.record():
        g = autograd.grad((w * x * x).sum(), [x], create_graph=True)[0]
        loss = (g * g).sum()
    loss.backward()
    assert w.grad.asnumpy().tolist() == [8 * 3 * 1, 8 * 4 * 4]
    assert x.grad.asnumpy().tolist() == [8 * 9 * 1, 8 * 16 * 2]


def test_a_function_has_a_second_derivative():
    x = variable([0.5], dtype="float64")
    with autograd.record():
        g = autograd.grad(Sigmoid()(x), [x], create_graph=True)[0]
    g.backward()
    s = 1 / (1 + np.exp(-0.5))
    np.testing.assert_allclose(x.grad.asnumpy(), s * (1 - s) * (1 - 2 * s), rtol=1e-12)


def test_a_head_listed_twice_counts_twice():
    x = variable([2.0])
    with autograd.record():
        a = x * x
    autograd.backward([a, a], [nd.array([1.0]), nd.array([10.0])])
    assert x.grad.asscalar() == 44


def test_sort_has_a_gradient():
    x = variable([3.0, 1.0, 2.0])
    with autograd.record():
        y = nd.sort(x) * nd.array([1.0, 10.0, 100.0])
    y.backward()
    assert x.grad.asnumpy().tolist() == [100, 1, 10]


def test_a_comparison_is_a_mask():
    x = nd.array([1.0, 2.0, 3.0])
    assert x[x > 1].asnumpy().tolist() == [2, 3]
    assert x[np.array([True, False, True])].asnumpy().tolist() == [1, 3]
    assert x[nd.logical_and(x > 1, x < 3)].asnumpy().tolist() == [2]
    assert x[nd.logical_not(x > 1)].asnumpy().tolist() == [1]
    x[x > 2] = 0
    assert x.asnumpy().tolist() == [1, 2, 0]


def test_indices_are_no_mask_even_where_they_are_zeros_and_ones():
    x = nd.array([1.0, 2.0, 3.0])
    with pytest.warns(MaskWarning):
        assert x[nd.array([0, 1, 1])].asnumpy().tolist() == [1, 2, 2]
    written = x > 1
    written[:] = nd.array([0, 1, 1])
    with pytest.warns(MaskWarning):
        assert x[written].asnumpy().tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    "touch",
    [lambda m: m.copy(), lambda m: 1 - m, lambda m: m * m, lambda m: m + 0, lambda m: m.reshape((3,))],
    ids=["copy", "1 - m", "m * m", "m + 0", "reshape"],
)
def test_what_was_computed_from_a_mask_is_warned_of_as_an_index(touch):
    x = nd.array([5, 6, 7])
    with pytest.warns(MaskWarning, match=r"x\[mask == 1\]"):
        x[touch(x > 5)]
    with pytest.warns(MaskWarning):
        x[touch(x > 5)] = x[:]
    x = nd.array([5, 6, 7])
    assert x[touch(x > 5) == 1].size < 3


def test_places_are_not_warned_of():
    """Warnings are errors here: integers, fewer places or more, and others than zeros and ones."""
    x = nd.array([5, 6, 7])
    assert x[nd.array([0, 1, 1]).astype("int64")].asnumpy().tolist() == [5, 6, 6]
    assert x[nd.array([0, 1])].asnumpy().tolist() == [5, 6]
    assert x[nd.array([2, 1, 0])].asnumpy().tolist() == [7, 6, 5]


def test_a_mask_is_differentiated_through():
    x = variable([1.0, 2.0, 3.0])
    with autograd.record():
        y = (x[x > 1] * nd.array([10, 20])).sum()
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 10, 20]


def test_arrays_without_axes_are_arrays_like_any_other():
    x = variable(2.0)
    with autograd.record():
        y = nd.exp(x) * x + nd.zeros(())
    y.backward()
    assert (nd.array(1.0) + nd.ones((2, 2))).shape == (2, 2)
    assert y.shape == x.grad.shape == ()
    np.testing.assert_allclose(x.grad.asnumpy(), np.exp(2) * 3, rtol=1e-6)


def test_empty_arrays_are_arrays_like_any_other():
    x = nd.zeros((0, 3))
    x.attach_grad()
    with autograd.record():
        y = (x * 2).sum()
    y.backward()
    assert x.grad.shape == (0, 3)
    assert y.asscalar() == 0


def test_each_cause_of_no_gradient_has_a_message_of_its_own():
    x, w = nd.array([1.0]), variable([1.0])
    with pytest.raises(NotRecordedError, match=r"was not recorded: compute it inside"):
        (x * x).backward()
    with autograd.record():
        y, z = x * x, w * w
    with pytest.raises(NotRecordedError, match=r"recorded, but no gradient leads .* attach_grad"):
        y.backward()
    z.backward()
    with pytest.raises(GraphFreedError, match=r"retain_graph=True"):
        z.backward()
    with autograd.record():
        y = w * 2
    with pytest.raises(GraphError, match="no variable"):
        autograd.grad(y, [x])


def test_what_is_computed_without_a_slope_is_written_to_out_as_a_constant():
    w = variable([1.0, 2.0])
    with autograd.record():
        nd.sgd_update(w, nd.ones(2), lr=1.0, out=w)
        y = (w * w).sum()
    y.backward()
    assert w.grad.asnumpy().tolist() == [0, 2]
    assert nd.round(nd.array([np.inf, -np.inf, -0.5])).asnumpy().tolist() == [np.inf, -np.inf, -1]


def test_a_head_gradient_of_the_wrong_shape_or_dtype_is_refused():
    x = variable([1.0, 2.0])
    with autograd.record():
        y = x * x
    with pytest.raises(ShapeError, match=r"\(3,\).*\(2,\)"):
        y.backward(nd.ones(3))
    with pytest.raises(DtypeError, match=r"float64.*float32"):
        y.backward(nd.ones(2, dtype="float64"))
    y.backward(nd.array([1, 10]))
    assert x.grad.asnumpy().tolist() == [2, 40]


def test_integers_are_divided_by_zero_to_zero():
    zero = nd.array([1, 0, -7], dtype="int32") / nd.array([0, 0, 2], dtype="int32")
    assert zero.asnumpy().tolist() == [0, 0, -3]


def test_reshape_to_a_wrong_size_names_both():
    with pytest.raises(ShapeError, match=r"\(2, 3\) \(size 6\).*\(4,\)"):
        nd.ones((2, 3)).reshape((4,))


def test_backward_through_a_list_of_indices():
    x = variable([1.0, 2.0, 3.0])
    with autograd.record():
        y = x[[-1, 1, -1]]
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 1, 2]


def test_prod_with_a_zero_has_a_gradient():
    x = variable([0.0, 2.0, 3.0])
    with autograd.record():
        y = nd.prod(x)
    y.backward()
    assert x.grad.asnumpy().tolist() == [6, 0, 0]


def test_variance_has_a_gradient():
    x = variable([1.0, 3.0])
    with autograd.record():
        y = nd.moments(x)[1]
    y.backward()
    assert x.grad.asnumpy().tolist() == [-1, 1]


def test_asarray_gives_the_numbers_and_refuses_to_lose_a_gradient():
    x = variable([1.0, 2.0])
    assert np.asarray(x).tolist() == [1, 2]
    with autograd.record(), pytest.raises(TypeError, match="detach"):
        np.asarray(x * 2)


def test_an_unknown_keyword_names_the_function():
    with pytest.raises(TypeError, match=r"^exp\(\) got an unexpected keyword argument 'foo'"):
        nd.exp(nd.ones(1), foo=1)


@pytest.mark.parametrize(
    "function", [np.exp, np.mean, np.abs, lambda x: np.dot(x, x), lambda x: np.concatenate([x, x])]
)
def test_numpys_functions_give_numpys_arrays_and_refuse_to_lose_a_gradient(function):
    x = variable([1.0, 2.0])
    np.testing.assert_allclose(function(x), function(np.array([1.0, 2.0])), rtol=1e-6)
    with autograd.record(), pytest.raises(TypeError, match="would lose its gradient"):
        function(x * 1)


@pytest.mark.parametrize("left", [np.float64(2), np.float32(2), np.int64(2), np.array([2.0, 2.0], dtype=np.float32)])
def test_a_numpy_number_or_array_on_the_left_of_an_operator_leaves_it_to_ours(left):
    x = variable([1.0, 3.0])
    with autograd.record():
        y = left * x + left - x
        y = left / y
    y.backward()
    assert type(y) is nd.NDArray
    assert y.dtype is np.float32
    np.testing.assert_allclose(y.asnumpy(), [2 / 3, 0.4], rtol=1e-6)
    np.testing.assert_allclose(x.grad.asnumpy(), [-2 / 9, -2 / 25], rtol=1e-6)
    assert (left > x).asnumpy().tolist() == [1, 0]
    assert (left == x).asnumpy().tolist() == [0, 0]
    assert (left > x).dtype is np.float32


FLAT = {
    "argmax": lambda x: nd.argmax(x, axis=0),
    "argmin": lambda x: x.argmin(axis=0) * 2 + 1,
    "argsort": nd.argsort,
    "topk": lambda x: nd.topk(x, k=2),
    "topk mask": lambda x: nd.topk(x, k=2, ret_typ="mask"),
    "greater": lambda x: x > 2,
    "equal": lambda x: nd.broadcast_equal(x, x),
    "logical_and": lambda x: nd.logical_and(x, x),
    "isnan": nd.contrib.isnan,
    "one_hot": lambda x: nd.one_hot(x, 4),
    "zeros_like": nd.zeros_like,
    "where": lambda x: nd.where(x, nd.ones(3), nd.zeros(3)),
    "take": lambda x: nd.take(nd.arange(5), x),
    "pick": lambda x: nd.pick(nd.ones((3, 4)), x),
    "sampled": lambda x: nd.sample_normal(x, nd.ones(3)),
    "sampled beside a number": lambda x: nd.random.normal(x, 1.0),
    "floor": nd.floor,
    "stop_gradient": nd.stop_gradient,
    "normal_like": nd.random.normal_like,
    "arange_like": nd.contrib.arange_like,
    "fixed gamma": lambda x: nd.BatchNorm(nd.ones((2, 3)), x, nd.zeros(3), nd.zeros(3), nd.ones(3)),
    "lengths": lambda x: nd.SequenceMask(nd.ones((4, 3)), x, use_sequence_length=True),
    "boolean_mask": lambda x: nd.contrib.boolean_mask(nd.ones(3), x),
    "ravel_multi_index": lambda x: nd.ravel_multi_index(nd.stack(x, x), shape=(5, 5)),
    "matching": lambda x: nd.contrib.bipartite_matching(x.reshape((1, 3)), threshold=0.5)[0],
    "np.zeros_like": lambda x: mxnp.zeros_like(x.as_np_ndarray()),
}


@pytest.mark.parametrize("name", FLAT)
def test_backward_from_what_has_zero_gradient_gives_zeros(name):
    x = variable([3.0, 1.0, 2.0])
    x.grad[:] = 7
    with autograd.record():
        y = FLAT[name](x)
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 0, 0]
    y = FLAT[name](x)
    with pytest.raises(NotRecordedError):
        y.backward()


def test_zero_gradient_reaches_a_variable_around_a_vmap_once():
    x = variable([[1.0, -2.0], [3.0, 4.0]])
    x.grad[:] = 7
    with autograd.record():
        y = tapegrad.vmap(lambda row: row > 0)(x)
    y.backward()
    assert x.grad.asnumpy().tolist() == [[0, 0], [0, 0]]
    with pytest.raises(GraphFreedError, match="zero gradient"):
        y.backward()


def test_a_mask_leaves_the_gradient_of_what_it_multiplies():
    x = variable([-1.0, 2.0])
    with autograd.record():
        y = x * x * (x > 0)
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 4]


def test_integers_may_be_variables_and_get_zeros():
    x = nd.array([1, 2], dtype="int32")
    x.attach_grad()
    w = variable([3.0, 4.0])
    with autograd.record():
        y = w * x
    y.backward()
    assert w.grad.asnumpy().tolist() == [1, 2]
    assert x.grad.asnumpy().tolist() == [0, 0]
    assert x.grad.dtype is np.int32


def test_the_class_of_arrays_comes_with_everything_of_autograd():
    names = {}
    exec("from tapegrad.autograd import *", names)
    assert names["NDArray"] is nd.NDArray
    with pytest.raises(AttributeError, match="no attribute 'NDArrays'"):
        autograd.NDArrays  # noqa: B018


def test_memory_of_numpy_is_read_without_a_copy_and_not_written_to():
    host = np.arange(6.0).reshape(2, 3)
    x = nd.from_numpy(host)
    assert np.shares_memory(x._value, host)
    with pytest.raises(ValueError, match="read-only"):
        host[0] = 1
    x[0] = 9
    x += 1
    assert host[0].tolist() == [0, 1, 2]
    assert x.asnumpy()[0].tolist() == [10, 10, 10]
    with pytest.raises(ValueError, match="zero_copy=False"):
        nd.from_numpy(np.ones((2, 3)).T)
    free = np.ones((2, 3))
    assert nd.from_numpy(free.T, zero_copy=False).shape == (3, 2)
    free[0] = 2
