"""A stranger's ops, as the page about them says: written in an empty folder, used, and judged by the suite."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tapegrad
from tapegrad.engines.registry import Registry, _declared
from tapegrad.errors import ArgumentTypeError, BackendError
from tapegrad.op import elementwise, linear, locally_constant, registered
from tapegrad.op.samples import normal
from tapegrad.testing.generate import declared

PAGE = Path(__file__).parents[2] / "docs" / "add-an-op.md"


@pytest.fixture
def folder(tmp_path):
    """An empty folder with the files of the page in it."""
    ops, use, judge = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in {"my_ops.py": ops, "use.py": use, "test_my_ops.py": judge}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder, *command):
    """A command in that folder, with what it printed."""
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)


def test_the_ops_of_the_page_are_differentiated(folder):
    done = run(folder, "use.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "[0.6 0.8]"


def test_the_ops_of_the_page_pass_the_suite(folder):
    plugin = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tapegrad.testing.plugin", "test_my_ops.py")
    done = run(folder, *plugin, "--quick", "--tapegrad-ops", "swish,between,power_norm")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout
    for options, words in (
        (("--tapegrad-ops", "swosh"), "there is no 'swosh' to judge (did you mean 'swish'?)"),
        (("--tapegrad-backend", "nmpy"), "unknown backend 'nmpy' (did you mean 'numpy'?)"),
    ):
        done = run(folder, *plugin, *options)
        assert done.returncode and words in done.stdout and "Traceback" not in done.stdout + done.stderr
    wrong = (folder / "my_ops.py").read_text().replace("(1 - xp.sigmoid(x)))", "(1.001 - xp.sigmoid(x)))")
    (folder / "my_ops.py").write_text(wrong)
    done = run(folder, *plugin, "--quick", "--tapegrad-ops", "swish")
    assert done.returncode == 1 and "swish" in done.stdout


def test_the_command_judges_the_ops_of_the_page(folder):
    command = ("-m", "tapegrad", "conformance", "numpy", "--quick", "--ops", "swish,between", "--import")
    done = run(folder, *command, "my_ops", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on 2 ops, 0 failed" in done.stdout
    done = run(folder, *command, "your_ops")
    assert done.returncode == 2 and "--import your_ops: ModuleNotFoundError" in done.stderr


def test_a_sample_in_another_form_is_said():
    decorated = elementwise(x=lambda power: power, samples=[(normal(3), {"power": 3.0})])

    @decorated
    def wrongly_sampled(xp, x, *, power=2.0):
        """A multiple."""
        return x * power

    try:
        with pytest.raises(TypeError, match=r"sample 0 of wrongly_sampled is .*a pair of such a tuple and a dict"):
            declared(registered()["wrongly_sampled"])
    finally:
        del registered()["wrongly_sampled"]


@pytest.fixture
def forgotten():
    """Ops that a test defines are gone after it."""
    before = set(registered())
    yield
    for name in set(registered()) - before:
        del registered()[name]


def test_an_op_may_read_an_attribute_of_its_own_name(forgotten):
    class Config:
        softstep = 3.0

    @elementwise(x=lambda: Config.softstep)
    def softstep(xp, x):
        """A multiple of x."""
        return x * Config.softstep

    assert not registered()["softstep"].primitive
    assert Registry(_declared, {}).get("numpy").name == "numpy"
    assert tapegrad.grad(softstep)(2.0) == 3.0


def test_a_primitive_that_an_engine_lacks_raises_when_it_is_called(forgotten):
    @elementwise(x=1, primitive=True)
    def no_such_function(xp, x):
        """A function that the engine's namespace lacks."""
        return xp.no_such_function(x)

    assert Registry(_declared, {}).get("numpy").name == "numpy"
    with pytest.raises(BackendError, match="backend 'numpy' has no kernel for 'no_such_function'"):
        no_such_function(np.ones(2))
    assert tapegrad.grad(registered()["sin"].call)(0.0) == 1.0


def test_a_primitive_of_a_third_party_is_the_engines_function(forgotten):
    @elementwise(x=lambda x: 1 / (1 + x), primitive="log1p")
    def log_of_one_more(xp, x):
        """log(1 + x)."""
        return xp.log1p(x)

    assert log_of_one_more(np.ones(2)).tolist() == np.log1p(np.ones(2)).tolist()
    assert tapegrad.grad(log_of_one_more)(1.0) == 0.5


def test_options_that_a_kind_has_no_use_for_are_refused(forgotten):
    with pytest.raises(ArgumentTypeError, match="@elementwise takes no `outs`"):
        elementwise(outs=("q", "r"))
    with pytest.raises(ArgumentTypeError, match="@linear takes no `jvp`"):
        linear(jvp=lambda xp, d_x: d_x)
    with pytest.raises(ArgumentTypeError, match="op 'halfway' is locally constant: no formula for x"):

        @locally_constant(x=1)
        def halfway(xp, x):
            """Rounded to halves."""
            return xp.floor(2 * x) / 2
