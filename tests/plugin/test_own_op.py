"""A stranger's ops, as the page about them says: written in an empty folder, used, and judged by the suite."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tapegrad.op import elementwise, registered
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
    wrong = (folder / "my_ops.py").read_text().replace("(1 - xp.sigmoid(x)))", "(1.001 - xp.sigmoid(x)))")
    (folder / "my_ops.py").write_text(wrong)
    done = run(folder, *plugin, "--quick", "--tapegrad-ops", "swish")
    assert done.returncode == 1 and "swish" in done.stdout


def test_the_command_judges_the_ops_of_the_page(folder):
    command = ("-m", "tapegrad", "conformance", "numpy", "--quick", "--ops", "swish,between", "--import")
    for jobs in ((), ("--jobs", "2")):
        done = run(folder, *command, "my_ops", *jobs)
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
