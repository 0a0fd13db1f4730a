"""W11: small calls, one kind at a time: nearly all the time is the fixed cost of a scope, an op, a sweep, a transform.

Arrays have one to twelve float64 numbers. Most steps make the call `CALLS` times, and times read per call.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.case import Case, Form, Step, beside_hand

CALLS = 10
"""How often a step makes the call that it is about, so that the step's own Python is little of its time."""

Arrays = tuple[np.ndarray, ...]
Call = str | Callable[..., Any]
"""What is called: a function of the face by its name, such as "linalg.norm", or an operator alike on both."""


@dataclass(frozen=True)
class Face:
    """One of tapegrad's two faces: how it takes NumPy arrays, and where its functions are."""

    name: str

    def arrays(self, *values: np.ndarray) -> list[Any]:
        """The values as float64 arrays of this face."""
        from tapegrad import nd, numpy

        if self.name == "nd":
            return [nd.array(value, dtype="float64") for value in values]
        return [numpy.asarray(value) for value in values]

    def variables(self, *values: np.ndarray) -> list[Any]:
        """The values as arrays of this face, each with a gradient."""
        arrays = self.arrays(*values)
        for array in arrays:
            array.attach_grad()
        return arrays

    def function(self, call: Call) -> Callable[..., Any]:
        """What `call` names on this face."""
        import tapegrad

        return operator.attrgetter(call)(getattr(tapegrad, self.name)) if isinstance(call, str) else call


ND, NUMPY = FACES = (Face("nd"), Face("numpy"))


def unrecorded(face: Face, call: Call) -> Form:
    """The call on constants, nothing recorded."""

    def form(problem: Arrays) -> Step:
        inputs, function = face.arrays(*problem), face.function(call)

        def step() -> tuple[Any]:
            for _ in range(CALLS):
                result = function(*inputs)
            return (result,)

        return step

    return form


def recorded(face: Face, call: Call) -> Form:
    """The call on variables under one `record`, its results dropped."""

    def form(problem: Arrays) -> Step:
        from tapegrad import autograd

        inputs, function = face.variables(*problem), face.function(call)

        def step() -> tuple[Any]:
            with autograd.record():
                for _ in range(CALLS):
                    result = function(*inputs)
            return (result,)

        return step

    return form


def swept(face: Face, call: Call) -> Form:
    """The call on variables under one `record`, then one sweep back from all its results."""

    def form(problem: Arrays) -> Step:
        from tapegrad import autograd

        inputs, function = face.variables(*problem), face.function(call)

        def step() -> tuple[Any, ...]:
            with autograd.record():
                heads = [function(*inputs) for _ in range(CALLS)]
            autograd.backward(heads)
            return heads[0], *(x.grad for x in inputs)

        return step

    return form


def alone(face: Face, call: Call) -> Form:
    """`record`, one call, `backward`: all the fixed costs of one gradient."""

    def form(problem: Arrays) -> Step:
        from tapegrad import autograd

        inputs, function = face.variables(*problem), face.function(call)

        def step() -> tuple[Any, ...]:
            with autograd.record():
                result = function(*inputs)
            result.backward()
            return result, *(x.grad for x in inputs)

        return step

    return form


def attaching(face: Face) -> Form:
    """`attach_grad` on an array that has a gradient already."""

    def form(problem: Arrays) -> Step:
        (x,) = face.arrays(*problem)

        def step() -> tuple[Any, Any]:
            for _ in range(CALLS):
                x.attach_grad()
            return x, x.grad

        return step

    return form


def transformed(transform: Callable[[], Callable[..., Any]]) -> Form:
    """What `transform` makes, applied beforehand, called on arrays of `tapegrad.numpy`."""

    def form(problem: Arrays) -> Step:
        inputs, function = NUMPY.arrays(*problem), transform()

        def step() -> tuple[Any]:
            return (function(*inputs),)

        return step

    return form


