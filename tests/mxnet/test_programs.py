"""What programs for MXNet do besides calling functions of `nd`: names, numbers out of arrays, loose ends."""

import math
import pickle

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.errors import AxisError, GraphFreedError, ShapeError


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


@pytest.mark.parametrize("name", ["viz", "mod", "model"])
def test_parts_of_mxnet_that_are_not_here_say_what_is(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}': of MXNet there is what imperative"):
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


@pytest.mark.parametrize(
    "function", [nd.relu, nd.radians, lambda x: nd.clip(x, -0.5, 0.5), lambda x: x * 2], ids=["relu", "", "clip", "2x"]
)
def test_a_constant_gradient_has_a_gradient_of_zeros(function):
    x = variable([-1.0, 0.3, 2.0])
    with autograd.record():
        (slope,) = autograd.grad(function(x), [x], create_graph=True)
        (second,) = autograd.grad(slope, [x], create_graph=True)
        penalty = (slope * slope).sum()
    assert second.asnumpy().tolist() == [0, 0, 0]
    x.grad[:] = 7
    penalty.backward()
    assert x.grad.asnumpy().tolist() == [0, 0, 0]
    unrelated = variable([math.inf])
    with autograd.record():
        (none,) = autograd.grad(function(x), [unrelated], create_graph=True)
    none.backward()
    assert none.asnumpy().tolist() == unrelated.grad.asnumpy().tolist() == [0]


def softmax_output_gradient(shape, label, **options):
    """The gradient of SoftmaxOutput at zeros, where the outputs are all alike."""
    x = variable(np.zeros(shape))
    with autograd.record():
        y = nd.SoftmaxOutput(x, nd.array(label), **options)
    y.backward()
    return x.grad.asnumpy()


def test_softmax_output_over_space_is_a_mean_unless_it_counts_what_is_valid():
    label = np.zeros((2, 3, 3))
    label[0, 0] = 1
    by_hand = np.full((2, 2, 3, 3), 0.5)
    by_hand[:, 0][label == 0] = by_hand[:, 1][label == 1] = -0.5
    for options, scale in (
        ({}, 1 / 9),
        ({"normalization": "batch"}, 1 / 18),
        ({"normalization": "valid"}, 1 / 18),
        ({"normalization": "valid", "ignore_label": 1}, 1 / 15),
    ):
        found = softmax_output_gradient((2, 2, 3, 3), label, multi_output=True, **options)
        np.testing.assert_allclose(found, by_hand * scale, rtol=1e-6)


def test_steps_beyond_the_end_of_a_sequence_may_hold_anything():
    scores = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    scores[3, 0] = np.nan
    x = variable(scores)
    with autograd.record():
        loss = nd.ctc_loss(x, nd.array([[1, 2], [2, 0]]), nd.array([3, 4]), use_data_lengths=True)
    loss.backward()
    alone = nd.ctc_loss(nd.array(scores[:3, :1]), nd.array([[1, 2]]))
    np.testing.assert_allclose(loss.asnumpy()[0], alone.asscalar(), rtol=1e-6)
    assert np.isfinite(x.grad.asnumpy()).all()
    assert (x.grad.asnumpy()[3, 0] == 0).all()


@pytest.mark.parametrize("length, kernel, stride", [(10, 2, 2), (9, 2, 3), (10, 3, 1), (7, 3, 2)])
def test_a_pool_of_the_same_convention_has_a_window_at_every_stride(length, kernel, stride):
    values = np.random.default_rng(0).normal(size=length).astype(np.float32)
    x = nd.array(values).reshape((1, 1, -1))
    found = nd.Pooling(x, kernel=kernel, stride=stride, pooling_convention="same").asnumpy().ravel()
    assert found.tolist() == [values[i : i + kernel].max() for i in range(0, length, stride)]
    with pytest.raises(ValueError, match="'same'"):
        nd.Pooling(x, kernel=2, pad=1, pooling_convention="same")


def test_a_custom_operator_need_not_speak_of_states():
    class Doubled(mx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            self.assign(out_data[0], req[0], in_data[0] * 2)

    @mx.operator.register("doubled without states")
    class Prop(mx.operator.CustomOpProp):
        def infer_shape(self, in_shape):
            return in_shape, in_shape

        def infer_type(self, in_type):
            return in_type, in_type

        def create_operator(self, ctx, shapes, dtypes):
            return Doubled()

    assert nd.Custom(nd.ones(2), op_type="doubled without states").asnumpy().tolist() == [2, 2]


def test_what_is_computed_after_a_backward_has_its_graph_for_a_constant():
    # Truncated backpropagation as the books have it: the state of one batch goes into the next as it is.
    weight = variable([[0.5, 0.25], [-0.25, 0.5]])
    state, constant = nd.ones((1, 2)), nd.ones((1, 2))
    for _ in range(3):
        with autograd.record():
            for _ in range(2):
                state = nd.tanh(nd.dot(state, weight))
            loss = (state * state).sum()
        loss.backward()
        found = weight.grad.asnumpy()
        with autograd.record():
            for _ in range(2):
                constant = nd.tanh(nd.dot(constant, weight))
            loss = (constant * constant).sum()
        loss.backward()
        assert (weight.grad.asnumpy() == found).all()
        constant = constant.detach()


def test_two_states_are_constants_together():
    x = variable([2.0])
    with autograd.record():
        a, b = x * 3, x * 5
        total = a + b
    total.backward()
    with autograd.record():
        y = a * x + b * x * x
    y.backward()
    assert x.grad.asscalar() == 6 + 2 * 10 * 2
    with autograd.record():
        y = a * x + b * x * x
        (slope,) = autograd.grad(y, [x], create_graph=True)
    slope.backward()
    assert x.grad.asscalar() == 2 * 10


def test_what_was_computed_before_is_an_error_and_so_is_a_freed_head():
    x = variable([2.0])
    with autograd.record():
        u = nd.exp(x)
        first, second = u * 2, u * 3
    first.backward()
    for head in (first, second, u):
        with pytest.raises(GraphFreedError, match="retain_graph=True"):
            head.backward()
    with autograd.record():
        third = u * 5
        both = second + third
        alone = u * x
    with pytest.raises(GraphFreedError):
        both.backward()
    with pytest.raises(GraphFreedError):
        autograd.backward([alone, u])
    with autograd.record():
        u = nd.exp(x)
        first = u * 2
    first.backward()
    with autograd.record():
        alone = u * x
    alone.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), np.exp([2.0]), rtol=1e-6)


def test_an_error_from_within_a_rule_is_not_taken_for_the_end_of_the_graph():
    x = variable([2.0])
    with autograd.record():
        other = x * x
    other.backward()

    class Careless(autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, dy):
            other.backward()
            return dy * 2

    with autograd.record():
        y = Careless()(x) * 3
    with pytest.raises(GraphFreedError):
        y.backward()
    with autograd.record():
        z = y * x
    with pytest.raises(GraphFreedError):
        z.backward()
