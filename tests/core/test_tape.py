"""What recording leaves, how long it lives, and what backward makes of it: state, errors, gradients, memory."""

import asyncio
import contextvars
import gc
import sys
import threading
import tracemalloc
import weakref
from contextlib import suppress

import numpy as np
import pytest
from engines import of, on, total

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import context
from tapegrad.arrays.array import _ESCAPE
from tapegrad.engines import registry
from tapegrad.errors import DtypeError, GraphError, GraphFreedError, MixedBackendsError, NotRecordedError, ShapeError
from tapegrad.name import NameManager, Prefix
from tapegrad.tape.mode import MODE
from tapegrad.transforms.variables import backward, gradients


def variable(values, req="write"):
    x = of(np.asarray(values, dtype=np.float64))
    x.attach_grad(req)
    return x


@pytest.fixture(autouse=True)
def the_mode_is_left_as_it_was():
    before = MODE.get()
    yield
    assert MODE.get() == before == 0


# Recording is a matter of where the program is.


def test_scopes_nest_and_restore():
    seen = []

    def look():
        seen.append((tapegrad.is_recording(), tapegrad.is_training()))

    look()
    with tapegrad.record():
        look()
        with tapegrad.pause():
            look()
            with tapegrad.record(train_mode=False):
                look()
                with tapegrad.train_mode():
                    look()
            look()
        with tapegrad.predict_mode():
            look()
        look()
    look()
    assert seen == [
        (False, False),
        (True, True),
        (False, False),
        (True, False),
        (True, True),
        (False, False),
        (True, False),
        (True, True),
        (False, False),
    ]


def test_a_scope_may_be_entered_again():
    scope = tapegrad.record()
    with scope, scope:
        assert tapegrad.is_recording()
    assert not tapegrad.is_recording()
    with scope:
        assert tapegrad.is_recording()
    assert not tapegrad.is_recording()


def test_an_exception_restores_the_state():
    x = variable([1.0])
    for scope in (tapegrad.record(), tapegrad.pause(), tapegrad.train_mode(), tapegrad.predict_mode()):
        with pytest.raises(ZeroDivisionError), tapegrad.record(), scope:
            _ = x * x
            raise ZeroDivisionError
        assert (tapegrad.is_recording(), tapegrad.is_training()) == (False, False)
    with pytest.raises(ShapeError), tapegrad.record():
        _ = of(np.zeros(2)) * of(np.zeros(3))
    assert not tapegrad.is_recording()


def test_a_new_thread_starts_unrecorded():
    seen = {}
    x = variable([2.0])

    def work():
        seen["thread"] = tapegrad.is_recording()
        with tapegrad.record():
            y = x * x * x
        y.backward()
        seen["after"] = tapegrad.is_recording()

    with tapegrad.record():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert tapegrad.is_recording()
    assert seen == {"thread": False, "after": False}
    assert x.grad.item() == 12


def test_threads_record_apart():
    both = threading.Barrier(4)
    found = [None] * 4

    def work(number):
        x = variable(np.full(3, float(number)))
        with tapegrad.record():
            both.wait()
            y = x
            for _ in range(200):
                y = y * 1.0
            y = y * y
            both.wait()
        if number % 2:
            with tapegrad.pause():
                both.wait()
        else:
            both.wait()
        y.backward()
        found[number] = x.grad.asnumpy().tolist()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[2.0 * n] * 3 for n in range(4)]


def test_tasks_record_apart():
    async def recording():
        with tapegrad.record():
            await asyncio.sleep(0)
            assert tapegrad.is_recording()
            await asyncio.sleep(0)
            assert tapegrad.is_recording()
        assert not tapegrad.is_recording()

    async def plain():
        for _ in range(5):
            assert not tapegrad.is_recording()
            await asyncio.sleep(0)

    async def child_of_recording():
        with tapegrad.record():
            child = asyncio.create_task(within())
            await child
            assert tapegrad.is_recording()

    async def within():
        assert tapegrad.is_recording()
        tapegrad.tape.mode.set_recording(False)  # in its own task only

    async def main():
        await asyncio.gather(recording(), plain(), recording(), child_of_recording())
        assert not tapegrad.is_recording()

    asyncio.run(main())


def test_a_cancelled_task_leaves_no_trace():
    async def stuck():
        with tapegrad.record():
            await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(stuck())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not tapegrad.is_recording()

    asyncio.run(main())


