"""Functions beyond the books' own: values against NumPy, derivatives where a difference quotient can judge them."""

import math

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.op.samples import distinct, normal, positive
from tapegrad.testing import check_grads


def variable(values, **options):
    """An array with a gradient."""
    x = nd.array(values, **options)
    x.attach_grad()
    return x


def gradient(function, x):
    """The gradient of the sum of what a function makes of an array."""
    with autograd.record():
        y = function(x)
    y.backward()
    return x.grad.asnumpy()


def as_core(function):
    """A function of NDArrays as one of the standard face's arrays, which is what the checks hand out."""

    def on_core(*arrays):
        return function(*[x.as_nd_ndarray() for x in arrays]).as_np_ndarray()

    return on_core


LOWER = lambda a: nd.linalg.potrf(nd.dot(a, a.T) + nd.eye(3, dtype="float64"))
CASES = {
    "linalg.trmm": (lambda a, b: nd.linalg.trmm(a, b, transpose=True, alpha=2.0), [normal(3, 3), normal(3, 2)]),
    "linalg.trsm right": (
        lambda a, b: nd.linalg.trsm(a + 3 * nd.eye(3, dtype="float64"), b, rightside=True, lower=False),
        [normal(3, 3), normal(2, 3)],
    ),
    "linalg.potri": (lambda a: nd.linalg.potri(LOWER(a)), [normal(3, 3)]),
    "linalg.gemm": (
        lambda a, b, c: nd.linalg.gemm(a, b, c, transpose_b=True),
        [normal(2, 3), normal(4, 3), normal(2, 4)],
    ),
    "linalg.gemm2 axis": (lambda a, b: nd.linalg.gemm2(a, b, axis=0), [normal(2, 4, 3), normal(3, 4, 2)]),
    "linalg.syrk": (lambda a: nd.linalg.syrk(a, transpose=True, alpha=0.5), [normal(3, 2)]),
    "linalg.inverse": (lambda a: nd.linalg.inverse(a + 3 * nd.eye(3, dtype="float64")), [normal(3, 3)]),
    "linalg.slogdet": (lambda a: nd.linalg.slogdet(a)[1], [normal(3, 3)]),
    "linalg.syevd": (lambda a: nd.linalg.syevd(a + a.T)[1], [normal(3, 3)]),
    "linalg.syevd vectors": (lambda a: nd.linalg.syevd(a + a.T)[0], [normal(3, 3)]),
    "linalg.extracttrian": (nd.linalg.extracttrian, [normal(2, 3, 3)]),
    "linalg.extracttrian above": (lambda a: nd.linalg.extracttrian(a, offset=1), [normal(2, 4, 4)]),
    "linalg.maketrian above": (lambda a: nd.linalg.maketrian(a, lower=False), [normal(2, 6)]),
    "linalg.maketrian": (lambda a: nd.linalg.maketrian(a, offset=1), [normal(2, 6)]),
    "linalg.makediag": (lambda a: nd.linalg.makediag(a, offset=-1), [normal(2, 3)]),
    "linalg.extractdiag": (lambda a: nd.linalg.extractdiag(a, offset=1), [normal(2, 3, 3)]),
    "LRN": (lambda x: nd.LRN(x, nsize=3, alpha=0.5), [normal(1, 4, 2, 2)]),
    "InstanceNorm": (nd.InstanceNorm, [normal(2, 3, 4), positive(3), normal(3)]),
    "GroupNorm": (lambda *a: nd.GroupNorm(*a, num_groups=2), [normal(2, 4, 3), positive(4), normal(4)]),
    "GroupNorm groups": (lambda *a: nd.GroupNorm(*a, num_groups=2), [normal(2, 4, 3), positive(2), normal(2)]),
    "L2Normalization": (lambda x: nd.L2Normalization(x, mode="channel"), [normal(2, 3, 2)]),
    "LeakyReLU elu": (lambda x: nd.LeakyReLU(x, act_type="elu"), [distinct(5)]),
    "LeakyReLU prelu": (lambda x, g: nd.LeakyReLU(x, g, act_type="prelu"), [distinct(2, 3), positive(3)]),
    "LeakyReLU prelu batch": (lambda x, g: nd.LeakyReLU(x, g, act_type="prelu"), [distinct(2, 3, 2), positive(2, 3)]),
    "smooth_l1": (lambda x: nd.smooth_l1(x, scalar=2.0), [distinct(5)]),
    "softmin": (nd.softmin, [normal(2, 3)]),
    "softmax length": (lambda x: nd.softmax(x, nd.array([1, 3]), use_length=True), [normal(2, 3)]),
    "SequenceLast": (lambda x: nd.SequenceLast(x, nd.array([1, 3]), True), [normal(3, 2, 2)]),
    "SequenceReverse": (lambda x: nd.SequenceReverse(x, nd.array([2, 3]), True), [normal(3, 2, 2)]),
    "UpSampling": (lambda x: nd.UpSampling(x, scale=2), [normal(1, 2, 2, 2)]),
    "khatri_rao": (nd.khatri_rao, [normal(2, 3), normal(4, 3)]),
    "broadcast_hypot": (nd.broadcast_hypot, [positive(3, 1), positive(4)]),
    "pad": (lambda x: nd.pad(x, mode="reflect", pad_width=(0, 0, 0, 0, 1, 1, 2, 1)), [normal(1, 2, 3, 4)]),
    "slice": (lambda x: nd.slice(x, begin=(1, None), end=(None, 3), step=(1, 2)), [normal(3, 4)]),
    "slice_like": (lambda x: nd.slice_like(x, nd.ones((2, 2))), [normal(3, 4)]),
    "diag": (lambda x: nd.diag(x, k=1), [normal(3, 4)]),
    "depth_to_space": (lambda x: nd.depth_to_space(x, 2), [normal(1, 4, 2, 3)]),
    "random_pdf_normal": (nd.random_pdf_normal, [normal(2, 3), normal(2), positive(2)]),
    "random_pdf_gamma": (nd.random_pdf_gamma, [positive(2, 3), positive(2), positive(2)]),
    "random_pdf_poisson": (lambda lam: nd.random_pdf_poisson(nd.array([[0, 3], [1, 2]]), lam), [positive(2)]),
    "contrib.AdaptiveAvgPooling2D": (lambda x: nd.contrib.AdaptiveAvgPooling2D(x, (2, 3)), [normal(1, 2, 5, 4)]),
    "contrib.index_copy": (lambda x, y: nd.contrib.index_copy(x, nd.array([2, 0]), y), [normal(3, 2), normal(2, 2)]),
    "contrib.quadratic": (lambda x: nd.contrib.quadratic(x, 1.0, 2.0, 3.0), [normal(3)]),
}


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("offset", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("lower", [True, False])
def test_lower_triangles_are_packed_by_rows_and_upper_ones_by_columns(size, offset, lower):
    below = offset < 0 or (offset == 0 and lower)
    places = [(i, j) if below else (j, i) for i in range(abs(offset), size) for j in range(i + 1 - abs(offset))]
    matrix = nd.random.normal(shape=(2, size, size))
    packed = nd.linalg.extracttrian(matrix, offset=offset, lower=lower)
    host = matrix.asnumpy()
    np.testing.assert_array_equal(packed.asnumpy(), np.stack([host[:, i, j] for i, j in places], axis=1))
    apart = nd.linalg.maketrian(packed, offset=offset, lower=lower).asnumpy()
    expected = np.zeros_like(host)
    for i, j in places:
        expected[:, i, j] = host[:, i, j]
    np.testing.assert_array_equal(apart, expected)


def test_the_triangles_of_three_rows_are_mxnets():
    a = nd.arange(1, 10).reshape((3, 3))
    assert nd.linalg.extracttrian(a, lower=False).asnumpy().tolist() == [1, 2, 5, 3, 6, 9]
    assert nd.linalg.extracttrian(a, offset=1).asnumpy().tolist() == [2, 3, 6]
    assert nd.linalg.extracttrian(a).asnumpy().tolist() == [1, 4, 5, 7, 8, 9]


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    function, draws = CASES[name]
    check_grads(as_core(function), draws, rtol=1e-7)


NUMPY = {
    "arccosh": (nd.arccosh, np.arccosh, [1.5, 3.0]),
    "arcsinh": (nd.arcsinh, np.arcsinh, [-1.5, 3.0]),
    "arctanh": (nd.arctanh, np.arctanh, [-0.5, 0.3]),
    "cbrt": (nd.cbrt, np.cbrt, [-8.0, 27.0]),
    "degrees": (nd.degrees, np.degrees, [1.0, 2.0]),
    "radians": (nd.radians, np.radians, [90.0, 180.0]),
    "expm1": (nd.expm1, np.expm1, [1e-3, 2.0]),
    "log1p": (nd.log1p, np.log1p, [1e-3, 2.0]),
    "log2": (nd.log2, np.log2, [8.0, 3.0]),
    "log10": (nd.log10, np.log10, [100.0, 3.0]),
    "gamma": (nd.gamma, lambda x: [math.gamma(v) for v in x], [0.5, 4.0]),
    "gammaln": (nd.gammaln, lambda x: [math.lgamma(v) for v in x], [0.5, 40.0]),
    "erf": (nd.erf, lambda x: [math.erf(v) for v in x], [-0.5, 0.7]),
    "reciprocal": (nd.reciprocal, np.reciprocal, [0.5, 4.0]),
    "rcbrt": (nd.rcbrt, lambda x: 1 / np.cbrt(x), [8.0, 27.0]),
    "softsign": (nd.softsign, lambda x: x / (1 + abs(x)), [-1.0, 3.0]),
    "trunc": (nd.trunc, np.trunc, [-1.5, 1.5]),
}


@pytest.mark.parametrize("name", NUMPY)
def test_values_are_numpys(name):
    ours, theirs, values = NUMPY[name]
    found = ours(nd.array(values, dtype="float64")).asnumpy()
    np.testing.assert_allclose(found, theirs(np.array(values)), rtol=1e-12)
    assert (getattr(nd.array(values), name) if hasattr(nd.NDArray, name) else ours) is not None


def test_heads_give_the_gradient_of_their_loss_whatever_comes_from_behind():
    x = variable([[1.0, 2.0], [3.0, -1.0]])
    label = nd.array([1, 0])
    p = np.exp(x.asnumpy()) / np.exp(x.asnumpy()).sum(axis=1, keepdims=True)
    hot = np.array([[0, 1], [1, 0]])
    np.testing.assert_allclose(gradient(lambda x: nd.SoftmaxOutput(x, label) * 100, x), p - hot, rtol=1e-5, atol=1e-6)
    ignored = gradient(lambda x: nd.SoftmaxOutput(x, label, use_ignore=True, ignore_label=0), x)
    np.testing.assert_allclose(ignored, [(p - hot)[0], [0, 0]], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        gradient(lambda x: nd.SoftmaxOutput(x, label, normalization="batch"), x), (p - hot) / 2, rtol=1e-5, atol=1e-6
    )
    target = nd.zeros((2, 2))
    assert gradient(lambda x: nd.LinearRegressionOutput(x, target), x).tolist() == [[0.5, 1], [1.5, -0.5]]
    assert gradient(lambda x: nd.MAERegressionOutput(x, target), x).tolist() == [[0.5, 0.5], [0.5, -0.5]]
    sigmoid = 1 / (1 + np.exp(-x.asnumpy()))
    np.testing.assert_allclose(gradient(lambda x: nd.LogisticRegressionOutput(x, target), x), sigmoid / 2, rtol=1e-6)
    assert gradient(lambda x: nd.MakeLoss(x * 2, grad_scale=3.0) * 100, x).tolist() == [[6, 6], [6, 6]]
    assert gradient(lambda x: nd.make_loss(x) * 100, x).tolist() == [[1, 1], [1, 1]]
    hinge = gradient(lambda x: nd.SVMOutput(x, label, use_linear=True), x)
    assert hinge.tolist() == [[1, 0], [0, 0]]


def test_a_head_that_preserves_its_shape_has_a_batch_of_rows():
    """The gradient of a class is its share of the rows that have a label, however many axes these go along."""

    def pull(shape, labels, **options):
        x = variable(np.zeros(shape))
        return gradient(lambda a: nd.SoftmaxOutput(a, nd.array(labels), normalization="batch", **options), x)

    three = np.array([[[-2, 1, 1], [1, -2, 1]], [[1, 1, -2], [-2, 1, 1]]]) / 3
    labels = [[0, 1], [2, 0]]
    np.testing.assert_allclose(pull((2, 2, 3), labels, preserve_shape=True), three / 4, rtol=1e-6)
    flat = pull((4, 3), np.ravel(labels))
    np.testing.assert_allclose(flat, three.reshape(4, 3) / 4, rtol=1e-6)
    deep = pull((2, 2, 1, 3), np.array(labels)[..., None], preserve_shape=True)
    np.testing.assert_allclose(deep, three.reshape(2, 2, 1, 3) / 4, rtol=1e-6)
    # With several outputs a sample has one label for each place, whose number divides as well.
    np.testing.assert_allclose(pull((2, 3, 2), labels, multi_output=True), three.transpose(0, 2, 1) / 4, rtol=1e-6)
    np.testing.assert_allclose(pull((2, 2, 2), [3, 0])[0, 1, 1], -0.75 / 2, rtol=1e-6)


REDUCTIONS = {
    "sum": nd.sum,
    "prod": nd.prod,
    "max": nd.max,
    "min": nd.min,
    "nansum": nd.nansum,
    "nanprod": nd.nanprod,
    "1-norm": lambda a: nd.norm(a, ord=1),
    "cumsum": nd.cumsum,
    "cumsum axis": lambda a: nd.cumsum(a, axis=1),
    "argmax": lambda a: nd.argmax(a, axis=0),
    "argmin": lambda a: a.argmin(axis=1),
    "argmax_channel": nd.argmax_channel,
    "dot": lambda a: nd.dot(a, a),
    "add_n": lambda a: nd.add_n(a, a),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "float16", "float32", "float64"])
