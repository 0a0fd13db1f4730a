"""MXNet's `mx.npx`: what `mx.np` programs need beyond NumPy, which is functions of `nd` by other names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from . import ndarray as _nd
from .arrays.foreign import missing as _missing
from .context import Context, cpu, cpu_pinned, current_context, gpu, num_gpus
from .errors import ArgumentError as _ArgumentError
from .ndarray import shape as _shape
from .np import random as _random
from .np.faced import faced as _faced
from .np.switch import is_np_array, is_np_shape, reset_np, set_np, use_np, use_np_array
from .randomness.defaults import seed

NAMES = {
    "activation": "Activation",
    "arange_like": "contrib.arange_like",
    "batch_dot": "batch_dot",
    "batch_flatten": "flatten",
    "batch_norm": "BatchNorm",
    "box_decode": "contrib.box_decode",
    "box_encode": "contrib.box_encode",
    "box_iou": "contrib.box_iou",
    "box_nms": "contrib.box_nms",
    "broadcast_like": "broadcast_like",
    "cast": "cast",
    "convolution": "Convolution",
    "ctc_loss": "CTCLoss",
    "deconvolution": "Deconvolution",
    "dropout": "Dropout",
    "embedding": "Embedding",
    "erf": "erf",
    "erfinv": "erfinv",
    "fully_connected": "FullyConnected",
    "gamma": "gamma",
    "gammaln": "gammaln",
    "gather_nd": "gather_nd",
    "group_norm": "GroupNorm",
    "instance_norm": "InstanceNorm",
    "layer_norm": "LayerNorm",
    "leaky_relu": "LeakyReLU",
    "log_softmax": "log_softmax",
    "multibox_detection": "contrib.MultiBoxDetection",
    "multibox_prior": "contrib.MultiBoxPrior",
    "multibox_target": "contrib.MultiBoxTarget",
    "one_hot": "one_hot",
    "pick": "pick",
    "pooling": "Pooling",
    "relu": "relu",
    "reshape_like": "reshape_like",
    "rnn": "RNN",
    "roi_pooling": "ROIPooling",
    "sequence_last": "SequenceLast",
    "sequence_mask": "SequenceMask",
    "sequence_reverse": "SequenceReverse",
    "shape_array": "shape_array",
    "sigmoid": "sigmoid",
    "slice": "slice",
    "smooth_l1": "smooth_l1",
    "softmax": "softmax",
    "stop_gradient": "stop_gradient",
    "topk": "topk",
    "waitall": "waitall",
}
"""The functions, and those of `nd` that they are."""

random = SimpleNamespace(bernoulli=_random.bernoulli, seed=seed)

__all__ = [
    "Context",
    "cpu",
    "cpu_pinned",
    "current_context",
    "gpu",
    "is_np_array",
    "is_np_shape",
    "load",
    "masked_softmax",
    "nonzero",
    "num_gpus",
    "random",
    "reset_np",
    "reshape",
    "save",
    "seed",
    "set_np",
    "use_np",
    "use_np_array",
]
__all__.extend(NAMES)
__dir__ = __all__.copy


def save(file: Any, arr: Any) -> None:
    """Write an array, or a list or dict of them, in MXNet's format; `load` reads them."""
    _nd.save(file, arr)


load = _faced(_nd.load)


def nonzero(a: Any) -> Any:
    """The places of what is not zero, one row each; int64."""
    from . import np

    return np.argwhere(a)


@_faced
def reshape(a: Any, newshape: Any, reverse: bool = False, order: str = "C") -> Any:
    """The same elements in a new shape, which may hold codes; with `reverse` they are read from the right.

    -1 is what is left, -2 keeps an axis, -3 drops one of length 1, -4 keeps all remaining axes, -5 joins two axes, -6
    splits one into the next two numbers.

    Raises: `ShapeError` where the sizes do not agree or the codes do not fit, `ValueError` for an order other than "C".

    >>> from tapegrad import np
    >>> reshape(np.ones((2, 3, 8)), (-5, 2, -1)).shape
    (6, 2, 4)
    """
    if order != "C":
        raise _ArgumentError(f"reshape(): order is {order!r}; elements are read and written in C's order, 'C'")
    return a.reshape(_shape.new_shape(a.shape, newshape, reverse, _shape.NPX_CODES))


def masked_softmax(data: Any, mask: Any, axis: int = -1, temperature: float = 1.0) -> Any:
    """The softmax over the elements for which `mask` is true; zeros elsewhere."""
    from . import np

    return _nd.softmax(np.where(mask, data, -np.inf), axis=axis, temperature=temperature) * mask


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        _missing(__name__)(name)
    function: Any = _nd
    for part in NAMES[name].split("."):
        function = getattr(function, part)
    globals()[name] = function = _faced(function)
    return function
