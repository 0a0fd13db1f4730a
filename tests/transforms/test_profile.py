"""Profiles: what is counted, at which line, in which direction, and that nothing is left when they are off."""

import json
import sys
import threading

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd, nd
from tapegrad.errors import ArgumentError


def test_ops_and_lines_forward_and_backward(tmp_path):
    x = nd.ones((10, 10))
    x.attach_grad()
    with tapegrad.profile() as p:
        for _ in range(3):
            with autograd.record():
                y = nd.tanh(nd.dot(x, x))
                z = (y * 2).sum()
            z.backward()
    assert sys.getprofile() is None and threading.getprofile() is None
    assert p.ops["tanh"].calls == 3 and p.ops["tanh"].forward > 0 and p.ops["tanh"].backward > 0
    (line,) = [name for name, entry in p.lines.items() if entry.calls == 6]
    assert "test_profile.py:" in line and p.lines[line].backward > 0
    assert p.ops["tanh"].bytes >= 2 * 3 * 400
    assert max(map(len, str(p).splitlines())) <= 80 and "tanh" in str(p)
    p.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert {event["cat"] for event in events} == {"forward", "backward"}
    assert all(event["ph"] == "X" and event["dur"] >= 0 for event in events)
    calls = p.ops["tanh"].calls
    nd.tanh(x)
    assert p.ops["tanh"].calls == calls
    with p, pytest.raises(ArgumentError, match="is on already"), p:
        pass


def test_mxnets_names(tmp_path):
    profiler = tapegrad.profiler
    profiler.set_config(profile_all=True, filename=str(tmp_path / "profile.json"))
    profiler.set_state("run")
    nd.tanh(nd.ones(2))
    profiler.pause()
    nd.sin(nd.ones(2))
    profiler.set_state("stop")
    profiler.dump()
    names = {event["name"] for event in json.loads((tmp_path / "profile.json").read_text())["traceEvents"]}
    assert names == {"tanh"}
    assert "tanh" in profiler.dumps(reset=True) and "tanh" not in profiler.dumps()


def test_compiled_functions_and_threads():
    def double(x):
        return tnp.sum(x * 2)

    f, x = tapegrad.compile(double), tnp.ones(5)
    with tapegrad.profile() as p:
        thread = threading.Thread(target=lambda: [f(x) for _ in range(4)])
        thread.start()
        thread.join()
    assert p.ops["compiled test_compiled_functions_and_threads.<locals>.double"].calls == 3
    assert p.ops["multiply"].calls == 1 and f.stats()["eager"] == 0
    np.testing.assert_array_equal(tapegrad.grad(double)(x), 2 * np.ones(5))
