"""SciPy's calls, judged again in a process of their own: SciPy must be told before it is imported."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="SciPy is what is tested: see the extra `special`")

FOLDER = Path(__file__).parent
CODE = """
import warnings
warnings.simplefilter("ignore")
import tapegrad
tapegrad.set_default_dtype("float64")
from scipy_gradients import CALLS, judge, table
print(table({name: judge(name) for name in CALLS}), end="")
"""


@pytest.fixture(scope="module")
def page():
    environment = os.environ | {"SCIPY_ARRAY_API": "1", "TAPEGRAD_BACKEND": "numpy"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(page):
    return [row.split(" | ") for row in page.splitlines() if row.startswith("| `")]


def version(page):
    return re.search(r"This was SciPy (\d+\.\d+)", page)[1]


def test_no_call_loses_its_gradient_in_silence(page):
    assert [row[0] for row in rows(page) if row[1] == "WRONG"] == []


def test_two_thirds_have_the_right_gradient(page):
    verdicts = [row[1] for row in rows(page)]
    assert len(verdicts) >= 60
    assert verdicts.count("right") >= 2 / 3 * len(verdicts)


def test_the_page_says_what_is_measured(page):
    """To the letter with the SciPy that it was measured with; what is right there is right with any other."""
    committed = (FOLDER.parents[1] / "docs" / "scipy.md").read_text(encoding="utf-8")
    said, found = ({row[0]: row[1] for row in rows(text)} for text in (committed, page))
    if version(committed) != version(page):
        said, found = ({name for name, verdict in each.items() if verdict == "right"} for each in (said, found))
        found = said & found
    assert said == found, "run python tests/standard/scipy_gradients.py"
