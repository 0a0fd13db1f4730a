"""The stubs of what is bound when `tapegrad.numpy` is imported are those that the script writes."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("standard_stubs", Path(__file__).parent / "stubs.py")
stubs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(stubs)


@pytest.mark.parametrize("name", stubs.STUBS)
def test_a_stub_is_fresh(name):
    committed = (stubs.FOLDER / name).read_text(encoding="utf-8")
    assert committed == stubs.STUBS[name](), "run python tests/standard/stubs.py"


PROGRAM = """
import tapegrad
import tapegrad.numpy as tnp
from tapegrad.numpy import logaddexp, tanh
from tapegrad.numpy.special import erf, logsumexp


def loss(w: tapegrad.Array, x: tapegrad.Array) -> tapegrad.Array:
    hidden = tanh(x @ w) + tnp.maximum(tnp.exp(-x), tnp.arcsin(x)) + logaddexp(x, erf(x))
    return tnp.mean(tnp.sqrt(hidden)) + logsumexp(hidden) + tnp.linalg.det(w) + tnp.special.gammaln(tnp.pi)


grads = tapegrad.grad(loss)(tnp.ones((2, 2)), tnp.zeros((2, 2), dtype=tnp.float32))
"""


@pytest.mark.parametrize("mode", [pytest.param("default", marks=pytest.mark.slow), "--strict"])
def test_a_type_checker_sees_the_names(tmp_path, mode):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM + "tnp.tanhh(grads)\n", encoding="utf-8")
    options = ["--follow-imports=silent", "--no-error-summary", *([] if mode == "default" else [mode])]
    command = [sys.executable, "-m", "mypy", *options, "--config-file=", f"--cache-dir={tmp_path}", str(program)]
    path = os.pathsep.join(str(stubs.FOLDER.parents[1] / part) for part in ("core", "backends"))
    done = subprocess.run(command, env={**os.environ, "MYPYPATH": path}, capture_output=True, text=True, check=False)
    line = len(PROGRAM.splitlines()) + 1
    assert [text.partition(";")[0] for text in done.stdout.splitlines()] == [
        f'{program}:{line}: error: Module has no attribute "tanhh"'
    ]
