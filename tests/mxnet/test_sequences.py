"""Recurrent layers, the connectionist loss and moved images beside PyTorch; updates of optimizers beside formulas."""

import itertools

import numpy as np
import pytest

from tapegrad import autograd, nd
from tapegrad.op.samples import normal
from tapegrad.testing import check_grads


def as_core(function):
    """A function of NDArrays as one of the standard face's arrays, which is what the checks hand out."""

    def on_core(*arrays):
        return function(*[x.as_nd_ndarray() for x in arrays]).as_np_ndarray()

    return on_core


class Peer:
    """A recurrent layer of PyTorch, and the arguments of `nd.RNN` with its numbers."""

    def __init__(self, mode, layers, bidirectional, projection=None):
        torch = pytest.importorskip("torch", reason="the peer is not installed")
        self.steps, self.batch, inputs, size = 4, 3, 3, 5
        directions = 2 if bidirectional else 1
        rng = np.random.default_rng(0)
        data = rng.standard_normal((self.steps, self.batch, inputs))
        sizes = (projection or size, size)
        states = [rng.standard_normal((layers * directions, self.batch, n)) for n in sizes]
        options = {"num_layers": layers, "bidirectional": bidirectional, "dtype": torch.float64}
        if mode.startswith("rnn"):
            self.layer = torch.nn.RNN(inputs, size, nonlinearity=mode[4:], **options)
        elif mode == "gru":
            self.layer = torch.nn.GRU(inputs, size, **options)
        else:
            self.layer = torch.nn.LSTM(inputs, size, proj_size=projection or 0, **options)
        ways = [(k, way) for k in range(layers) for way in ("", "_reverse")[:directions]]
        kinds = ("ih", "hh", "hr") if projection else ("ih", "hh")
        self.names = [f"weight_{part}_l{k}{way}" for k, way in ways for part in kinds]
        self.names += [f"bias_{part}_l{k}{way}" for k, way in ways for part in ("ih", "hh")]
        flat = np.concatenate([getattr(self.layer, name).detach().numpy().ravel() for name in self.names])
        first = [torch.tensor(s) for s in states]
        self.data, self.first = torch.tensor(data), tuple(first) if mode == "lstm" else first[0]
        self.x, self.parameters, h, c = (nd.array(a, dtype="float64") for a in (data, flat, *states))
        self.arguments = {"state": h, "state_size": size, "num_layers": layers, "bidirectional": bidirectional}
        self.arguments |= {"mode": mode, "state_outputs": True, "projection_size": projection}
        if mode == "lstm":
            self.arguments["state_cell"] = c

    def compare(self, expected, last, **options):
        """Hold results, last states and the gradient in the parameters to PyTorch's."""
        expected.sum().backward()
        self.parameters.attach_grad()
        with autograd.record():
            found = nd.RNN(self.x, self.parameters, **self.arguments, **options)
            total = found[0].sum()
        total.backward()
        np.testing.assert_allclose(found[0].asnumpy(), expected.detach().numpy(), rtol=1e-12, atol=1e-14)
        for ours, theirs in zip(found[1:], last if isinstance(last, tuple) else [last], strict=True):
            np.testing.assert_allclose(ours.asnumpy(), theirs.detach().numpy(), rtol=1e-12, atol=1e-14)
        gradient = np.concatenate([getattr(self.layer, name).grad.numpy().ravel() for name in self.names])
        np.testing.assert_allclose(self.parameters.grad.asnumpy(), gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("mode", ["rnn_relu", "rnn_tanh", "lstm", "gru"])
@pytest.mark.parametrize("layers, bidirectional", [(1, False), (2, False), (2, True)])
def test_recurrent_layers_are_pytorchs(mode, layers, bidirectional):
    peer = Peer(mode, layers, bidirectional)
    peer.compare(*peer.layer(peer.data, peer.first))


@pytest.mark.parametrize("layers, bidirectional", [(1, False), (2, True)])
def test_projections_are_pytorchs(layers, bidirectional):
    peer = Peer("lstm", layers, bidirectional, projection=2)
    peer.compare(*peer.layer(peer.data, peer.first))


@pytest.mark.parametrize("mode", ["rnn_tanh", "lstm", "gru"])
def test_sequences_of_several_lengths_are_pytorchs(mode):
    peer = Peer(mode, 2, True)
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    lengths = [2, 4, 1]
    packed, last = peer.layer(pack_padded_sequence(peer.data, lengths, enforce_sorted=False), peer.first)
    expected, _ = pad_packed_sequence(packed, total_length=peer.steps)
    peer.compare(expected, last, sequence_length=nd.array(lengths), use_sequence_length=True)


def test_cells_stay_between_their_bounds():
    arguments = (nd.ones((3, 1, 1)) * 9, nd.ones(16), nd.zeros((1, 1, 1)), nd.zeros((1, 1, 1)))
    options = {"state_size": 1, "state_outputs": True}
    free = nd.RNN(*arguments, **options)[2].asscalar()
    bounds = {"lstm_state_clip_min": -0.5, "lstm_state_clip_max": 0.5}
    shown, _, cell = nd.RNN(*arguments, **options, **bounds)
    assert free > 2
    assert cell.asscalar() == 0.5
    np.testing.assert_allclose(shown.asnumpy().ravel(), np.tanh(0.5), rtol=1e-4)
    arguments[0][1] = float("nan")
    assert np.isnan(nd.RNN(*arguments, **options, **bounds)[2].asscalar())
    assert nd.RNN(*arguments, **options, **bounds, lstm_state_clip_nan=True)[1].asscalar() != 0


def test_a_recurrent_layer_says_what_it_needs():
    with pytest.raises(ValueError, match="choose one of 'rnn_relu'"):
        nd.RNN(nd.ones((2, 1, 1)), nd.ones(1), nd.ones((1, 1, 1)), mode="elman")
    with pytest.raises(ValueError, match="needs 4 parameters"):
        nd.RNN(nd.ones((2, 1, 1)), nd.ones(1), nd.ones((1, 1, 1)), mode="rnn_tanh")
    simple = nd.ones((2, 1, 1)), nd.ones(4), nd.ones((1, 1, 1))
    with pytest.raises(ValueError, match="projection_size is for mode 'lstm'"):
        nd.RNN(*simple, mode="rnn_tanh", projection_size=1)
    with pytest.raises(ValueError, match="give both"):
        nd.RNN(*simple, mode="rnn_tanh", lstm_state_clip_max=1)
    with pytest.raises(ValueError, match="from 0 to the 2 steps"):
        nd.RNN(*simple, sequence_length=nd.array([3]), use_sequence_length=True, mode="rnn_tanh")


def probability(logits, label, blank):
    """The probability of a label by trying all ways to spell it, letter by letter."""
    steps, alphabet = logits.shape
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(alphabet), repeat=steps):
        spelt = [letter for i, letter in enumerate(path) if letter != blank and (i == 0 or path[i - 1] != letter)]
        if spelt == list(label):
            total += np.prod([p[t, letter] for t, letter in enumerate(path)])
    return total


