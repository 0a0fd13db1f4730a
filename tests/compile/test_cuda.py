"""CUDA kernels of groups, without a card: NVRTC takes them, and on the host's threads they give what NumPy gives.

The engine's own code runs on a stand-in for CuPy, in which arrays are NumPy's and a kernel is C++ for four threads.
"""

import contextlib
import ctypes
import functools
import importlib
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
import tapegrad_numpy.compiled
from tapegrad.compile.native import cuda, groups
from tapegrad.compile.native.expressions import FUNCTIONS, TWO
from tapegrad.errors import CompileWarning

THREADS = 4

HOST = """\
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#define __global__
#define __device__ inline
#define __shared__ static
struct Index { unsigned x; };
static thread_local Index threadIdx, blockIdx;
static const Index blockDim = { THREADS };
static pthread_barrier_t barrier;
static int votes[THREADS];
static void __syncthreads() { pthread_barrier_wait(&barrier); }
static int vote(int mine, bool all) {
    votes[threadIdx.x] = mine != 0;
    __syncthreads();
    int count = 0;
    for (int i = 0; i < THREADS; i++) count += votes[i];
    __syncthreads();
    return all ? count == THREADS : count != 0;
}
static int __syncthreads_or(int mine) { return vote(mine, false); }
static int __syncthreads_and(int mine) { return vote(mine, true); }
static float __int_as_float(int bits) { float x; memcpy(&x, &bits, 4); return x; }
typedef void *P;
struct Launch { void (*kernel)(P, P, P, P, P, P, P, P, P, P, P, P); P *p; long rows; unsigned thread; };
static void *run(void *given) {
    const Launch *l = (const Launch *) given;
    P *p = l->p;
    threadIdx.x = l->thread;
    for (long row = 0; row < l->rows; row++) {
        blockIdx.x = row;
        l->kernel(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11]);
        __syncthreads();
    }
    return 0;
}
extern "C" void launch(P kernel, P *p, long rows) {
    pthread_barrier_init(&barrier, 0, THREADS);
    pthread_t threads[THREADS];
    Launch launches[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        launches[i] = { (decltype(Launch::kernel)) kernel, p, rows, i };
        pthread_create(&threads[i], 0, run, &launches[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
}
"""

MATHEMATICS = "".join(
    f'extern "C" {t} {name}{suffix}({t}{f", {t}" * (name in (*TWO, "copysign"))});\n'
    for name in dict.fromkeys([*FUNCTIONS.values(), *["ceil", "copysign", "fabs", "floor", "rint", "sqrt", "trunc"]])
    for t, suffix in (("double", ""), ("float", "f"))
)
"""What NVRTC knows by itself; the header of C++ takes longer to read than all else."""

gxx = shutil.which("g++") or shutil.which("clang++")
needs_compiler = pytest.mark.skipif(gxx is None, reason="no C++ compiler here")


class Card:
    """What stands for CuPy: `sources` are what it compiled, `launched` the kernels it ran or has captured."""

    def __init__(self, folder):
        self.folder, self.sources, self.recording, self.graphs = folder, [], None, 0
        card = self

        class RawModule:
            def __init__(self, code, options):
                card.sources.append(code)
                path = card.folder / f"{len(card.sources)}.so"
                command = [gxx, "-shared", "-fPIC", "-w", f"-DTHREADS={THREADS}", "-x", "c++", "-", "-o", path]
                own = re.sub("(?m)^typedef.*", "", code)  # the host has these types already
                subprocess.run(command, input=(HOST + MATHEMATICS + own).encode(), check=True)
                self.library = ctypes.CDLL(str(path))

            def get_function(self, name):
                return functools.partial(self.launch, getattr(self.library, name))

            def launch(self, kernel, grid, block, args):
                assert block == (cuda.THREADS,) and len(args) <= 12 and all(a.flags.c_contiguous for a in args)
                if card.recording is not None:
                    card.recording.append((self, kernel, grid, args))
                pointers = (ctypes.c_void_p * 12)(*[a.ctypes.data for a in args])
                self.library.launch(kernel, pointers, ctypes.c_long(grid[0]))

        class Stream(contextlib.nullcontext):
            ptr = 0

            def __init__(self, non_blocking=True):
                super().__init__()

            def begin_capture(self):
                card.recording = []

            def end_capture(self):
                launches, card.recording = card.recording, None
                card.graphs += 1
                return SimpleNamespace(
                    launch=lambda stream: [
                        m.launch(kernel, grid, (cuda.THREADS,), a) for m, kernel, grid, a in launches
                    ]
                )

        self.RawModule = RawModule
        self.cuda = SimpleNamespace(
            Stream=Stream,
            get_current_stream=Stream,
            Device=lambda: SimpleNamespace(id=0),
            MemoryPool=lambda: SimpleNamespace(malloc=None),
            using_allocator=lambda malloc: contextlib.nullcontext(),
        )

    def __getattr__(self, name):
        return getattr(np, name)


@pytest.fixture
def card(monkeypatch, tmp_path):
    """NumPy's engine compiles as CuPy's does."""
    monkeypatch.setenv("TAPEGRAD_NATIVE", "1")
    found = Card(tmp_path)
    monkeypatch.setitem(sys.modules, "cupy", found)
    monkeypatch.delitem(sys.modules, "tapegrad_cupy.native", raising=False)
    found.engine = importlib.import_module("tapegrad_cupy.native")
    monkeypatch.setattr(tapegrad_numpy.compiled, "compile_block", found.engine.compile_block)
    with tapegrad.use_backend("numpy"):
        yield found
    sys.modules.pop("tapegrad_cupy.native", None)


