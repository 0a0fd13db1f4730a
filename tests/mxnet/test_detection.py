"""Anchors, targets, detections, matches and regions against their definitions, told one box at a time."""

import sys

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.op.samples import normal
from tapegrad.testing import check_grads

RNG = np.random.default_rng(7)


def boxes(count):
    """Random boxes as corners, in shares of an image."""
    corners = np.sort(RNG.uniform(size=(count, 2, 2)), axis=1)
    return corners.reshape(count, 4).astype(np.float32)


def overlap(a, b):
    """What two boxes share of what they cover."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def as_core(function):
    """A function of NDArrays as one of the standard face's arrays, which is what the checks hand out."""

    def on_core(*arrays):
        return function(*[x.as_nd_ndarray() for x in arrays]).as_np_ndarray()

    return on_core


def test_anchors_have_their_sizes_and_ratios_around_every_pixel():
    height, width, sizes, ratios = 3, 5, [0.5, 0.2], [1, 2, 0.5]
    found = nd.contrib.MultiBoxPrior(nd.zeros((1, 3, height, width)), sizes=sizes, ratios=ratios).asnumpy()
    assert found.shape == (1, height * width * 4, 4)
    grid = found.reshape(height, width, 4, 4)
    for i, j in np.ndindex(height, width):
        middle = (grid[i, j, :, :2] + grid[i, j, :, 2:]) / 2
        np.testing.assert_allclose(middle, [[(j + 0.5) / width, (i + 0.5) / height]] * 4, atol=1e-6)
    wide, high = (grid[0, 0, :, 2:] - grid[0, 0, :, :2]).T
    # In pixels the ratio is width to height: shares of a width count for more where the image is wide.
    np.testing.assert_allclose(wide * width / (high * height), [1, 1, 2, 0.5], rtol=1e-5)
    np.testing.assert_allclose(np.sqrt(wide * width / height * high), [0.5, 0.2, 0.5, 0.5], rtol=1e-5)
    clipped = nd.contrib.MultiBoxPrior(nd.zeros((1, 3, height, width)), sizes=sizes, ratios=ratios, clip=True)
    assert (clipped.asnumpy() == found.clip(0, 1)).all()


def test_targets_decode_to_the_objects_that_they_are_matched_with():
    anchors, objects = boxes(40), np.full((2, 4, 5), -1, np.float32)
    objects[0, :3, 1:], objects[0, :3, 0] = boxes(3), [2, 0, 5]
    offsets, mask, classes = nd.contrib.MultiBoxTarget(
        nd.array(anchors[None]), nd.array(objects), nd.zeros((2, 7, 40)), overlap_threshold=0.3
    )
    assert (classes.asnumpy()[1] == -1).all()
    assert not mask.asnumpy()[1].any()
    back = nd.contrib.box_decode(
        offsets.reshape((2, -1, 4)), nd.array(anchors[None]), 0.1, 0.1, 0.2, 0.2, format="corner"
    ).asnumpy()[0]
    table = np.array([[overlap(a, b) for b in objects[0, :3, 1:]] for a in anchors])
    taken = set()
    for i in range(40):
        if classes.asnumpy()[0, i] == 0:
            assert not mask.asnumpy()[0, 4 * i : 4 * i + 4].any()
            assert table[i].max() <= 0.3
            continue
        thing = [2, 0, 5].index(int(classes.asnumpy()[0, i]) - 1)
        np.testing.assert_allclose(back[i], objects[0, thing, 1:], atol=1e-5)
        assert table[i, thing] == max(table[i]) > 0.3 or table[i, thing] == table[:, thing].max() or thing not in taken
        taken.add(thing)
    assert taken == {0, 1, 2}


def test_mining_keeps_the_background_that_is_least_certain():
    anchors = np.array([[0, 0, 0.1, 0.1], [0.2, 0, 0.3, 0.1], [0.4, 0, 0.5, 0.1], [0.6, 0, 0.7, 0.1]], np.float32)
    objects = np.array([[[1, 0, 0, 0.1, 0.1]]], np.float32)
    scores = np.zeros((1, 3, 4), np.float32)
    scores[0, 0] = [0, 3, -1, 2]
    found = nd.contrib.MultiBoxTarget(
        nd.array(anchors[None]), nd.array(objects), nd.array(scores), negative_mining_ratio=2, ignore_label=-9
    )[2]
    assert found.asnumpy().tolist() == [[2, -9, 0, 0]]


