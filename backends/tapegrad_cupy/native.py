"""Compiled programs on CuPy: groups of steps as CUDA kernels, and many small steps as one CUDA graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import cupy

from tapegrad.compile.native.cuda import THREADS, emit, file
from tapegrad.compile.native.emitter import Function
from tapegrad.compile.native.groups import Kernel, written
from tapegrad.compile.program import Block, Ref, Step
from tapegrad.errors import CompileWarning

__all__ = ["compile_block"]

LAUNCH = 1 << 22
"""So many bytes are copied in the time that the host takes to launch a kernel."""

_failed = {"kernels": False, "graphs": False}


def compile_block(block: Block) -> Sequence[Step]:
    """The steps of a stretch, as few launches as may be; whatever of it fails is left to CuPy, with one warning."""
    if not block.often:
        return block.steps
    parts = block.steps if _failed["kernels"] else written(block, True, emit, _loaded)
    steps = [part if isinstance(part, Step) else _step(block, part) for part in parts]
    return _in_a_graph(block, steps)


def _give_up(what: str, error: Exception) -> None:
    _failed[what] = True
    warnings.warn(
        f"compiled programs run without CUDA {what}: {' '.join(str(error).split())[:500]}; "
        "TAPEGRAD_NATIVE=0 switches them off without this warning",
        CompileWarning,
        stacklevel=2,
    )


def _loaded(functions: Sequence[Function]) -> Callable[[str], Any] | None:
    """What kernels are called by; None where they cannot be compiled."""
    try:
        # Nothing is contracted, so that results are the eager ones.
        module = cupy.RawModule(code=file(functions), options=("--fmad=false",))
        found = {function.name: module.get_function(function.name) for function in functions}
    except Exception as error:
        _give_up("kernels", error)
        return None
    return found.__getitem__


def _step(block: Block, kernel: Kernel) -> Step:
    """The launch of a kernel, with new arrays for its results."""
    refs = tuple([part for part in kernel.inputs if part.__class__ is Ref])
    constants = [None if part.__class__ is Ref else cupy.asarray(part) for part in kernel.inputs]
    specs = [block.specs[output.ref.number] for output in kernel.outputs]

    def run(*values: Any) -> tuple[Any, ...]:
        given = iter(values)
        arrays = [cupy.ascontiguousarray(next(given) if part is None else part) for part in constants]
        outs = [
            cupy.empty(kernel.rows, "float64") if output.total else cupy.empty(spec.shape, spec.dtype)
            for output, spec in zip(kernel.outputs, specs, strict=True)
        ]
        kernel.call((kernel.rows,), (THREADS,), (*arrays, *outs))
        return tuple(
            [
                (cupy.sum(out) / output.divisor).astype(spec.dtype).reshape(spec.shape) if output.total else out
                for output, spec, out in zip(kernel.outputs, specs, outs, strict=True)
            ]
        )

    run.code = kernel.source  # type: ignore[attr-defined]
    outputs = tuple([output.ref for output in kernel.outputs])
    first = kernel.steps[0]
    return Step("native", run, refs, {}, outputs, True, fresh=True, line=first.line, engine=first.engine)


def _in_a_graph(block: Block, steps: Sequence[Step]) -> Sequence[Step]:
    """The steps as one, if there are so many that launching them takes longer than copying what goes in and out."""
    block = block._replace(steps=tuple(steps))
    inputs, outputs = block.inputs(), block.outputs()
    specs = [block.specs[r.number] for r in (*inputs, *(r for step in steps for r in step.results))]
    ends = [block.specs[r.number] for r in (*inputs, *outputs)]
    copies = len(ends) + sum(spec.size * spec.dtype.itemsize for spec in ends if spec.shape is not None) // LAUNCH
    if (
        _failed["graphs"]
        or len(steps) <= copies
        or not all(step.pure for step in steps)
        or any(spec.shape is None or spec.cls is not cupy.ndarray for spec in specs)
    ):
        return steps
    graph = _Graph(steps, inputs, outputs)
    first = steps[0]
    return [
        Step("graph", graph, tuple(inputs), {}, tuple(outputs), True, fresh=True, line=first.line, engine=first.engine)
    ]


class _Graph:
    """Steps as one call: captured for each device and stream at the first, launched as a whole from then on."""

    def __init__(self, steps: Sequence[Step], inputs: Sequence[Ref], outputs: Sequence[Ref]) -> None:
        self.steps, self.inputs, self.outputs = steps, inputs, outputs
        self.captured: dict[tuple[int, int], tuple[Any, list[Any], tuple[Any, ...], Any]] = {}
        self.code = "\n".join(filter(None, [getattr(step.function, "code", "") for step in steps]))

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        stream = cupy.cuda.get_current_stream()
        key = cupy.cuda.Device().id, stream.ptr
        if key not in self.captured and not _failed["graphs"]:
            try:
                self.captured[key] = self.capture(values)
            except Exception as error:
                _give_up("graphs", error)
        if key not in self.captured:
            return self.plainly(values)
        graph, inputs, outputs, _ = self.captured[key]
        for mine, value in zip(inputs, values, strict=True):
            mine[...] = value
        graph.launch(stream)
        return tuple([cupy.array(out, copy=True) for out in outputs])

    def capture(self, values: Sequence[Any]) -> tuple[Any, list[Any], tuple[Any, ...], Any]:
        """The graph, the arrays that it reads and leaves its results in, and the memory of all that is in between."""
        inputs = [cupy.array(value, copy=True) for value in values]
        self.plainly(inputs)  # what CuPy compiles when it first meets it, it may not compile while it is captured
        pool, stream = cupy.cuda.MemoryPool(), cupy.cuda.Stream(non_blocking=True)
        with cupy.cuda.using_allocator(pool.malloc), stream:
            stream.begin_capture()
            try:
                outputs = self.plainly(inputs)
            finally:
                graph = stream.end_capture()
        return graph, inputs, outputs, pool

    def plainly(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The steps one by one."""
        known: dict[Ref, Any] = dict(zip(self.inputs, values, strict=True))
        for step in self.steps:
            call = step.over(known.__getitem__)
            results = call.function(*call.args, **call.keywords)
            known.update(zip(step.results, results if step.several else [results], strict=True))
        return tuple([known[r] for r in self.outputs])
