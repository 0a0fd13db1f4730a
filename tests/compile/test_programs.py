"""Random programs, with writes, views, draws, branches and several heads: compiled as eager, call after call."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tapegrad
import tapegrad.numpy as tnp

UNARY = (tnp.sin, tnp.tanh, tnp.exp, tnp.negative, tnp.square, lambda x: x.sum() + 0 * x, lambda x: x[::-1])
BINARY = (tnp.add, tnp.multiply, tnp.subtract, tnp.maximum, lambda x, y: x / (1 + y * y))
KINDS = (*("unary", "binary", "write", "slice write", "number", "branch", "loop", "draw", "detach", "item"), "constant")

steps = st.tuples(st.sampled_from(KINDS), *[st.integers(0, 7)] * 3)
programs = st.lists(steps, min_size=1, max_size=12)
inputs = st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.3, 1.0, 1.5]), min_size=3, max_size=3)


class Program:
    """A training step on two parameters that runs a list of instructions under `record()`."""

    def __init__(self, instructions, grad_req):
        self.instructions = instructions
        self.parameters = [tnp.asarray([0.5, -1.0, 2.0]), tnp.asarray([1.0, 0.25, -0.5])]
        for p in self.parameters:
            p.attach_grad(grad_req)

    def __call__(self, x):
        with tapegrad.record():
            pool = [x, x * 1, *self.parameters]
            for kind, a, b, c in self.instructions:
                self.run(pool, kind, a, b, c)
            heads = [tnp.sum(y * y * self.parameters[0]) for y in pool[-2:]] + [tnp.sum(sum(self.parameters))]
        tapegrad.autograd.backward(heads)
        for p in self.parameters:
            p[:] = p - 0.1 * tnp.tanh(p.grad)
        return pool[-1].detach(), heads[0].detach().item(), *self.parameters, *[p.grad for p in self.parameters]

    def run(self, pool, kind, a, b, c):
        x, y = pool[a % len(pool)], pool[b % len(pool)]
        if kind == "unary":
            pool.append(tnp.tanh(UNARY[c % len(UNARY)](x)))
        elif kind == "binary":
            pool.append(BINARY[c % len(BINARY)](x, y))
        elif kind == "write":
            z = x.copy()
            z[:] = y * 0.5
            pool.append(z)
        elif kind == "slice write":
            z = x * 1
            z[1:] = y[: 3 - 1] + c
            z[0] += 1
            pool.append(z)
        elif kind == "number":
            pool.append(x * (0.5 + c) + a)
        elif kind == "branch":
            pool.append(x + 1 if tnp.sum(y).detach().item() > c - 3 else x - y)
        elif kind == "loop":
            z, turns = tnp.abs(x) + 0.5, 0
            while tnp.max(z).detach().item() < 4 and turns < 4:
                z, turns = z * 2, turns + 1
            pool.append(z)
        elif kind == "draw":
            pool.append(x + tnp.random.normal(size=3))
        elif kind == "detach":
            pool.append(x.detach() * y)
        elif kind == "item":
            pool.append(x * tnp.sum(tnp.tanh(y)).detach().item())
        else:
            pool.append(x * tnp.asarray([1.0, 2.0, float(c)]))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(programs, st.lists(inputs, min_size=3, max_size=5), st.sampled_from(["write", "add"]))
def test_random_programs(instructions, arguments, grad_req):
    def run(program):
        tapegrad.random.seed(1)
        return [[np.asarray(part) for part in program(tnp.asarray(numbers))] for numbers in [*arguments, *arguments]]

    eager = run(Program(instructions, grad_req))
    program = tapegrad.compile(Program(instructions, grad_req), max_programs=100)
    with np.errstate(all="ignore"):
        compiled = run(program)
    for wanted, got in zip(eager, compiled, strict=True):
        for x, y in zip(wanted, got, strict=True):
            np.testing.assert_allclose(y, x, rtol=1e-5, atol=1e-5)
    assert program.stats()["eager"] == 0
