"""What is here and what is wrong: engines, devices, threads, libraries, and for each known problem its remedy."""

from __future__ import annotations

import os
import platform
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np

from .. import __version__
from ..compile.native.compiler import describe
from ..dtypes import get_default_dtype
from ..engines.extras import pip_install
from ..engines.registry import get_backend, list_backends
from ..errors import TapegradError

__all__ = ["examine"]

LIBRARIES = {"scipy": "special", "PIL": "image", "rich": "cli"}
"""The libraries that single functions want, with the extras that bring them."""


def _wide(name: str) -> str:
    """Whether an engine computes in float64, or why not."""
    try:
        get_backend(name).native_dtype(np.dtype("float64"))
    except TapegradError as error:
        return str(error)
    return "yes"


def examine() -> dict[str, Any]:
    """What `tapegrad doctor` says, for programs: each part by its name, and `problems`, with their remedies."""
    infos = list_backends()
    engines = {
        info.name: {**info._asdict(), "float64": _wide(info.name) if info.usable else "no"}
        for info in sorted(infos, key=lambda info: not info.usable)
    }
    threads = {name: os.environ.get(name, "not set") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    libraries = {name: find_spec(name) is not None for name in LIBRARIES}
    problems = [f"{info.name} cannot be used: {info.reason}" for info in infos if not info.usable and info.reason]
    problems += [f"{name}: {said['float64']}" for name, said in engines.items() if said["float64"] not in ("yes", "no")]
    problems += [
        f"{name} is not installed, which some functions want: {pip_install(LIBRARIES[name])}"
        for name, there in libraries.items()
        if not there
    ]
    if libraries["scipy"] and not os.environ.get("SCIPY_ARRAY_API"):
        problems.append("SciPy's functions take NumPy arrays only: set SCIPY_ARRAY_API=1 before SciPy is imported")
    return {
        "tapegrad": __version__,
        "python": f"{sys.version.split()[0]} on {platform.system()} {platform.machine()}",
        "numpy": np.__version__,
        "new arrays": f"{np.dtype(get_default_dtype()).name} on {get_backend().name}",
        "cores": os.cpu_count(),
        "threads": threads,
        "machine code": describe(),
        "libraries": libraries,
        "settings": {name: value for name, value in os.environ.items() if name.startswith("TAPEGRAD_")},
        "engines": engines,
        "problems": problems,
    }