def test_a_context_carries_recording_with_it():
    with tapegrad.record():
        context = contextvars.copy_context()
    assert context.run(tapegrad.is_recording)
    assert not tapegrad.is_recording()


def test_a_graph_may_be_swept_from_another_thread():
    x = variable([3.0])
    with tapegrad.record():
        y = x * x
    thread = threading.Thread(target=y.backward)
    thread.start()
    thread.join()
    assert x.grad.item() == 6


def test_of_two_sweeps_over_one_graph_the_second_is_told():
    for _ in range(20):
        x = variable(np.ones(4))
        with tapegrad.record():
            y = x
            for _ in range(300):
                y = y * 1.0
        outcomes = []

        def sweep(y=y, outcomes=outcomes):
            try:
                y.backward()
                outcomes.append("done")
            except GraphFreedError:
                outcomes.append("freed")

        threads = [threading.Thread(target=sweep) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done", "freed", "freed", "freed"]
        assert x.grad.asnumpy().tolist() == [1, 1, 1, 1]


# Three different reasons why there is no gradient.


def test_never_recorded():
    x = variable([1.0])
    y = x * x
    with pytest.raises(NotRecordedError, match="was not recorded: compute it inside"):
        y.backward()
    with pytest.raises(NotRecordedError, match="was not recorded"):
        of([1.0]).backward()


def test_a_gradient_with_respect_to_what_is_no_array_is_refused():
    x = variable([1.0])
    with tapegrad.record():
        y = x * x
    with pytest.raises(TypeError, match="variable 1 is a str, not an array"):
        tapegrad.autograd.grad(y, [x, "x"])


def test_recorded_but_nothing_attached():
    with tapegrad.record():
        y = of([1.0]) * 2
    with pytest.raises(
        NotRecordedError, match=r"nothing that it was computed from is one \(call attach_grad\(\).* zero gradient"
    ):
        y.backward()


def test_already_freed():
    x = variable([1.0])
    with tapegrad.record():
        y = x * x
        z = y * y
    z.backward()
    for head in (z, y):
        with pytest.raises(GraphFreedError, match=r"already freed.*retain_graph=True"):
            head.backward()
    assert x.grad.item() == 4


def test_paused_results_are_constants():
    x = variable([3.0])
    with tapegrad.record():
        a = x * x
        with tapegrad.pause():
            b = x * 10
        y = a * b
    y.backward()
    assert x.grad.item() == 180
    assert b._node is None


# What may be asked for.


@pytest.mark.parametrize("values", [[1, 2], [True], np.array([1], np.uint8)])
def test_integers_have_no_gradient(values):
    x = of(np.asarray(values))
    with pytest.raises(DtypeError, match="has no gradient; convert it with astype"):
        x.attach_grad()
    assert x.grad is None


def test_an_unknown_request_names_the_choices():
    x = of([1.0])
    with pytest.raises(ValueError, match="'sometimes'; choose one of 'write', 'add', 'null'"):
        x.attach_grad("sometimes")
    assert x.grad is None


def test_head_gradients_are_of_their_heads_shape_and_dtype():
    x = variable([1.0, 2.0])
    with tapegrad.record():
        y = x * x
    for wrong, error, words in [
        (of([1.0]), ShapeError, r"shape \(1,\), its head \(2,\)"),
        (of(np.ones((2, 1))), ShapeError, r"\(2, 1\)"),
        (of(np.ones(2, np.float32)), DtypeError, "float32, its head float64"),
        (of([1, 1]), DtypeError, "int64, its head float64"),
    ]:
        with pytest.raises(error, match=words):
            y.backward(wrong)
    y.backward(np.array([1.0, 10.0]))  # nothing was freed by the wrong ones
    assert x.grad.asnumpy().tolist() == [2, 40]


def test_a_head_gradient_of_another_engine_is_refused():
    try:
        strict = tapegrad.get_backend("strict")
    except tapegrad.errors.BackendError as error:
        pytest.skip(f"no second engine to mix with: {error}")
    x = variable([1.0])
    with tapegrad.record():
        y = x * x
    with pytest.raises(MixedBackendsError, match=r"strict.*numpy"):
        y.backward(on(strict, [1.0]))
    with pytest.raises(MixedBackendsError, match=r"numpy.*strict|strict.*numpy"):
        _ = x * on(strict, [1.0])


def test_heads_are_arrays_and_as_many_as_their_gradients():
    x = variable([1.0])
    with tapegrad.record():
        y = x * x
    with pytest.raises(GraphError, match="at least one head"):
        backward([])
    with pytest.raises(TypeError, match="head 1 is a float"):
        backward([y, 1.0])
    with pytest.raises(ValueError, match="1 heads but 2 head gradients"):
        backward([y], [None, None])
    with pytest.raises(GraphError, match="variable 0 is no variable"):
        gradients([y], [of([1.0])])
    y.backward()
    assert x.grad.item() == 2


# Gradients in what lies between the variables and the heads.


def test_a_gradient_in_a_recorded_array_is_that_of_what_was_computed_from_it():
    x = variable([1.0, 2.0])
    with tapegrad.record():
        y = x * x
        z = y * y
        head = z * x + y
    dx, dz, dy = gradients([head], [x, z, y], retain_graph=True)
    assert dz.tolist() == [1, 2] and dy.tolist() == [1 + 2 * 1, 1 + 2 * 4 * 2] and dx.tolist() == [5 + 2, 5 * 16 + 4]
    # With none of the variables asked for the sweep ends at the oldest, and frees nothing before it.
    (dz,) = gradients([head], [z])
    assert dz.tolist() == [1, 2]
    (seed,) = gradients([y], [y], [of([3.0, 4.0])], retain_graph=True)
    assert seed.tolist() == [3, 4]
    y.backward()
    assert x.grad.tolist() == [2, 4]


def test_steps_of_descent_are_differentiated_through_their_gradients():
    def descended(w, steps):
        for _ in range(steps):
            (g,) = gradients([(w * w * w).sum()], [w], create_graph=True)
            w = w - g * 0.1
        return w

    w = variable([0.5])
    with tapegrad.record():
        out = descended(w, 2)
    out.backward()
    step, slope = lambda w: w - 0.3 * w * w, lambda w: 1 - 0.6 * w
    assert w.grad.item() == pytest.approx(slope(step(0.5)) * slope(0.5))


# Where gradients go.


def test_grad_req():
    write, add, null = variable([1.0, 2.0]), variable([1.0, 2.0], "add"), variable([1.0, 2.0], "null")
    for _ in range(3):
        with tapegrad.record():
            y = write * add * null + write
        y.backward()
    assert write.grad.asnumpy().tolist() == [2, 5]
    assert add.grad.asnumpy().tolist() == [3, 12]
    assert null.grad.asnumpy().tolist() == [0, 0]


def test_gradients_are_zeros_until_backward():
    x = variable([1.0, 2.0])
    assert x.grad.asnumpy().tolist() == [0, 0]
    assert x.grad.dtype == x.dtype


def test_several_heads_are_summed_and_one_listed_twice_counts_twice():
    x = variable([1.0, 2.0])
    with tapegrad.record():
        a = x * 2
        b = a * a
    backward([b, a, b], [None, of([10.0, 10.0]), None])
    assert x.grad.asnumpy().tolist() == [2 * 8 + 20, 2 * 16 + 20]


def test_the_variable_may_be_the_head():
    x = variable([1.0, 2.0])
    with tapegrad.record():
        pass
    x.backward(of([3.0, 4.0]))
    assert x.grad.asnumpy().tolist() == [3, 4]


def test_one_output_of_several():
    x = variable(np.arange(5.0))
    with tapegrad.record():
        a, b = tapegrad.ops.shape.split(x, sizes=(2, 3))
        y = total(b * b)
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 0, 4, 6, 8]
    assert a.shape == (2,)