def alike(function, *args):
    """The compiled function, which gives what it gives eagerly."""
    program = tapegrad.compile(function)
    with np.errstate(all="ignore"):
        wanted = function(*args)
        for _ in range(3):
            got = program(*args)
    for x, y in zip(wanted, got, strict=True):
        assert x.dtype == y.dtype and x.shape == y.shape
        np.testing.assert_allclose(np.asarray(y), np.asarray(x), rtol=1e-5, atol=1e-6)
    return program


def whole(x, w):
    """Views, parts, and reductions of all sorts of a small array."""
    y = tnp.concatenate([x[:, 1:4], -w[:, ::2]], axis=1)
    return (
        *(tnp.sum(y.T @ w, axis=0), tnp.sum(y * 2, axis=0), tnp.reshape(y.T, (6, 4)) + 1, tnp.max(y, axis=1)),
        *(tnp.any(x > 1), tnp.min(x * w), tnp.sign(x) / 0.0, tnp.floor(x), tnp.tanh(w)),
        tapegrad.grad(lambda x: tnp.sum(tnp.exp(x * w)[1:] ** 2))(x),
    )


def rows(x, w):
    """A softmax, and a layer normalization of rows."""
    away = x - tnp.mean(x, axis=-1, keepdims=True)
    e = tnp.exp(w - tnp.max(w, axis=-1, keepdims=True))
    normal = away / tnp.sqrt(tnp.mean(away * away, axis=-1, keepdims=True) + 1e-5)
    return normal, e / tnp.sum(e, axis=-1, keepdims=True)


def flat(x, w):
    """A function of each element, and a total."""
    y = tnp.where(x > w, tnp.sin(x), x * w)
    return y, tnp.mean(y)


CASES = [(whole, (4, 6)), (rows, (90, 7, 129)), (flat, (173, 101))]


def drawn(shape):
    rng = np.random.default_rng(0)
    return [tnp.asarray(rng.standard_normal(shape), dtype="float32") for _ in range(2)]


@needs_compiler
@pytest.mark.parametrize(("function", "shape"), CASES, ids=lambda x: getattr(x, "__name__", None))
def test_kernels_give_what_numpy_gives(card, function, shape):
    program = alike(function, *drawn(shape))
    assert card.sources and "__global__" in program.explain(code=True)


@needs_compiler
def test_many_launches_are_one_graph_that_is_captured_once(card, one_by_one):
    x, w = drawn((5, 3))
    program = tapegrad.compile(lambda x, w: tnp.tanh(x * w + 1) * x - w * w)
    for k in (1, 2, 3, 4):
        got = np.asarray(program(x * k, w))
        np.testing.assert_allclose(got, np.tanh(k * x * w + 1) * k * x - w * w, rtol=1e-5)
    assert card.graphs == 1 and "f_graph" in program.explain() and "__global__" in program.explain(code=True)


@pytest.fixture
def one_by_one(card, monkeypatch):
    """Every step is a kernel of its own, and copies take no time."""
    grouped = groups.grouped

    def alone(block, vectors):
        each = [block._replace(steps=(step,), needed=frozenset(step.results)) for step in block.steps]
        return [part for block in each for part in grouped(block, vectors)]

    monkeypatch.setattr(groups, "LEAST", 1)
    monkeypatch.setattr(groups, "grouped", alone)
    monkeypatch.setattr(card.engine, "LAUNCH", 1 << 40)


@needs_compiler
@pytest.mark.parametrize("what", ["kernels", "graphs"])
def test_what_fails_costs_a_warning(card, one_by_one, monkeypatch, what):
    def fail(*args, **keywords):
        raise RuntimeError("no driver")

    if what == "kernels":
        monkeypatch.setattr(card, "RawModule", fail)
    else:
        monkeypatch.setattr(card.cuda.Stream, "begin_capture", fail)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for function in (lambda x, w: (tnp.tanh(x * w + 1) * x - w * w,), lambda x, w: (tnp.exp(x * x - w) * w - x,)):
            alike(function, *drawn((5, 3)))
    assert [(w.category, f"without CUDA {what}: no driver" in str(w.message)) for w in seen] == [(CompileWarning, True)]


def nvrtc():
    """NVRTC of NVIDIA's wheel, or None."""
    spec = importlib.util.find_spec("nvidia")
    folders = [Path(place) for place in (spec.submodule_search_locations or []) if spec] if spec else []
    found = [path for folder in folders for path in folder.glob("*/lib/libnvrtc.so.1?")]
    return ctypes.CDLL(str(found[0])) if found else None


@pytest.mark.parametrize(("function", "shape"), CASES, ids=lambda x: getattr(x, "__name__", None))
def test_nvrtc_takes_them(card, function, shape):
    library = nvrtc()
    if library is None:
        pytest.skip("NVRTC comes with the wheel nvidia-cuda-nvrtc-cu12 or -cu13")
    card.RawModule = lambda code, options: card.sources.append((code, options))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing can be launched
        program = tapegrad.compile(function)
        for _ in range(3):
            program(*drawn(shape))
    ((code, options),) = card.sources
    assert compiled_by(library, code, [*options, "--gpu-architecture=sm_80"]) > 1000


def compiled_by(library, code, options):
    """How many bytes NVRTC makes of a source; its log, where it takes it not."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    library.nvrtcCreateProgram(ctypes.byref(program), code.encode(), b"groups.cu", 0, None, None)
    failed = library.nvrtcCompileProgram(
        program, len(options), (ctypes.c_char_p * len(options))(*[o.encode() for o in options])
    )
    library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    library.nvrtcGetProgramLog(program, log)
    assert not failed, log.value.decode()
    library.nvrtcGetCUBINSize(program, ctypes.byref(size))
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return size.value
