"""The conformance suite of an engine: one test for each op or function and sample, in every dtype, by every law.

    pytest -p tapegrad.testing.plugin --pyargs tapegrad.testing.suite --tapegrad-backend NAME

Ids read `numpy-tanh-1`: engine, op, sample. An engine's `xfails` name those that are expected to fail, each with its
reason; one that passes after all fails the run. Without the plug-in the engine is `TAPEGRAD_TEST_BACKEND`, else numpy.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from ..engines.backend import Backend
from ..engines.registry import get_backend
from ..errors import ArgumentError, BackendError
from .functions import FUNCTIONS, calls_of
from .generate import AT_LEAST, samples_of
from .judging import (
    DTYPES,
    Check,
    chosen_names,
    judge_call,
    judge_errors,
    judge_sample,
    judged_ops,
    quick_dtypes,
    quick_samples,
)

__all__ = ["pytest_generate_tests", "test_errors", "test_function", "test_op", "test_there_are_samples_of_every_op"]

PROPERTY = "tapegrad_checks"
"""The name under which a test hands its checks to the plug-in."""

FOLDER = "tapegrad_compiled"
"""The name under which the plug-in hands the workers of pytest-xdist a folder for what the engine compiles."""


def _option(config: Any, name: str, default: Any) -> Any:
    return config.getoption(name, default=default) or default


def _engine(config: Any) -> str:
    return str(_option(config, "tapegrad_backend", os.environ.get("TAPEGRAD_TEST_BACKEND", "numpy")))


def _quick(config: Any) -> bool:
    """Whether `--quick` or pytest's own `-m "not slow"` was asked for."""
    return bool(_option(config, "tapegrad_quick", False)) or "not slow" in str(_option(config, "markexpr", ""))


def _laws(config: Any) -> list[str]:
    return [name for name in str(_option(config, "tapegrad_laws", "")).split(",") if name]


def pytest_generate_tests(metafunc: Any) -> None:
    """One test for each sample of each op, marked as the engine's `xfails` say; those of long runs are `slow`."""
    if "judged" not in metafunc.fixturenames:
        return
    config = metafunc.config
    only = [name for name in str(_option(config, "tapegrad_ops", "")).split(",") if name]
    try:
        backend = get_backend(_engine(config))
        chosen_names(only, [*judged_ops(), *FUNCTIONS])
    except (BackendError, ArgumentError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    folder = getattr(config, "workerinput", {}).get(FOLDER)
    if folder is not None:
        backend.share_compiled(folder)
    quick = _quick(config)
    ops = {name: op for name, op in judged_ops().items() if not only or name in only}
    parameters = []
    if metafunc.function.__name__ == "test_function":
        for name in FUNCTIONS:
            if not only or name in only:
                calls = calls_of(name)
                for call in calls[:1] if quick else calls:
                    parameters.append(_parameter(backend, (backend.name, name, call.number), call.id, call.number > 0))
        metafunc.parametrize("judged", parameters)
        return
    for name, op in ops.items():
        if metafunc.function.__name__ == "test_errors":
            if op.errors:
                declared = [backend.xfails.get(f"{name}-e{number}", "") for number in range(len(op.errors))]
                reason = "; ".join(filter(None, declared))
                marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
                parameters.append(pytest.param((backend.name, name, -1), id=f"{backend.name}-{name}", marks=marks))
            continue
        chosen = {sample.number for sample in quick_samples(op)}
        for sample in samples_of(op):
            if quick and sample.number not in chosen:
                continue
            key = (backend.name, name, sample.number)
            parameters.append(_parameter(backend, key, sample.id, sample.number not in chosen))
    metafunc.parametrize("judged", parameters)


def _parameter(backend: Backend, key: tuple[str, str, int], sample: str, slow: bool) -> Any:
    reason = backend.xfails.get(sample) or backend.xfails.get(f"{backend.name}-{sample}")
    marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
    if slow:
        marks.append(pytest.mark.slow)
    return pytest.param(key, id=f"{backend.name}-{sample}", marks=marks)


def _settle(checks: list[Check], record_property: Any) -> None:
    record_property(
        PROPERTY, [[c.op, c.sample, c.dtype, c.law, c.passed, c.message[:2000], c.distance, c.skipped] for c in checks]
    )
    failed = [check for check in checks if check.failed]
    if failed:
        lines = "\n".join(f"[{check.dtype}, {check.law}] {check.message}" for check in failed)
        pytest.fail(f"{len(failed)} of {len(checks)} checks failed:\n{lines}", pytrace=False)
    reasons = sorted({check.skipped for check in checks if check.skipped})
    if reasons:
        pytest.skip("; ".join(reasons))


def test_op(judged: Any, request: Any, record_property: Any) -> None:
    """Every law, in every dtype that the engine and the op have."""
    engine, name, number = judged
    op = judged_ops()[name]
    quick = _quick(request.config)
    backend = get_backend(engine)
    named = str(_option(request.config, "tapegrad_dtypes", "")).split(",")
    dtypes = named if named[0] else quick_dtypes(backend) if quick else DTYPES
    checks = judge_sample(backend, op, samples_of(op)[number], dtypes, quick=quick, laws=_laws(request.config))
    _settle(checks, record_property)


def test_function(judged: Any, request: Any, record_property: Any) -> None:
    """The laws of any function of arrays, on the public functions that are composed of ops."""
    engine, name, number = judged
    backend = get_backend(engine)
    dtypes = quick_dtypes(backend) if _quick(request.config) else DTYPES
    _settle(judge_call(backend, calls_of(name)[number], dtypes, _laws(request.config)), record_property)


def test_errors(judged: Any, record_property: Any) -> None:
    """Misuse is one typed error that names the op."""
    engine, name, _ = judged
    _settle(judge_errors(get_backend(engine), judged_ops()[name]), record_property)


def test_there_are_samples_of_every_op() -> None:
    """Every op that has a derivative has at least twenty distinct samples."""
    few = {
        name: len(samples_of(op)) for name, op in judged_ops().items() if op.formulas and len(samples_of(op)) < AT_LEAST
    }
    assert not few, f"too few samples: {few}"
