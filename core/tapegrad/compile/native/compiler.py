"""The door to the system's C compiler, and the cache of what it made.

A kernel is a shared object in a folder of the user's cache to which nobody else may write, under a name that follows
from its source, the compiler and the machine, with the digest of its contents at its end. Whatever is not so is not
loaded. Where anything fails there is one warning, and programs run without machine code.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import CompileWarning

FORMAT = b"tapegrad kernel 1"
PATIENCE = 30.0
"""After so many seconds a compiler hangs."""

LONG = 600
"""From so many lines on the compiler is not asked to think hard: it would take many seconds, and gain little."""

FLAGS = (
    *("-shared", "-fPIC", "-fopenmp-simd", "-w"),
    # As IEEE has it, but for the flags and errno, at which nobody looks; and integers wrap.
    *("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fno-builtin", "-fwrapv"),
)
"""What a compiler is told on any machine."""

_CPU = ("avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl")
_LOCK = threading.RLock()
_loaded: dict[str, ctypes.CDLL] = {}
_state = {"failed": ""}


class _Failure(Exception):
    """The compiler does not do."""


def why_not() -> str:
    """Why there is no machine code here; empty where there is."""
    if os.environ.get("TAPEGRAD_NATIVE") == "0":
        return "TAPEGRAD_NATIVE=0"
    if _state["failed"]:
        return _state["failed"]
    if os.name != "posix" or sys.implementation.name != "cpython" or not _as_expected():
        return "only CPython on POSIX systems lays arrays out as kernels read them"
    return "" if _found() else "no cc, gcc or clang on PATH"


def describe() -> dict[str, str]:
    """The compiler, its version, flags and cache folder, for those who ask what is used; `without` says why none is."""
    without, path = why_not(), _found() or ""
    version = ""
    if path:
        try:
            version = _run([path, "--version"], b"", 10.0).partition("\n")[0]
        except (_Failure, OSError) as error:
            without = without or f"{path} does not say its version: {error}"
    mathematics = "libmvec" if vectors() else "none"
    return {
        "compiler": path,
        "version": version,
        "flags": " ".join(("-O2", *FLAGS, *_machine())),
        "vector mathematics": mathematics,
        "cache": str(_folder() or "none: kernels are made anew by each process"),
        "without": without,
    }


def load(source: str) -> ctypes.CDLL | None:
    """The library of a C source, from the cache or compiled now; None where there is none to be had."""
    if why_not():
        return None
    with _LOCK:
        try:
            key = _key(source)
            if key not in _loaded:
                _loaded[key] = _made(source, key)
            return _loaded[key]
        except (_Failure, OSError) as error:
            _state["failed"] = f"{_found()} failed: {error}"
            warnings.warn(
                f"compiled programs run without machine code: {_state['failed']}; "
                "TAPEGRAD_NATIVE=0 switches it off without this warning",
                CompileWarning,
                stacklevel=2,
            )
            return None


def vectors() -> bool:
    """Whether loops call vectors of elementary functions, all of those that are asked for."""
    path = _found()
    return path is not None and _libmvec() and not _is_clang(path)


@lru_cache(1)
def _libmvec() -> bool:
    """Whether the C library has them."""
    try:
        library = ctypes.CDLL("libmvec.so.1")
    except OSError:
        return False
    return any(hasattr(library, name) for name in ("_ZGVbN2v_tanh", "_ZGVnN2v_tanh"))


def _found() -> str | None:
    return _first(os.environ.get("CC", ""), os.environ.get("PATH", os.defpath))


@lru_cache(8)
def _first(wanted: str, path: str) -> str | None:
    """The compiler that CC names, or the first there is; where there is vector mathematics, GCC before Clang."""
    chosen = shutil.which(wanted, path=path) if wanted else None
    found = [at for name in ("cc", "gcc", "clang") if (at := shutil.which(name, path=path))]
    best = next((at for at in found if not _is_clang(at)), None) if _libmvec() and len(found) > 1 else None
    return chosen or best or next(iter(found), None)


@lru_cache(8)
def _is_clang(path: str) -> bool:
    """Whether it is Clang, which calls no vectors of the functions; what does not say what it is counts as Clang."""
    name = os.path.basename(os.path.realpath(path))
    if "clang" in name or "gcc" in name:
        return "clang" in name
    try:
        return "clang" in _run([path, "--version"], b"", PATIENCE)
    except (_Failure, OSError, subprocess.TimeoutExpired):
        return True


@lru_cache(1)
def _machine() -> tuple[str, ...]:
    """The flags for this machine's vectors."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ()
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    has = set(line.split())
    return tuple(f"-m{name}" for name in _CPU if name in has)