def test_detections_are_the_best_of_those_that_overlap():
    anchors = np.concatenate([boxes(30)] * 2)
    odds = RNG.dirichlet([1, 1, 1], size=60).T[None].astype(np.float32)
    found = nd.contrib.MultiBoxDetection(
        nd.array(odds), nd.zeros((1, 240)), nd.array(anchors[None]), threshold=0.2, nms_threshold=0.4
    ).asnumpy()[0]
    seen = [
        (odds[0, 1:, i].argmax(), odds[0, 1:, i].max(), anchors[i]) for i in range(60) if odds[0, 1:, i].max() >= 0.2
    ]
    kept = []
    for kind, score, box in sorted(seen, key=lambda row: -row[1]):
        if all(other != kind or overlap(box, rival) < 0.4 for other, _, rival in kept):
            kept.append((kind, score, box))
    stay = found[found[:, 0] >= 0]
    assert stay[:, 0].tolist() == [kind for kind, _, _ in kept]
    np.testing.assert_allclose(stay[:, 1], [score for _, score, _ in kept])
    np.testing.assert_allclose(stay[:, 2:], [box for _, _, box in kept], atol=1e-6)
    assert len(kept) < len(seen)


def suppressed(rows, threshold, *, by_class=False, valid=0.0, topk=None):
    """What `box_nms` keeps of rows (class, score, *box), pair by pair."""
    kept = []
    for row in [r for r in sorted(rows.tolist(), key=lambda r: -r[1]) if r[1] > valid][:topk]:
        rivals = [other for other in kept if not by_class or other[0] == row[0]]
        if all(overlap(row[2:], other[2:]) <= threshold for other in rivals):
            kept.append(row)
    return kept


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 400])
@pytest.mark.parametrize(
    "ours, theirs",
    [
        ({}, {}),
        ({"overlap_thresh": 0.1}, {"threshold": 0.1}),
        ({"id_index": 0}, {"by_class": True}),
        ({"id_index": 0, "force_suppress": True}, {}),
        ({"valid_thresh": 0.4, "topk": 90}, {"valid": 0.4, "topk": 90}),
    ],
)
def test_suppression_is_that_of_pairs(count, ours, theirs):
    corners = boxes(count).reshape(count, 4)
    rows = np.column_stack([RNG.integers(0, 3, count), RNG.permutation(count) / max(count, 1), corners])
    rows = rows.astype(np.float32)
    found = nd.contrib.box_nms(nd.array(rows.reshape(1, count, 6)), **ours).asnumpy()[0]
    expected = suppressed(rows, **{"threshold": 0.5} | theirs)
    assert found[: len(expected)].tolist() == expected
    assert (found[len(expected) :] == -1).all()


def test_suppression_of_thousands_of_boxes_loops_over_no_pairs():
    """The calls in Python are few beside the two million pairs."""
    corner = nd.random.uniform(shape=(1, 2000, 2))
    many = nd.concat(nd.zeros((1, 2000, 1)), nd.random.uniform(shape=(1, 2000, 1)), corner, corner + 0.1, dim=2)
    anchors = nd.contrib.MultiBoxPrior(nd.zeros((1, 3, 32, 32)), sizes=[0.2, 0.3], ratios=[1, 2, 0.5])
    count = anchors.shape[1]
    odds = nd.softmax(nd.random.normal(shape=(2, 3, count)), axis=1)
    offsets = nd.random.normal(0, 0.1, shape=(2, 4 * count))
    for call in (
        lambda: nd.contrib.box_nms(many),
        lambda: nd.contrib.MultiBoxDetection(odds, offsets, anchors),
    ):
        calls = 0

        def count_call(frame, event, arg):
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count_call)
        try:
            call().wait_to_read()
        finally:
            sys.setprofile(None)
        assert calls < 20_000


