"""The doors by which a tracked value can leave the tape, or be read unrecorded: each keeps the gradient, or raises.

The table is that of docs/architecture.md, row by row.
"""

import array
import asyncio
import bisect
import contextlib
import contextvars
import copy
import ctypes
import heapq
import itertools
import json
import math
import operator
import os
import pickle
import random
import re
import statistics
import struct
import threading
from concurrent import futures
from pathlib import Path

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd, io, nd
from tapegrad.errors import DtypeError, GradientEscapeError, GraphError, NoGradientError, TapegradError

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
THREE = np.asarray([1.0, 2.0, 3.0])


def in_thread(function):
    """What a thread of its own returns or raises."""
    found = []

    def run():
        try:
            found.append(function())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def raised_in_thread(function):
    """Like `function`, with what a thread of its own raises raised here."""
    found = in_thread(function)
    if isinstance(found, Exception):
        raise found
    return found


def rule(body, **formulas):
    """A function with a rule of its own."""
    made = tapegrad.custom(body)
    made.defvjp(**(formulas or {"x": lambda g, x: 2 * g * x}))
    return made


class Scale(autograd.Function):
    """w · x, with a w that is no argument."""

    def __init__(self, w):
        self.w = w

    def forward(self, x):
        return self.w * x

    def backward(self, g):
        return g * self.w


def written_to_numpy(x):
    values = np.zeros(3)
    values += x
    return tnp.sum(tnp.asarray(values))


def buffer_of_numpy(x):
    values = np.zeros(3)
    values[0] = x[0]
    return tnp.sum(tnp.asarray(values))


def in_a_task(x):
    async def program():
        return await asyncio.create_task(work())

    async def work():
        return tnp.sum(x * x)

    return asyncio.run(program())


async def in_an_executor(x):
    return await asyncio.get_running_loop().run_in_executor(None, lambda: tnp.sum(x * x))


def in_a_thread_of_the_task(x):
    async def program():
        return await asyncio.to_thread(lambda: tnp.sum(x * x))

    return asyncio.run(program())


def held_as_objects(x):
    held = np.empty(3, object)
    for i in range(3):
        held[i] = x[i]
    return (held * held).sum()


def pandas():
    return pytest.importorskip("pandas")


def in_a_copied_context(x):
    context = contextvars.copy_context()
    return raised_in_thread(lambda: context.run(lambda: tnp.sum(x * x)))


def taken_from(opens):
    """A program that takes from a generator, which opens that and yields within."""

    def program(x):
        def generator():
            with opens():
                yield x * 0 + 1

        one = next(batches := generator())
        return one * x * (float(x[0]) if opens is tapegrad.allow_escape else 1) + 0 * len([*batches])

    return program


def paused_within(x):
    """A generator that pauses between what it yields, and a context that is meant to hold outside."""

    def generator():
        with tapegrad.pause():
            constant = x * 2
        yield constant

    @contextlib.contextmanager
    def paused():
        with tapegrad.pause():
            yield

    with paused():
        constant = x * 2
    return tnp.sum(x * next(generator()).detach() + x * constant.detach() - x * x.detach() * 4 + x)


def written_as_a_list(x):
    path = tnp.zeros((2, 2), "float64")
    path[0] = [x[0], 2.0 * x[1]]
    path[1, 0:1] = (x[2],)
    return tnp.sum(path * path)


def written_to_in_a_thread(x):
    y = x * x
    raised_in_thread(lambda: y.__setitem__(0, 5.0))
    return y


def swept_as_constants(sweep):
    """The gradient of Σ a² x in a, at ones, as a variable of its own has it."""

    def program(x):
        a = tnp.ones(3, "float64")
        a.attach_grad()
        with tapegrad.record():
            y = tnp.sum(a * a * x)
            return sweep(y, a)

    return program