def test_the_handle_of_grad_is_rebound_and_its_old_values_stay():
    x = variable([1.0, 2.0])
    kept = x.grad
    with tapegrad.record():
        y = x * x
    y.backward()
    assert x.grad is kept
    values = kept.detach()
    with tapegrad.record():
        y = x * 10
    y.backward()
    assert kept.asnumpy().tolist() == [10, 10]
    assert values.asnumpy().tolist() == [2, 4]


def test_attaching_again_gives_a_new_gradient_and_cuts_the_graph():
    x = variable([1.0, 2.0])
    old = x.grad
    with tapegrad.record():
        a = x * 2
        a.attach_grad()
        y = a * a
    y.backward()
    assert a.grad.asnumpy().tolist() == [4, 8]
    assert x.grad.asnumpy().tolist() == [0, 0]
    x.attach_grad()
    assert x.grad is not old


def test_retain_graph():
    x = variable([1.0, 2.0], "add")
    with tapegrad.record():
        y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.asnumpy().tolist() == [6, 12]


def test_backward_may_be_called_inside_record():
    x = variable([3.0])
    with tapegrad.record():
        y = x * x
        y.backward()
        z = x * x * x
    z.backward()
    assert x.grad.item() == 27
    assert x.grad._node is None


def test_gradients_as_arrays_of_any_order():
    x = variable([2.0])
    with tapegrad.record():
        y = x * x * x
        (first,) = gradients([y], [x], create_graph=True)
        (second,) = gradients([first], [x], create_graph=True)
        (third,) = gradients([second], [x], create_graph=True)
    assert (first.item(), second.item(), third.item()) == (12.0, 12.0, 6.0)
    assert x.grad.item() == 0
    third.attach_grad()


