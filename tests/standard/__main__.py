"""Run the array API standard's own tests on `tapegrad.numpy` and on the bare engine, and compare what fails.

    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    git -C array-api-tests checkout 55fcc60
    python -m tests.standard array-api-tests --backend numpy

The tests of the standard are no installable package, so the command takes the path of a checkout; besides, it needs
`hypothesis`, `ndindex` and `pytest-json-report`. Each namespace is tested with several seeds. A test is worse here than
on the engine if it fails with every seed on `tapegrad.numpy` and with none on the engine; each such test is printed,
and the command then ends with status 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

VERSION = "2024.12"
ENGINES = {"numpy": "array_api_compat.numpy", "strict": "array_api_strict", "jax": "jax.numpy"}
"""The namespace of each bare engine."""


def failures(checkout: Path, module: str, seed: int, examples: int, extra: dict[str, str], only: str) -> set[str]:
    """The ids of the tests that fail on a namespace."""
    environment = os.environ | extra | {"ARRAY_API_TESTS_MODULE": module, "ARRAY_API_TESTS_VERSION": VERSION}
    environment |= {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "TAPEGRAD_DEFAULT_DTYPE": "float64"}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = [f"--hypothesis-seed={seed}", f"--max-examples={examples}", "--hypothesis-disable-deadline"]
        options += ["-q", "--tb=no", "-p", "no:cacheprovider", "--json-report", f"--json-report-file={report}"]
        command = [sys.executable, "-m", "pytest", "array_api_tests", *options, *(["-k", only] if only else [])]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        if not report.exists():
            raise SystemExit(f"pytest did not run in {checkout}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        tests = json.loads(report.read_text(encoding="utf-8"))["tests"]
    if not tests:
        raise SystemExit(f"no tests were found in {checkout}; is the submodule array-api there?")
    return {test["nodeid"] for test in tests if test["outcome"] in ("failed", "error")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and say by the status whether anything is worse here."""
    parser = argparse.ArgumentParser(prog="python -m tests.standard", description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, help="a checkout of data-apis/array-api-tests, with its submodule")
    parser.add_argument("--backend", choices=ENGINES, default="numpy", help="the engine (default: numpy)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="hypothesis seeds (default: 1 2 3)")
    parser.add_argument("--examples", type=int, default=20, help="hypothesis examples for each test (default: 20)")
    parser.add_argument("-k", dest="only", default="", help="only tests of this name, as pytest's -k")
    given = parser.parse_args(arguments)
    if not (given.checkout / "array_api_tests").is_dir():
        parser.error(f"{given.checkout} is no checkout of data-apis/array-api-tests")
    always: set[str] | None = None
    engine: set[str] = set()
    for seed in given.seeds:
        choice = {"TAPEGRAD_BACKEND": given.backend}
        ours = failures(given.checkout, "tapegrad.numpy", seed, given.examples, choice, given.only)
        bare = failures(given.checkout, ENGINES[given.backend], seed, given.examples, {}, given.only)
        print(
            f"seed {seed}: {len(ours)} fail on tapegrad.numpy ({given.backend}), {len(bare)} on the engine", flush=True
        )
        always = ours if always is None else always & ours
        engine |= bare
    worse = sorted((always or set()) - engine)
    print(f"{len(worse)} worse than the engine", *worse, sep="\n  ")
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