LOST = {
    "Python's numbers": [
        float,
        lambda x: x[0].item(),
        lambda x: x.tolist()[0],
        lambda x: complex(x[0]).real,
        lambda x: math.sin(x[0]),
        lambda x: math.fsum([x[0], x[1]]),
        lambda x: array.array("d", x)[0],
        lambda x: ctypes.c_double(x[0]).value,
        lambda x: statistics.fmean(x),
        lambda x: "%f" % x[0],  # noqa: UP031  (of old programs)
        lambda x: random.Random(1).choices([1.0, 2.0, 3.0], weights=x)[0],
    ],
    "NumPy's arrays": [
        np.asarray,
        lambda x: np.array([x[0], x[1]]),
        lambda x: np.float64(x[0]),
        written_to_numpy,
        lambda x: np.add(np.ones(3), x, out=np.ones(3)),
        lambda x: np.zeros(3).dot(np.ma.ones(3) * x),
        lambda x: np.histogram(x, weights=x)[0].sum(),
        lambda x: np.frompyfunc(lambda a: a, 1, 1)(x).sum(),
        lambda x: np.vectorize(lambda a: a * a)(x).sum(),
        lambda x: np.r_[x, x].sum(),
        lambda x: np.asarray(x, dtype=object)[0],
        lambda x: np.random.default_rng(1).normal(x[0]),
        lambda x: np.modf(x)[0].sum(),
    ],
    "other libraries": [
        lambda x: np.from_dlpack(x).sum(),
        lambda x: memoryview(np.asarray(x))[0],
        lambda x: nd.to_dlpack_for_read(x.as_nd_ndarray()),
        lambda x: pandas().Series(x).sum(),
        lambda x: pandas().DataFrame({"a": x})["a"].sum(),
        lambda x: next(io.NDArrayIter(x.as_nd_ndarray(), batch_size=3)).data[0].as_np_ndarray(),
    ],
    "files and processes": [
        lambda x: pickle.loads(pickle.dumps(x)).sum(),
        lambda x: nd.save(os.devnull, (x * 1).as_nd_ndarray()),
        lambda x: np.savez(os.devnull, x=x),
        lambda x: np.savetxt(os.devnull, x),
    ],
    "threads": [
        lambda x: futures.ThreadPoolExecutor(1).submit(lambda: tnp.sum(x * x)).result(),
        lambda x: asyncio.run(in_an_executor(x)),
        lambda x: raised_in_thread(lambda: tnp.sum(x * x)),
        lambda x: raised_in_thread(lambda: copy.deepcopy(x)),
        lambda x: raised_in_thread(lambda: tapegrad.vmap(lambda a: a * a)(x)),
        lambda x: raised_in_thread(lambda: tapegrad.grad(lambda a: tnp.sum(a * x))(tnp.ones(3))),
        lambda x: raised_in_thread(lambda: rule(lambda x: tnp.asarray(x.asnumpy()))(x)),
        written_to_in_a_thread,
    ],
    "generators": [taken_from(tapegrad.pause), taken_from(tapegrad.allow_escape)],
    "bodies of rules": [
        lambda x: rule(lambda y: tnp.sum(x * y), y=lambda g, y: g * y)(tnp.ones(3)),
        lambda x: rule(lambda x, w: tnp.sum(w[0] * x), x=lambda g, x: g * x)(tnp.ones(3), [x]),
        lambda x: rule(lambda x, **w: tnp.sum(w["w"] * x), x=lambda g, x: g * x)(tnp.ones(3), w=x),
        lambda x: rule(lambda x, *w: tnp.sum(w[0] * x), x=lambda g, x: g * x)(tnp.ones(3), x),
        lambda x: rule(lambda y: x, y=lambda g, y: g * y)(tnp.ones(3)),
        lambda x: rule(lambda y: float(x[0]) * y, y=lambda g, y: g * y)(tnp.ones(3)),
        lambda x: rule(lambda y: tapegrad.grad(lambda z: tnp.sum(z * x))(y), y=lambda g, y: g * y)(tnp.ones(3)),
        lambda x: rule(lambda x, w: x * w, x=lambda g, w: g * w)(tnp.ones(3), x),
        lambda x: tapegrad.vmap(lambda a: rule(lambda y: x * y, y=lambda g, y: g * y)(a))(tnp.ones((2, 3))),
    ],
    "keywords of ops": [
        lambda x: tnp.round(x, decimals=x[0]),
        lambda x: nd.LeakyReLU(nd.ones(3), slope=x[0].as_nd_ndarray()).as_np_ndarray(),
        lambda x: tnp.quantile(tnp.ones(3), x / 4),
    ],
}
"""Programs that would lose a gradient, by the row of the table: each of them raises."""