def test_pairs_are_made_from_the_best_score_down():
    scores = RNG.uniform(size=(3, 5, 4)).astype(np.float32)
    rows, columns = (x.asnumpy().astype(int) for x in nd.contrib.bipartite_matching(nd.array(scores), threshold=0.3))
    for table, of_row, of_column in zip(scores, rows, columns, strict=True):
        free_rows, free_columns, pairs = set(range(5)), set(range(4)), {}
        while free_rows and free_columns:
            best = max((table[i, j], i, j) for i in free_rows for j in free_columns)
            if best[0] <= 0.3:
                break
            pairs[best[1]] = best[2]
            free_rows.discard(best[1])
            free_columns.discard(best[2])
        assert of_row.tolist() == [pairs.get(i, -1) for i in range(5)]
        assert [(i, j) for j, i in enumerate(of_column) if i >= 0] == sorted(pairs.items(), key=lambda pair: pair[1])
    least = nd.contrib.bipartite_matching(nd.array([[0.5, 0.6], [0.1, 0.2]]), is_ascend=True, threshold=1, topk=1)
    assert [x.asnumpy().tolist() for x in least] == [[-1, 0], [1, -1]]


def test_decoding_undoes_encoding():
    anchors, refs = boxes(6)[None], boxes(3)[None]
    matches, samples = np.array([[0, 2, 1, 0, 2, 1]]), np.array([[1, 1, 0, 1, 1, 1]])
    stds = [0.1, 0.1, 0.2, 0.2]
    offsets, mask = nd.contrib.box_encode(
        *map(nd.array, (samples, matches, anchors, refs)), nd.zeros(4), nd.array(stds)
    )
    back = nd.contrib.box_decode(offsets, nd.array(anchors), *stds, format="corner").asnumpy()[0]
    for i, match in enumerate(matches[0]):
        if samples[0, i]:
            np.testing.assert_allclose(back[i], refs[0, match], atol=1e-5)
        else:
            np.testing.assert_allclose(back[i], anchors[0, i], atol=1e-6)
    assert mask.asnumpy()[0].T.tolist() == [samples[0].tolist()] * 4


