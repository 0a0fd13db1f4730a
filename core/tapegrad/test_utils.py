"""What tests of programs use: comparisons, drawn arrays, numeric gradients, and MNIST from local files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import autograd, util
from . import ndarray as nd
from .context import Context, current_context, num_gpus
from .errors import GraphError
from .gluon.data import vision
from .gluon.utils import download
from .io import NDArrayIter
from .ndarray.ndarray import NDArray

__all__ = [
    "almost_equal",
    "assert_allclose",
    "assert_almost_equal",
    "assert_exception",
    "check_numeric_gradient",
    "default_context",
    "default_dtype",
    "download",
    "environment",
    "get_mnist",
    "get_mnist_iterator",
    "list_gpus",
    "numeric_grad",
    "rand_ndarray",
    "rand_shape_2d",
    "rand_shape_3d",
    "rand_shape_nd",
    "random_arrays",
    "same",
    "set_default_context",
]
__dir__ = __all__.copy

TOLERANCES = {"float16": (1e-2, 1e-1), "float32": (1e-4, 1e-3), "float64": (1e-5, 1e-20)}
"""By the dtype: how far apart relatively, and absolutely, two numbers may be that count as equal."""

_ENTERED: list[Context] = []


def _host(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x.asnumpy() if isinstance(x, NDArray) else x)


def same(a: Any, b: Any) -> bool:
    """Whether two arrays are equal.

    >>> same([1, 2], [1, 2])
    True
    """
    return bool(np.array_equal(_host(a), _host(b)))


def _tolerances(a: Any, b: Any, rtol: float | None, atol: float | None) -> tuple[float, float]:
    names = [x.dtype.name for x in (a, b)]
    widest = max((TOLERANCES.get(name, (1e-5, 1e-20)) for name in names), key=lambda pair: pair[0])
    return (widest[0] if rtol is None else rtol), (widest[1] if atol is None else atol)


def almost_equal(a: Any, b: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = False) -> bool:
    """Whether two arrays are nearly equal, by default as near as their dtypes say.

    >>> almost_equal(np.ones(2), np.ones(2) + 1e-9)
    True
    """
    a, b = _host(a), _host(b)
    rtol, atol = _tolerances(a, b, rtol, atol)
    return bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


def assert_almost_equal(
    a: Any,
    b: Any,
    rtol: float | None = None,
    atol: float | None = None,
    names: tuple[str, str] = ("a", "b"),
    equal_nan: bool = False,
) -> None:
    """Raises `AssertionError`, with the places that differ most, unless two arrays are nearly equal.

    >>> assert_almost_equal(np.ones(2), np.ones(2))
    """
    a, b = _host(a), _host(b)
    rtol, atol = _tolerances(a, b, rtol, atol)
    words = f"{names[0]} and {names[1]} differ"
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan, err_msg=words)


def assert_allclose(a: Any, b: Any, rtol: float = 1e-7, atol: float = 0, equal_nan: bool = True) -> None:
    """`assert_almost_equal`, as near as NumPy has it.

    >>> assert_allclose(np.ones(2), np.ones(2))
    """
    assert_almost_equal(a, b, rtol, atol, equal_nan=equal_nan)


def assert_exception(f: Callable[..., Any], exception_type: type[BaseException], *args: Any, **kwargs: Any) -> None:
    """Raises `AssertionError` unless a call raises an error of that type.

    >>> assert_exception(int, ValueError, "no number")
    """
    try:
        f(*args, **kwargs)
    except exception_type:
        return
    raise AssertionError(f"{f} raised no {exception_type.__name__}")


def default_context() -> Context:
    """Where tests make arrays.

    >>> default_context()
    cpu(0)
    """
    return current_context()


def set_default_context(ctx: Context | None) -> None:
    """Have arrays made in a context from now on; None is where they were made before.

    >>> set_default_context(None)
    """
    while _ENTERED:
        _ENTERED.pop().__exit__(None, None, None)
    if ctx is not None:
        _ENTERED.append(ctx.__enter__())


def default_dtype() -> Any:
    """The dtype of arrays in tests.

    >>> default_dtype()
    <class 'numpy.float32'>
    """
    return np.float32


@contextmanager
def environment(*args: Any) -> Iterator[None]:
    """A block in which variables of the environment are different: a name and a value, or a dictionary.

    >>> with environment("NOBODYS", "1"):
    ...     print(util.getenv("NOBODYS"))
    1
    """
    changed: Mapping[str, Any] = args[0] if len(args) == 1 else {args[0]: args[1]}
    before = {name: util.getenv(name) for name in changed}
    for name, value in changed.items():
        util.setenv(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            util.setenv(name, value)


def list_gpus() -> list[int]:
    """The numbers of the GPUs.

    >>> len(list_gpus()) == num_gpus()
    True
    """
    return list(range(num_gpus()))


def rand_shape_nd(num_dim: int, dim: int = 10, allow_zero_size: bool = False) -> tuple[int, ...]:
    """A shape with lengths up to `dim`.

    >>> len(rand_shape_nd(4))
    4
    """
    return tuple(random.randint(0 if allow_zero_size else 1, dim) for _ in range(num_dim))


def rand_shape_2d(dim0: int = 10, dim1: int = 10, allow_zero_size: bool = False) -> tuple[int, ...]:
    """A shape of two axes.

    >>> len(rand_shape_2d())
    2
    """
    return tuple(random.randint(0 if allow_zero_size else 1, dim) for dim in (dim0, dim1))


def rand_shape_3d(dim0: int = 10, dim1: int = 10, dim2: int = 10, allow_zero_size: bool = False) -> tuple[int, ...]:
    """A shape of three axes.

    >>> len(rand_shape_3d())
    3
    """
    return tuple(random.randint(0 if allow_zero_size else 1, dim) for dim in (dim0, dim1, dim2))


def rand_ndarray(
    shape: Sequence[int], stype: str = "default", density: Any = None, dtype: Any = None, ctx: Any = None
) -> NDArray:
    """An array of numbers from −1 to 1.

    >>> rand_ndarray((2, 3)).shape
    (2, 3)
    """
    return nd.array(np.random.uniform(-1, 1, tuple(shape)), ctx=ctx, dtype=dtype).tostype(stype)


def random_arrays(*shapes: Sequence[int]) -> Any:
    """Normal numbers as NumPy arrays of float32, one for each shape.

    >>> random_arrays((2, 3)).shape
    (2, 3)
    """
    arrays = [np.random.standard_normal(tuple(shape)).astype(np.float32) for shape in shapes]
    return arrays[0] if len(arrays) == 1 else arrays


def numeric_grad(f: Callable[..., NDArray], location: Sequence[Any], eps: float = 1e-4) -> list[np.ndarray[Any, Any]]:
    """The gradients of the sum of what a function gives, by central differences, in float64.

    >>> numeric_grad(lambda x: x * x, [[3.0]])[0].round(4)
    array([6.])
    """
    points = [_host(x).astype(np.float64) for x in location]

    def total(values: Sequence[Any]) -> float:
        return float(f(*[nd.array(x, dtype="float64") for x in values]).sum().asscalar())

    gradients = []
    for i, point in enumerate(points):
        gradient = np.zeros_like(point)
        for place in np.ndindex(point.shape):
            steps = []
            for sign in (1, -1):
                moved = point.copy()
                moved[place] += sign * eps
                steps.append(total([*points[:i], moved, *points[i + 1 :]]))
            gradient[place] = (steps[0] - steps[1]) / (2 * eps)
        gradients.append(gradient)
    return gradients


def check_numeric_gradient(
    f: Callable[..., NDArray],
    location: Any,
    numeric_eps: float = 1e-4,
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> None:
    """Raises `AssertionError` unless the gradients of a function of NDArrays are what differences say.

    In MXNet it takes a symbol; here it takes a function, or a block.

    >>> check_numeric_gradient(lambda x, y: x * y, [[1.0, 2.0], [3.0, 4.0]])
    """
    values = list(location.values()) if isinstance(location, Mapping) else list(location)
    arrays = [nd.array(_host(x), dtype="float64") for x in values]
    for x in arrays:
        x.attach_grad()
    with autograd.record():
        y = f(*arrays)
    y.backward()
    for x, wanted in zip(arrays, numeric_grad(f, values, numeric_eps), strict=True):
        if x.grad is None:
            raise GraphError("check_numeric_gradient(): the function cut the graph of one of its arrays")
        assert_almost_equal(x.grad, wanted, rtol, atol, names=("the gradient", "differences"))


def get_mnist(path: str | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """MNIST from local files, images (samples, 1, 28, 28) from 0 to 1: train_data, train_label, test_data, test_label.

    Raises: as `gluon.data.vision.MNIST`.

    >>> get_mnist("nowhere")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: MNIST() downloads nothing, and ...
    """
    arrays = {}
    for name, train in (("train", True), ("test", False)):
        data = vision.MNIST(path, train)
        images, labels = data[:]
        arrays[f"{name}_data"] = images.asnumpy().transpose(0, 3, 1, 2).astype(np.float32) / 255
        arrays[f"{name}_label"] = labels
    return arrays


def get_mnist_iterator(
    batch_size: int, input_shape: Sequence[int], path: str | None = None
) -> tuple[NDArrayIter, NDArrayIter]:
    """Iterators over MNIST from local files, for training, shuffled, and for tests.

    Raises: as `gluon.data.vision.MNIST`.

    >>> get_mnist_iterator(2, (784,), "nowhere")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: MNIST() downloads nothing, and ...
    """
    mnist = get_mnist(path)

    def batches(name: str, shuffle: bool) -> NDArrayIter:
        images = mnist[f"{name}_data"].reshape(-1, *input_shape)
        return NDArrayIter(images, mnist[f"{name}_label"], batch_size, shuffle)

    return batches("train", True), batches("test", False)