KEPT = {
    "Python's numbers": [
        sum,
        max,
        lambda x: x[0] if x[1] > 0 else x[2],
        lambda x: pow(x[0], 2),
        lambda x: abs(x[0]),
        lambda x: sorted(x, reverse=True)[1] * heapq.nsmallest(1, x)[0],
        lambda x: math.prod(x) + sum(itertools.accumulate(x, operator.mul)),
        lambda x: {x[0]: x[1]}.get(x[0], x[2]) * x[bisect.bisect([0.0, 1.5], x[0])],
    ],
    "NumPy's arrays": [
        np.sum,
        lambda x: np.stack([x[0], x[1]])[0],
        lambda x: np.ones(3) @ x,
        lambda x: np.exp(x).sum(),
        lambda x: held_as_objects(x),
    ],
    "files and processes": [
        lambda x: copy.deepcopy(x).sum(),
        lambda x: copy.copy(x).sum(),
        lambda x: nd.array(x.as_nd_ndarray()).as_np_ndarray().sum(),
    ],
    "generators": [lambda x: taken_from(contextlib.nullcontext)(x).sum(), lambda x: paused_within(x)],
    "variables in a transform": [
        swept_as_constants(lambda y, a: tnp.sum(autograd.grad([y], [a], create_graph=True)[0])),
    ],
    "threads": [in_a_task, in_a_thread_of_the_task, in_a_copied_context],
    "bodies of rules": [
        lambda x: tnp.sum(tapegrad.checkpoint(lambda y: x * y)(tnp.ones(3))),
        lambda x: tnp.sum(rule(lambda x: x * x)(x)),
    ],
    "keywords of ops": [
        lambda x: tnp.sum(tnp.clip(tnp.ones(3) * 1.5, x / 9, x)),
        lambda x: tnp.sum(tnp.full((2,), x[0])),
        lambda x: tnp.sum(tnp.linspace(0.0, x[0], 3)),
        lambda x: tnp.average(tnp.asarray([1.0, 5.0, 2.0]), weights=x),
        lambda x: tnp.sum(tnp.pad(tnp.ones(2, "float64"), 1, constant_values=x[0])),
        lambda x: tnp.sum(tnp.asarray([[x[0], 1.0], [2.0, x[1]]])),
        lambda x: written_as_a_list(x),
    ],
}
"""Programs beside them that keep it."""


@pytest.mark.parametrize(("row", "number"), [(row, n) for row, programs in LOST.items() for n in range(len(programs))])
def test_a_gradient_that_would_be_lost_is_an_error(row, number):
    program = LOST[row][number]
    with pytest.raises(TapegradError) as caught:
        tapegrad.grad(lambda x: tnp.sum(tnp.asarray(program(x[0] if program is float else x))))(THREE)
    assert isinstance(caught.value, (GradientEscapeError, NoGradientError))
    x = tnp.asarray(THREE)
    x.attach_grad()
    with tapegrad.record(), pytest.raises((GradientEscapeError, NoGradientError)):
        program(x[0] if program is float else x)


@pytest.mark.parametrize(("row", "number"), [(row, n) for row, programs in KEPT.items() for n in range(len(programs))])
def test_a_gradient_that_is_kept_is_right(row, number):
    program = KEPT[row][number]
    found = tapegrad.grad(lambda x: program(x) * 1.0)(THREE)
    step = 1e-6 * np.eye(3)
    expected = [float(program(tnp.asarray(THREE + d)) - program(tnp.asarray(THREE - d))) / 2e-6 for d in step]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_table_has_a_row_for_each_door():
    section = PAGE.read_text(encoding="utf-8").partition("## Doors")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| \*\*(.+?)\*\*", section, flags=re.MULTILINE)) == {*LOST, *OTHERS}


