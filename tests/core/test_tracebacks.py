"""Tracebacks show the user's lines: of the library no more than the door that an error has passed."""

import os
import subprocess
import sys
import traceback

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd, nd
from tapegrad.errors import GraphFreedError, ShapeError


def missing(x):
    return {}["a key"] * x


def misfit(x):
    return tnp.sum(tnp.ones((2, 3)) @ tnp.ones((2, 3)) * x)


def swept():
    x = nd.ones((3,))
    x.attach_grad()
    with autograd.record():
        y = x * x
    y.backward()
    return y


def backward_twice():
    swept().backward()


def recorded():
    with autograd.record():
        nd.dot(nd.ones((3,)), nd.ones((2, 2)))


def ruled():
    rule = tapegrad.custom(missing)
    rule.defvjp(x=lambda g: g)
    return rule(tnp.ones(2))


PROGRAMS = {
    "grad": (lambda: tapegrad.grad(missing)(1.0), KeyError, "missing"),
    "hessian": (lambda: tapegrad.hessian(missing)(1.0), KeyError, "missing"),
    "vmap of grad": (lambda: tapegrad.vmap(tapegrad.grad(misfit))(np.ones(2)), ShapeError, "misfit"),
    "vjp": (lambda: tapegrad.vjp(missing, 1.0), KeyError, "missing"),
    "checkpoint": (lambda: tapegrad.checkpoint(missing)(1.0), KeyError, "missing"),
    "compile": (lambda: tapegrad.compile(missing)(tnp.ones(2)), KeyError, "missing"),
    "custom": (ruled, KeyError, "missing"),
    "record": (recorded, ShapeError, "recorded"),
    "a look at the tape": (lambda: tapegrad.tape_summary(swept()), GraphFreedError, "passing"),
    "a picture of it": (lambda: tapegrad.draw(swept()), GraphFreedError, "passing"),
    "backward": (backward_twice, GraphFreedError, "backward"),
    "a function": (lambda: tnp.sum(tnp.ones(3), axis=4), IndexError, "on_engine_of_arguments"),
}


def frames_of(program, kind):
    with pytest.raises(kind) as caught:
        program()
    return traceback.extract_tb(caught.value.__traceback__)[1:]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.filterwarnings("ignore:.*runs eagerly")
def test_one_frame_of_the_library_is_left(name, monkeypatch):
    program, kind, last = PROGRAMS[name]
    monkeypatch.delenv("TAPEGRAD_TRACEBACK", raising=False)
    frames = frames_of(program, kind)
    assert sum(frame.filename != __file__ for frame in frames) <= 1
    assert frames[-1].name == last
    monkeypatch.setenv("TAPEGRAD_TRACEBACK", "full")
    assert sum(frame.filename != __file__ for frame in frames_of(program, kind)) > 1


def test_a_fault_of_the_library_keeps_the_frames_that_tell_of_it(monkeypatch):
    def broken(x):
        raise RuntimeError("deep within")

    monkeypatch.delenv("TAPEGRAD_TRACEBACK", raising=False)
    monkeypatch.setattr("tapegrad.transforms.run.check_scalar", broken)
    monkeypatch.setattr(broken, "__code__", broken.__code__.replace(co_filename=tapegrad.transforms.run.__file__))
    frames = frames_of(lambda: tapegrad.grad(lambda x: x)(1.0), RuntimeError)
    assert [frame.name for frame in frames][-2:] == ["scalar_run", "broken"]


def test_what_python_prints_is_folded_and_so_are_causes():
    code = (
        "import tapegrad, tapegrad.numpy as tnp\ntapegrad.grad(lambda x: tnp.sum(tnp.ones((2, 3)) @ x))(tnp.ones(2))\n"
    )
    environment = os.environ | {"TAPEGRAD_TRACEBACK": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    printed = done.stderr.splitlines()
    assert sum(line.startswith('  File "<string>"') for line in printed) == 2
    assert sum(line.startswith('  File "') and "transforms" in line for line in printed) == 1
    assert printed[-1].startswith("tapegrad.errors.ShapeError: ")
