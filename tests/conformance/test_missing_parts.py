"""What needs a library that is not installed is skipped, and counted with the remedy; it neither passes nor fails."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tapegrad import get_backend
from tapegrad.errors import MissingExtraError
from tapegrad.op.samples import normal
from tapegrad.ops.special import host_function
from tapegrad.testing.conformance import Conformance, as_page, judge_op
from tapegrad.testing.functions import calls_of
from tapegrad.testing.judging import judge_call, judge_errors, judged_ops

REASON = re.compile(r"scipy is not installed \(pip install 'scipy>=[\d.]+'\)")

HIDDEN = "import sys; sys.modules['scipy'] = None\n"


@pytest.fixture
def no_scipy(monkeypatch):
    host_function.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy", None)
    yield
    host_function.cache_clear()


def test_checks_that_need_it_are_skipped(no_scipy):
    checks = judge_op("numpy", "erf", quick=True)
    assert checks and not any(check.failed or check.passed for check in checks)
    assert all(REASON.fullmatch(check.skipped) for check in checks)


def test_functions_composed_of_such_ops_are_skipped(no_scipy):
    checks = judge_call(get_backend("numpy"), calls_of("numpy.special.beta")[0])
    assert checks and all(check.skipped and not check.failed for check in checks)


def test_misuse_does_not_pass_by_the_librarys_absence(no_scipy, monkeypatch):
    erf = judged_ops()["erf"]
    monkeypatch.setattr(erf, "errors", [(normal(3),)])
    (check,) = judge_errors(get_backend("numpy"), erf)
    assert check.skipped and not check.passed and not check.failed


def test_they_are_counted_apart(no_scipy):
    checks = [*judge_op("numpy", "erf", quick=True), *judge_op("numpy", "tanh", quick=True)]
    verdict = Conformance.of("numpy", checks)
    skipped = sum(bool(check.skipped) for check in checks)
    assert verdict.checks == len(checks) - skipped and not verdict.failures
    done, left_out = verdict.summary().splitlines()
    assert " checks on 1 op, 0 failed" in done
    assert re.fullmatch(rf"{skipped} checks skipped: {REASON.pattern}", left_out)
    assert sum(verdict.as_json()["skipped"].values()) == skipped
    page = as_page([verdict])
    assert "checks skipped" in page and "<td>tanh</td>" in page and "<td>erf</td>" not in page


def test_failures_that_differ_in_numbers_alone_stand_together():
    checks = [check for check in judge_op("numpy", "tanh", quick=True) if check.law == "pull"]
    broken = [replace(check, passed=False, message=f"off by {i}.5e-3 at [{i}]") for i, check in enumerate(checks[:2])]
    page = as_page([Conformance.of("numpy", [*broken, replace(checks[0], passed=False, message="another")])])
    assert "3 failures" in page and page.count("<details") == 2 and "and 1 like it" in page
    assert re.search(r"tapegrad [\d.]+, NumPy", page) and 'type="search"' in page


@pytest.mark.parametrize("error", [ImportError("no module named 'other'"), RuntimeError("broken")])
def test_any_other_failure_is_one(monkeypatch, error):
    def broken(name):
        raise error

    monkeypatch.setattr("tapegrad_numpy.elementwise.host_function", broken)
    host_function.cache_clear()
    checks = judge_op("numpy", "erf", quick=True)
    assert any(check.failed for check in checks) and not any(check.skipped for check in checks)


def test_what_a_third_party_says_is_missing_is_the_reason(monkeypatch):
    def elsewhere(name):
        raise MissingExtraError("erf() needs 'fastmath': see its page")

    monkeypatch.setattr("tapegrad_numpy.elementwise.host_function", elsewhere)
    assert {check.skipped for check in judge_op("numpy", "erf", quick=True)} == {"erf() needs 'fastmath': see its page"}


def test_the_command_succeeds_and_says_so():
    words = ["tapegrad", "conformance", "numpy", "--quick", "--ops", "erf,tanh", "--jobs", "1"]
    code = HIDDEN + f"sys.argv = {words}\nfrom tapegrad.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(rf"\d+ checks skipped: {REASON.pattern}", done.stdout.splitlines()[-1])


def test_the_suite_skips_with_the_reason(tmp_path):
    (tmp_path / "hide_scipy.py").write_text(HIDDEN, encoding="utf-8")
    options = ["-p", "hide_scipy", "-p", "tapegrad.testing.plugin", "--pyargs", "tapegrad.testing.suite"]
    chosen = ["--quick", "--tapegrad-ops", "erf,tanh", "-rs", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *chosen], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert re.search(rf"SKIPPED .*{REASON.pattern}", done.stdout)
    assert re.search(rf"\d+ checks skipped: {REASON.pattern}", done.stdout)
