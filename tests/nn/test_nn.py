"""`tapegrad.nn`: numbers worked out by hand or by loops, and derivatives against differences."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import nn
from tapegrad.errors import ArgumentError, BoundsError, DtypeError, ShapeError
from tapegrad.testing import check_grads

DRAW = np.random.default_rng(0).standard_normal
X, IMAGE, KERNEL = DRAW((3, 4)), DRAW((2, 2, 5)), DRAW((4, 2, 3))
Q, K, V = DRAW((2, 3, 4)), DRAW((2, 5, 4)), DRAW((2, 5, 3))
SEEN = np.array([[True, False, True, True, True], [False] * 5, [True] * 5])


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def conv(x, w, stride, before, after):
    x = np.pad(x, ((0, 0), (0, 0), (before, after)))
    starts = range(0, x.shape[2] - w.shape[2] + 1, stride)
    return np.stack([np.einsum("nck,ock->no", x[:, :, i : i + w.shape[2]], w) for i in starts], axis=2)


def normalized(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def masked(scores):
    return np.where(SEEN.any(-1, keepdims=True), softmax(np.where(SEEN, scores, -1e9)), 0)


LABELS, PARTS = np.array([0, 3, 2]), softmax(DRAW((3, 4)))
SCORES = Q @ K.swapaxes(1, 2) / 2
VALUES = {
    "gelu": (lambda: nn.gelu(X, approximate=True), X / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)))),
    "leaky_relu": (lambda: nn.leaky_relu(X, 0.25), np.where(X > 0, X, X / 4)),
    "softmax": (lambda: nn.softmax(X), softmax(X)),
    "log_softmax": (lambda: nn.log_softmax(X, axis=0), np.log(softmax(X.T).T)),
    "one_hot": (lambda: nn.one_hot(LABELS, 4, dtype="float64", axis=0), np.eye(4)[LABELS].T),
    "classes": (lambda: nn.cross_entropy(X, LABELS), -np.log(softmax(X))[[0, 1, 2], LABELS].mean()),
    "classes in front": (
        lambda: nn.cross_entropy(X.T, LABELS, axis=0, reduction="sum"),
        -np.log(softmax(X))[[0, 1, 2], LABELS].sum(),
    ),
    "probabilities": (
        lambda: nn.cross_entropy(X, PARTS, label_smoothing=0.2, reduction="none"),
        -((0.8 * PARTS + 0.05) * np.log(softmax(X))).sum(-1),
    ),
    "binary": (
        lambda: nn.binary_cross_entropy(X, PARTS),
        (np.log1p(np.exp(X)) - X * PARTS).mean(),
    ),
    "mse": (lambda: nn.mse(X, PARTS), ((X - PARTS) ** 2).mean()),
    "linear": (lambda: nn.linear(X, X.T, LABELS * 1.0), X @ X.T + LABELS),
    "conv": (lambda: nn.conv(IMAGE, KERNEL, stride=2, padding=1), conv(IMAGE, KERNEL, 2, 1, 1)),
    "conv SAME": (lambda: nn.conv(IMAGE, KERNEL, stride=3, padding="SAME"), conv(IMAGE, KERNEL, 3, 0, 1)),
    "conv VALID": (lambda: nn.conv(IMAGE, KERNEL, padding="VALID"), conv(IMAGE, KERNEL, 1, 0, 0)),
    "conv groups": (
        lambda: nn.conv(IMAGE, KERNEL[:, :1], groups=2),
        np.concatenate([conv(IMAGE[:, i : i + 1], KERNEL[2 * i : 2 * i + 2, :1], 1, 0, 0) for i in (0, 1)], axis=1),
    ),
    "max_pool": (lambda: nn.max_pool(IMAGE, 2), IMAGE[:, :, :4].reshape(2, 2, 2, 2).max(-1)),
    "avg_pool": (
        lambda: nn.avg_pool(IMAGE, 2, stride=1, padding=[(1, 0)], count_include_pad=False)[:, :, :2],
        np.stack([IMAGE[:, :, 0], IMAGE[:, :, :2].mean(-1)], axis=2),
    ),
    "layer_norm": (lambda: nn.layer_norm(X, X[0], X[1]), normalized(X, -1) * X[0] + X[1]),
    "layer_norm of two axes": (lambda: nn.layer_norm(IMAGE, axis=(1, 2)), normalized(IMAGE, (1, 2))),
    "rms_norm": (lambda: nn.rms_norm(X, X[0]), X / np.sqrt((X**2).mean(-1, keepdims=True) + 1e-6) * X[0]),
    "batch_norm": (
        lambda: nn.batch_norm(IMAGE, None, X[0, :2], np.zeros(2), np.ones(2))[0],
        normalized(IMAGE, (0, 2)) + X[0, :2, None],
    ),
    "running mean": (
        lambda: nn.batch_norm(IMAGE, None, None, np.ones(2), np.ones(2), momentum=0.75)[1],
        0.75 + 0.25 * IMAGE.mean((0, 2)),
    ),
    "running variance": (
        lambda: nn.batch_norm(IMAGE, None, None, np.ones(2), np.ones(2), momentum=0.75)[2],
        0.75 + 0.25 * IMAGE.var((0, 2)),
    ),
    "batch_norm after training": (
        lambda: nn.batch_norm(X, None, None, X[0], X[1] ** 2, training=False)[0],
        (X - X[0]) / np.sqrt(X[1] ** 2 + 1e-5),
    ),
    "embedding": (lambda: nn.embedding(LABELS, KERNEL), KERNEL[LABELS]),
    "attention": (lambda: nn.attention(Q, K, V), softmax(SCORES) @ V),
    "attention, causal": (
        lambda: nn.attention(Q, K, V, causal=True),
        softmax(np.where(np.tri(3, 5), SCORES, -1e9)) @ V,
    ),
    "attention, masked": (lambda: nn.attention(Q, K, V, SEEN), masked(SCORES) @ V),
    "attention, biased": (lambda: nn.attention(Q, K, V, SEEN * 1.0, scale=0.5), softmax(SCORES + SEEN) @ V),
}


ELSEWHERE = ("probabilities", "conv SAME", "attention, masked", "batch_norm")
"""The cases that are put together here; ops are judged on each engine by themselves."""


@pytest.mark.parametrize(
    ("backend", "case"),
    [("numpy", case) for case in VALUES] + [(name, case) for name in ("strict", "jax") for case in ELSEWHERE],
    indirect=["backend"],
)
def test_values(backend, case):
    with tapegrad.use_backend(backend):
        compute, expected = VALUES[case]
        found = compute()
        assert found.dtype == np.float64
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (lambda q, k, v: nn.attention(q, k, v, causal=True), (Q[0, :2, :2], K[0, :2, :2], V[0, :2, :2])),
        (lambda x: nn.attention(x, x, x, np.array([[True, False], [False, False]])), (X[:2, :2],)),
        (lambda x, w: nn.conv(x, w, stride=2, padding="SAME"), (IMAGE[:1, :, :4], KERNEL[:2])),
        (nn.rms_norm, (X[:2], X[2])),
        (lambda x, scale: nn.batch_norm(x, scale, None, X[0], X[1])[0], (X, X[2])),
        (lambda x, p: nn.cross_entropy(x, p, label_smoothing=0.1), (X[:2], PARTS[:2])),
        (lambda x: nn.cross_entropy(x, LABELS), (X,)),
        (nn.binary_cross_entropy, (X[0], PARTS[0])),
    ],
)
def test_derivatives(function, args):
    check_grads(function, args)


def test_a_query_that_sees_nothing_has_a_gradient_of_zero():
    gradient = tapegrad.grad(lambda q: nn.attention(q, K, V, SEEN).sum())(Q)
    assert np.isfinite(gradient).all() and not gradient[:, 1].any() and gradient[:, 0].any()


def test_a_batch_is_a_loop():
    for one, args in [
        (lambda x, y: nn.cross_entropy(x, y, label_smoothing=0.1), (X, LABELS)),
        (lambda q, k, v: nn.attention(q, k, v, causal=True), (Q, K, V)),
        (lambda x: nn.conv(x[None], KERNEL, padding="SAME")[0], (IMAGE,)),
    ]:
        loop = np.stack([one(*row).asnumpy() for row in zip(*args, strict=True)])
        np.testing.assert_allclose(tapegrad.vmap(one)(*args), loop, rtol=1e-12)


def test_dropout_keeps_the_mean_and_says_what_it_drew():
    x = tnp.ones((100, 50))
    kept = nn.dropout(x, 0.25, rng=1)
    assert set(kept.ravel().tolist()) == {0.0, np.float32(1 / 0.75).item()}
    assert abs(kept.mean() - 1) < 0.02
    assert (nn.dropout(x, 0.25, rng=1) == kept).all() and not (nn.dropout(x, 0.25) == kept).all()
    assert nn.dropout(x, 0.25, training=False) is x
    assert (tapegrad.grad(lambda x: nn.dropout(x, 0.25, rng=1).sum())(x) == kept).all()


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: nn.mse(np.ones((3, 1)), np.ones(3)), ShapeError, "not broadcast"),
        (lambda: nn.mse(X, X, reduction="average"), ArgumentError, "'mean', 'sum', 'none'"),
        (lambda: nn.cross_entropy(X, LABELS[:2]), ShapeError, "one class a sample"),
        (lambda: nn.cross_entropy(X, LABELS + 7), BoundsError, "out of bounds"),
        (lambda: nn.conv(IMAGE, KERNEL, padding="full"), ArgumentError, "'SAME', 'VALID'"),
        (lambda: nn.conv(IMAGE, KERNEL, stride=(1, 1)), ShapeError, "stride has 2 numbers for 1 axes"),
        (lambda: nn.dropout(X, 1.0), ArgumentError, "rate is 1.0; choose one from 0"),
        (lambda: nn.embedding([0.5], X), DtypeError, "indices are integers, not float"),
        (lambda: nn.attention(Q, V, V), ShapeError, "do not go together"),
        (lambda: nn.layer_norm(X, X[0, :3]), ShapeError, r"must be \(4,\)"),
        (lambda: nn.initializers.he_normal(0, (3,)), ShapeError, "no fans"),
    ],
)
def test_what_is_wrong_is_named(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


@pytest.mark.parametrize(
    ("draw", "variance"),
    [
        (lambda shape: nn.initializers.glorot_uniform(0, shape), 2 / 500),
        (lambda shape: nn.initializers.glorot_normal(0, shape), 2 / 500),
        (lambda shape: nn.initializers.he_normal(0, shape, in_axis=1, out_axis=0), 2 / 200),
        (lambda shape: nn.initializers.he_uniform(0, shape), 2 / 300),
        (lambda shape: nn.initializers.lecun_normal(0, shape), 1 / 300),
        (lambda shape: nn.initializers.truncated_normal(0, shape, deviation=0.5), 0.25),
    ],
)
def test_initializers_have_the_variance_that_they_say(draw, variance):
    weight = draw((300, 200))
    assert weight.dtype == np.float32
    assert abs(weight.mean()) < 0.02 * variance**0.5
    assert abs(weight.var() / variance - 1) < 0.02
