"""The page of ops by family is the one that the script writes."""

import importlib.util
from pathlib import Path

import pytest


def _loaded(name):
    spec = importlib.util.spec_from_file_location(f"standard_{name}", Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


page, migrations = _loaded("page"), _loaded("migrations")


def test_the_page_is_fresh():
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run python tests/standard/page.py"


def test_every_family_is_on_it():
    families = {op.module.rpartition(".")[2] for op in page.OPS.values() if op.module.startswith("tapegrad.ops.")}
    assert families - set(page.FAMILIES) <= {"creation", "transfer", "conventions", "kinks", "operators"}


@pytest.mark.parametrize("library", migrations.PAGES)
def test_the_tables_of_names_are_fresh(library):
    text = migrations.path(library).read_text(encoding="utf-8")
    assert migrations.page(library, text) == text, "run python tests/standard/migrations.py"