@pytest.mark.parametrize("blank", ["first", "last"])
def test_the_connectionist_loss_counts_all_ways(blank):
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((5, 3, 4))
    labels, padding = ([[1, 1], [2, 3], [3]], 0) if blank == "first" else ([[1, 1], [2, 0], [0]], -1)
    padded = np.full((3, 2), padding)
    for row, label in zip(padded, labels, strict=True):
        row[: len(label)] = label
    place = 0 if blank == "first" else 3
    found = nd.ctc_loss(nd.array(logits, dtype="float64"), nd.array(padded), blank_label=blank)
    expected = [-np.log(probability(logits[:, i], label, place)) for i, label in enumerate(labels)]
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-12)

    lengths = nd.array([4, 5, 3])
    found = nd.ctc_loss(
        nd.array(logits, dtype="float64"), nd.array(padded), lengths, use_data_lengths=True, blank_label=blank
    )
    expected = [
        -np.log(probability(logits[:n, i], label, place))
        for i, (label, n) in enumerate(zip(labels, (4, 5, 3), strict=True))
    ]
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-12)


def test_the_connectionist_loss_is_differentiated_and_knows_given_lengths():
    labels = nd.array([[1, 2], [1, 2]])
    check_grads(as_core(lambda x: nd.ctc_loss(x, labels)), [normal(4, 2, 3)], rtol=1e-7)
    x = nd.random.normal(shape=(4, 2, 3))
    short = nd.ctc_loss(x, labels, None, nd.array([1, 2]), use_label_lengths=True)
    padded = nd.ctc_loss(x, nd.array([[1, 0], [1, 2]]))
    np.testing.assert_allclose(short.asnumpy(), padded.asnumpy(), rtol=1e-6)


