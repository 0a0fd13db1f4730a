"""Loops of programs: what becomes one, what must not, and what their turns leave to a backward pass."""

import functools
from importlib import import_module

import numpy as np
import pytest

import tapegrad
from tapegrad import autograd, nd
from tapegrad.errors import CompileWarning

SCALES = (3, 200, 12, 40, 0.1, 7, 600, 0.03)


def doubled(a):
    b = a * 2
    while nd.norm(b).asscalar() < 1000:
        b = b * 2
    return b


def bent(a):
    b, s = a * 1, a
    while True:
        b = nd.sin(b) * a + b * 2
        s = s + b
        if nd.norm(s).asscalar() > 1000:
            return s * b


def with_the_one_before(a):
    before, b = a, a * 2
    while nd.norm(b).asscalar() < 1000:
        before, b = b, b * 1.5 + nd.sin(before)
    return b + before


def in_a_list(a):
    pair = [a, a * 2]
    while nd.norm(pair[1]).asscalar() < 1000:
        pair = [pair[1], pair[0] + pair[1]]
    return pair[0] * pair[1]


def in_place(a):
    b = a * 2
    while nd.norm(b).asscalar() < 1000:
        b[:] = b * 2
    return b


def with_a_number(a):
    b, total = a * 2, 0.0
    while nd.norm(b).asscalar() < 1000:
        b = b * 2
        total = total + b[0].asscalar()
    return b * (1 + total * 1e-3)


def counted(a):
    b, turns, rate = a * 2, 0, 1.0
    while nd.norm(b).asscalar() < 1000 and turns < 100:
        b = b * (1 + rate)
        turns, rate = turns + 1, rate * 0.98
    return b * turns + rate


def by_a_helper(a):
    return counted(a * 0.5) * 2


def at_most_five(a):
    b, turns = a * 2, 0
    while nd.norm(b).asscalar() < 1000 and turns < 5:
        b, turns = b * 2, turns + 1
    return b


def for_six(a):
    b = a * 2
    for _ in [0] * 6:
        if nd.norm(b).asscalar() > 1000:
            break
        b = b * 2
    return b


def from_an_iterator(a):
    b, ahead = a * 2, iter([0] * 6)
    while nd.norm(b).asscalar() < 1000 and next(ahead, 1) == 0:
        b = b * 2
    return b


def from_a_generator(a):
    b, ahead = a * 2, (0 for _ in range(6))
    while nd.norm(b).asscalar() < 1000 and next(ahead, 1) == 0:
        b = b * 2
    return b


def folded(a):
    return functools.reduce(lambda b, _: b * 2 if nd.norm(b).asscalar() < 1000 else b, [0] * 7, a * 2)


class _Count:
    n = 0


def with_an_object(a):
    b, count = a * 2, _Count()
    while nd.norm(b).asscalar() < 1000:
        count.n += 1
        b = b * (3 if count.n == 6 else 2)
    return b


def in_turns(a):
    b, odd = a * 2, True
    while nd.norm(b).asscalar() < 1000:
        b, odd = b * (2 if odd else 3), not odd
    return b


def by_halves(a):
    low, high = 0.0, 8.0
    while high - low > 0.1:
        middle = (low + high) / 2
        low, high = (middle, high) if (a[0] > middle).asscalar() else (low, middle)
    return a * low


def gathered(a):
    b, all_ = a * 2, []
    while nd.norm(b).asscalar() < 1000:
        all_.append(b)
        b = b * 2
    return sum(all_, b)


LOOPS = (doubled, bent, with_the_one_before, in_a_list, in_place, with_a_number, counted, by_a_helper)
OTHERS = (
    at_most_five,
    for_six,
    from_an_iterator,
    from_a_generator,
    folded,
    with_an_object,
    in_turns,
    by_halves,
    gathered,
)


@pytest.mark.parametrize("body", LOOPS + OTHERS)
def test_a_body_that_repeats_is_a_loop_and_nothing_else_is(body, monkeypatch):
    monkeypatch.setattr(import_module("tapegrad.compile.compiled"), "MANY", 1)  # else the first few are a tree

    def run(a):
        a.attach_grad()
        with autograd.record():
            c = body(a)
        c.backward()
        return c, a.grad

    compiled = tapegrad.compile(run, max_programs=100)
    for scale in SCALES:
        got, wanted = (step(nd.array([scale, 0.5 * scale])) for step in (compiled, run))
        for x, y in zip(got, wanted, strict=True):
            np.testing.assert_allclose(x.asnumpy(), y.asnumpy(), rtol=1e-4)
    assert ("= loop(" in compiled.explain()) == (body in LOOPS)
    assert compiled.stats()["eager"] == 0


def test_any_number_of_turns_with_few_programs():
    compiled = tapegrad.compile(doubled)
    for power in range(30):
        x = nd.array([1e-12 * 4.0**power, 0.0], dtype="float64")
        assert compiled(x).asnumpy().tolist() == doubled(x).asnumpy().tolist()
    assert compiled.stats()["programs"] < 12 and compiled.stats()["eager"] == 0


def test_many_turns_are_a_loop_from_the_second_call_on_or_run_eagerly():
    def slowly(a):
        while nd.norm(a).asscalar() < 1000:
            a = a * 1.03
        return a

    def counting(a):
        turns = 0
        while nd.norm(a).asscalar() < 1000:
            a, turns = a * 1.03, turns + 1
        return a, turns

    def in_two_ways(a):
        odd = True
        while nd.norm(a).asscalar() < 1000:
            a, odd = a * (1.03 if odd else 1.035), not odd
        return a

    loop, counter, no_loop = map(tapegrad.compile, (slowly, counting, in_two_ways))
    with pytest.warns(CompileWarning, match="more than 200 branch points"):
        for scale in (1.0, 1.0, 2.0, 600.0, 1.0):
            x = nd.array([scale])
            assert loop(x).asscalar() == slowly(x).asscalar()
            (got, turns), (wanted, number) = counter(x), counting(x)
            assert got.asscalar() == wanted.asscalar() and turns == number and type(turns) is int
            assert no_loop(x).asscalar() == in_two_ways(x).asscalar()
            assert "course(s)" in loop.explain()
    for folded in (loop, counter):
        assert folded.stats()["eager"] == 0 and "= loop(" in folded.explain()
    assert no_loop.stats()["eager"] > 0
