"""What detectors of objects are trained and read with: anchor boxes, their targets, boxes decoded, regions aligned.

Boxes are (left, top, right, bottom), in shares of the image unless said otherwise. What is only ever compared and
sorted is computed on the host, and has no gradient: anchors, matches, targets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, ArgumentTypeError, BoundsError, ShapeError
from .checks import dtype_of, int_tuple, ops
from .function import nd_function
from .ndarray import NDArray, make

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..typing import ShapeLike

__all__ = [
    "MultiBoxDetection",
    "MultiBoxPrior",
    "MultiBoxTarget",
    "ROIAlign",
    "bipartite_matching",
    "box_decode",
    "box_encode",
]

Host = np.ndarray[Any, Any]


def _four(values: Any, where: str, name: str) -> Host:
    numbers = np.asarray(tuple(values), np.float32)
    if numbers.shape != (4,):
        raise ArgumentError(f"{where}(): {name} is {tuple(values)}; give 4 numbers")
    return numbers


def _overlaps(a: Host, b: Host) -> Host:
    """The shared part of each pair of boxes, as a share of what the two cover."""
    shared = shared_areas(a, b)
    covered = (a[:, 2:] - a[:, :2]).prod(axis=-1)[:, None] + (b[:, 2:] - b[:, :2]).prod(axis=-1) - shared
    return shares(shared, covered)


def shares(shared: Host, covered: Host) -> Host:
    """What is shared as a share of what is covered, 0 where nothing is."""
    ratios = np.zeros_like(shared)
    np.divide(shared, covered, out=ratios, where=covered > 0)
    return ratios


def shared_areas(a: Host, b: Host) -> Host:
    """What each pair of boxes, given by their corners, has in common."""
    area: Host = np.array(1, a.dtype)
    for low, high in ((0, 2), (1, 3)):
        side = np.minimum(a[:, high, None], b[:, high])
        side -= np.maximum(a[:, low, None], b[:, low])
        area = area * np.maximum(side, 0, out=side)
    return area


BLOCK = 128
"""Of how many boxes at a time the overlaps with all others are computed: the table of them stays in the cache."""


def best_apart(classes: Host | None, drops: Callable[[Host, Host], Host], count: int) -> Host:
    """Which of `count` boxes, the best first, stay if each that stays drops those behind it that are too near.

    `drops(i, j)` says for the boxes at i, and each at j, whether the one drops the other. Boxes of different classes
    leave each other alone; `classes=None` is one class.
    """
    if classes is None:
        return _apart(drops, np.arange(count))
    stay = np.zeros(count, bool)
    # A class that is NaN is a class of its own.
    _, kinds = np.unique(classes, return_inverse=True, equal_nan=False)
    order = np.argsort(kinds, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1):
        stay[members] = _apart(drops, members)
    return stay


def _apart(drops: Callable[[Host, Host], Host], members: Host) -> Host:
    """`best_apart` of the members of one class, in blocks: first among themselves, then against all that are left."""
    alive = np.ones(len(members), bool)
    left = np.arange(len(members))
    while left.size:
        block, left = left[:BLOCK], left[BLOCK:]
        near = drops(members[block], members[block])
        stays = np.ones(len(block), bool)
        for i in range(len(block)):
            if stays[i]:
                stays[i + 1 :] &= ~near[i, i + 1 :]
        alive[block] = stays
        if left.size:
            dropped = drops(members[block[stays]], members[left]).any(axis=0)
            alive[left[dropped]] = False
            left = left[~dropped]
    return alive


@nd_function
def MultiBoxPrior(
    data: NDArray,
    sizes: Sequence[float] = (1.0,),
    ratios: Sequence[float] = (1.0,),
    clip: bool = False,
    steps: Sequence[float] = (-1.0, -1.0),
    offsets: Sequence[float] = (0.5, 0.5),
) -> NDArray:
    """Anchor boxes around each pixel of an image: of every size in the first ratio, of the first size in the others.

    A size is the height of the square box as a share of the image's; a ratio is width over height. `steps` is the
    distance of two pixels (down, across), one pixel's share of the image if negative, and `offsets` where in a pixel
    the middle lies. With `clip` boxes end where the image does.

    Shapes: images (n, channels, height, width), of which only the shape is read; the result is (1, boxes, 4), where
    boxes = height · width · (sizes + ratios − 1).
    Dtypes: the result has that of `data`.
    Raises: `ShapeError` for the wrong number of axes, `ValueError` without a size or a ratio.

    >>> nd.contrib.MultiBoxPrior(nd.zeros((1, 3, 2, 2)), sizes=[0.5]).asnumpy()[0, 0].tolist()
    [0.0, 0.0, 0.5, 0.5]
    """
    where = "MultiBoxPrior"
    if data.ndim != 4:
        raise ShapeError(f"{where}() takes images (n, channels, height, width), not shape {data.shape}")
    height, width = data.shape[2:]
    scales, shapes = (np.atleast_1d(np.asarray(values, np.float32)) for values in (sizes, ratios))
    if not scales.size or not shapes.size:
        raise ArgumentError(f"{where}() needs a size and a ratio at least; sizes is {sizes}, ratios {ratios}")
    roots = np.sqrt(shapes)
    kinds = [(size, roots[0]) for size in scales] + [(scales[0], root) for root in roots[1:]]
    half = np.array(
        [(size * np.float32(height) / np.float32(width) * root / 2, size / root / 2) for size, root in kinds],
        np.float32,
    )
    down, across = (
        np.float32(step if step > 0 else 1 / max(length, 1))
        for step, length in zip(steps, (height, width), strict=True)
    )
    centers = np.empty((height, width, 1, 2), np.float32)
    centers[..., 0] = ((np.arange(width, dtype=np.float32) + np.float32(offsets[1])) * across)[None, :, None]
    centers[..., 1] = ((np.arange(height, dtype=np.float32) + np.float32(offsets[0])) * down)[:, None, None]
    boxes = np.concatenate([centers - half, centers + half], axis=-1).reshape(1, -1, 4)
    if clip:
        boxes = np.clip(boxes, 0, 1)
    return make(boxes.astype(dtype_of(data)), data.context)


def _matched(overlaps: Host, threshold: float) -> tuple[Host, Host, Host]:
    """For each anchor its object, their overlap (both −1 if none was looked for), and whether they belong together.

    Each object first gets the best anchor that is left, the best pair of all first; then anchors that overlap an object
    by more than the threshold join.
    """
    anchors, objects = overlaps.shape
    objects_of, best, positive = np.full(anchors, -1), np.full(anchors, -1.0, np.float32), np.zeros(anchors, bool)
    left = overlaps.astype(np.float64)
    for _ in range(objects):
        place = int(left.argmax())
        anchor, thing = divmod(place, objects)
        if left[anchor, thing] <= 1e-6:
            break
        objects_of[anchor], best[anchor], positive[anchor] = thing, overlaps[anchor, thing], True
        left[anchor, :] = left[:, thing] = -1
    if threshold > 0:
        others = ~positive
        objects_of[others], best[others] = overlaps[others].argmax(axis=1), overlaps[others].max(axis=1)
        positive |= others & (best > threshold)
    return objects_of, best, positive


@nd_function
def MultiBoxTarget(
    anchor: NDArray,
    label: NDArray,
    cls_pred: NDArray,
    overlap_threshold: float = 0.5,
    ignore_label: float = -1.0,
    negative_mining_ratio: float = -1.0,
    negative_mining_thresh: float = 0.5,
    minimum_negative_samples: int = 0,
    variances: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
) -> list[NDArray]:
    """What a detector is to say of its anchors: offsets, a mask of the offsets that count, and classes.

    An object of an image is (class, *box); a row of −1 ends their list. An anchor with an object has that one's class
    plus 1 and the offsets of its box, divided by `variances`; the others are background, 0. With a
    `negative_mining_ratio` only that many background anchors for each one with an object count, those that `cls_pred`
    takes least for background, among those that overlap no object by `negative_mining_thresh`; the rest has
    `ignore_label`, and so have the anchors of images without objects. `minimum_negative_samples` has no effect, as in
    MXNet. Nothing here has a gradient.

    Shapes: anchors (1, boxes, 4), labels (n, objects, 5 or more), predictions (n, classes + 1, boxes); the results are
    (n, boxes · 4) twice, and (n, boxes).
    Dtypes: the results have that of `anchor`.
    Raises: `ShapeError` for shapes that do not fit, `ValueError` for any number of variances but 4.

    >>> anchors = nd.array([[[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]]])
    >>> objects = nd.array([[[2, 0.5, 0.5, 1, 1]]])
    >>> offsets, mask, classes = nd.contrib.MultiBoxTarget(anchors, objects, nd.zeros((1, 4, 2)))
    >>> classes.asnumpy().tolist()
    [[0.0, 3.0]]
    """
    where = "MultiBoxTarget"
    count = anchor.shape[1] if anchor.ndim == 3 else -1
    if (
        anchor.shape != (1, count, 4)
        or label.ndim != 3
        or label.shape[2] < 5
        or cls_pred.ndim != 3
        or (cls_pred.shape[0], cls_pred.shape[2]) != (label.shape[0], count)
    ):
        raise ShapeError(
            f"{where}() takes anchors (1, boxes, 4), labels (n, objects, 5) and predictions (n, classes + 1, boxes), "
            f"not shapes {anchor.shape}, {label.shape} and {cls_pred.shape}"
        )
    shares = _four(variances, where, "variances")
    boxes, batch = anchor.asnumpy()[0].astype(np.float32), label.shape[0]
    offsets, mask = np.zeros((2, batch, count, 4), np.float32)
    classes = np.full((batch, count), ignore_label, np.float32)
    for i, (rows, scores) in enumerate(zip(label.asnumpy(), cls_pred.asnumpy(), strict=True)):
        objects = rows[: int(np.cumprod(rows[:, 0] != -1).sum())].astype(np.float32)
        if not len(objects):
            continue
        overlaps = _overlaps(boxes, objects[:, 1:5])
        thing, best, positive = _matched(overlaps, overlap_threshold)
        background = ~positive
        if negative_mining_ratio > 0:
            best = np.where(best < 0, overlaps.max(axis=1), best)
            wanted = min(int(positive.sum() * negative_mining_ratio), int(background.sum()))
            odds = np.exp(scores - scores.max(axis=0))
            certainty = odds[0] / odds.sum(axis=0)
            candidates = np.flatnonzero(background & (best < negative_mining_thresh))
            background = np.zeros(count, bool)
            background[candidates[np.argsort(certainty[candidates], kind="stable")][:wanted]] = True
        classes[i, background] = 0
        chosen = objects[thing[positive]]
        classes[i, positive] = chosen[:, 0] + 1
        mask[i, positive] = 1
        mine, theirs = boxes[positive], chosen[:, 1:5]
        size, its = mine[:, 2:] - mine[:, :2], theirs[:, 2:] - theirs[:, :2]
        apart = (theirs[:, :2] + theirs[:, 2:] - mine[:, :2] - mine[:, 2:]) / 2
        offsets[i, positive] = np.concatenate([apart / size, np.log(its / size)], axis=1) / shares
    dtype = dtype_of(anchor)
    return [make(x.reshape(batch, -1).astype(dtype), anchor.context) for x in (offsets, mask, classes)]


@nd_function
def MultiBoxDetection(
    cls_prob: NDArray,
    loc_pred: NDArray,
    anchor: NDArray,
    clip: bool = True,
    threshold: float = 0.01,
    background_id: int = 0,
    nms_threshold: float = 0.5,
    force_suppress: bool = False,
    variances: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
    nms_topk: int = -1,
) -> NDArray:
    """The boxes that a detector sees, best first: rows (class, probability, *box); class −1 is none.

    Each anchor takes its likeliest class, background (class 0, whatever `background_id`, as in MXNet) left aside, and
    none if that is less likely than `threshold`. Then a box is dropped that overlaps a better one of its class, or any
    with `force_suppress`, by `nms_threshold` or more, and all but the `nms_topk` best. With `clip` boxes end where the
    image does. No gradient.

    Shapes: probabilities (n, classes + 1, boxes), offsets (n, boxes · 4), anchors (1, boxes, 4); the result is (n,
    boxes, 6).
    Dtypes: the result has that of `cls_prob`.
    Raises: `ShapeError` for shapes that do not fit, `ValueError` for any number of variances but 4.

    >>> anchors = nd.array([[[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.6]]])
    >>> odds = nd.array([[[0.1, 0.25], [0.9, 0.75]]])
    >>> nd.contrib.MultiBoxDetection(odds, nd.zeros((1, 8)), anchors).asnumpy()[0, :, 0].tolist()
    [0.0, -1.0]
    """
    where = "MultiBoxDetection"
    count = anchor.shape[1] if anchor.ndim == 3 else -1
    batch = cls_prob.shape[0]
    if (
        anchor.shape != (1, count, 4)
        or cls_prob.ndim != 3
        or cls_prob.shape[1] < 2
        or cls_prob.shape[2] != count
        or loc_pred.shape != (batch, count * 4)
    ):
        raise ShapeError(
            f"{where}() takes probabilities (n, classes + 1, boxes), offsets (n, boxes · 4) and anchors (1, boxes, 4), "
            f"not shapes {cls_prob.shape}, {loc_pred.shape} and {anchor.shape}"
        )
    shares = _four(variances, where, "variances")
    mine = anchor.asnumpy()[0]
    offsets = loc_pred.asnumpy().reshape(batch, count, 4) * shares.astype(mine.dtype)
    size, middle = mine[:, 2:] - mine[:, :2], (mine[:, :2] + mine[:, 2:]) / 2
    centers, half = offsets[..., :2] * size + middle, np.exp(offsets[..., 2:]) * size / 2
    boxes = np.concatenate([centers - half, centers + half], axis=-1)
    if clip:
        boxes = np.clip(boxes, 0, 1)
    likely = cls_prob.asnumpy()
    classes, odds = likely[:, 1:].argmax(axis=1), likely[:, 1:].max(axis=1)
    detections = np.full((batch, count, 6), -1, boxes.dtype)
    for i in range(batch):
        seen = np.flatnonzero(odds[i] >= threshold)
        rows = np.concatenate([classes[i, seen, None], odds[i, seen, None], boxes[i, seen]], axis=1)
        if 0 < nms_threshold <= 1:
            rows = rows[np.argsort(-rows[:, 1], kind="stable")]
            best = rows[:nms_topk] if nms_topk > 0 else rows
            stay = best_apart(None if force_suppress else best[:, 0], _nearer(best[:, 2:], nms_threshold), len(best))
            best[~stay, 0] = -1
            rows[len(best) :, 0] = -1
        detections[i, : len(rows)] = rows
    return make(detections.astype(dtype_of(cls_prob)), cls_prob.context)


def _nearer(boxes: Host, threshold: float) -> Callable[[Host, Host], Host]:
    """Which pairs of these boxes overlap by a threshold or more."""
    return lambda i, j: _overlaps(boxes[i], boxes[j]) >= threshold


@nd_function
def bipartite_matching(
    data: NDArray, is_ascend: bool = False, threshold: float | None = None, topk: int = -1
) -> list[NDArray]:
    """Rows and columns of a table of scores paired off, the best score first: the column of each row, the row of each
    column, and −1 where there is none.

    Only scores above `threshold` count (below it with `is_ascend`, where the least is best), and at most `topk` pairs
    are made. No gradient.

    Shapes: (…, rows, columns) gives (…, rows) and (…, columns).
    Dtypes: the results have that of `data`.
    Raises: `TypeError` without a threshold, `ShapeError` for fewer than two axes.

    >>> of_row, of_column = nd.contrib.bipartite_matching(nd.array([[0.5, 0.6], [0.1, 0.2]]), threshold=0.15)
    >>> of_row.asnumpy().tolist(), of_column.asnumpy().tolist()
    ([1.0, -1.0], [-1.0, 0.0])
    """
    where = "bipartite_matching"
    if data.ndim < 2:
        raise ShapeError(f"{where}() takes scores (…, rows, columns), not shape {data.shape}")
    if threshold is None:
        raise ArgumentTypeError(f"{where}() needs a threshold, which the scores of a pair exceed")
    *lead, rows, columns = data.shape
    host = data.asnumpy().reshape(-1, rows * columns)
    of_row, of_column = np.full((len(host), rows), -1), np.full((len(host), columns), -1)
    most = min(rows, columns) if topk < 0 else min(rows, columns, topk)
    for scores, mine, theirs in zip(host, of_row, of_column, strict=True):
        order = np.argsort(scores if is_ascend else -scores, kind="stable")
        counts = scores[order] < threshold if is_ascend else scores[order] > threshold
        order = order[: int(np.logical_and.accumulate(counts).sum())]
        pairs = 0
        while pairs < most and order.size:
            # The best places, without those whose row or column was taken before; then one by one.
            chunk, order = order[: 4 * most], order[4 * most :]
            row, column = np.divmod(chunk, columns)
            free = (mine[row] == -1) & (theirs[column] == -1)
            for i, j in zip(row[free].tolist(), column[free].tolist(), strict=True):
                if pairs < most and mine[i] == theirs[j] == -1:
                    mine[i], theirs[j] = j, i
                    pairs += 1
    dtype = dtype_of(data)
    return [
        make(x.reshape(*lead, length).astype(dtype), data.context)
        for x, length in ((of_row, rows), (of_column, columns))
    ]


def _sides(boxes: Any) -> tuple[Any, Any]:
    """The middles and the sizes of boxes."""
    low, high = ops.split(boxes, sizes=(2, 2), axis=boxes.ndim - 1)
    return (low + high) / 2, high - low


@nd_function
def box_encode(
    samples: NDArray, matches: NDArray, anchors: NDArray, refs: NDArray, means: NDArray, stds: NDArray
) -> list[NDArray]:
    """The offsets from anchors to the boxes they are matched with, less `means`, over `stds`; and which of them count.

    An anchor with a sample above 0.5 counts; the others have zeros in both results.

    Shapes: samples and matches (n, boxes), anchors (n, boxes, 4), references (n, objects, 4), means and stds (4,); the
    results are (n, boxes, 4).
    Dtypes: that of all together.
    Raises: `ShapeError` for shapes that do not go together.

    >>> box, zero, one = nd.array([[[0, 0, 2, 2]]]), nd.zeros((1, 1)), nd.ones((1, 1))
    >>> offsets, mask = nd.contrib.box_encode(one, zero, box, box + 1, nd.zeros(4), nd.ones(4))
    >>> offsets.asnumpy().tolist()
    [[[0.5, 0.5, 0.0, 0.0]]]
    """
    where = "box_encode"
    if anchors.shape != (*matches.shape, 4) or refs.ndim != 3 or samples.shape != matches.shape:
        raise ShapeError(
            f"{where}() takes samples and matches (n, boxes), anchors (n, boxes, 4) and references (n, objects, 4), "
            f"not shapes {samples.shape}, {matches.shape}, {anchors.shape} and {refs.shape}"
        )
    places = np.maximum(matches.asnumpy().astype(np.int64), 0)[..., None].repeat(4, axis=-1)
    theirs, its = _sides(ops.take_along_axis(refs, make(places, refs.context), axis=1))
    mine, size = _sides(anchors)
    offsets = (ops.concat((theirs - mine) / size, ops.log(its / size), axis=2) - means) / stds
    counts = make((samples.asnumpy() > 0.5)[..., None].repeat(4, axis=-1), anchors.context)
    pair = [
        ops.where(counts, offsets, ops.zeros_like(offsets)),
        ops.astype(counts, dtype=dtype_of(offsets)),
    ]
    return pair


@nd_function
def box_decode(
    data: NDArray,
    anchors: NDArray,
    std0: float = 1.0,
    std1: float = 1.0,
    std2: float = 1.0,
    std3: float = 1.0,
    clip: float = -1.0,
    format: str = "center",
) -> NDArray:
    """The boxes that offsets from anchors lead to; the offsets are multiplied by `std0`, … first.

    `format` says how the anchors are given, "center" (x, y, width, height) or "corner"; `clip`, if positive, is the
    most by which the logarithm of a size may grow.

    Shapes: offsets (n, boxes, 4) and anchors (1, boxes, 4) give boxes (n, boxes, 4), by their corners.
    Dtypes: that of both together.
    Raises: `ShapeError` for shapes that do not go together, `ValueError` for an unknown format.

    >>> nd.contrib.box_decode(nd.zeros((1, 1, 4)), nd.array([[[1, 1, 2, 2]]])).asnumpy().tolist()
    [[[0.0, 0.0, 2.0, 2.0]]]
    """
    where = "box_decode"
    if format not in ("corner", "center"):
        raise ArgumentError(f"{where}(): format is {format!r}; choose 'corner' or 'center'")
    if data.ndim != 3 or anchors.shape != (1, *data.shape[1:]) or data.shape[2] != 4:
        raise ShapeError(
            f"{where}() takes offsets (n, boxes, 4) and anchors (1, boxes, 4), not shapes {data.shape} and "
            f"{anchors.shape}"
        )
    middle, size = ops.split(anchors, sizes=(2, 2), axis=2) if format == "center" else _sides(anchors)
    apart, growth = ops.split(data, sizes=(2, 2), axis=2)
    context, dtype = data.context, dtype_of(data)
    growth = growth * make(np.array([std2, std3], dtype), context)
    if clip > 0:
        growth = ops.clip(growth, None, clip)
    centers = apart * make(np.array([std0, std1], dtype), context) * size + middle
    half = ops.exp(growth) * size / 2
    return ops.concat(centers - half, centers + half, axis=2)


@nd_function
def ROIAlign(
    data: NDArray,
    rois: NDArray,
    pooled_size: ShapeLike,
    spatial_scale: float,
    sample_ratio: int = -1,
    position_sensitive: bool = False,
    aligned: bool = False,
) -> NDArray:
    """Means over a grid of each region, read between the pixels: K. He et al. (2017), "Mask R-CNN".

    A region is (image, left, top, right, bottom), in pixels of an image that `spatial_scale` shrinks to `data`; those
    of image −1 are zeros. A cell is the mean of `sample_ratio`² points in it, as many as it has pixels if that is not
    positive, each read by bilinear interpolation. `aligned` takes pixels for areas, whose middles are at half numbers,
    else a region is a pixel wide at least. With `position_sensitive` each cell has channels of its own. The gradient
    goes to `data`; regions are constants.

    Shapes: (n, channels, height, width) and (r, 5) give (r, channels, *pooled_size), or with `position_sensitive` (r,
    channels / cells, *pooled_size).
    Dtypes: floats; the result has that of `data`.
    Raises: `ShapeError` for shapes that do not fit, `IndexError` for an image that does not exist.

    >>> image, region = nd.arange(16).reshape((1, 1, 4, 4)), nd.array([[0, 0, 0, 2, 2]])
    >>> nd.contrib.ROIAlign(image, region, pooled_size=(2, 2), spatial_scale=1.0).asnumpy()[0, 0].tolist()
    [[2.5, 3.5], [6.5, 7.5]]
    """
    where = "ROIAlign"
    rows, columns = int_tuple(pooled_size, 2, where, "pooled_size")
    if data.ndim != 4 or rois.ndim != 2 or rois.shape[1] != 5:
        raise ShapeError(
            f"{where}() takes images (n, channels, height, width) and regions (r, 5), not shapes {data.shape} and "
            f"{rois.shape}"
        )
    images, channels, height, width = data.shape
    if position_sensitive and channels % (rows * columns):
        raise ShapeError(f"{where}(): {channels} channels are not as many for each of {rows}×{columns} cells")
    regions = rois.asnumpy().astype(np.float64)
    if len(regions) and not -1 <= regions[:, 0].min() <= regions[:, 0].max() < images:
        raise BoundsError(f"{where}(): a region is of image {regions[:, 0].max():g}, and there are {images}")
    places, weights = [], []
    for image, *box in regions:
        left, top, right, bottom = (side * spatial_scale - (0.5 if aligned else 0) for side in box)
        size = [bottom - top, right - left]
        if not aligned:
            size = [max(side, 1.0) for side in size]
        down = _reading(top, size[0] / rows, rows, sample_ratio, height)
        across = _reading(left, size[1] / columns, columns, sample_ratio, width)
        places.append(int(max(image, 0)))
        weights.append((down * (image >= 0), across))
    context, dtype = data.context, dtype_of(data)
    down, across = (
        np.stack([pair[i] for pair in weights]).astype(dtype) if weights else np.zeros((0, count, length), dtype)
        for i, (count, length) in enumerate(((rows, height), (columns, width)))
    )
    chosen = ops.take(data, make(np.asarray(places, np.int64), context), axis=0)
    tall = ops.matmul(make(down[:, None], context), chosen)
    means = ops.matmul(tall, make(np.swapaxes(across, 1, 2)[:, None], context))
    if position_sensitive:
        kinds = channels // (rows * columns)
        parts = ops.reshape(means, shape=(len(regions), kinds, rows * columns, rows * columns))
        own = make(np.eye(rows * columns, dtype=dtype), context)
        means = ops.reshape(ops.sum(parts * own, axis=3), shape=(len(regions), kinds, rows, columns))
    return means


def _reading(start: float, step: float, count: int, samples: int, length: int) -> Host:
    """What each of `count` cells takes of `length` pixels: the mean of points, each between its two neighbours."""
    points = samples if samples > 0 else max(int(np.ceil(step)), 1)
    at = start + step * (np.arange(count)[:, None] + (np.arange(points) + 0.5) / points)
    inside = (at >= -1) & (at <= length)
    at = np.clip(at, 0, length - 1)
    low = np.minimum(at.astype(np.int64), length - 1)
    high = np.minimum(low + 1, length - 1)
    weights = np.zeros((count, length))
    cells = np.broadcast_to(np.arange(count)[:, None], at.shape)
    np.add.at(weights, (cells, low), (1 - (at - low)) * inside / points)
    np.add.at(weights, (cells, high), (at - low) * inside / points)
    return weights
