"""Every name that the books' imperative chapters use: it is there, does what it says, and is differentiated rightly."""

import csv
from pathlib import Path

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.op.samples import distinct, normal, positive
from tapegrad.testing import check_grads

USAGE = Path(__file__).parents[1] / "data" / "mxnet_usage.csv"
ROWS = csv.DictReader(USAGE.read_text(encoding="utf-8").splitlines())
USED = [(row["kind"].rstrip("?"), row["name"]) for row in ROWS]

CONVOLVED = [normal(2, 2, 4, 3), normal(3, 2, 2, 2), normal(3)]
ROIS = [[0, 0, 0, 3, 3], [0, 1, 1, 4, 3]]


def always_dropped(x):
    """Dropout with the same numbers at each call, as a check of derivatives needs it."""
    mx.random.seed(3)
    return nd.Dropout(x, p=0.5, mode="always")


def normalized(x, gamma, beta):
    """Batch normalization in training, with moving statistics of its own at each call."""
    with autograd.train_mode():
        return nd.BatchNorm(x, gamma, beta, nd.zeros(3), nd.ones(3), fix_gamma=False)


# What is differentiated: a name, a function of arrays, and its arguments.
DIFFERENTIABLE = [
    ("method", "reshape", lambda x: x.reshape((0, -1)), [normal(2, 3, 2)]),
    ("method", "reshape", lambda x: x.reshape(3, 4), [normal(2, 3, 2)]),
    ("method", "take", lambda x: x.take(nd.array([2, 0, 2, 9])), [normal(3, 2)]),
    ("method", "astype", lambda x: x.astype("float64") * 2, [normal(3)]),
    ("method", "sqrt", lambda x: x.sqrt(), [positive(3)]),
    ("method", "sum", lambda x: x.sum(), [normal(2, 3)]),
    ("method", "sum", lambda x: x.sum(axis=(0, 2), keepdims=True), [normal(2, 3, 2)]),
    ("method", "T", lambda x: x.T, [normal(2, 3)]),
    ("method", "copyto", lambda x: x.copyto(nd.zeros((2, 3), dtype="float64")), [normal(2, 3)]),
    ("method", "copyto", lambda x: x.copyto(mx.cpu(1)).as_in_context(mx.cpu()), [normal(2, 3)]),
    ("method", "as_in_context", lambda x: (x.as_in_context(mx.cpu(1)) * 2).as_in_context(mx.cpu()), [normal(3)]),
    ("method", "mean", lambda x: x.mean(axis=1), [normal(2, 3)]),
    ("method", "square", lambda x: x.square(), [normal(3)]),
    ("method", "expand_dims", lambda x: x.expand_dims(axis=1), [normal(2, 3)]),
    ("method", "norm", lambda x: x.norm(), [normal(2, 3)]),
    ("method", "exp", lambda x: x.exp(), [normal(3)]),
    ("method", "copy", lambda x: x.copy(), [normal(3)]),
    ("method", "split", lambda x: x.split(num_outputs=3, axis=0)[1], [normal(6, 2)]),
    ("method", "sigmoid", lambda x: x.sigmoid(), [normal(3)]),
    ("method", "log", lambda x: x.log(), [positive(3)]),
    ("method", "transpose", lambda x: x.transpose((2, 0, 1)), [normal(2, 3, 4)]),
    ("method", "relu", lambda x: x.relu(), [distinct(4)]),
    ("method", "tanh", lambda x: x.tanh(), [normal(3)]),
    ("method", "prod", lambda x: x.prod(axis=0), [normal(3, 2)]),
    ("method", "max", lambda x: x.max(axis=1), [distinct(3, 4)]),
    ("nd", "dot", nd.dot, [normal(3, 4), normal(4, 2)]),
    ("nd", "dot", nd.dot, [normal(4), normal(4)]),
    ("nd", "dot", nd.dot, [normal(2, 3, 4), normal(4, 2, 2)]),
    ("nd", "dot", lambda a, b: nd.dot(a, b, transpose_a=True, transpose_b=True), [normal(4, 3), normal(2, 4)]),
    ("nd", "sum", lambda x: nd.sum(x, axis=0, exclude=True), [normal(2, 3)]),
    ("nd", "mean", nd.mean, [normal(2, 3)]),
    ("nd", "linalg_gemm2", lambda a, b: nd.linalg_gemm2(a, b, alpha=2.0), [normal(2, 3), normal(3, 2)]),
    ("nd", "relu", nd.relu, [distinct(2, 3)]),
    ("nd", "log", nd.log, [positive(3)]),
    ("nd", "Convolution", lambda *a: nd.Convolution(*a, kernel=(2, 2), num_filter=3), CONVOLVED),
    ("nd", "Convolution", lambda *a: nd.Convolution(*a, stride=(2, 1), pad=(1, 0)), CONVOLVED),
    ("nd", "Pooling", lambda x: nd.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="max"), [distinct(1, 2, 4, 4)]),
    ("nd", "Pooling", lambda x: nd.Pooling(x, kernel=(2, 2), pool_type="avg", pad=(1, 1)), [normal(1, 2, 3, 3)]),
    ("nd", "Pooling", lambda x: nd.Pooling(x, global_pool=True, pool_type="avg"), [normal(1, 2, 3, 3)]),
    ("nd", "exp", nd.exp, [normal(3)]),
    ("nd", "sqrt", nd.sqrt, [positive(3)]),
    ("nd", "concat", lambda *a: nd.concat(*a, dim=1), [normal(2, 3), normal(2, 1)]),
    ("nd", "sigmoid", nd.sigmoid, [normal(3)]),
    ("nd", "tanh", nd.tanh, [normal(3)]),
    ("nd", "max", nd.max, [distinct(3, 4)]),
    ("nd", "reshape", lambda x: nd.reshape(x, shape=(-3, 0)), [normal(2, 3, 2)]),
    ("nd", "maximum", nd.maximum, [distinct(3, 4), distinct(3, 1)]),
    ("nd", "maximum", lambda x: nd.maximum(x, 0.3), [normal(5)]),
    ("nd", "nansum", lambda x: nd.nansum(x, axis=0), [normal(2, 3)]),
    ("nd", "flatten", nd.flatten, [normal(2, 3, 2)]),
    ("nd", "swapaxes", lambda x: nd.swapaxes(x, 0, 2), [normal(2, 3, 4)]),
    ("nd", "norm", lambda x: nd.norm(x, axis=1), [normal(2, 3)]),
    ("nd", "norm", lambda x: nd.norm(x, ord=1), [normal(2, 3)]),
    ("nd", "pick", lambda x: nd.pick(x, nd.array([2, 0, 9]), axis=1), [normal(3, 4)]),
    ("nd", "log_softmax", nd.log_softmax, [normal(2, 3)]),
    ("nd", "softmax", lambda x: nd.softmax(x, axis=0, temperature=2.0), [normal(2, 3)]),
    ("nd", "square", nd.square, [normal(3)]),
    ("nd", "elemwise_add", nd.elemwise_add, [normal(2, 3), normal(2, 3)]),
    ("nd", "stack", lambda *a: nd.stack(*a, axis=1), [normal(2, 3), normal(2, 3)]),
    ("nd", "transpose", lambda x: nd.transpose(x, axes=(1, 0)), [normal(2, 3)]),
    (
        "nd",
        "linalg_trsm",
        lambda a, b: nd.linalg_trsm(a + 2 * nd.eye(3, dtype="float64"), b),
        [normal(3, 3), normal(3, 2)],
    ),
    ("nd", "linalg_potrf", lambda a: nd.linalg_potrf(nd.dot(a, a.T) + nd.eye(3, dtype="float64")), [normal(3, 3)]),
    ("nd", "linalg_sumlogdiag", nd.linalg_sumlogdiag, [positive(3, 3)]),
    ("nd", "ROIPooling", lambda x: nd.ROIPooling(x, nd.array(ROIS), (2, 2), 1.0), [distinct(1, 2, 5, 5)]),
    ("nd", "abs", nd.abs, [distinct(4)]),
    ("nd", "tile", lambda x: nd.tile(x, reps=(2, 2)), [normal(2, 3)]),
    ("nd", "repeat", lambda x: nd.repeat(x, 2, axis=0), [normal(2, 3)]),
    ("nd", "take", lambda x: nd.take(x, nd.array([[0, 2]]), axis=1), [normal(2, 3)]),
    ("nd", "add_n", nd.add_n, [normal(3), normal(3), normal(3)]),
    ("nd", "power", nd.power, [positive(3, 1), normal(4)]),
    ("nd", "moveaxis", lambda x: nd.moveaxis(x, 0, -1), [normal(2, 3, 4)]),
    ("nd", "arccos", lambda x: nd.arccos(nd.tanh(x)), [normal(4)]),
    ("nd", "broadcast_div", nd.broadcast_div, [normal(3, 1), positive(4)]),
    ("nd", "broadcast_sub", nd.broadcast_sub, [normal(3, 1), normal(4)]),
    ("nd", "broadcast_mul", nd.broadcast_mul, [normal(3, 1), normal(4)]),
    ("nd", "topk", lambda x: nd.topk(x, k=2, ret_typ="value"), [distinct(3, 4)]),
    # Beyond the names of the books, what their layers are made of.
    ("nd", "Dropout", always_dropped, [normal(4, 4)]),
    ("nd", "BatchNorm", normalized, [normal(4, 3), positive(3), normal(3)]),
    ("nd", "FullyConnected", lambda *a: nd.FullyConnected(*a, num_hidden=4), [normal(2, 3), normal(4, 3), normal(4)]),
    ("nd", "LayerNorm", nd.LayerNorm, [normal(2, 4), positive(4), normal(4)]),
    ("nd", "Embedding", lambda w: nd.Embedding(nd.array([[0, 2]]), w), [normal(3, 2)]),
    ("nd", "clip", lambda x: nd.clip(x, -0.6, 0.7), [normal(6)]),
    ("nd", "Deconvolution", lambda *a: nd.Deconvolution(*a, stride=(2, 2)), [normal(1, 2, 3, 3), normal(2, 1, 2, 2)]),
    ("nd", "gather_nd", lambda x: nd.gather_nd(x, nd.array([[0, 1], [1, 0]])), [normal(2, 2)]),
    ("nd", "SequenceMask", lambda x: nd.SequenceMask(x, nd.array([1, 2]), True), [normal(3, 2)]),
    ("nd", "sort", nd.sort, [distinct(2, 4)]),
    ("nd", "moments", lambda x: nd.moments(x, axes=(0,))[1], [normal(3, 2)]),
    ("nd", "batch_dot", nd.batch_dot, [normal(2, 3, 4), normal(2, 4, 2)]),
    ("nd", "where", lambda x, y: nd.where(nd.array([1, 0, 1]), x, y), [normal(3, 2), normal(3, 2)]),
]