def test_the_mean_of_a_region_that_is_the_image_is_that_of_points_between_pixels():
    ramp = nd.array(np.add.outer(10 * np.arange(5), np.arange(6)).reshape(1, 1, 5, 6))
    # A plane is read exactly: the mean of the points of a cell is the plane at the cell's middle.
    found = nd.contrib.ROIAlign(ramp, nd.array([[0, 1, 1, 5, 4]]), (3, 2), 1.0, sample_ratio=3).asnumpy()[0, 0]
    expected = [[10 * (1 + (i + 0.5)) + (1 + 2 * (j + 0.5)) for j in range(2)] for i in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    half = nd.contrib.ROIAlign(ramp, nd.array([[0, 2, 2, 10, 8]]), (3, 2), 0.5, sample_ratio=3, aligned=True).asnumpy()
    np.testing.assert_allclose(half[0, 0], np.array(expected) - 5.5, rtol=1e-6)


def test_each_cell_may_have_channels_of_its_own_and_no_image_is_zeros():
    x = nd.array(RNG.normal(size=(2, 8, 4, 4)))
    rois = nd.array([[1, 0, 0, 3, 3], [-1, 0, 0, 3, 3]])
    every = nd.contrib.ROIAlign(x, rois, (2, 2), 1.0).asnumpy()
    own = nd.contrib.ROIAlign(x, rois, (2, 2), 1.0, position_sensitive=True).asnumpy()
    assert own.shape == (2, 2, 2, 2)
    for kind, i, j in np.ndindex(2, 2, 2):
        assert own[0, kind, i, j] == every[0, kind * 4 + i * 2 + j, i, j]
    assert not every[1].any()


QKV = normal(3, 2, 12)
DIFFERENTIABLE = {
    "ROIAlign": (lambda x: nd.contrib.ROIAlign(x, nd.array([[0, 0, 1, 3, 4]]), (2, 2), 0.9), [normal(1, 2, 5, 4)]),
    "BilinearResize2D": (lambda x: nd.contrib.BilinearResize2D(x, height=5, width=2), [normal(1, 2, 3, 4)]),
    "resize areas": (
        lambda x: nd.contrib.BilinearResize2D(x, scale_height=2, scale_width=0.5, align_corners=False),
        [normal(1, 1, 3, 4)],
    ),
    "box_decode": (lambda x: nd.contrib.box_decode(x, nd.ones((1, 3, 4), dtype="float64")), [normal(2, 3, 4)]),
    "box_nms": (
        lambda x: nd.contrib.box_nms(x, in_format="center", overlap_thresh=0.9, valid_thresh=-9),
        [normal(3, 6)],
    ),
    "selfatt_qk": (lambda x: nd.contrib.interleaved_matmul_selfatt_qk(x, heads=2), [QKV]),
    "selfatt_valatt": (
        lambda x, a: nd.contrib.interleaved_matmul_selfatt_valatt(x, a, heads=2),
        [QKV, normal(4, 3, 3)],
    ),
    "encdec_qk": (
        lambda q, kv: nd.contrib.interleaved_matmul_encdec_qk(q, kv, heads=2),
        [normal(3, 2, 4), normal(5, 2, 8)],
    ),
    "encdec_valatt": (
        lambda kv, a: nd.contrib.interleaved_matmul_encdec_valatt(kv, a, heads=2),
        [normal(5, 2, 8), normal(4, 3, 5)],
    ),
    "fft": (nd.contrib.fft, [normal(2, 5)]),
    "ifft": (nd.contrib.ifft, [normal(2, 6)]),
}


@pytest.mark.parametrize("function, draws", DIFFERENTIABLE.values(), ids=DIFFERENTIABLE)
def test_derivatives_of_both_orders(function, draws):
    check_grads(as_core(function), draws, rtol=1e-7)


def test_attention_is_that_of_its_heads_one_by_one():
    length, batch, heads, depth = 4, 2, 3, 5
    x = RNG.normal(size=(length, batch, heads, 3, depth)).astype(np.float32)
    flat = nd.array(x.reshape(length, batch, -1))
    scores = nd.contrib.interleaved_matmul_selfatt_qk(flat, heads=heads)
    mixed = nd.contrib.interleaved_matmul_selfatt_valatt(flat, scores, heads=heads).asnumpy()
    other = nd.array(x[:, :, :, 1:].reshape(length, batch, -1))
    queries = nd.array(x[:, :, :, 0].reshape(length, batch, -1))
    assert (nd.contrib.interleaved_matmul_encdec_qk(queries, other, heads=heads) == scores).asnumpy().all()
    again = nd.contrib.interleaved_matmul_encdec_valatt(other, scores, heads=heads).asnumpy()
    assert (again == mixed).all()
    for n, h in np.ndindex(batch, heads):
        q, k, v = x[:, n, h].transpose(1, 0, 2)
        one = q @ k.T / np.sqrt(depth)
        np.testing.assert_allclose(scores.asnumpy()[n * heads + h], one, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(mixed[:, n, h * depth : (h + 1) * depth], one @ v, rtol=1e-4, atol=1e-5)


def test_a_fourier_transform_is_numpys_in_turn():
    x = RNG.normal(size=(2, 6)).astype(np.float32)
    found = nd.contrib.fft(nd.array(x)).asnumpy()
    np.testing.assert_allclose(found[:, ::2] + 1j * found[:, 1::2], np.fft.fft(x), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(nd.contrib.ifft(nd.array(found)).asnumpy(), 6 * x, rtol=1e-5)


def test_images_of_another_size_keep_their_corners():
    x = nd.array(np.add.outer(np.arange(3), 10 * np.arange(4)).reshape(1, 1, 3, 4))
    found = nd.contrib.BilinearResize2D(x, height=5, width=7).asnumpy()[0, 0]
    np.testing.assert_allclose(found, np.add.outer(np.arange(5) / 2, 5 * np.arange(7)), atol=1e-5)
    assert nd.contrib.BilinearResize2D(x, nd.zeros((1, 1, 2, 9)), mode="like").shape == (1, 1, 2, 9)


def test_adamw_decays_by_its_own_rate_and_leaves_out_steps_without_scale():
    w, g, m, v = nd.array([1.0]), nd.array([2.0]), nd.zeros(1), nd.zeros(1)
    found = nd.contrib.adamw_update(
        w, g, m, v, nd.array([0.5]), lr=0.1, eta=0.5, wd=0.2, beta1=0.5, beta2=0.75, epsilon=0
    )
    np.testing.assert_allclose(found.asnumpy(), 1 - 0.5 * (0.1 * 0.5 / np.sqrt(0.25) + 0.2), rtol=1e-6)
    assert (m.asscalar(), v.asscalar()) == (0.5, 0.25)
    for scale in (0.0, float("nan"), float("inf")):
        assert nd.contrib.adamw_update(w, g, m, v, scale, lr=0.1, eta=0.5).asscalar() == 1
    assert (m.asscalar(), v.asscalar()) == (0.5, 0.25)


def test_several_weights_are_updated_as_one_by_one():
    weights, gradients = [nd.array(RNG.normal(size=n)) for n in (2, 3)], [nd.array(RNG.normal(size=n)) for n in (2, 3)]
    momenta = [nd.ones(2), nd.ones(3)]
    options = {"momentum": 0.9, "rescale_grad": 0.5, "clip_gradient": 0.4}
    alone = [
        nd.sgd_mom_update(w, g, m.copy(), lr=lr, wd=0.1, **options)
        for w, g, m, lr in zip(weights, gradients, momenta, (0.1, 0.2), strict=True)
    ]
    given = [x for trio in zip(weights, gradients, momenta, strict=True) for x in trio]
    together = nd.multi_sgd_mom_update(
        *given, lrs=nd.array([0.1, 0.2]), wds=[0.1, 0.1], num_weights=2, out=weights, **options
    )
    for one, found, weight in zip(alone, together, weights, strict=True):
        assert found is weight
        np.testing.assert_allclose(found.asnumpy(), one.asnumpy(), rtol=1e-6)
    with pytest.raises(ValueError, match="6 arrays, 2 lrs and 1 wds for 2 weights"):
        nd.multi_sgd_mom_update(*given, lrs=[0.1, 0.2], wds=[0.1], num_weights=2)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: nd.contrib.MultiBoxPrior(nd.ones((2, 2))), r"\(n, channels, height, width\), not shape \(2, 2\)"),
        (lambda: nd.contrib.MultiBoxTarget(nd.ones((1, 2, 4)), nd.ones((1, 1, 5)), nd.ones((1, 3, 3))), "predictions"),
        (lambda: nd.contrib.MultiBoxDetection(nd.ones((1, 3, 2)), nd.ones((1, 7)), nd.ones((1, 2, 4))), "offsets"),
        (lambda: nd.contrib.ROIAlign(nd.ones((1, 3, 2, 2)), nd.ones((1, 4)), (1, 1), 1.0), "regions"),
        (lambda: nd.contrib.box_decode(nd.ones((1, 3, 4)), nd.ones((1, 2, 4))), "anchors"),
        (lambda: nd.contrib.interleaved_matmul_selfatt_qk(nd.ones((2, 1, 7)), heads=2), "multiple of 2 · 3"),
        (lambda: nd.contrib.ifft(nd.ones(3)), "in turn"),
    ],
)
def test_shapes_that_do_not_fit_are_named(call, words):
    with pytest.raises(mx.errors.ShapeError, match=words):
        call()