def test_our_error_is_raised_where_numpy_says_less():
    x = tnp.asarray(THREE)
    x.attach_grad()
    with pytest.raises(GradientEscapeError, match=r"write into tapegrad\.numpy\.zeros"):
        tapegrad.grad(buffer_of_numpy)(THREE)
    with pytest.raises(GradientEscapeError, match=r"write into tapegrad\.numpy\.zeros"), tapegrad.record():
        buffer_of_numpy(x)


def test_a_function_of_autograd_may_read_only_its_arguments():
    w, x = nd.array([2.0]), nd.array([3.0])
    w.attach_grad()
    x.attach_grad()
    with autograd.record(), pytest.raises(GradientEscapeError, match=r"Scale reads.*argument of its own"):
        Scale(w)(x)
    with autograd.record():
        y = Scale(w.detach())(x)
    y.backward()
    assert x.grad.asscalar() == 2


def test_what_a_function_keeps_for_its_rule_has_second_derivatives():
    class Square(autograd.Function):
        def forward(self, x):
            self.twice = 2 * x
            return self.twice**2

        def backward(self, g):
            return 4 * g * self.twice

    class Saving(autograd.Function):
        def forward(self, x):
            y = 2 * x
            self.save_for_backward([y][0], x)
            return y * y

        def backward(self, g):
            return 4 * g * self.saved_tensors[0]

    for function in (Square, Saving):
        x = nd.array([1.0, 3.0])
        x.attach_grad()
        with autograd.record():
            slope = autograd.grad(function()(x), [x], create_graph=True)[0]
        slope.backward()
        assert x.grad.asnumpy().tolist() == [8, 8]


def test_what_a_rule_of_ones_own_keeps_has_second_derivatives():
    kept = {}

    def twice_squared(x):
        kept["twice"] = 2 * x
        return kept["twice"] ** 2

    outside = rule(twice_squared, x=lambda g, x: 4 * g * kept["twice"])
    pair = tapegrad.custom(lambda x: 4 * x * x)
    pair.defvjp(lambda x: (4 * x * x, {"twice": 2 * x}), lambda kept, g: (4 * g * kept["twice"],))
    output = tapegrad.custom(tnp.exp)
    output.defvjp(lambda x: (lambda y: (y, [y]))(tnp.exp(x)), lambda kept, g: (g * kept[0],))
    for f in (outside, pair):
        assert np.allclose(tapegrad.hessian(lambda x, f=f: tnp.sum(f(x)))(THREE), 8 * np.eye(3))
    assert np.allclose(tapegrad.hessian(lambda x: tnp.sum(output(x)))(THREE), np.diag(np.exp(THREE)))


def test_a_body_computed_again_draws_the_same_numbers_and_writes_nothing():
    state = tnp.zeros(3)

    def dropped(x):
        mask = tnp.asarray(tnp.random.uniform(size=3) > 0.5).astype("float64")
        return x * x * mask, mask

    dropout = tapegrad.custom(lambda x: dropped(x)[0])
    dropout.defvjp(dropped, lambda mask, g: (g * mask,))
    straight = tapegrad.custom(lambda x: x)
    straight.defvjp(lambda x: (x, tnp.add(x, 0 * x)), lambda kept, g: (state.__setitem__(0, 1.0), (g,))[1])
    tapegrad.random.seed(1)
    assert np.allclose(tapegrad.hessian(lambda x: tnp.sum(dropout(x)))(THREE), 0)

    def writing(x):
        state[:] = 1.0
        return x * x, 2 * x

    writer = tapegrad.custom(lambda x: x * x)
    writer.defvjp(writing, lambda kept, g: (g * kept,))
    with pytest.raises(GraphError, match="computed again for a second derivative"):
        tapegrad.hessian(lambda x: tnp.sum(writer(x)))(THREE)


