"""What to say of a keyword that a function does not take: how it is spelt here, or what to do instead."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from types import FrameType
from typing import Any

from ..errors import ArgumentTypeError
from ..tape.tracebacks import REWORDERS
from .array import Array
from .foreign import SPACES

__all__ = ["reword", "unexpected"]

ALIKE = """
    axis axes dim dims
    axis1 dim1 dim0
    axis2 dim2 dim1
    keepdims keepdim keep_dims
    a x data input
    ddof correction
    learning_rate rate lr step_size
    b1 beta1
    b2 beta2
    decay rho alpha
    rate p
    negative_slope slope alpha
    eps epsilon
    weight_decay wd
    groups num_group feature_group_count
    stride strides window_strides
    padding pad pads
    dilation dilate rhs_dilation
    kernel_size kernel
    window kernel_size window_shape
    units out_features num_hidden
    in_units in_features in_channels
    channels out_channels
    use_bias bias
    activation act act_type
    fill_value value
    n_rows N n
    num steps
    stop end
    size shape sample_shape
    low minval a_min
    high maxval a_max
    min a_min low
    max a_max high
    loc mean
    scale std stddev
    p probs prob
    argnums argnum argidx
    in_axes in_dims in_dim
    out_axes out_dims out_dim
    causal is_causal
    out_grad gradient grad_tensors
    train_mode train training
    ord p
    reps dims
    shift shifts
    num_classes depth
    approximate approx
    device ctx context
"""
"""Lines of keywords that mean the same in one library and another: the first that a function takes is told."""

INSTEAD = {
    "requires_grad": "x.attach_grad() makes an array a variable, and tapegrad.grad needs none",
    "device ctx map_location": "a new array is on the engine and the device in use; x.to('gpu(0)') moves one",
    "inplace out": "the result is a new array; y[...] = result writes it into another",
    "create_graph": "for second derivatives use tapegrad.grad twice, or tapegrad.autograd.grad(..., create_graph=True)",
    "key generator": "tapegrad.numpy.random.default_rng(seed) draws by itself; tapegrad.random.seed(0) seeds the rest",
    "reduction size_average": "take tapegrad.numpy.mean or sum of the result",
    "optimize precision preferred_element_type layout memory_format pin_memory non_blocking": "leave it out",
    "static_argnums static_argnames donate_argnums fullgraph dynamic mode unroll use_reentrant policy vectorize": (
        "leave it out, there is nothing to choose"
    ),
    "holomorphic": "take tapegrad.grad of the real part; gradients of complex numbers are conjugated",
    "weight_decay": "tapegrad.optimizers.adamw has it, and so has add_decayed_weights for tapegrad.optimizers.chain",
    "unbiased": "ddof=1 is for True, and 0 for False",
    "betas": "give b1 and b2, or beta1 and beta2, each a number",
    "inputs": "tapegrad.autograd.grad(y, inputs) gives the gradients of some variables alone",
    "allow_unused": "leave it out, a variable that is not used has gradient 0",
}
"""What to do where a function takes no keyword that means the same."""

_PROJECT = __name__.partition(".")[0]
_SPACES = ("", *SPACES, "ndarray", "ndarray.random", "ndarray.linalg", "np", "npx", "autograd", "random")
_UNEXPECTED = re.compile(r"([\w.]+)\(\) got an unexpected keyword argument '(\w+)'(?:\. Did you mean '\w+'\?)?")


def _advice(function: Callable[..., Any], keyword: str) -> str:
    """What to write in the place of a keyword that the function does not take."""
    parameters = list(_parameters(function))
    taken = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    for line in ALIKE.splitlines():
        alike = line.split()
        for name in alike if keyword in alike else ():
            if name in taken:
                return f"here it is {name}="
    for names, words in INSTEAD.items():
        if keyword in names.split():
            return words
    placed = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL)]
    return f"it takes {', '.join((*placed, *(f'{name}=' for name in taken)))}"


def _parameters(function: Callable[..., Any]) -> Iterator[Parameter]:
    """What a function takes; a class whose `**kwargs` go on to its bases takes what those do."""
    takers = [vars(cls)["__init__"] for cls in getattr(function, "__mro__", ()) if "__init__" in vars(cls)]
    for taker in takers or [function]:
        parameters = signature(taker).parameters.values()
        yield from (each for each in parameters if each.name != "self")
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            return


def reword(error: BaseException) -> None:
    """Let Python's error of an unexpected keyword say what to use, where the function is one of ours."""
    found = _UNEXPECTED.fullmatch(str(error)) if type(error) is TypeError else None
    if found and (function := _called(found[1], found[2], error)):
        error.args = unexpected(function, found[1].rpartition(".")[2], found[2]).args


def unexpected(function: Callable[..., Any], name: str, keyword: str) -> ArgumentTypeError:
    """The error of a function for a keyword that it does not take."""
    return ArgumentTypeError(f"{name}() got an unexpected keyword argument {keyword!r}: {_advice(function, keyword)}")


REWORDERS.append(reword)


def _called(name: str, keyword: str, error: BaseException) -> Callable[..., Any] | None:
    """Which function of ours the error is of; None of a stranger's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    frame: FrameType | None = None if trace is None else trace.tb_frame
    seen = {} if frame is None else {**frame.f_globals, **frame.f_locals}
    nearest = [seen[each] for each in ("function", name) if getattr(seen.get(each), "__qualname__", None) == name]
    for function in nearest or _public(name):
        if not _is_ours(function):
            return None
        if keyword not in signature(function).parameters:
            return function
    return None


def _is_ours(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] == _PROJECT


def _public(name: str) -> Iterator[Callable[..., Any]]:
    """The public functions and methods of a name, in what has been imported."""
    owner, _, last = name.rpartition(".")
    spaces: list[Any] = [sys.modules.get(f"{_PROJECT}.{path}".strip(".")) for path in _SPACES]
    if owner:
        spaces = [cls for cls in dict.fromkeys(_classes(Array)) if cls.__name__ == owner]
    for space in spaces:
        if space is not None and last in dir(space) and callable(function := vars(space).get(last)):
            yield function


def _classes(cls: type) -> Iterator[type]:
    """The classes of arrays, and those that they are made of."""
    yield from cls.__mro__
    made: list[type] = cls.__subclasses__()
    for each in made:
        yield from _classes(each)