def test_reductions_keep_the_dtype(name, dtype):
    found = REDUCTIONS[name](nd.array([[1, 2], [3, 0]], dtype=dtype))
    wide = REDUCTIONS[name](nd.array([[1, 2], [3, 0]], dtype="float64"))
    assert found.dtype is np.dtype(dtype).type
    np.testing.assert_array_equal(found.asnumpy(), wide.asnumpy())


def test_small_integers_wrap_around_as_they_are_summed():
    assert nd.cumsum(nd.array([200, 100, 1], dtype="uint8")).asnumpy().tolist() == [200, 44, 45]
    assert nd.cumsum(nd.array([200, 100], dtype="uint8"), dtype="int32").asnumpy().tolist() == [200, 300]


def test_squares_of_halves_are_summed_in_float32():
    found = nd.multi_sum_sq(nd.full(1000, 10, dtype="float16"), nd.ones(2, dtype="float16"))
    assert found.dtype is np.float32
    assert found.asnumpy().tolist() == [100000, 2]


@pytest.mark.parametrize("function", [nd.BatchNorm, nd.contrib.SyncBatchNorm, nd.contrib.BatchNormWithReLU])
@pytest.mark.parametrize("training", [True, False])
def test_halves_stay_halves_beside_statistics_of_float32(function, training):
    x = nd.random.normal(3, 2, shape=(64, 3)).astype("float16")
    arguments = [nd.ones(3), nd.zeros(3), nd.zeros(3), nd.ones(3)]
    x.attach_grad()
    arguments[0].attach_grad()
    with autograd.record(train_mode=training):
        y = function(x, *arguments, fix_gamma=False)
    y.backward()
    assert (y.dtype, x.grad.dtype) == (np.float16, np.float16)
    assert {a.dtype for a in (*arguments, arguments[0].grad)} == {np.float32}
    with autograd.train_mode() if training else autograd.predict_mode():
        wide = function(x.astype("float32"), nd.ones(3), *[nd.zeros(3), nd.zeros(3), nd.ones(3)])
    np.testing.assert_allclose(y.asnumpy(), wide.asnumpy(), atol=4e-3)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_statistics_of_layer_normalization_keep_the_axis(axis):
    x = nd.random.normal(shape=(2, 3, 4))
    ones = nd.ones(x.shape[axis])
    _, mean, deviation = nd.LayerNorm(x, ones, ones, axis=axis, eps=0, output_mean_var=True)
    host = x.asnumpy()
    np.testing.assert_allclose(mean.asnumpy(), host.mean(axis, keepdims=True), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(deviation.asnumpy(), host.std(axis, keepdims=True), rtol=1e-5)


def test_gradients_that_are_not_derivatives():
    x = variable([-1.7, 0.4])
    assert gradient(lambda x: nd.contrib.gradientmultiplier(x, scalar=-0.5), x).tolist() == [-0.5, -0.5]
    assert gradient(lambda x: nd.contrib.round_ste(x) * 3, x).tolist() == [3, 3]
    assert gradient(lambda x: nd.contrib.sign_ste(x) * 3, x).tolist() == [3, 3]


def test_batch_normalization_moves_its_statistics_in_training_only():
    x = nd.random.normal(3, 2, shape=(50, 4))
    mean, var = nd.zeros(4), nd.ones(4)
    parameters = nd.ones(4), nd.zeros(4)
    nd.BatchNorm(x, *parameters, mean, var)
    assert mean.asnumpy().tolist() == [0] * 4
    with autograd.record():
        y = nd.BatchNorm(x, *parameters, mean, var, momentum=0.9)
    host = x.asnumpy()
    np.testing.assert_allclose(mean.asnumpy(), 0.1 * host.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(var.asnumpy(), 0.9 + 0.1 * host.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(y.asnumpy().mean(axis=0), 0, atol=1e-5)
    before = mean.asnumpy()
    with autograd.record():
        y = nd.BatchNorm(x, *parameters, mean, var, use_global_stats=True)
    assert (mean.asnumpy() == before).all()
    np.testing.assert_allclose(y.asnumpy(), (host - before) / np.sqrt(var.asnumpy() + 1e-3), rtol=1e-4, atol=1e-5)


def test_topk_in_all_its_forms():
    x = nd.array([[3, 1, 2], [0, 5, 4]])
    assert nd.topk(x, k=2).asnumpy().tolist() == [[0, 2], [1, 2]]
    assert nd.topk(x, k=1, is_ascend=True).asnumpy().tolist() == [[1], [0]]
    assert nd.topk(x, k=2, ret_typ="mask").asnumpy().tolist() == [[1, 0, 1], [0, 1, 1]]
    values, places = nd.topk(x, k=1, ret_typ="both", axis=0, dtype="int32")
    assert values.asnumpy().tolist() == [[3, 5, 4]]
    assert places.asnumpy().tolist() == [[0, 1, 1]]
    assert places.dtype is np.int32


@pytest.mark.parametrize(
    "codes, options, shape",
    [
        ((4, 0, 2), {}, (4, 3, 2)),
        ((-1, 0), {}, (8, 3)),
        ((2, -2), {}, (2, 3, 4)),
        ((-2, 1, 1), {}, (2, 3, 4, 1, 1)),
        ((0, -3), {}, (2, 12)),
        ((-4, 1, 2, -2), {}, (1, 2, 3, 4)),
        ((2, -4, -1, 3, -2), {}, (2, 1, 3, 4)),
        ((-1, 0), {"reverse": True}, (6, 4)),
        ((0, 0, -1), {"reverse": True}, (2, 3, 4)),
        ((-1,), {}, (24,)),
        (24, {}, (24,)),
    ],
)
def test_codes_of_reshape(codes, options, shape):
    assert nd.reshape(nd.ones((2, 3, 4)), codes, **options).shape == shape


@pytest.mark.parametrize("codes", [(5, -1), (-1, -1), (0, 0, 0, 0), (-4, 5, 2, -2), (-4, 1), (-5,), (2, 3, 5)])
def test_codes_that_cannot_be(codes):
    with pytest.raises(ValueError, match=r"cannot reshape an array of shape \(2, 3, 4\) \(size 24\)"):
        nd.ones((2, 3, 4)).reshape(codes)


def test_control_flow_functions():
    outputs, (last,) = nd.contrib.while_loop(
        lambda i: i <= 3, lambda i: (i * i, i + 1), (nd.array([1.0]),), max_iterations=5
    )
    assert outputs[0].asnumpy().ravel().tolist() == [1, 4, 9, 0, 0]
    assert last.asscalar() == 4
    sums, states = nd.contrib.foreach(
        lambda xs, ss: ([xs[0] + ss[0], xs[1]], [ss[0] + xs[0]]), [nd.arange(3), nd.ones((3, 2))], [nd.zeros(1)]
    )
    assert sums[0].asnumpy().ravel().tolist() == [0, 1, 3]
    assert sums[1].shape == (3, 2)
    assert states[0].asscalar() == 3
    with pytest.raises(ValueError, match="max_iterations"):
        nd.contrib.while_loop(lambda i: i < 1, lambda i: (i, i), [nd.zeros(1)])


def test_boxes():
    boxes = nd.array([[[0, 0.9, 0, 0, 2, 2], [0, 0.8, 0, 0, 2, 1.9], [1, 0.7, 0, 0, 2, 2], [0, 0.6, 5, 5, 6, 6]]])
    kept = nd.contrib.box_nms(boxes, overlap_thresh=0.5, id_index=0).asnumpy()
    np.testing.assert_allclose(kept[0, :, 1], [0.9, 0.7, 0.6, -1], rtol=1e-6)
    forced = nd.contrib.box_nms(boxes, overlap_thresh=0.5, id_index=0, force_suppress=True, topk=3).asnumpy()
    np.testing.assert_allclose(forced[0, :, 1], [0.9, -1, -1, -1], rtol=1e-6)
    centred = nd.contrib.box_nms(boxes, out_format="center").asnumpy()
    np.testing.assert_allclose(centred[0, 0, 2:], [1, 1, 2, 2])


def test_a_custom_operator_with_options_and_two_outputs():
    class SplitProp(mx.operator.CustomOpProp):
        def __init__(self, factor):
            super().__init__()
            self.factor = float(factor)

        def list_arguments(self):
            return ["data", "weight"]

        def list_outputs(self):
            return ["scaled", "shifted"]

        def create_operator(self, ctx, shapes, dtypes):
            return Split(self.factor)

    class Split(mx.operator.CustomOp):
        def __init__(self, factor):
            self.factor = factor

        def forward(self, is_train, req, in_data, out_data, aux):
            self.assign(out_data[0], req[0], in_data[0] * in_data[1] * self.factor)
            self.assign(out_data[1], req[1], in_data[0] + 1)

        def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
            self.assign(in_grad[0], req[0], out_grad[0] * in_data[1] * self.factor + out_grad[1])
            self.assign(in_grad[1], req[1], out_grad[0] * in_data[0] * self.factor)

    mx.operator.register("split_for_a_test")(SplitProp)
    assert "split_for_a_test" in mx.operator.get_all_registered_operators()
    x, w = variable([2.0]), variable([3.0])
    with autograd.record():
        a, b = nd.Custom(x, weight=w, factor=10, op_type="split_for_a_test")
        total = a + b
    total.backward()
    assert (a.asscalar(), b.asscalar()) == (60, 3)
    assert (x.grad.asscalar(), w.grad.asscalar()) == (31, 20)
    with pytest.raises(ValueError, match="there is no operator 'nothing'"):
        nd.Custom(x, op_type="nothing")


def test_out_takes_the_result_in_its_own_dtype_and_refuses_another_shape():
    out = nd.zeros(2, dtype="float64")
    assert nd.exp(nd.zeros(2), out=out) is out
    assert out.dtype is np.float64
    assert out.asnumpy().tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"\(3,\)"):
        nd.exp(nd.ones(2), out=nd.zeros(3))
    for out in (5, [nd.zeros(2)]):
        with pytest.raises(TypeError, match="out is an NDArray"):
            nd.exp(nd.ones(2), out=out)


def test_several_results_go_into_as_many_arrays():
    mean, variance = nd.zeros(1), nd.zeros(1)
    found = nd.moments(nd.array([1, 3]), out=[mean, variance])
    assert found[0] is mean
    assert (mean.asscalar(), variance.asscalar()) == (2, 1)
    with pytest.raises(ValueError, match=r"moments\(\): out has 1 arrays for 2 results"):
        nd.moments(nd.array([1, 3]), out=mean)


def test_what_is_no_axis_is_said_in_words():
    x = nd.ones((2, 3))
    with pytest.raises(mx.errors.AxisError, match=r"sum\(\): axis 2 of an array with 2 axes; choose from -2 to 1"):
        nd.sum(x, axis=2)
    for axis in ("a", 1.5, (0, None)):
        with pytest.raises(TypeError, match=r"sum\(\): an axis is an integer, not"):
            nd.sum(x, axis=axis)


def test_logical_functions_take_numpy_arrays():
    mask = np.array([0.0, 2.0])
    assert nd.logical_and(nd.ones(2), mask).asnumpy().tolist() == [0, 1]
    assert nd.logical_xor(mask, nd.ones(2)).asnumpy().tolist() == [1, 0]


def test_integers_keep_their_dtype_in_a_1_norm_and_not_in_edges_of_bins():
    x = nd.array([1, -4], dtype="int32")
    assert nd.norm(x, ord=1).dtype is np.int32
    edges = nd.histogram(x, bins=2)[1]
    assert edges.asnumpy().tolist() == [-4, -1.5, 1]


def test_slice_assign_writes_in_place():
    x = nd.zeros((2, 3))
    assert x.slice_assign_scalar(5, (0, 1), (1, 3)) is x
    x.slice_assign(nd.array([[1], [2]]), (0, 0), (2, 1), (1, 1))
    assert x.asnumpy().tolist() == [[1, 5, 5], [2, 0, 0]]


def test_the_other_face_is_the_same_array():
    x = variable([1.0, 2.0])
    with autograd.record():
        y = (x * 2).as_np_ndarray()
        z = (y * y).as_nd_ndarray()
    assert type(y) is mx.numpy.ndarray
    z.backward()
    assert x.grad.asnumpy().tolist() == [8, 16]
    with pytest.raises(TypeError, match=r"as_np_ndarray\(\) or as_nd_ndarray\(\)"):
        x + y


def test_transforms_hand_over_the_face_they_were_given():
    seen = []

    def function(x):
        seen.append(type(x))
        return nd.sum(x * x)

    gradient = mx.grad(function)(nd.array([1.0, 2.0]))
    assert seen == [nd.NDArray]
    assert type(gradient) is nd.NDArray
    assert gradient.asnumpy().tolist() == [2, 4]
    assert mx.vmap(lambda row: nd.dot(row, row))(nd.array([[1, 2], [3, 4]])).asnumpy().ravel().tolist() == [5, 25]


X, V = nd.array([[1.0, 2.0], [3.0, 4.0]]), nd.array([1.0, 2.0, 3.0])
IMAGE = nd.ones((1, 2, 4, 4))
WRONG = {
    "a shape that is none": (lambda: nd.reshape(X, "a"), TypeError, r"reshape\(\): shape is an int or a tuple"),
    "repetitions": (lambda: nd.tile(V, 1.5), TypeError, r"tile\(\): reps is an int or a tuple"),
    "a number of parts": (lambda: nd.split(X, "a"), TypeError, r"split\(\): num_outputs is an integer"),
    "how many": (lambda: nd.topk(V, k=1.5), TypeError, r"topk\(\): k is an integer"),
    "how many classes": (lambda: nd.one_hot(V, 2.5), TypeError, r"one_hot\(\): depth is an integer"),
    "an axis moved twice": (lambda: nd.moveaxis(X, (0, 1), (0, 0)), ValueError, "each once"),
    "cuts that go back": (lambda: nd.split_v2(V, (2, 1)), mx.errors.ShapeError, r"cannot be cut at \[2, 1\]"),
    "outs of another number": (lambda: nd.split(X, 2, out=[nd.zeros((2, 1))]), ValueError, "1 arrays for 2 results"),
    "an axis of the other": (lambda: nd.broadcast_like(X, V, (0,), (5,)), mx.errors.AxisError, "axis 5"),
    "pairs of axes": (lambda: nd.broadcast_like(X, V, (0,), (0, 1)), ValueError, "differ in number"),
    "fewer axes": (lambda: nd.slice_like(X, V), mx.errors.ShapeError, "without axis 1; name axes"),
    "more bounds than axes": (lambda: nd.slice(V, (0, 0), (1, 1)), ValueError, "more than the 1 axes"),
    "images of two axes": (lambda: nd.Crop(X), mx.errors.ShapeError, r"Crop\(\) takes images"),
    "values for other rows": (lambda: nd.fill_element_0index(X, V, V), mx.errors.ShapeError, "for each row"),
    "an out that is no matrix": (lambda: nd.onehot_encode(V, V), mx.errors.ShapeError, r"\(indices, classes\)"),
    "weights that are no matrix": (lambda: nd.Embedding(V, V), mx.errors.ShapeError, r"\(input_dim, output_dim\)"),
    "integers in mixed precision": (lambda: nd.amp_multicast(X, nd.ones(1, dtype="int64")), TypeError, "not int64"),
    "lengths for other sequences": (lambda: nd.SequenceMask(X, V, True), mx.errors.ShapeError, "there are 2 sequences"),
    "lengths to be reversed by": (
        lambda: nd.SequenceReverse(X, V, True),
        mx.errors.ShapeError,
        "there are 2 sequences",
    ),
    "steps along no axis": (lambda: nd.SequenceLast(X, axis=3), ValueError, "steps go along 0 or 1"),
    "regions": (lambda: nd.ROIPooling(IMAGE, X, (2, 2), 1.0), mx.errors.ShapeError, r"regions \(r, 5\)"),
    "images to be enlarged": (lambda: nd.UpSampling(X, scale=2), mx.errors.ShapeError, r"UpSampling\(\) takes images"),
    "weights to enlarge with": (lambda: nd.UpSampling(IMAGE, sample_type="bilinear"), TypeError, "data and weight"),
    "ways to join": (lambda: nd.UpSampling(IMAGE, multi_input_mode="x"), ValueError, "'concat' or 'sum'"),
    "weights of a transpose": (lambda: nd.Deconvolution(IMAGE, X), mx.errors.ShapeError, r"\(channels, filters"),
    "lengths of a softmax": (
        lambda: nd.softmax(X, V, use_length=True),
        mx.errors.ShapeError,
        r"length has shape \(3,\)",
    ),
    "a loss without a corner": (lambda: nd.smooth_l1(X, scalar=0), ValueError, "scalar is 0"),
    "labels": (lambda: nd.softmax_cross_entropy(X, V), mx.errors.ShapeError, r"label \(n,\)"),
    "gamma of images": (lambda: nd.InstanceNorm(IMAGE, V, V), mx.errors.ShapeError, r"gamma has shape \(3,\)"),
    "channels of groups": (lambda: nd.GroupNorm(V, V, V), mx.errors.ShapeError, r"\(batch, channels, \*space\)"),
    "gamma of groups": (
        lambda: nd.GroupNorm(IMAGE, V, V),
        mx.errors.ShapeError,
        r"gamma has shape \(3,\); give \(1,\)",
    ),
    "a condition for other rows": (
        lambda: nd.where(nd.array([1, 0]), nd.ones((3, 2)), nd.ones((3, 2))),
        mx.errors.ShapeError,
        r"\(2,\) chooses among rows, and x has shape \(3, 2\)",
    ),
    "a kernel for another weight": (
        lambda: nd.Deconvolution(IMAGE, nd.ones((1, 2, 5, 5)), kernel=(3, 3)),
        mx.errors.ShapeError,
        r"kernel is \(3, 3\), and weight has shape \(1, 2, 5, 5\)",
    ),
    "filters of another weight": (
        lambda: nd.Deconvolution(IMAGE, nd.ones((1, 2, 3, 3)), num_filter=3),
        mx.errors.ShapeError,
        "num_filter is 3",
    ),
    "a bias for other filters": (
        lambda: nd.Deconvolution(IMAGE, nd.ones((2, 2, 3, 3)), nd.ones(1), no_bias=False),
        mx.errors.ShapeError,
        r"bias has shape \(1,\); give \(2,\)",
    ),
    "a range without end": (lambda: nd.arange(float("inf")), ValueError, "give finite ones"),
    "channels around": (lambda: nd.LRN(V, nsize=3), mx.errors.ShapeError, r"LRN\(\) takes data"),
    "margins": (lambda: nd.SVMOutput(X, V), mx.errors.ShapeError, r"label \(n,\)"),
    "labels of a head": (lambda: nd.SoftmaxOutput(X, V), mx.errors.ShapeError, r"give \(2,\), or \(2, 2\)"),
    "steps of a layer": (lambda: nd.RNN(V, V, V), mx.errors.ShapeError, r"\(steps, n, inputs\)"),
    "cells": (
        lambda: nd.RNN(nd.ones((5, 2, 3)), nd.zeros(144), nd.zeros((1, 2, 4)), nd.zeros((1, 3, 4))),
        mx.errors.ShapeError,
        "state_cell has shape",
    ),
    "letters": (lambda: nd.ctc_loss(X, X), mx.errors.ShapeError, r"\(steps, n, alphabet\)"),
    "columns": (lambda: nd.col2im(V, (3, 3), (2, 2)), mx.errors.ShapeError, r"give \(n, channels · 4, 4\)"),
    "affine matrices": (lambda: nd.GridGenerator(X, "affine", (2, 2)), mx.errors.ShapeError, r"rows \(n, 6\)"),
    "shifts": (lambda: nd.GridGenerator(X, "warp"), mx.errors.ShapeError, r"\(n, 2, height, width\)"),
    "images to be sampled": (lambda: nd.BilinearSampler(X, X), mx.errors.ShapeError, "takes images"),
    "tall matrices": (lambda: nd.linalg.gelqf(nd.ones((3, 2))), mx.errors.ShapeError, "no taller than wide"),
    "a diagonal of nothing": (lambda: nd.linalg.makediag(nd.array(3)), mx.errors.ShapeError, r"shape \(\)"),
    "words": (lambda: nd.from_numpy(np.array(["a"])), mx.errors.DtypeError, "not a dtype of arrays"),
    "what is no NumPy array": (lambda: nd.from_numpy(3), TypeError, r"use array\(\)"),
    "a step of nothing": (lambda: nd.arange(3, step=0), ValueError, "no step of 0"),
    "a range of letters": (lambda: nd.arange("a"), TypeError, r"arange\(\) takes numbers"),
    "less than no numbers": (lambda: nd.linspace(0, 1, -1), mx.errors.ShapeError, "no negative lengths"),
    "a side that is none": (lambda: nd.eye("a"), TypeError, "a shape is an int"),
    "images to be averaged": (lambda: nd.contrib.AdaptiveAvgPooling2D(V), mx.errors.ShapeError, "takes images"),
    "no last axis": (lambda: nd.contrib.div_sqrt_dim(nd.array(3)), mx.errors.ShapeError, "with axes"),
    "what cannot be compared": (lambda: nd.contrib.allclose(X, V), mx.errors.ShapeError, "do not broadcast"),
    "boxes": (lambda: nd.contrib.box_nms(V), mx.errors.ShapeError, r"\(…, boxes, numbers\)"),
    "rows to be shuffled": (lambda: nd.random.shuffle(nd.array(3)), mx.errors.ShapeError, "rows"),
    "a mean of nothing": (lambda: nd.random.exponential(0), ValueError, "more than 0"),
    "a mean of letters": (lambda: nd.random.exponential("a"), TypeError, "a number or an NDArray"),
    "a rate of nothing": (lambda: nd.random_exponential(0), ValueError, "rate lam must be more than 0"),
    "no sequences": (lambda: nd.SequenceLast(V), mx.errors.ShapeError, r"\(steps, batch, …\)"),
}


@pytest.mark.parametrize("call, error, message", WRONG.values(), ids=WRONG)
def test_errors_name_the_argument_and_the_choices(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_mean_of_a_window_in_the_padding_alone_is_zero():
    options = {"kernel": (3,), "stride": (3,), "pad": (1,), "pool_type": "avg", "pooling_convention": "full"}
    y = nd.Pooling(nd.arange(1, 9).reshape((1, 1, 8)), count_include_pad=False, **options)
    assert y.asnumpy().ravel().tolist() == [1.5, 4, 7, 0]


def test_integers_are_averaged_as_floats():
    x = nd.array([[[[1, 2, 4]]]], dtype="int32")
    assert nd.contrib.AdaptiveAvgPooling2D(x, output_size=(1, 2)).asnumpy().ravel().tolist() == [1.5, 3]


def test_no_regions_give_no_rows():
    assert nd.ROIPooling(IMAGE, nd.zeros((0, 5)), (2, 3), 1.0).shape == (0, 2, 2, 3)


def test_axes_to_be_cut_may_be_one_or_be_named_twice():
    x, like = nd.ones((3, 4, 5)), nd.ones((2, 2, 2))
    assert nd.slice_like(x, like, axes=0).shape == (2, 4, 5)
    assert nd.slice_like(x, like, axes=(1, -2)).shape == (3, 2, 5)
    assert nd.slice_like(x, like).shape == nd.slice_like(x, like, axes=()).shape == (2, 2, 2)


def test_a_norm_over_two_axes_is_one_of_all_elements():
    x = nd.array([[3, -4], [0, 5]])
    assert nd.norm(x, ord=1, axis=(0, 1)).asnumpy().tolist() == [12.0]
    assert nd.norm(x.reshape((1, 2, 2)), ord=1, axis=(1, 2)).asnumpy().tolist() == [12.0]
    assert nd.norm(x, axis=(0, 1), keepdims=True).asnumpy() == pytest.approx(np.array([[50**0.5]]))


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int64"])
def test_ranges_of_integers_have_whole_steps(dtype):
    for given in ((10,), (5, 100, 4), (50, 3, -2), (1.3, 9, 1.3), (1.5, 9.5, 2)):
        found = nd.arange(*given, repeat=3, dtype=dtype)
        assert found.dtype == np.dtype(dtype)
        assert found.asnumpy().tolist() == np.repeat(np.arange(*given, dtype=dtype), 3).tolist()


def test_slopes_for_each_image_are_those_of_each_alone():
    x, slopes = nd.array(np.linspace(-1, 1, 24).reshape(2, 3, 4)), nd.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    together = nd.LeakyReLU(x, slopes, act_type="prelu").asnumpy()
    for i in range(2):
        alone = nd.LeakyReLU(x[i : i + 1], slopes[i], act_type="prelu").asnumpy()
        assert together[i : i + 1].tolist() == alone.tolist()


def test_groups_have_a_gamma_each_or_one_for_each_of_their_channels():
    x, gamma, beta = nd.array(np.arange(24).reshape(2, 4, 3) ** 2), nd.array([2, 3]), nd.array([0.5, 1])
    each = [nd.repeat(v, 2) for v in (gamma, beta)]
    found = nd.GroupNorm(x, gamma, beta, num_groups=2, output_mean_var=True)
    assert found[0].asnumpy().tolist() == nd.GroupNorm(x, *each, num_groups=2).asnumpy().tolist()
    groups = x.asnumpy().reshape(2, 2, 6)
    assert found[1].asnumpy() == pytest.approx(groups.mean(-1))
    assert found[2].asnumpy() == pytest.approx(np.sqrt(groups.var(-1) + 1e-5))


def test_batches_of_several_devices_give_their_variance():
    x = nd.array([[1, 10], [3, 30]])
    state = lambda: (nd.ones(2), nd.zeros(2), nd.zeros(2), nd.ones(2))
    with autograd.train_mode():
        found = nd.contrib.SyncBatchNorm(x, *state(), output_mean_var=True)
        alone = nd.BatchNorm(x, *state(), output_mean_var=True)
    assert found[0].asnumpy().tolist() == alone[0].asnumpy().tolist()
    assert found[1].asnumpy().tolist() == alone[1].asnumpy().tolist() == [2.0, 20.0]
    assert found[2].asnumpy().tolist() == [1.0, 100.0]
    assert alone[2].asnumpy() == pytest.approx(1 / np.sqrt(np.array([1.001, 100.001])))


def test_eigenvectors_have_the_sign_that_makes_their_largest_element_positive():
    u, values = nd.linalg.syevd(nd.array([[1, 2], [2, 4]]))
    assert u.asnumpy() == pytest.approx(np.array([[0.89442718, -0.44721359], [0.44721359, 0.89442718]]), abs=1e-6)
    assert values.asnumpy() == pytest.approx([0.0, 5.0], abs=1e-6)
    symmetric = np.random.default_rng(0).standard_normal((4, 3, 3))
    u, values = nd.linalg.syevd(nd.array(symmetric + symmetric.transpose(0, 2, 1), dtype="float64"))
    vectors = u.asnumpy()
    assert (np.where(abs(vectors) == abs(vectors).max(-1, keepdims=True), vectors, 1) > 0).all()
    again = vectors.transpose(0, 2, 1) @ (values.asnumpy()[:, :, None] * vectors)
    assert again == pytest.approx(symmetric + symmetric.transpose(0, 2, 1))
    assert nd.linalg.syevd(nd.zeros((2, 0, 0)))[0].shape == (2, 0, 0)