@pytest.mark.parametrize(
    "space, name, words",
    [
        (nd, "sparse", "arrays are dense here"),
        (nd, "imdecode", r"use tapegrad\.image"),
        (nd.contrib, "DeformableConvolution", "ROIAlign"),
        (nd.contrib, "quantize_v2", "astype"),
        (nd.contrib, "dgl_subgraph", "dense"),
    ],
)
def test_names_that_are_not_here_say_what_to_use(space, name, words):
    with pytest.raises(AttributeError, match=f"'{name}': .*{words}"):
        getattr(space, name)


def test_a_box_that_stays_has_a_gradient():
    x = nd.array([[0, 0.5, 0, 0, 2, 2], [0, 0.9, 0, 0, 2, 2.1]])
    x.attach_grad()
    with autograd.record():
        y = nd.contrib.box_nms(x)
    y.backward(nd.array(np.arange(12).reshape(2, 6)))
    assert x.grad.asnumpy().tolist() == [[0] * 6, list(range(6))]


def test_rates_of_layers_and_preloaded_updates():
    """LARS as its paper has it, then the same updates as with numbers for lrs and wds."""
    weights = [nd.random.normal(shape=n) for n in (3, 4)]
    grads = [nd.random.normal(shape=n) for n in (3, 4)]
    wds = nd.array([0.1, 0])
    squares = [nd.multi_sum_sq(*arrays) for arrays in (weights, grads)]
    rates = nd.multi_lars(nd.array([0.5, 0.25]), *squares, wds, eta=0.01, eps=1e-3, rescale_grad=2.0)
    for i, lr in enumerate((0.5, 0.25)):
        w, g = (np.linalg.norm(arrays[i].asnumpy()) for arrays in (weights, grads))
        expected = lr * 0.01 * w / (2 * g + wds.asnumpy()[i] * w + 1e-3)
        np.testing.assert_allclose(rates.asnumpy()[i], expected, rtol=1e-5)
    kept = nd.multi_lars(nd.array([0.5, 0.25]), nd.array([0, 1]), nd.array([1, 0]), wds, eta=1, eps=0)
    assert kept.asnumpy().tolist() == [0.5, 0.25]

    for kind, state in (("", 0), ("mom_", 1), ("mp_", 1), ("mp_mom_", 2)):
        name = f"multi_{kind.replace('mom_', '')}sgd_{'mom_' if 'mom' in kind else ''}update"
        options = {"momentum": 0.9} if "mom" in kind else {}

        def arrays(state=state):
            return [x for w, g in zip(weights, grads, strict=True) for x in (w.copy(), g, *[w.copy()] * state)]

        plain = getattr(nd, name)(*arrays(), lrs=rates, wds=wds, num_weights=2, **options)
        loaded = getattr(nd, f"preloaded_{name}")(*arrays(), rates, wds, num_weights=2, **options)
        for a, b in zip(plain, loaded, strict=True):
            np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())
    with pytest.raises(ValueError, match="last two arrays"):
        nd.preloaded_multi_sgd_update(rates)


