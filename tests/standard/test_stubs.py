"""The stubs of what is bound when `tapegrad.numpy` is imported are those that the script writes."""

import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("standard_stubs", Path(__file__).parent / "stubs.py")
stubs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(stubs)


@pytest.mark.parametrize("name", stubs.STUBS)
def test_a_stub_is_fresh(name):
    committed = (stubs.FOLDER / name).read_text(encoding="utf-8")
    assert committed == stubs.STUBS[name](), "run python tests/standard/stubs.py"