def as_core(function):
    """A function of NDArrays as one of the standard face's arrays, which is what the checks hand out."""

    def on_core(*arrays):
        return function(*[x.as_nd_ndarray() for x in arrays]).as_np_ndarray()

    return on_core


@pytest.mark.parametrize(
    "kind, name, function, draws", DIFFERENTIABLE, ids=lambda part: part if type(part) is str else ""
)
def test_values_and_derivatives_of_both_orders(kind, name, function, draws):
    check_grads(as_core(function), draws, rtol=1e-7)


def numbers(x):
    """The elements as nested lists."""
    return x.asnumpy().tolist()


# What has no derivative: a name, and something that is so.
X = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
PLAIN = {
    ("method", "asnumpy"): lambda: type(nd.ones(2).asnumpy()) is np.ndarray,
    ("method", "shape"): lambda: nd.array(X).shape == (2, 3),
    ("method", "size"): lambda: nd.array(X).size == 6,
    ("method", "ndim"): lambda: nd.array(X).ndim == 2,
    ("method", "asscalar"): lambda: type(nd.ones(1).asscalar()) is np.float32,
    ("method", "zeros_like"): lambda: numbers(nd.ones(2).zeros_like()) == [0, 0],
    ("method", "ones_like"): lambda: numbers(nd.zeros(2).ones_like()) == [1, 1],
    ("method", "argmax"): lambda: numbers(nd.array(X).argmax(axis=1)) == [2, 2],
    ("method", "context"): lambda: nd.ones(1, ctx=mx.cpu(2)).context == mx.cpu(2),
    ("method", "one_hot"): lambda: numbers(nd.array([1]).one_hot(2)) == [[0, 1]],
    ("method", "wait_to_read"): lambda: nd.ones(1).wait_to_read() is None,
    ("method", "detach"): lambda: nd.ones(1).detach().grad is None,
    ("nd", "array"): lambda: nd.array([1, 2]).dtype is np.float32,
    ("nd", "zeros"): lambda: numbers(nd.zeros((1, 2))) == [[0, 0]],
    ("nd", "ones"): lambda: numbers(nd.ones((1, 2))) == [[1, 1]],
    ("nd", "empty"): lambda: nd.empty((2, 3)).shape == (2, 3),
    ("nd", "eye"): lambda: numbers(nd.eye(2)) == [[1, 0], [0, 1]],
    ("nd", "arange"): lambda: numbers(nd.arange(2, 8, 3)) == [2, 5],
    ("nd", "ones_like"): lambda: numbers(nd.ones_like(nd.zeros(2))) == [1, 1],
    ("nd", "zeros_like"): lambda: numbers(nd.zeros_like(nd.ones(2))) == [0, 0],
    ("nd", "one_hot"): lambda: numbers(nd.one_hot(nd.array([1, 5]), 2)) == [[0, 1], [0, 0]],
    ("nd", "argmax"): lambda: numbers(nd.argmax(nd.array(X))) == [5],
    ("nd", "argsort"): lambda: numbers(nd.argsort(nd.array([3, 1, 2]), is_ascend=False)) == [0, 2, 1],
    ("nd", "floor"): lambda: numbers(nd.floor(nd.array([-1.5, 1.5]))) == [-2, 1],
    ("nd", "waitall"): lambda: nd.waitall() is None,
    ("nd", "random"): lambda: nd.random.uniform(shape=3).shape == (3,),
    ("nd", "random_normal"): lambda: nd.random_normal(0, 1, shape=(2, 3)).shape == (2, 3),
    ("nd", "random.normal"): lambda: nd.random.normal(0, 1, shape=(2, 3)).shape == (2, 3),
    ("nd", "normal"): lambda: nd.normal(0, 1, shape=(2, 3)).shape == (2, 3),
    ("nd", "random.uniform"): lambda: 2 <= nd.random.uniform(2, 3, shape=1).asscalar() < 3,
    ("nd", "random_uniform"): lambda: 2 <= nd.random_uniform(2, 3, shape=1).asscalar() < 3,
    ("nd", "random.multinomial"): lambda: numbers(nd.random.multinomial(nd.array([0, 1]), 2)) == [1, 1],
    ("nd", "sample_multinomial"): lambda: numbers(nd.sample_multinomial(nd.array([[0, 1], [1, 0]]))) == [1, 0],
    ("autograd", "is_training"): lambda: autograd.is_training() is False,
}


@pytest.mark.parametrize("name", PLAIN, ids=".".join)
def test_what_has_no_derivative_does_what_it_says(name):
    assert PLAIN[name]()


# These are what every other test of this folder is made of.
EVERYWHERE = {("method", "grad"), ("method", "backward"), ("method", "attach_grad"), ("autograd", "record")}


def test_no_name_of_the_books_is_left_out():
    assert len(USED) == 103
    assert set(USED) <= {case[:2] for case in DIFFERENTIABLE} | set(PLAIN) | EVERYWHERE


@pytest.mark.parametrize("kind, name", USED, ids=".".join)
def test_every_name_of_the_books_is_there(kind, name):
    found = {"nd": nd, "autograd": autograd, "method": nd.NDArray}[kind]
    for part in name.split("."):
        found = getattr(found, part)
    assert found is not None


def test_the_short_name_can_be_imported():
    import tapegrad.nd as nd
    import tapegrad.ndarray
    from tapegrad.nd import array

    assert nd is tapegrad.ndarray is tapegrad.nd
    assert array is nd.array