def test_moved_images_are_pytorchs():
    torch = pytest.importorskip("torch", reason="the peer is not installed")
    rng = np.random.default_rng(2)
    images = rng.standard_normal((2, 3, 5, 4))
    matrices = np.array([[1, 0, 0, 0, 1, 0]]) + 0.3 * rng.standard_normal((2, 6))
    grid = torch.nn.functional.affine_grid(torch.tensor(matrices).reshape(2, 2, 3), (2, 3, 6, 7), align_corners=True)
    expected = torch.nn.functional.grid_sample(torch.tensor(images), grid, align_corners=True)
    x, m = nd.array(images, dtype="float64"), nd.array(matrices, dtype="float64")
    found = nd.SpatialTransformer(x, m, target_shape=(6, 7))
    np.testing.assert_allclose(found.asnumpy(), expected.numpy(), rtol=1e-9, atol=1e-12)
    ours = nd.GridGenerator(m, "affine", target_shape=(6, 7))
    np.testing.assert_allclose(ours.asnumpy().transpose(0, 2, 3, 1), grid.numpy(), rtol=1e-12, atol=1e-14)


def test_a_warp_shifts_by_pixels():
    x = nd.arange(12).reshape((1, 1, 3, 4))
    shift = nd.zeros((1, 2, 3, 4))
    shift[:, 0] = 1
    found = nd.BilinearSampler(x, nd.GridGenerator(shift, "warp"))
    np.testing.assert_allclose(found.asnumpy()[0, 0], [[1, 2, 3, 0], [5, 6, 7, 0], [9, 10, 11, 0]], atol=1e-5)


def test_sampling_is_differentiated_in_images_and_places():
    places = np.random.default_rng(3).uniform(-0.8, 0.8, (1, 2, 2, 3))
    check_grads(
        as_core(lambda x, d: nd.BilinearSampler(x, nd.array(places, dtype="float64") + d * 1e-3)),
        [normal(1, 2, 4, 5), normal(1, 2, 2, 3)],
        rtol=1e-7,
    )


WHOLE = {
    "one pixel": np.zeros((1, 2, 1, 1)),
    "the identity": np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 3)))[None],
    "rows of pixels": np.stack(np.meshgrid(np.linspace(-0.9, 0.9, 4), [-1.0, 0.0, 1.0]))[None],
    "outside": np.stack(np.meshgrid([-2.0, -1.5, 1.5, 2.0], [-2.0, 2.0]))[None],
}
"""Places (1, 2, …) for an image of 3 × 5 pixels that fall on pixels along one axis or both."""


