"""State is per thread and per task: what one computes never shows in another."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tapegrad
from tapegrad.engines.tables import RECORDED

sin = RECORDED.sin


def third(x: Any) -> Any:
    """A program of nested transforms with a value known in closed form: d³(x⁴)/dx³ = 24x."""
    return tapegrad.grad(tapegrad.grad(tapegrad.grad(lambda y: y * y * y * y)))(x)


def test_sixteen_threads_at_once() -> None:
    """All start together and transform over and over."""
    gate = threading.Barrier(16)

    def work(k: int) -> bool:
        gate.wait()
        x = np.asarray([1.0 + k, 2.0 + k])
        good = True
        for _ in range(30):
            good &= third(float(k)) == 24.0 * k
            good &= bool(np.allclose(tapegrad.hessian(lambda z: RECORDED.sum(z * z * z))(x), np.diag(6 * x)))
            good &= bool(np.allclose(tapegrad.vmap(tapegrad.grad(lambda z: sin(z) * z))(x), np.cos(x) * x + np.sin(x)))
        return good

    with tapegrad.use_default_dtype("float64"), ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(16)))


def test_two_threads_interleaved_step_by_step() -> None:
    """Each thread is inside two nested transforms while the other goes in and out of its own."""
    turns = {0: threading.Semaphore(1), 1: threading.Semaphore(0)}
    found: dict[int, float] = {}

    def step(me: int) -> None:
        turns[1 - me].release()
        assert turns[me].acquire(timeout=10)

    def program(me: int, a: float) -> None:
        assert turns[me].acquire(timeout=10)

        def outer(x: Any) -> Any:
            step(me)

            def inner(y: Any) -> Any:
                step(me)
                z = x * y * y
                step(me)
                return z

            g = tapegrad.grad(inner)(x)
            step(me)
            return g * x

        found[me] = tapegrad.grad(outer)(a)
        turns[1 - me].release()

    threads = [threading.Thread(target=program, args=(me, a)) for me, a in ((0, 2.0), (1, 5.0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {0: 6 * 2.0**2, 1: 6 * 5.0**2}


def test_tasks_have_their_own_state() -> None:
    """A task that awaits inside a transform does not record what another computes meanwhile."""

    async def program(a: float) -> float:
        run = tapegrad.value_and_grad(lambda x: x * x * x)
        with tapegrad.record():
            await asyncio.sleep(0)
            assert tapegrad.is_recording()
            _, slope = run(a)
            await asyncio.sleep(0)
        assert not tapegrad.is_recording()
        return float(slope if isinstance(slope, float) else slope.detach())

    async def other() -> None:
        for _ in range(6):
            assert not tapegrad.is_recording()
            await asyncio.sleep(0)

    async def main() -> list[Any]:
        return await asyncio.gather(program(2.0), other(), program(3.0))

    assert asyncio.run(main()) == [12.0, None, 27.0]


def test_a_new_thread_starts_unrecorded() -> None:
    """Recording in one thread says nothing to another."""
    seen = []
    with tapegrad.record():
        thread = threading.Thread(target=lambda: seen.append(tapegrad.is_recording()))
        thread.start()
        thread.join()
    assert seen == [False]


def test_of_two_sweeps_that_free_one_graph_one_is_told() -> None:
    """Whatever the interleaving: a right gradient or the error, never a wrong value."""
    for _ in range(50):
        x = tapegrad.arrays.entering.as_array(np.ones(3))
        x.attach_grad()
        with tapegrad.record():
            y = x
            for _ in range(20):
                y = y * 1.5
        results: list[Any] = []
        gate = threading.Barrier(2)

        def sweep(y: Any = y, x: Any = x, gate: Any = gate, results: Any = results) -> None:
            gate.wait()
            try:
                tapegrad.transforms.variables.backward([y])
                results.append(x.grad.asnumpy())
            except tapegrad.errors.GraphFreedError as error:
                results.append(error)

        threads = [threading.Thread(target=sweep) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        values = [r for r in results if isinstance(r, np.ndarray)]
        assert len(results) == 2 and values
        for value in values:
            np.testing.assert_allclose(value, 1.5**20)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_the_state_as_it_was(kind: type[BaseException]) -> None:
    """In the function, or in a rule in the middle of a sweep; `.grad` is all or nothing."""

    def fails(x: Any) -> Any:
        raise kind("on purpose")

    with pytest.raises(kind):
        tapegrad.grad(fails)(1.0)
    with pytest.raises(kind):
        tapegrad.vmap(tapegrad.grad(fails))(np.ones(2))
    assert not tapegrad.is_recording() and tapegrad.tape.mode.MODE.get() == 0
    stop = tapegrad.custom(lambda x: x * 1)
    stop.__name__ = "stop"
    stop.defvjp(x=fails_in_rule(kind))
    a, b = (tapegrad.arrays.entering.as_array(np.ones(2)) for _ in range(2))
    a.attach_grad()
    b.attach_grad()
    with tapegrad.record():
        y = b * 2 + stop(a * 3)
    with pytest.raises(kind):
        y.backward()
    assert tapegrad.tape.mode.MODE.get() == 0
    assert a.grad.asnumpy().tolist() == [0, 0] and b.grad.asnumpy().tolist() == [0, 0]


def fails_in_rule(kind: type[BaseException]) -> Any:
    """A formula that raises."""

    def formula(g: Any) -> Any:
        raise kind("on purpose")

    return formula


def interrupted_at(n: int, y: Any) -> bool:
    """Run `y.backward()` with a KeyboardInterrupt at the n-th line of tapegrad; whether it came to that line."""
    count = 0

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        if "tapegrad" not in frame.f_code.co_filename:
            return None
        if event == "line":
            count += 1
            if count == n:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        y.backward()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_an_interrupt_at_any_line_of_a_backward_leaves_all_gradients_or_none() -> None:
    """From the first line to the last, whichever it is."""
    outcomes = set()
    for n in range(1, 10_000):
        a, b, c = (tapegrad.arrays.entering.as_array(np.ones(2)) for _ in range(3))
        for x in (a, b, c):
            x.attach_grad()
        with tapegrad.record():
            y = a * 2 + b * 3 + c * 4
        came = interrupted_at(n, y)
        assert tapegrad.tape.mode.MODE.get() == 0
        found = tuple(float(x.grad.asnumpy()[0]) for x in (a, b, c))
        assert found in {(0, 0, 0), (2, 3, 4)}, n
        outcomes.add((came, found))
        if not came:
            break
    assert outcomes == {(True, (0, 0, 0)), (True, (2, 3, 4)), (False, (2, 3, 4))}


def test_generators_that_hold_a_recording_end_it() -> None:
    """Run to the end or dropped half way; a transform around them restores what it found."""

    def recorded() -> Any:
        with tapegrad.record():
            yield 1
            yield 2

    stream = recorded()
    assert list(stream) == [1, 2] and not tapegrad.is_recording()
    stream = recorded()
    next(stream)
    del stream
    assert not tapegrad.is_recording()

    def holds(x: Any) -> Any:
        stream = recorded()
        next(stream)
        return RECORDED.sum(x * x)

    np.testing.assert_array_equal(tapegrad.grad(holds)(np.ones(2)), [2, 2])
    assert tapegrad.tape.mode.MODE.get() == 0


def test_a_generator_inside_a_gradient_is_differentiated() -> None:
    def terms(x: Any) -> Any:
        for i in range(1, 4):
            yield x * i

    np.testing.assert_array_equal(tapegrad.grad(lambda x: RECORDED.sum(sum(terms(x)) ** 2))(np.ones(2)), [72, 72])


def test_exceptions_in_nested_transforms_that_are_caught_change_nothing() -> None:
    def fails(x: Any) -> Any:
        raise ValueError("on purpose")

    def tries(x: Any) -> Any:
        for transform in (
            lambda y: tapegrad.grad(lambda z: tapegrad.vmap(fails)(z))(y),
            lambda y: tapegrad.vmap(tapegrad.grad(fails))(y),
            tapegrad.checkpoint(fails),
            tapegrad.jacobian(fails),
            tapegrad.hessian(lambda y: tapegrad.checkpoint(fails)(y * y)),
        ):
            with pytest.raises(ValueError, match="on purpose"):
                transform(x)
        return RECORDED.sum(x * x)

    rows = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(tapegrad.grad(tries)(rows[0]), [2, 4])
    np.testing.assert_array_equal(tapegrad.vmap(tapegrad.grad(tries))(rows), 2 * rows)
    np.testing.assert_array_equal(tapegrad.hessian(tries)(rows[0]), 2 * np.eye(2))
    assert tapegrad.tape.mode.MODE.get() == 0 and not tapegrad.transforms.draws.BATCHES.get()
