"""Running an edge case on an engine: what it gives, and whether that is what was expected."""

import json
import math
from pathlib import Path

import numpy

import tapegrad
import tapegrad.autograd
import tapegrad.numpy as tnp

DATA = Path(__file__).parents[1] / "data"
CASES = {case["id"]: case for case in json.loads((DATA / "edge_cases.json").read_text(encoding="utf-8"))["cases"]}
SIBLINGS = json.loads((DATA / "edge_case_siblings.json").read_text(encoding="utf-8"))
"""Cases of the same kinds: transforms and programs, each with what it gives, by closed forms."""
TOLERANCE = {"float64": 1e-12, "complex128": 1e-12, "float32": 3e-6, "float16": 3e-3}
TYPED = (tapegrad.errors.TapegradError, TypeError, ValueError, IndexError)


def number(x):
    """A number of the file: infinities and NaN are strings there."""
    return float(x) if isinstance(x, str) else x


def host(value, dtype):
    """Nested lists of the file as an array; of complex dtypes the last axis is real and imaginary part."""
    found = numpy.vectorize(number, otypes=[object])(numpy.array(value, dtype=object)) if value != [] else value
    if dtype.startswith("complex"):
        parts = numpy.array(found, dtype="float64")
        return (parts[..., 0] + 1j * parts[..., 1]).astype(dtype)
    return numpy.array(found, dtype=dtype)


def names():
    """What the expressions may name besides their inputs."""
    transforms = ("grad", "vjp", "jvp", "jacobian", "hessian", "vmap")
    return {"np": tnp, "sum": sum, "math": math, **{name: getattr(tapegrad, name) for name in transforms}}


def run_expression(case):
    """The value and the gradients of an expression, as host arrays by name; the value is called `out`."""
    space = names()
    for name, given in case["inputs"].items():
        array = host(given["value"], given["dtype"])
        if not array.size and isinstance(case["expected"], dict) and name in case["wrt"]:
            array = array.reshape(case["expected"]["grad"][name]["shape"])
        space[name] = tnp.asarray(array)
    for name in case["wrt"]:
        space[name].attach_grad()
    with numpy.errstate(all="ignore"):
        with tapegrad.autograd.record():
            out = eval(case["expr"], space)
        head = None
        if case["head"] != "ones":
            head = tnp.asarray(host(case["head"], case["expected"]["forward"]["dtype"]))
        out.backward(head)
    return {"out": out.asnumpy(), **{name: space[name].grad.asnumpy() for name in case["wrt"]}}


def plain(x):
    """A result as host numbers."""
    if isinstance(x, tapegrad.Array):
        return x.asnumpy()
    if isinstance(x, tuple) and len(x) == 1:
        return plain(x[0])  # the cotangents of one argument
    if isinstance(x, (list, tuple)):
        return numpy.array([plain(part) for part in x])
    return numpy.asarray(x)


def run_functional(case):
    """The value of an expression of transforms."""
    with numpy.errstate(all="ignore"):
        return plain(eval(case["expr"], names()))


def run_program(case):
    """What a program leaves in `out`."""

    def listed(x):
        return x.asnumpy().tolist()

    space = {**names(), "autograd": tapegrad.autograd, "N": listed, "float": float}
    with numpy.errstate(all="ignore"):
        exec(case["code"], space)
    return numpy.array(space["out"], dtype=float)


def close(got, expected, rtol):
    """Whether numbers agree, relative to themselves and to the largest beside them; NaN and infinities in place."""
    got, expected = numpy.asarray(got), numpy.asarray(expected)
    if got.shape != expected.shape:
        return False
    finite = numpy.isfinite(expected)
    same = (got == expected) | (numpy.isnan(got) & numpy.isnan(expected))
    if rtol == 0 or not finite.any():
        return bool(same.all())
    size = numpy.abs(expected[finite]).max() or 1000  # where only zeros are expected, numbers near 1 have cancelled
    with numpy.errstate(invalid="ignore"):
        near = numpy.abs(got - expected) <= rtol * numpy.maximum(numpy.abs(expected), 1e-3 * size)
    return bool(numpy.where(finite, near, same).all())


def faults(case, got):
    """What of an expression's results is not as the file expects, in words."""
    found = []
    expected = case["expected"]
    for name, array in got.items():
        want = expected["forward"] if name == "out" else expected["grad"][name]
        dtype = want["dtype"]
        truth = host(want["v"] if name == "out" else want["value"], dtype)
        rtol = 0 if case["tolerance"] == "bitwise" else TOLERANCE.get(case["dtype"], 1e-12)
        if array.dtype != numpy.dtype(dtype):
            found.append(f"{name} is {array.dtype.name}, not {dtype}")
        if not close(array, truth.reshape(want["shape"] if not dtype.startswith("complex") else truth.shape), rtol):
            found.append(f"{name} is {array.tolist()}, not {truth.tolist()}")
    return found


def is_finite(x):
    """Whether every number in a nest of lists is finite."""
    return all(map(is_finite, x)) if isinstance(x, list) else math.isfinite(number(x))