@pytest.mark.parametrize("places", WHOLE.values(), ids=WHOLE)
def test_the_gradient_at_whole_pixels_is_pytorchs(places):
    torch = pytest.importorskip("torch", reason="the peer is not installed")
    image = np.random.default_rng(4).standard_normal((1, 2, 3, 5))
    x, grid = nd.array(image, dtype="float64"), nd.array(places, dtype="float64")
    theirs = [torch.tensor(image, requires_grad=True), torch.tensor(places, requires_grad=True)]
    read = torch.nn.functional.grid_sample(theirs[0], theirs[1].permute(0, 2, 3, 1), align_corners=True)
    weights = np.random.default_rng(5).standard_normal(tuple(read.shape))
    (read * torch.tensor(weights)).sum().backward()
    for a in (x, grid):
        a.attach_grad()
    with autograd.record():
        y = nd.BilinearSampler(x, grid)
    y.backward(nd.array(weights, dtype="float64"))
    for a, b in zip((x, grid), theirs, strict=True):
        np.testing.assert_allclose(a.grad.asnumpy(), b.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_a_constant_image_pulls_at_no_place_inside_it():
    flat = nd.ones((1, 1, 5, 5))
    for function, start in (
        (lambda p: nd.BilinearSampler(flat, p), nd.zeros((1, 2, 3, 3))),
        (lambda p: nd.SpatialTransformer(flat, p, target_shape=(3, 3)), nd.array([[0.5, 0, 0, 0, 0.5, 0]])),
        (lambda p: nd.BilinearSampler(flat, nd.GridGenerator(p, "warp"))[:, :, 1:4, 1:4], nd.zeros((1, 2, 5, 5))),
    ):
        start.attach_grad()
        with autograd.record():
            y = function(start)
        y.backward()
        assert not start.grad.asnumpy().any()


def test_columns_are_the_transpose_of_windows():
    x, y = nd.random.normal(shape=(1, 2, 5, 4)), None
    window = {"kernel": (2, 3), "stride": (2, 1), "pad": (1, 0)}
    columns = nd.im2col(x, **window)
    y = nd.random.normal(shape=columns.shape)
    back = nd.col2im(y, output_size=(5, 4), **window)
    np.testing.assert_allclose((columns * y).sum().asscalar(), (x * back).sum().asscalar(), rtol=1e-5)


def optimized(update, states, formula, steps=5, **options):
    """A weight after some steps of an update in place, and by its formula on plain numbers."""
    rng = np.random.default_rng(4)
    w = rng.standard_normal(6)
    weight, held = nd.array(w, dtype="float64"), [nd.zeros(6, dtype="float64") for _ in range(states)]
    plain = [np.zeros(6) for _ in range(states)]
    for t in range(1, steps + 1):
        g = rng.standard_normal(6)
        with autograd.record():
            update(weight, nd.array(g, dtype="float64"), *held, out=weight, t=t, **options)
        w, plain = formula(w, g, plain, t)
    np.testing.assert_allclose(weight.asnumpy(), w, rtol=1e-10)
    for ours, theirs in zip(held, plain, strict=True):
        np.testing.assert_allclose(ours.asnumpy(), theirs, rtol=1e-10, atol=1e-14)


def without_t(update):
    """An update that does not count its steps."""
    return lambda *arrays, t, **options: update(*arrays, **options)


def test_gradient_descent_and_its_momenta():
    lr, wd, momentum = 0.1, 0.01, 0.9
    clipped = lambda g: np.clip(0.5 * g, -0.3, 0.3)
    bounds = {"lr": lr, "wd": wd, "rescale_grad": 0.5, "clip_gradient": 0.3}
    optimized(without_t(nd.sgd_update), 0, lambda w, g, s, t: (w - lr * (clipped(g) + wd * w), s), **bounds)

    def heavy(w, g, states, t):
        m = momentum * states[0] - lr * (clipped(g) + wd * w)
        return w + m, [m]

    optimized(without_t(nd.sgd_mom_update), 1, heavy, momentum=momentum, **bounds)

    def nesterov(w, g, states, t):
        step = lr * (clipped(g) + wd * w)
        m = momentum * states[0] - step
        return w + momentum * m - step, [m]

    optimized(without_t(nd.nag_mom_update), 1, nesterov, momentum=momentum, **bounds)


def test_adaptive_updates():
    def adam(w, g, states, t):
        m, v = 0.9 * states[0] + 0.1 * g, 0.999 * states[1] + 0.001 * g * g
        return w - 0.1 * m / (np.sqrt(v) + 1e-8), [m, v]

    optimized(without_t(nd.adam_update), 2, adam, lr=0.1)

    def rmsprop(w, g, states, t):
        n = 0.95 * states[0] + 0.05 * g * g
        return np.clip(w - 0.1 * g / np.sqrt(n + 1e-8), -0.5, 0.5), [n]

    optimized(without_t(nd.rmsprop_update), 1, rmsprop, lr=0.1, clip_weights=0.5)

    def ftrl(w, g, states, t):
        n = states[1] + g * g
        z = states[0] + g - (np.sqrt(n) - np.sqrt(states[1])) * w / 0.1
        return np.where(abs(z) > 0.01, -(z - np.sign(z) * 0.01) / ((1 + np.sqrt(n)) / 0.1), 0), [z, n]

    optimized(without_t(nd.ftrl_update), 2, ftrl, lr=0.1)

    def signum(w, g, states, t):
        m = 0.9 * states[0] - 0.1 * g
        return w + 0.1 * np.sign(m), [m]

    optimized(without_t(nd.signum_update), 1, signum, lr=0.1, momentum=0.9)

    def lamb(w, g, states, t):
        m, v = 0.9 * states[0] + 0.1 * g, 0.999 * states[1] + 0.001 * g * g
        step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + 0.01 * w
        return w - 0.1 * np.linalg.norm(w) / np.linalg.norm(step) * step, [m, v]

    def both_phases(weight, grad, mean, var, out, t, lr):
        step = nd.lamb_update_phase1(weight, grad, mean, var, t=t, wd=0.01)
        return nd.lamb_update_phase2(weight, step, nd.norm(weight), nd.norm(step), lr=lr, out=out)

    optimized(both_phases, 2, lamb, lr=0.1)


def test_an_update_in_float16_keeps_its_master_copy():
    weight, master = nd.array([1.0], dtype="float16"), nd.array([1.0])
    for _ in range(10):
        nd.mp_sgd_update(weight, nd.array([1.0], dtype="float16"), master, lr=1e-4, out=weight)
    np.testing.assert_allclose(master.asscalar(), 0.999, rtol=1e-6)
    assert weight.dtype is np.float16
    assert weight.asscalar() == np.float16(0.999)