def _layout() -> tuple[int, int]:
    """Where, counted in pointers, an array's memory and a tuple's first item stand."""
    return object.__basicsize__ // 8, tuple.__basicsize__ // 8


@lru_cache(1)
def _as_expected() -> bool:
    import numpy as np

    data, items = _layout()
    array, transposed = np.zeros((2, 3)), np.zeros((2, 3)).T
    pair = (array, transposed)

    def word(at: Any, place: int, kind: Any = ctypes.c_void_p) -> Any:
        return kind.from_address(id(at) + 8 * place).value

    flags = [word(x, data + 6, ctypes.c_int) for x in pair]
    return (
        ctypes.sizeof(ctypes.c_void_p) == 8
        and [word(pair, items + i) for i in (0, 1)] == [id(x) for x in pair]
        and all(word(x, data) == x.ctypes.data for x in pair)
        and flags[0] & 0x101 == 0x101
        and flags[1] & 0x101 == 0x100
    )


def _key(source: str) -> str:
    path = os.path.realpath(_found() or "")
    about = os.stat(path)
    machine = platform.machine(), _machine(), _layout(), vectors()
    parts = FORMAT, path, about.st_size, about.st_mtime_ns, FLAGS, *machine
    return hashlib.sha256(repr((*parts, source)).encode()).hexdigest()[:40]


def _made(source: str, key: str) -> ctypes.CDLL:
    folder = _folder()
    if folder is not None:
        found = _cached(folder / f"{key}.so")
        if found is not None:
            return found
    failure: Exception = _Failure("there is no folder to write to")
    for choose in (_folder, _own_folder):
        place = choose()
        if place is None:
            continue
        try:
            return _compiled(source, place / f"{key}.so")
        except subprocess.TimeoutExpired:
            raise _Failure(f"it did not end within {PATIENCE:g} seconds") from None
        except (_Failure, OSError) as error:  # as on a full disk; so another folder is tried
            failure = error
    raise failure


def _compiled(source: str, path: Path) -> ctypes.CDLL:
    """Compile into a file of another name, which becomes the kernel's at once or not at all."""
    handle, draft = tempfile.mkstemp(".so", ".draft-", path.parent)
    os.close(handle)
    try:
        data, items = _layout()
        compiler = str(_found())
        simd = '__attribute__((simd("notinbranch"), const))' if vectors() else "__attribute__((const))"
        more = [f"-DDATA={data}", f"-DITEMS={items}", f"-DSIMD={simd}", "-x", "c", "-", "-o", draft]
        libraries = ["-lmvec", "-lm"] if vectors() else ["-lm"]
        level = "-O2" if source.count("\n") < LONG else "-O1"
        _run([compiler, level, *FLAGS, *_machine(), *more, *libraries], source.encode(), PATIENCE)
        contents = Path(draft).read_bytes()
        with open(draft, "wb") as file:
            file.write(contents + hashlib.sha256(contents).digest())
        os.chmod(draft, 0o700)
        library = ctypes.CDLL(draft)
        os.replace(draft, path)
        return library
    finally:
        Path(draft).unlink(missing_ok=True)


def _cached(path: Path) -> ctypes.CDLL | None:
    """The library of that file, if it is ours and whole."""
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
            return None
        contents = path.read_bytes()
        if hashlib.sha256(contents[:-32]).digest() != contents[-32:]:
            return None
        return ctypes.CDLL(str(path))
    except OSError:
        return None


@lru_cache(1)
def _own_folder() -> Path | None:
    """A folder for this process alone, for when the user's cache cannot be written to."""
    try:
        holder = tempfile.TemporaryDirectory(prefix="tapegrad-", ignore_cleanup_errors=True)
    except OSError:
        return None
    atexit.register(holder.cleanup)
    return Path(holder.name)


def _folder() -> Path | None:
    """The cache folder, if nobody else may write to it."""
    try:
        import platformdirs

        folder = platformdirs.user_cache_path("tapegrad") / "kernels"
    except ImportError:
        folder = Path(tempfile.gettempdir()) / f"tapegrad-{os.geteuid()}" / "kernels"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        for place in (folder, folder.parent):
            about = place.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
                return None
    except OSError:
        return None
    return folder


def _run(command: list[str], given: bytes, seconds: float) -> str:
    """Run a program, which is ended with all that it has started when its time is over; what it prints."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            process.communicate(given, timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise _Failure(text.strip()[:500] or f"exit status {process.returncode}")
    return text
