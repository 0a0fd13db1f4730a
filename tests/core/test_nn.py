"""Convolutions, pools, normalization and softmax are what their definitions say, on every engine."""

import itertools

import numpy as np
import pytest
from engines import NAMES, on

import tapegrad
from tapegrad.errors import ShapeError
from tapegrad.ops import nn
from tapegrad.testing import check_grads

everywhere = pytest.mark.parametrize("backend", NAMES, indirect=True)
on_numpy = pytest.mark.parametrize("backend", ["numpy"], indirect=True)


def numbers(*shape):
    return np.random.default_rng(len(shape) + sum(shape)).standard_normal(shape)


def convolved(x, weight, bias, stride, dilate, pad, groups):
    """A convolution by its definition: one output element after the other."""
    kernel = weight.shape[2:]
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in pad]])
    space = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilate, strict=True)]
    out = np.zeros((x.shape[0], weight.shape[0], *space))
    each_out, each_in = weight.shape[0] // groups, weight.shape[1]
    for n, o in np.ndindex(x.shape[0], weight.shape[0]):
        first = o // each_out * each_in
        for place in np.ndindex(*space):
            for k in np.ndindex(*kernel):
                at = tuple(p * s + i * d for p, s, i, d in zip(place, stride, k, dilate, strict=True))
                for c in range(each_in):
                    out[(n, o, *place)] += x[(n, first + c, *at)] * weight[(o, c, *k)]
    return out if bias is None else out + bias.reshape(-1, *[1] * len(kernel))


@everywhere
@pytest.mark.parametrize(
    ("shape", "weight", "stride", "dilate", "pad", "groups"),
    [
        ((2, 3, 7), (4, 3, 3), (2,), (1,), (1,), 1),
        ((2, 1, 9, 8), (3, 1, 3, 2), (1, 1), (1, 1), (0, 0), 1),
        ((1, 20, 5, 4), (3, 20, 2, 2), (1, 1), (1, 1), (0, 0), 1),
        ((2, 4, 6, 5), (6, 2, 3, 2), (2, 1), (1, 2), (1, 2), 2),
        ((1, 3, 5, 5), (3, 1, 3, 3), (1, 1), (1, 1), (1, 1), 3),
        ((1, 2, 4, 3, 5), (3, 2, 2, 2, 3), (1, 2, 1), (2, 1, 1), (0, 1, 1), 1),
    ],
)
@pytest.mark.parametrize("biased", [True, False])
def test_a_convolution_is_the_sum_over_its_windows(backend, shape, weight, stride, dilate, pad, groups, biased):
    x, w = numbers(*shape), numbers(*weight)
    bias = numbers(weight[0]) if biased else None
    out = nn.convolution(
        on(backend, x),
        on(backend, w),
        None if bias is None else on(backend, bias),
        stride=stride,
        dilate=dilate,
        pad=pad,
        groups=groups,
    )
    np.testing.assert_allclose(out.asnumpy(), convolved(x, w, bias, stride, dilate, pad, groups), atol=1e-12)


@everywhere
def test_memory_order_does_not_matter_to_a_convolution(backend):
    x, w = numbers(2, 3, 6, 5), numbers(4, 3, 2, 2)
    expected = convolved(x, w, None, (1, 1), (1, 1), (0, 0), 1)
    turned = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    backwards = np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1]
    for y in (turned, backwards, np.asfortranarray(x)):
        np.testing.assert_allclose(nn.convolution(on(backend, y), on(backend, w)).asnumpy(), expected, atol=1e-12)


@everywhere
def test_a_deconvolution_is_the_transpose_of_its_convolution(backend):
    x, w, y = numbers(2, 4, 6, 5), numbers(6, 2, 3, 2), numbers(2, 6, 4, 7)
    options = {"stride": (2, 1), "dilate": (1, 2), "pad": (2, 2), "groups": 2}
    forth = nn.convolution(on(backend, x), on(backend, w), **options).asnumpy()
    back = nn.deconvolution(on(backend, y), on(backend, w), shape=(6, 5), **options).asnumpy()
    assert forth.shape == y.shape
    np.testing.assert_allclose(np.vdot(forth, y), np.vdot(x, back), rtol=1e-12)