@pytest.mark.parametrize(
    "mode, options, size",
    [
        ("odd_scale", {"scale_height": 2, "scale_width": 2}, (9, 8)),
        ("odd_scale", {"scale_height": 0.5, "scale_width": 0.5}, (3, 2)),
        ("to_even_down", {}, (4, 4)),
        ("to_even_up", {}, (6, 4)),
        ("to_odd_down", {}, (5, 3)),
        ("to_odd_up", {}, (5, 5)),
        ("size", {"scale_height": 1.5, "width": 3}, (7, 3)),
    ],
)
def test_modes_of_resizing(mode, options, size):
    images = nd.random.normal(shape=(1, 2, 5, 4))
    found = nd.contrib.BilinearResize2D(images, mode=mode, **options)
    assert found.shape[2:] == size
    same = nd.contrib.BilinearResize2D(images, height=size[0], width=size[1])
    np.testing.assert_array_equal(found.asnumpy(), same.asnumpy())


@pytest.mark.parametrize("kind", ["max", "avg", "sum", "lp"])
@pytest.mark.parametrize("layout", ["NWC", "NHWC", "NDHWC"])
def test_pooling_with_the_channels_last(kind, layout):
    ndim = len(layout) - 2
    x = nd.random.uniform(shape=(2, *(6, 5, 4)[:ndim], 3))
    x.attach_grad()
    first = x.transpose((0, ndim + 1, *range(1, ndim + 1))).copy()
    for options in (
        {"kernel": (2,) * ndim, "stride": (2,) * ndim, "pooling_convention": "full"},
        {"global_pool": True},
    ):
        p = {"p_value": 2} if kind == "lp" else {}
        with autograd.record():
            found = nd.Pooling(x, pool_type=kind, layout=layout, **options, **p)
        found.backward()
        expected = nd.Pooling(first, pool_type=kind, **options, **p)
        np.testing.assert_allclose(found.asnumpy(), np.moveaxis(expected.asnumpy(), 1, -1), rtol=1e-6)
        assert x.grad.shape == x.shape
    with pytest.raises(ValueError, match="layout is 'NWC'"):
        nd.Pooling(nd.ones((1, 2, 2, 1)), kernel=(2, 2), layout="NWC")
