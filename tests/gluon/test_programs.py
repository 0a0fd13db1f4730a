"""Programs as the books' chapters on Gluon have them print what MXNet 1.9.1 prints.

Each lies in `programs` as it is run by MXNet, beside what it printed there (`python programs/lenet.py > lenet.out`).
"""

import contextlib
import io
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest

PROGRAMS = Path(__file__).parent / "programs"
NAMES = sorted(path.stem for path in PROGRAMS.glob("*.py"))
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)", re.IGNORECASE)


@pytest.fixture(autouse=True)
def _files_of_programs_are_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def printed(name):
    """What a program prints once `mxnet` is `tapegrad` in its imports."""
    source = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    source = re.sub(r"^(from|import) mxnet\b", r"\1 tapegrad", source, flags=re.MULTILINE)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, f"{name}.py", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def assert_alike(mine, theirs):
    """The same words, and numbers that agree to float32 accuracy as it is after a few steps of training."""
    words = [re.sub(r"\s", "", NUMBER.sub("#", text)) for text in (mine, theirs)]
    assert words[0] == words[1]
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (mine, theirs)]
    np.testing.assert_allclose(*numbers, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_prints_what_mxnet_prints(name):
    assert_alike(printed(name), (PROGRAMS / f"{name}.out").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp"])
def test_and_on_another_engine(name, backend):
    assert_alike(printed(name), (PROGRAMS / f"{name}.out").read_text(encoding="utf-8"))


def test_another_number_or_word_would_be_noticed():
    for mine in ("loss 1.01", "lose 1.0", "loss 1.0 2.0"):
        with pytest.raises(AssertionError):
            assert_alike(mine, "loss 1.0")