def test_a_variable_that_does_not_matter_has_zeros():
    x, z = variable([2.0]), variable([5.0])
    with tapegrad.record():
        y = x * x
    assert [g.item() for g in gradients([y], [x, z])] == [4.0, 0.0]


def test_an_error_in_the_sweep_leaves_every_gradient_as_it_was():
    x, z = variable([2.0]), variable([3.0])
    with tapegrad.record():
        a = x * x
        y = a * z
        w = a * 2
    w.backward()
    assert x.grad.item() == 8
    with pytest.raises(GraphFreedError):
        y.backward()
    assert x.grad.item() == 8
    assert z.grad.item() == 0


# Memory falls by reference counting alone.


def residue(rounds):
    """What some rounds leave behind with the cyclic collector off: bytes, and objects for a later collection."""
    gc.collect()
    gc.disable()
    try:
        rounds(20)  # until all code is written
        gc.collect()
        tracemalloc.start()
        rounds(1000)  # until the interpreter's own free lists are full
        before = tracemalloc.get_traced_memory()[0]
        rounds(2000)
        grown = tracemalloc.get_traced_memory()[0] - before
        return grown, gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()


def assert_clean(rounds):
    grown, garbage = residue(rounds)
    assert garbage == 0
    assert grown < 2000  # bytes, over as many rounds


def test_record_and_backward_leave_nothing():
    x, c = variable(np.ones(10)), of(np.full(10, 0.5))

    def rounds(count):
        for _ in range(count):
            with tapegrad.record():
                y = total(x * c + x / 2)
            y.backward()

    assert_clean(rounds)


def test_graphs_that_are_never_run_leave_nothing():
    x = variable(np.ones(10))

    def rounds(count):
        for _ in range(count):
            with tapegrad.record():
                y = x * x
                y[0] = y[1] * 2
                _ = tapegrad.ops.shape.split(y, sizes=(4, 6))

    assert_clean(rounds)


def test_failed_graphs_leave_nothing():
    x, wrong = variable(np.ones(10)), of(np.ones(9))

    def rounds(count):
        for _ in range(count):
            with suppress(ShapeError), tapegrad.record():
                y = x * x
                _ = y * wrong
            y.backward()
            with suppress(GraphFreedError):
                y.backward()

    assert_clean(rounds)


