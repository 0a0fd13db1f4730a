"""A tree of segments as it is run: planned by the passes, written as Python, and planned anew once it runs often."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from .native import OFTEN, worthwhile
from .program import Segment, Spec
from .source import Runner, write


class Program:
    """A tree of segments. Whoever changes it says so by `renew`."""

    def __init__(self, root: Segment, specs: dict[int, Spec]) -> None:
        self.root = root
        self.specs = specs
        self.runs = 0
        self.renew()
        self.lock = threading.Lock()

    def renew(self) -> None:
        """Forget all plans."""
        self.runner: Runner | None = None
        self.plan: Segment | None = None
        self.short: Segment | None = None
        """The tree before engines are asked for steps of their own."""
        self._beside: Runner | None = None
        self.often = False
        """Whether it was planned for a program that runs often."""

    def run(self, handles: Sequence[Any], leaves: Sequence[Any], drawn: list[Any]) -> Any:
        """Run it once: what it returns. Raises `Missed` where the host sees something new."""
        runner = self.ready()
        alone = self.lock.acquire(blocking=False)
        try:
            return (runner if alone else self.beside()).run(handles, leaves, drawn)
        finally:
            if alone:
                self.lock.release()

    def ready(self) -> Runner:
        """The source as it is run, for one run more; it writes into buffers, and is for one thread at a time."""
        self.runs += 1
        runner = self.runner
        if runner is None or (self.runs == OFTEN and not self.often):
            runner = self._planned()
        return runner

    def _planned(self) -> Runner:
        from .passes.ahead import ahead
        from .passes.common import common
        from .passes.constants import constants
        from .passes.dead import dead
        from .passes.engines import engines
        from .passes.host import host

        short = dead(common(host(constants(self.root, self.specs), self.specs)))
        results = [r for segment in short.walk() for step in segment.steps for r in step.results]
        self.often = worthwhile(self.runs, sum(self.specs[r.number].size for r in results))
        self.plan = engines(ahead(short, self.specs) if self.often else short, self.specs, self.often)
        self.short, self._beside = short, None
        self.runner = runner = write(self.plan, self.specs)
        return runner

    def beside(self) -> Runner:
        """The source for while another thread is running the one that writes into buffers."""
        if self._beside is None:
            self._beside = write(self.short or self.root, self.specs)
        return self._beside
