"""What every function of `nd` does around what it computes: checks, `out` and `name`, and help that is so."""

import inspect
import traceback

import numpy as np
import pytest

from tapegrad import nd
from tapegrad.errors import ArgumentError, ArgumentTypeError
from tapegrad.ndarray.function import exported, nd_function
from tapegrad.ndarray.ndarray import NDArray

EVERY = {name: function for space in (nd.op, nd.contrib) for name, function in exported(space).items()}


@nd_function
def scaled(data: "NDArray", by: "NDArray", factor: "float" = 2.0) -> "NDArray":
    """The product, times a factor.

    Raises: `ZeroDivisionError` for a factor of 0.

    >>> nd.scaled
    """
    return data * by * (1 / (1 / factor))


@nd_function(ahead_of="halved")
def parts(*data: "NDArray", halved: "bool" = False) -> "list[NDArray]":
    """The arrays, or their halves."""
    return [x * 0.5 if halved else x + 0 for x in data]


@nd_function(out=False, check=lambda x, where, name: x.reshape((2, -1)))
def rows(data: "NDArray") -> "NDArray":
    """An array with two rows."""
    return data.reshape((2, -1))


def test_the_signature_has_out_and_name():
    assert str(inspect.signature(scaled)).replace("'", "") == (
        "(data: NDArray, by: NDArray, factor: float = 2.0, out: NDArray | None = None, name: str | None = None)"
        " -> NDArray"
    )
    assert list(inspect.signature(parts).parameters) == ["data", "out", "name", "halved"]
    assert list(inspect.signature(rows).parameters) == ["data"]


def test_arguments_are_taken_by_position_and_by_name():
    x = nd.array([1, 2])
    for result in (scaled(x, x), scaled(by=x, data=x), scaled(x, x, 2.0, None, "named"), scaled(x, by=x, name="named")):
        assert result.asnumpy().tolist() == [2.0, 8.0]
    with pytest.raises(TypeError, match=r"scaled\(\).*'by'"):
        scaled(x)
    with pytest.raises(TypeError, match=r"scaled\(\).*'more'"):
        scaled(x, x, more=1)


def test_what_is_not_an_array_is_refused_by_name():
    x = nd.ones(2)
    with pytest.raises(ArgumentTypeError, match=r"scaled\(\) takes an NDArray for 'by', not a float"):
        scaled(x, 2.0)
    with pytest.raises(ArgumentTypeError, match="as_nd_ndarray"):
        scaled(x.as_np_ndarray(), x)
    with pytest.raises(ArgumentTypeError, match="argument 1"):
        parts(x, 3)
    with pytest.raises(ArgumentTypeError, match=r"spread the list: parts\(\*arrays\)"):
        parts([x, x])
    with pytest.raises(ArgumentTypeError, match="at least one array"):
        parts()


def test_the_result_goes_into_out():
    x, target = nd.array([1, 2]), nd.zeros(2)
    assert scaled(x, x, out=target) is target and target.asnumpy().tolist() == [2.0, 8.0]
    with pytest.raises(ArgumentTypeError, match="out is an NDArray"):
        scaled(x, x, out=np.zeros(2))
    targets = [nd.zeros(2), nd.zeros(2)]
    assert [a is b for a, b in zip(parts(x, x, out=targets, halved=True), targets, strict=True)] == [True, True]
    with pytest.raises(ArgumentError, match=r"parts\(\): out has 2 arrays for 1 results"):
        parts(x, out=targets)


def test_arrays_are_checked_further():
    assert rows(nd.ones(4)).shape == (2, 2)
    with pytest.raises(ValueError, match="cannot reshape"):
        rows(nd.ones(3))


def test_the_body_is_what_a_traceback_and_the_source_show():
    with pytest.raises(ZeroDivisionError) as caught:
        scaled(nd.ones(1), nd.ones(1), 0)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert {frame.filename for frame in frames} == {__file__}
    assert "return data * by" in inspect.getsource(scaled)
    assert scaled.__name__ == scaled.__qualname__ == "scaled" and scaled.__module__ == __name__


def test_help_says_what_follows():
    said = inspect.getdoc(scaled)
    assert "Shapes: any; the result has that of `data`." in said
    assert "Dtypes: any; the result has that of `data`." in said
    assert "`TypeError` for an argument, or an `out`, that is not an NDArray, `ZeroDivisionError` for" in said
    assert ">>> from tapegrad import nd\n>>> nd.scaled" in said
    assert "for a list of arrays (spread it)" in inspect.getdoc(parts)
    assert "an `out`" not in inspect.getdoc(rows)


# What the functions are called with beside an array.
REQUIRED = {"axis": 0, "act_type": "relu", "dtype": "int8", "begin": 1, "end": 2, "k": 0, "block_size": 1, "repeats": 2}
REQUIRED |= {"heads": 1, "reps": 2, "num_outputs": 1, "size": 3, "kernel": (2, 2)}
CALLS = {nd.pad: {"pad_width": (0, 0, 1, 1)}, nd.reshape: {"shape": (9,)}, nd.LRN: {"nsize": 1}}


def of_one_array():
    """The functions of one array of which help says that shape or dtype stay, and what it says."""
    for name, function in sorted(EVERY.items()):
        required = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]
        said = inspect.getdoc(function)
        keeps = [
            f"{head}: any; the result has that of `{''.join(required[:1])}`." in said for head in ("Shapes", "Dtypes")
        ]
        if any(keeps) and set(required[1:]) <= set(REQUIRED):
            arguments = {n: REQUIRED[n] for n in required[1:]} | CALLS.get(function, {})
            yield pytest.param(function, arguments, *keeps, id=name)


@pytest.mark.parametrize("function, arguments, keeps_shape, keeps_dtype", list(of_one_array()))
def test_where_help_says_that_shape_or_dtype_stay_they_do(function, arguments, keeps_shape, keeps_dtype):
    shape = (1, 1, 3, 3) if arguments.keys() & {"block_size", "nsize", "kernel"} else (3, 3)
    for dtype in ("float32", "float64"):
        x = nd.array(np.arange(1, 10).reshape(shape), dtype=dtype)
        result = function(x, **arguments)
        for one in result if isinstance(result, list) else [result]:
            assert not keeps_shape or one.shape == x.shape
            assert not keeps_dtype or one.dtype == x.dtype


def test_the_law_is_about_many():
    assert len(list(of_one_array())) > 60
