"""The page of ops by family is the one that the script writes."""

import importlib.util
from pathlib import Path

spec = importlib.util.spec_from_file_location("standard_page", Path(__file__).parent / "page.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


def test_the_page_is_fresh():
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run python tests/standard/page.py"


def test_every_family_is_on_it():
    families = {op.module.rpartition(".")[2] for op in page.OPS.values() if op.module.startswith("tapegrad.ops.")}
    assert families - set(page.FAMILIES) <= {"creation", "transfer", "conventions", "kinks", "operators"}