def test_arguments_that_a_body_overwrites_keep_their_gradient():
    def overwriting(x):
        x *= 2.0
        return x

    doubled = rule(overwriting, x=lambda g: 2 * g)
    assert tapegrad.grad(lambda x: tnp.sum(doubled(x)))(THREE).tolist() == [2, 2, 2]


def test_a_thread_that_says_so_reads_constants():
    x = tnp.asarray(THREE)
    x.attach_grad()

    def paused():
        with tapegrad.pause():
            return (x * 2).tolist()

    def training():
        w = tnp.asarray(THREE)
        w.attach_grad()
        with tapegrad.record():
            loss = tnp.sum(w * w)
        loss.backward()
        return (w - w.grad / 2).tolist()

    with tapegrad.record():
        assert in_thread(paused) == [2, 4, 6]
        assert in_thread(training) == [0, 0, 0]
    assert in_thread(lambda: (x * 2).tolist()) == [2, 4, 6]


SUBCLASSES = {
    "masked": (np.ma.masked_array([1.0, 2.0, 9.0], mask=[False, False, True]), "filled.*where"),
    "matrix": (np.ones((1, 3)).view(np.matrix), "write @"),
    "objects": (np.asarray([1.0, None, 2.0], object), "number"),
    "text": (np.asarray(["a", "b", "c"]), "number|convert"),
    "structured": (np.zeros(3, [("a", "f8"), ("b", "i8")]), "fields|cannot|cast"),
}


@pytest.mark.parametrize("name", SUBCLASSES)
def test_what_means_more_than_its_numbers_is_refused_at_every_entrance(name):
    value, words = SUBCLASSES[name]
    ones = np.ones(3)
    entrances = [
        lambda: tnp.asarray(value),
        lambda: tnp.asarray([value, value]),
        lambda: tnp.sum(value),
        lambda: tapegrad.grad(lambda x: tnp.sum(x))(value),
        lambda: tapegrad.grad(lambda x: tnp.sum(x * value))(ones),
        lambda: tapegrad.grad(lambda x: tnp.sum(tnp.multiply(value, x)))(ones),
        lambda: tapegrad.jvp(lambda x: x * 2, (ones,), (value,)),
        lambda: tapegrad.vmap(lambda x: x)(value),
        lambda: nd.array(value),
        lambda: nd.ones(3) * value,
    ]
    for entrance in entrances:
        with pytest.raises(TapegradError):
            entrance()
    with pytest.raises(TapegradError, match=words):
        tapegrad.grad(lambda x: tnp.sum(x))(value)


@pytest.mark.parametrize(
    "sweep", [lambda y, a: y.backward() or a.grad, lambda y, a: autograd.grad([y], [a])[0]], ids=["backward", "grad"]
)
def test_gradients_as_constants_of_a_transforms_own_variables_are_refused(sweep):
    program = swept_as_constants(sweep)
    for transform in (tapegrad.grad(lambda x: tnp.sum(program(x))), lambda x: tapegrad.jvp(program, (x,), (x,))):
        with pytest.raises(GradientEscapeError, match="create_graph=True"):
            transform(THREE)
    assert tapegrad.grad(lambda x: tnp.sum(x * program(x.detach())))(THREE).tolist() == [2, 4, 6]
    x = tnp.asarray(THREE)
    x.attach_grad()
    with tapegrad.record():
        assert program(x).tolist() == [2, 4, 6]


def test_a_subclass_that_means_its_numbers_comes_in():
    class Labelled(np.ndarray):
        pass

    x = np.asarray([1.0, 2.0, 3.0]).view(Labelled)
    assert tapegrad.grad(lambda y: tnp.sum(y * x))(x).tolist() == [1, 2, 3]