def test_writes_slices_and_second_order_leave_nothing():
    x = variable(np.ones(4))

    def rounds(count):
        for _ in range(count // 4):
            with tapegrad.record():
                y = x * x
                y[1:3] = y[:2] * x[2]
                y += 1.0
                (g,) = gradients([total(y)], [x], create_graph=True)
                z = total(g * g)
            z.backward()

    assert_clean(rounds)


def test_attaching_and_dropping_variables_leaves_nothing():
    def rounds(count):
        for _ in range(count // 2):
            x = variable(np.ones(4))
            with tapegrad.record():
                y = x * x
            x.attach_grad()
            y.backward()

    assert_clean(rounds)


def test_a_graph_dies_with_its_last_handle():
    x = variable(np.ones(4))
    gc.disable()
    try:
        with tapegrad.record():
            y = x * x
            z = y * y
        node = weakref.ref(y._node)
        del y
        assert node() is not None
        del z
        assert node() is None
    finally:
        gc.enable()


def test_backward_frees_as_it_goes():
    x = variable(np.ones(4))
    with tapegrad.record():
        y = x * x
        z = y * y
    node = weakref.ref(y._node)
    del y
    z.backward()
    assert node() is None


def test_a_truncated_loop_within_one_record_does_not_grow():
    x = variable(np.ones(1000))
    state = of(np.zeros(1000))
    tracemalloc.start()
    try:
        with tapegrad.record():
            sizes = []
            for _ in range(60):
                for _ in range(5):
                    state = state * 0.5 + x
                total(state).backward()
                state = state.detach()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[-1] - sizes[20] < 20_000


def chain(x, length):
    with tapegrad.record():
        y = x
        for _ in range(length):
            y = y * 1.0
    return y


def test_a_chain_of_a_million_ops_neither_recurses_nor_overflows():
    limit = sys.getrecursionlimit()
    x = variable([1.0])
    y = chain(x, 1_000_000)
    y.backward(of([3.0]))
    assert x.grad.item() == 3
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("swept", [False, True], ids=["never run", "retained"])
def test_a_long_chain_is_freed_without_recursion(swept):
    x = variable([1.0])
    y = chain(x, 200_000)
    if swept:
        y.backward(retain_graph=True)
    gc.disable()
    try:
        first = weakref.ref(y._node)
        del y
        assert first() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_chain_of_writes_is_freed_without_recursion():
    x = variable([1.0, 2.0])
    with tapegrad.record():
        y = x * 1
        for _ in range(100_000):
            y[0] = y[1]
    del y
    with tapegrad.record():
        z = x
        for _ in range(100_000):
            (z,) = tapegrad.ops.shape.split(z, sizes=(2,))
    z.backward()
    del z
    assert x.grad.asnumpy().tolist() == [1, 1]


def parts_of(x):
    """A loss of many parts of one array, of which some lie upon each other, and of the whole."""
    total = tnp.sum(x * x[1])
    for i in range(len(x)):
        total = total + tnp.sum(x[i] ** 2) * (i + 1) + x[i, 1] * x[2, i % 4]
    doubled = x + x
    return (
        total + tnp.sum(x[1:4, ::2]) * tnp.sum(x[::-1] * x) + tnp.sum(x[None, 2:3]) + tnp.sum(doubled[0] * doubled[1])
    )


def test_cotangents_of_parts_are_added_up_in_one_buffer(monkeypatch):
    kernels = tapegrad.get_backend("numpy").kernels
    made = []
    spread = kernels.scatter_add
    monkeypatch.setattr(kernels, "scatter_add", lambda *a, **k: made.append(1) or spread(*a, **k))
    rows = tnp.asarray(np.ones((50, 3)))
    rows.attach_grad()
    with tapegrad.record():
        total = sum(tnp.sum(rows[i] ** 2) for i in range(50))
    total.backward()
    assert rows.grad.tolist() == (2 * np.ones((50, 3))).tolist()
    assert len(made) == 1


def test_the_gradient_of_many_parts():
    x = np.random.default_rng(0).normal(size=(6, 4))
    found = tapegrad.grad(parts_of)(x)
    assert np.allclose(found, tapegrad.jacfwd(parts_of)(x), rtol=1e-12)
    hessian = tapegrad.hessian(parts_of)(x).reshape(24, 24)
    assert np.allclose(hessian, hessian.T)
    variable = tnp.asarray(x)
    variable.attach_grad("add")
    with tapegrad.record():
        total = parts_of(variable)
    total.backward(retain_graph=True)
    total.backward()
    assert np.allclose(variable.grad.asnumpy(), 2 * found, rtol=1e-12)


@pytest.mark.parametrize(
    ("block", "state"),
    [
        (tapegrad.record, MODE.get),
        (tapegrad.pause, MODE.get),
        (tapegrad.train_mode, MODE.get),
        (tapegrad.allow_escape, _ESCAPE.get),
        (lambda: tapegrad.use_default_dtype("float64"), tapegrad.get_default_dtype),
        (lambda: tapegrad.use_backend("numpy"), registry._registry._local.get),
        (lambda: context.cpu(3), context.current_context),
        (lambda: Prefix("left_"), NameManager.current),
    ],
)
def test_a_generator_that_is_collected_ends_no_block_but_its_own(block, state):
    def generator():
        with block():
            yield

    def abandon():
        suspended = [generator()]
        next(suspended[0])
        suspended.append(suspended)

    before = state()
    with block():
        abandon()
    assert state() == before
    gc.collect()
    assert state() == before
    with block():
        abandon()
    with block():
        within = state()
        gc.collect()
        assert state() == within
    assert state() == before
    abandon()
    abandon()
    gc.collect()
    with tapegrad.pause():  # on CPython 3.11 a mode is put back at the next block
        pass
    assert state() == before
