"""The names of MXNet's modules are there, or the guide says why not."""

import importlib.util
import pkgutil
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("gluon_page", Path(__file__).parent / "page.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


@pytest.mark.parametrize("module", page.MODULES, ids=lambda module: module["name"])
def test_every_name_is_there_or_said_to_be_missing(module):
    try:
        found = pkgutil.resolve_name(f"tapegrad.{module['name']}")
    except (AttributeError, ModuleNotFoundError):
        found = None  # which has none of the names
    missing = {name for listed in module.get("missing", {}).values() for name in listed.split()}
    assert missing <= set(module["names"].split())
    assert {name for name in module["names"].split() if not hasattr(found, name)} == missing


def test_the_table_of_the_guide_is_fresh():
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.page(text) == text, "run python tests/gluon/page.py"