@pytest.mark.skipif(np.longdouble(1).nbytes == 8, reason="this machine's longdouble is a double")
@pytest.mark.parametrize("third", [np.longdouble(1) / 3, np.clongdouble(1) / 3])
def test_numbers_wider_than_any_engines_are_refused_at_every_entrance(third):
    entrances = [
        lambda: tnp.asarray(third),
        lambda: tnp.asarray([third]),
        lambda: tnp.asarray([np.asarray([third])]),
        lambda: tnp.full(2, third),
        lambda: tnp.add(tnp.ones(1), [third]),
        lambda: tnp.ones(1) * third,
        lambda: tapegrad.grad(lambda parts: parts[0])([third]),
    ]
    for entrance in entrances:
        with pytest.raises(DtypeError, match="wider than what engines compute in"):
            entrance()
    assert tnp.asarray([third.real], "float64").dtype == "float64"


def test_a_view_taken_before_recording_is_a_constant_and_one_taken_in_it_is_not():
    x = tnp.asarray(THREE)
    x.attach_grad()
    before = x[1:]
    with tapegrad.record():
        y = tnp.sum(before * x[1:])
    y.backward()
    assert x.grad.tolist() == [0, 2, 3]


def test_numbers_of_another_byte_order_come_in_by_a_copy():
    x = np.asarray([1.0, 2.0, 3.0], dtype=">f8")
    assert tapegrad.grad(lambda y: tnp.sum(y * y * x))(x).tolist() == [2, 8, 18]
    assert tnp.asarray(x).dtype == np.dtype("float64")
    for wide, words in ((np.ones(2, np.longdouble), "float64"), (np.ones(2, np.clongdouble), "complex128")):
        with pytest.raises(tapegrad.errors.DtypeError, match=rf"wider.*astype\(\"{words}\"\)"):
            tapegrad.grad(lambda x: tnp.sum(x))(wide)


LARGE = 1 << 16


@pytest.mark.parametrize(("size", "transform"), [(3, tapegrad.grad), (3, tapegrad.hessian), (LARGE, tapegrad.grad)])
def test_host_arrays_keep_their_numbers_while_they_are_part_of_a_graph(size, transform):
    x, c = np.full(size, 2.0), np.full(size, 3.0)
    refused = []

    def loss(v):
        y = v * v * c
        for buffer in (x, c):
            try:
                buffer[:] = 0.0
            except ValueError:
                refused.append(True)
        return tnp.sum(y * y)

    found = transform(loss)(x)
    assert np.all(np.diag(found) == 12 * 4 * 9) if transform is tapegrad.hessian else np.all(found == 4 * 8 * 9)
    assert len(refused) == (2 if size == LARGE else 0)
    x[:], c[:] = 1.0, 1.0  # the locks are off
    for program in (lambda v: tnp.sum(v * c) / {}["none"], lambda v: v * c):
        with pytest.raises((KeyError, tapegrad.errors.ShapeError)) as caught:
            tapegrad.grad(program)(x)
        x[0], c[0] = 5.0, 5.0  # also while somebody holds the traceback
        assert caught.value is not None


OTHERS = {"on purpose", "variables in a transform", "memory and text"}
"""Rows of the table that have a test of their own."""


def test_there_is_no_memory_to_look_at_and_no_number_to_pack():
    x = tnp.asarray(THREE)
    x.attach_grad()
    with tapegrad.record():
        y = x * x
        for name in ("__array_interface__", "__array_struct__", "ctypes", "data", "tobytes", "tofile"):
            assert not hasattr(y, name) and not hasattr(y.detach(), name)
        for way in (memoryview, np.frombuffer, json.dumps):
            with pytest.raises(TypeError):
                way(y)
        with pytest.raises(struct.error):
            struct.pack("d", y[0])


def test_ways_out_that_say_so():
    x = tnp.asarray(THREE)
    x.attach_grad()
    with tapegrad.record():
        y = x.detach() * x + tnp.asarray(x.asnumpy()) + tapegrad.transforms.gradients.stop_gradient(x)
        with tapegrad.pause():
            z = x * 2
        with tapegrad.allow_escape():
            assert np.asarray(x).tolist() == THREE.tolist()
        assert f"{y[0]:.1f}" == "3.0"
    y.backward()
    assert x.grad.tolist() == THREE.tolist()
    assert z.tolist() == [2, 4, 6]
