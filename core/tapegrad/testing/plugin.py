"""pytest's plug-in for the conformance suite: which engine, which ops, how quickly; and the count at the end.

Load it with `-p tapegrad.testing.plugin`. Its fixture `tapegrad_backend` is for tests of programs, on the same engine.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..engines.backend import Backend
from ..engines.registry import use_backend
from .conformance import Conformance
from .judging import Check
from .suite import FOLDER, PROPERTY, _engine

__all__ = ["pytest_addoption", "pytest_configure", "tapegrad_backend"]


@pytest.fixture  # type: ignore[untyped-decorator]
def tapegrad_backend(request: Any) -> Iterator[Backend]:
    """The engine that `--tapegrad-backend` names, which new arrays of the test are on."""
    with use_backend(_engine(request.config)) as backend:
        yield backend


def pytest_addoption(parser: Any) -> None:
    """The options of the suite."""
    group = parser.getgroup("tapegrad", "conformance of array engines")
    group.addoption("--tapegrad-backend", metavar="NAME", help="the engine to judge (default numpy)")
    group.addoption("--tapegrad-ops", metavar="A,B", help="only these ops")
    group.addoption("--tapegrad-dtypes", metavar="A,B", help="only these dtypes")
    group.addoption("--laws", dest="tapegrad_laws", metavar="A,B", help="only these laws; 'compiled' if named only")
    group.addoption("--tapegrad-json", metavar="PATH", help="write every check to a file")
    group.addoption("--quick", dest="tapegrad_quick", action="store_true", help="two samples an op, in one dtype")


def pytest_configure(config: Any) -> None:
    """Gather the checks where the reports arrive: in the one process that prints them."""
    config.addinivalue_line("markers", "slow: left out of quick runs")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Gatherer(config), "tapegrad-gatherer")


class _Gatherer:
    """The checks of a run, counted and written down, and what its workers share."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.checks: list[Check] = []
        self.folder: tempfile.TemporaryDirectory[str] | None = None

    @pytest.hookimpl(optionalhook=True)  # type: ignore[untyped-decorator]
    def pytest_configure_node(self, node: Any) -> None:
        """Give the workers of pytest-xdist one folder for what the engine compiles."""
        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory(prefix="tapegrad-")
        node.workerinput[FOLDER] = self.folder.name

    def pytest_unconfigure(self) -> None:
        """The folder has served."""
        if self.folder is not None:
            self.folder.cleanup()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take the checks that a test has recorded."""
        if report.when == "call":
            for name, value in report.user_properties:
                if name == PROPERTY:
                    self.checks += [Check(*row) for row in value]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how many checks there were, in each dtype, and how many failed."""
        if not self.checks:
            return
        tried = [check for check in self.checks if not check.skipped]
        by_dtype = Counter(check.dtype for check in tried)
        failed = sum(check.failed for check in tried)
        counts = ", ".join(f"{count:,} in {dtype}" for dtype, count in by_dtype.most_common())
        terminalreporter.write_sep("=", "tapegrad conformance")
        terminalreporter.write_line(
            f"{len(tried):,} checks (op × sample × law × dtype): {counts or 'none'}; {failed:,} failed"
        )
        for reason, count in Counter(check.skipped for check in self.checks if check.skipped).items():
            terminalreporter.write_line(f"{count:,} checks skipped: {reason}")
        path = self.config.getoption("tapegrad_json", default=None)
        if path:
            found = Conformance.of(_engine(self.config), self.checks)
            Path(path).write_text(json.dumps(found.as_json(), indent=1), encoding="utf-8")