def by_hand(compute: Callable[..., Any]) -> Form:
    """NumPy by hand: `compute` gives the step's results, or the only one."""

    def form(problem: Arrays) -> Step:
        def step() -> tuple[np.ndarray, ...]:
            results = compute(*problem)
            return results if isinstance(results, tuple) else (results,)

        return step

    return form


def numbers(*shapes: tuple[int, ...]) -> Arrays:
    """An array for each shape, of numbers between one and two."""
    draw = np.random.default_rng(0)
    return tuple(np.asarray(draw.uniform(1.0, 2.0, shape)) for shape in shapes)


def case(
    label: str, what: str, problem: Arrays, hand: Form, tapegrad: Form, per: int = CALLS, limit: float | None = None
) -> Case:
    """A case of this workload, beside NumPy by hand, so that what is timed is known to be right."""
    forms = {"hand": hand, "tapegrad": tapegrad}
    return Case("W11", label, what, lambda: problem, forms, (beside_hand(),), per=per, limit=limit)


@dataclass(frozen=True)
class Binary:
    """An operator, two shapes, and by hand its derivatives in both operands."""

    sign: str
    call: Callable[[Any, Any], Any]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    derivatives: Callable[[Any, Any], tuple[Any, Any]]

    def __str__(self) -> str:
        return self.sign.join(str(shape).replace(" ", "") for shape in self.shapes)

    def with_gradients(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        """By hand: the result, and the gradients of `CALLS` times its sum."""
        result = self.call(x, y)
        whole = (np.broadcast_to(CALLS * d, result.shape) for d in self.derivatives(x, y))
        return result, *(summed_to(g, operand.shape) for g, operand in zip(whole, (x, y), strict=True))


def summed_to(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The sum over the axes along which `shape` was broadcast."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(axis for axis, size in enumerate(shape) if size == 1), keepdims=True)


BINARY = (
    Binary("+", operator.add, ((3, 4), (4,)), lambda x, y: (1.0, 1.0)),
    Binary("*", operator.mul, ((10,), (1,)), lambda x, y: (y, x)),
    Binary("-", operator.sub, ((4, 1), (1, 3)), lambda x, y: (1.0, -1.0)),
    Binary("/", operator.truediv, ((), (10,)), lambda x, y: (1 / y, -x / (y * y))),
)
"""A bias, one number beside ten, a column beside a row, an array of no axes beside ten numbers."""


def broadcasting() -> Iterator[Case]:
    """Operands of different shapes: unrecorded, recorded, and with the way back."""
    for face in FACES:
        for binary in BINARY:
            name, call = f"broadcast {face.name} {binary}", binary.call
            for form, suffix, hand in (
                (unrecorded, "", binary.call),
                (recorded, " recorded", binary.call),
                (swept, " backward", binary.with_gradients),
            ):
                what = "operands of different shapes" + (
                    ", recorded, and back" if form is swept else suffix and ", recorded"
                )
                yield case(name + suffix, what, numbers(*binary.shapes), by_hand(hand), form(face, call), limit=0.75)


def recording() -> Iterator[Case]:
    """One gradient with all its fixed costs, and `attach_grad`."""
    what = "record, one multiply, backward"
    for face in FACES:
        name = f"record {face.name}"
        hand = by_hand(lambda x, w: (x * w, w, x))
        yield case(name, what, numbers((3,), (3,)), hand, alone(face, operator.mul), per=1, limit=0.4)
        hand = by_hand(lambda x: (x * 2.0, np.full_like(x, 2.0)))
        double = alone(face, lambda x: x * 2.0)
        yield case(f"{name} number", f"{what}, by a number", numbers((3,)), hand, double, per=1, limit=0.4)
        hand = by_hand(lambda x: (x, np.zeros_like(x)))
        yield case(f"attach_grad {face.name}", "attach_grad, again", numbers((3,)), hand, attaching(face))


REDUCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sum": (np.sum, np.ones_like),
    "mean": (np.mean, lambda x: np.full_like(x, 1 / x.size)),
    "norm": (np.linalg.norm, lambda x: x / np.linalg.norm(x)),
}
"""By hand: the value, and the gradient."""


def reducing() -> Iterator[Case]:
    """Sums, means and norms of three numbers: recorded, and with all the fixed costs of one gradient."""
    for face in FACES:
        limit = 0.4 if face is ND else None
        for name, (value, gradient) in REDUCTIONS.items():
            call = "linalg.norm" if face is NUMPY and name == "norm" else name
            label, what = f"{name} {face.name}", f"{name} of three numbers"
            yield case(label, f"{what}, recorded", numbers((3,)), by_hand(value), recorded(face, call), limit=limit)
            hand = by_hand(lambda x, value=value, gradient=gradient: (value(x), gradient(x)))
            yield case(f"{label} backward", f"record, {what}, backward", numbers((3,)), hand, alone(face, call), per=1)


def gradient_of(function: Callable[[Any, Any], Any], *, batched: bool = False) -> Callable[[], Callable[..., Any]]:
    """For `transformed`: the gradient of a function of `tapegrad.numpy` and an array, for each row if `batched`."""

    def transform() -> Callable[..., Any]:
        import tapegrad

        gradient = tapegrad.grad(lambda x: function(tapegrad.numpy, x))
        return tapegrad.vmap(gradient) if batched else gradient

    return transform


def transforming() -> Iterator[Case]:
    """Transforms of functions of a line."""
    rows = numbers((4, 3))
    square = transformed(gradient_of(lambda xp, x: xp.sum(x * x), batched=True))
    yield case("vmap square", "vmap(grad(sum(x * x)))", rows, by_hand(lambda x: 2 * x), square, per=1, limit=0.4)
    tanh = transformed(gradient_of(lambda xp, x: xp.sum(xp.tanh(x)), batched=True))
    hand = by_hand(lambda x: 1 - np.tanh(x) ** 2)
    yield case("vmap tanh", "vmap(grad(sum(tanh(x))))", rows, hand, tanh, per=1, limit=0.4)
    scalar = transformed(gradient_of(lambda xp, x: x * x))
    yield case("grad", "grad(x * x) of an array of no axes", numbers(()), by_hand(lambda x: 2 * x), scalar, per=1)


def indexing() -> Iterator[Case]:
    """Reads of an element and of a slice that nobody writes through."""
    for face in FACES:
        for label, call, limit in (("slice", lambda x: x[1:3], 1.1), ("item", lambda x: x[1], None)):
            for form, suffix in ((unrecorded, ""), (recorded, " recorded")):
                what = f"{'x[1:3]' if label == 'slice' else 'x[1]'}{suffix and ', recorded'}"
                name = f"{label} {face.name}{suffix}"
                yield case(name, what, numbers((10,)), by_hand(call), form(face, call), limit=limit)


def comparing_and_multiplying() -> Iterator[Case]:
    """Comparisons and products of small matrices."""
    for face in FACES:
        product = "dot" if face is ND else "matmul"
        hand = by_hand(lambda x, y: (x < y).astype(np.float64))
        yield case(f"compare {face.name}", "x < y", numbers((3,), (3,)), hand, unrecorded(face, operator.lt))
        for form, suffix in ((unrecorded, ""), (recorded, " recorded")):
            what = f"product of 3 x 3 matrices{suffix and ', recorded'}"
            matrices = numbers((3, 3), (3, 3))
            yield case(f"matmul {face.name}{suffix}", what, matrices, by_hand(np.matmul), form(face, product))


def cases(tiny: bool = False) -> list[Case]:
    """All of them: they are tiny as they stand."""
    groups = (recording, broadcasting, reducing, transforming, indexing, comparing_and_multiplying)
    return [case for group in groups for case in group()]
