"""The guide for MXNet's users says what is so here."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest


def _loaded(name):
    spec = importlib.util.spec_from_file_location(f"mxnet_{name}", Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


page, replay = _loaded("page"), _loaded("replay")


@pytest.mark.parametrize("row", page.ROWS, ids=[row["mxnet"] for row in page.ROWS])
def test_a_difference_is_as_the_guide_says(row):
    # A remainder by zero is NumPy's to warn of.
    with np.errstate(all="ignore"):
        outcome = replay.run(row["code"].strip())
    assert (type(outcome.error).__name__ if outcome.error else outcome.result) == row["gives"]


def test_the_table_of_the_guide_is_fresh():
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.page(text) == text, "run python tests/mxnet/page.py"