def pooled(x, kernel, stride, pad, ceil, of):
    """A pool by its definition: `of` gets each window's elements and how many places it has within the padding."""
    ndim = len(kernel)
    space = x.shape[x.ndim - ndim :]
    counts = []
    for n, k, s, p in zip(space, kernel, stride, pad, strict=True):
        room = n + 2 * p - k
        counts.append((-(-room // s) if ceil else room // s) + 1)
    out = np.zeros((*x.shape[: x.ndim - ndim], *counts))
    for place in np.ndindex(*counts):
        starts = [i * s - p for i, s, p in zip(place, stride, pad, strict=True)]
        inside = tuple(slice(max(a, 0), min(a + k, n)) for a, k, n in zip(starts, kernel, space, strict=True))
        within = np.prod([min(a + k, n + p) - a for a, k, n, p in zip(starts, kernel, space, pad, strict=True)])
        for front in np.ndindex(*x.shape[: x.ndim - ndim]):
            out[front + place] = of(x[front + inside].ravel(), within)
    return out


POOLS = [
    ((2, 3, 7), (2,), (2,), (0,), False),
    ((2, 3, 7), (3,), (2,), (1,), True),
    ((2, 6, 6), (2, 2), (2, 2), (0, 0), False),
    ((2, 7, 6), (3, 2), (2, 2), (1, 0), True),
    ((1, 2, 5, 4), (3, 3), (1, 2), (1, 1), False),
    ((1, 4, 5, 3), (2, 2, 2), (2, 1, 2), (0, 1, 0), True),
]


@everywhere
@pytest.mark.parametrize(("shape", "kernel", "stride", "pad", "ceil"), POOLS)
def test_pools_are_what_they_say_of_each_window(backend, shape, kernel, stride, pad, ceil):
    x = numbers(*shape)
    options = {"kernel": kernel, "stride": stride, "pad": pad, "ceil": ceil}
    for op, of in (
        (nn.max_pool, lambda part, within: part.max()),
        (nn.sum_pool, lambda part, within: part.sum()),
        (nn.avg_pool, lambda part, within: part.sum() / within),
        (nn.lp_pool, lambda part, within: np.sqrt((part**2).sum())),
    ):
        expected = pooled(x, kernel, stride, pad, ceil, of)
        np.testing.assert_allclose(op(on(backend, x), **options).asnumpy(), expected, atol=1e-12, err_msg=op.__name__)
    without = nn.avg_pool(on(backend, x), count_include_pad=False, **options).asnumpy()
    np.testing.assert_allclose(without, pooled(x, kernel, stride, pad, ceil, lambda part, _: part.mean()), atol=1e-12)


@everywhere
def test_the_largest_that_tie_share_the_gradient(backend):
    x = on(backend, [[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 2.0]])
    x.attach_grad()
    with tapegrad.autograd.record():
        y = nn.max_pool(x, kernel=(2, 2))
    y.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), [[1 / 3, 1 / 3, 0, 1 / 3], [1 / 3, 0, 1 / 3, 1 / 3]], rtol=1e-15)


@everywhere
def test_normalize_gives_mean_0_and_variance_1_and_says_what_they_were(backend):
    x, gamma, beta = numbers(3, 4, 5), numbers(4, 1), numbers(4, 1)
    out, mean, var = nn.normalize(on(backend, x), on(backend, gamma), on(backend, beta), axis=(0, 2), eps=1e-3)
    np.testing.assert_allclose(mean.asnumpy(), x.mean(axis=(0, 2), keepdims=True), atol=1e-14)
    np.testing.assert_allclose(var.asnumpy(), x.var(axis=(0, 2), keepdims=True), rtol=1e-13)
    expected = (x - mean.asnumpy()) / np.sqrt(var.asnumpy() + 1e-3) * gamma + beta
    np.testing.assert_allclose(out.asnumpy(), expected, rtol=1e-12, atol=1e-13)


@on_numpy
def test_the_statistics_of_normalize_have_gradients_alone_and_together(backend):
    def mixed(x, gamma, beta):
        out, mean, var = nn.normalize(x, gamma, beta, axis=(-1,))
        return out * mean + var

    x, gamma, beta = numbers(3, 4), numbers(4), numbers(4)
    ops = tapegrad.engines.tables.RECORDED
    for f in (
        mixed,
        lambda *a: nn.normalize(*a, axis=(-1,))[1] + 0,
        lambda *a: ops.square(nn.normalize(*a, axis=(0,))[2]),
    ):
        check_grads(f, (x, gamma, beta), backend=backend, argnums=(0,) if f is not mixed else (0, 1, 2))


@everywhere
def test_softmax_adds_up_to_1_and_its_logarithm_keeps_what_is_small(backend):
    x = np.array([[1000.0, 0.0, -1000.0], [3.0, 3.0, -30.0]])
    np.testing.assert_allclose(nn.softmax(on(backend, x)).asnumpy().sum(axis=-1), 1, rtol=1e-15)
    logs = nn.log_softmax(on(backend, x)).asnumpy()
    np.testing.assert_allclose(logs[0], [0, -1000, -2000])
    np.testing.assert_allclose(
        nn.log_softmax(on(backend, [30.0, 0.0])).asnumpy()[0], -np.log1p(np.exp(-30.0)), rtol=1e-15
    )
    masked = nn.softmax(on(backend, [1.0, -np.inf, 1.0])).asnumpy()
    np.testing.assert_allclose(masked, [0.5, 0, 0.5])


@everywhere
def test_dropout_scales_what_it_keeps(backend):
    x = on(backend, [1.0, 2.0, 3.0, 4.0])
    out = nn.dropout(x, on(backend, [True, False, True, False]), rate=0.75)
    np.testing.assert_allclose(out.asnumpy(), [4, 0, 12, 0])


@everywhere
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda on: nn.convolution(on(2, 3, 5, 5), on(4, 2, 2, 2)), "channels"),
        (lambda on: nn.convolution(on(2, 3, 5), on(4, 3, 6)), "does not fit"),
        (lambda on: nn.convolution(on(2, 3, 5, 5), on(4, 3, 2, 2), on(3)), "bias"),
        (lambda on: nn.convolution(on(2, 3, 5, 5), on(4, 3, 2, 2), stride=(1,)), "number of axes"),
        (lambda on: nn.deconvolution(on(2, 3, 3), on(3, 2, 2), shape=(6,)), "windows"),
        (lambda on: nn.fully_connected(on(3, 4), on(4, 2)), "weight"),
        (lambda on: nn.max_pool(on(2, 3), kernel=(4,)), "kernel=\\(4,\\)"),
    ],
)
def test_what_does_not_go_together_is_said_with_both_shapes(backend, call, words):
    with pytest.raises(ShapeError, match=words):
        call(lambda *shape: on(backend, numbers(*shape)))


@everywhere
def test_samples_of_one_image_and_of_many_agree(backend):
    """A batch of one stack at a time is the stack of the batches, also over weights."""
    x, w = numbers(3, 2, 2, 4, 4), numbers(3, 2, 2, 2, 2)
    together = tapegrad.vmap(nn.convolution)(on(backend, x), on(backend, w)).asnumpy()
    for i, (a, b) in enumerate(zip(x, w, strict=True)):
        np.testing.assert_allclose(together[i], nn.convolution(on(backend, a), on(backend, b)).asnumpy(), atol=1e-12)
    for axes in itertools.product((0, None), repeat=2):
        if axes != (None, None):
            found = tapegrad.vmap(nn.convolution, in_axes=axes)(
                on(backend, x if axes[0] == 0 else x[0]), on(backend, w if axes[1] == 0 else w[0])
            )
            last = nn.convolution(on(backend, x[2 if axes[0] == 0 else 0]), on(backend, w[2 if axes[1] == 0 else 0]))
            np.testing.assert_allclose(found.asnumpy()[2], last.asnumpy(), atol=1e-12)
