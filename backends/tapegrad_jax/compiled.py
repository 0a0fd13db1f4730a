"""Stretches of compiled programs on JAX: each as one `jax.jit`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from tapegrad.compile.program import Block, Ref, Step

__all__ = ["compile_block"]


def compile_block(block: Block) -> Sequence[Step]:
    """The steps of a stretch as one, compiled by XLA."""
    steps, inputs, outputs = block.steps, block.inputs(), block.outputs()
    if len(steps) < 2 or not outputs:
        return steps
    function = _Program(steps, inputs, outputs)
    first = steps[0]
    return [
        Step("jit", function, tuple(inputs), {}, tuple(outputs), True, fresh=True, line=first.line, engine=first.engine)
    ]


class _Program:
    """The steps as a function of the values that they read, run by XLA, or one by one where XLA cannot."""

    __name__ = "jit"

    def __init__(self, steps: Sequence[Step], inputs: Sequence[Ref], outputs: Sequence[Ref]) -> None:
        def plain(*given: Any) -> tuple[Any, ...]:
            values: dict[Ref, Any] = dict(zip(inputs, given, strict=True))
            for step in steps:
                called = step.over(values.__getitem__)
                out = called.function(*called.args, **called.keywords)
                values.update(zip(step.results, out if step.several else [out], strict=True))
            return tuple([values[r] for r in outputs])

        self.plain: Callable[..., tuple[Any, ...]] = plain
        self.run: Callable[..., tuple[Any, ...]] = importlib.import_module("jax").jit(plain)
        self.tried = False

    def __call__(self, *given: Any) -> tuple[Any, ...]:
        if self.tried:
            return self.run(*given)
        try:
            out = self.run(*given)
        except Exception:
            # A kernel that looks at numbers cannot be traced; if it is the numbers that are wrong it says so again.
            out = self.plain(*given)
            self.run = self.plain
        self.tried = True
        return out
