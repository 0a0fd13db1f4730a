"""Machine code gives what NumPy gives, and whatever is wrong with a compiler or a cache costs a warning at most."""

import ctypes
import os
import platform
import stat
import threading
import warnings

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
import tapegrad_numpy.native as native
from tapegrad import nd, nn
from tapegrad.compile.native import compiler
from tapegrad.compile.native.emitter import emit, file
from tapegrad.compile.native.expressions import FUNCTIONS, TWO
from tapegrad.compile.native.lowering import Lowering
from tapegrad.errors import CompileWarning

needs_compiler = pytest.mark.skipif(bool(compiler.why_not()), reason="no C compiler here")
needs_vectors = pytest.mark.skipif(not compiler.vectors(), reason="no vectors of elementary functions here")


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Machine code from the first run on, with a cache and a state of its own."""
    monkeypatch.setenv("TAPEGRAD_NATIVE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiler, "_loaded", {})
    monkeypatch.setattr(compiler, "PATIENCE", 600.0)  # a busy machine's compiler does not hang
    monkeypatch.setitem(compiler._state, "failed", "")
    compiler._own_folder.cache_clear()
    with tapegrad.use_backend("numpy"):
        yield
    compiler._own_folder.cache_clear()


def compiled_alike(function, *args, exact=False):
    """What a compiled function returns, which is what it returns eagerly."""
    program = tapegrad.compile(function)
    with np.errstate(all="ignore"):
        wanted = function(*args)
        for _ in range(3):
            got = program(*args)
    for x, y in zip(wanted, got, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert x.dtype == y.dtype and x.shape == y.shape
        if exact:
            np.testing.assert_array_equal(y, x)
            assert x.dtype.kind != "f" or np.array_equal(np.signbit(y[y == y]), np.signbit(x[x == x]))
        else:
            np.testing.assert_allclose(y, x, rtol=1e-5, atol=1e-6)
    return program


@needs_compiler
@pytest.mark.parametrize("look", [bool, nd.NDArray.asscalar], ids=["bool", "asscalar"])
def test_the_host_looks_at_truth_of_a_float(look):
    def signed(x):
        return x * 2 + 1 - x if look(x > 0) else x * 3 - 1 + x

    program = tapegrad.compile(signed)
    for number in (1.0, -1.0, 2.0, -2.0, 3.0):
        x = nd.array([number])
        assert program(x).asscalar() == signed(x).asscalar()
    assert program.stats()["traces"] == 2 and "native" in program.explain()


def gradients(x, w):
    """A function of a few operations and its gradients."""
    return tapegrad.grad(lambda x, w: tnp.sum(tnp.tanh(x * w + 0.5) * tnp.exp(-x * x)), argnums=(0, 1))(x, w)


def arrays(*shape, dtype="float32"):
    draw = np.random.default_rng(0)
    return [tnp.asarray(draw.standard_normal(shape), dtype=dtype) for _ in range(2)]


@needs_compiler
@needs_vectors
@pytest.mark.parametrize("shape", [(), (1,), (5, 3), (300, 400)])
def test_shapes(shape):
    program = compiled_alike(gradients, *arrays(*shape))
    assert "f_native" in program.explain() and "tanhf" in program.explain(code=True)


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values(dtype):
    values = np.array([0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 5e-324, 1e38, 2.5], dtype)
    x, y = (tnp.asarray(v.copy()) for v in np.meshgrid(values, values))

    def function(x, y):
        larger = tnp.where(x > y, x, y)
        ordered = (x <= y) & ~(x == y) | (y != y)
        return larger, ordered, tnp.maximum(x, y) + 0.0, -abs(x), tnp.sign(y) - y, x / y, tnp.floor(y), tnp.sqrt(x * y)

    compiled_alike(function, x, y, exact=True)


@needs_compiler
@needs_vectors
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elementary_functions(dtype):
    # By their own names; what NumPy and C give is at most 4 units in the last place from the truth each.
    xp = tapegrad.get_backend("numpy").kernels
    one = [name for name, c in FUNCTIONS.items() if c not in TWO]
    draw = np.random.default_rng(0)
    info = np.finfo(dtype)
    special = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, info.tiny, info.max, -info.max, 1e5, -745.0, 89.0]
    random = [draw.normal(size=400) * scale for scale in (0.01, 1, 20)]
    x = np.concatenate([special, *random]).astype(dtype)
    y = np.concatenate([special[::-1], *random[::-1]]).astype(dtype)
    table = Lowering(compiler.vectors())
    given = [table._input(i, v.shape, v.dtype, v) for i, v in enumerate((x, y))]
    results = [getattr(table, name)(*given[: 1 + (name not in one)]) for name in FUNCTIONS]
    function = emit(table, "all", results, 1, 0)
    got = [np.empty_like(x) for _ in results]
    arrays = (x, y, *got)
    assert compiler.load(file([function])).all(ctypes.c_void_p(id(arrays)), ctypes.c_long(0), ctypes.c_long(1)) == 0
    for name, z in zip(FUNCTIONS, got, strict=True):
        with np.errstate(all="ignore"):
            wanted = getattr(xp, name)(*(x, y)[: 1 + (name not in one)])
        plain = np.isfinite(wanted) & (abs(wanted) >= info.tiny)
        exact = ~np.isfinite(wanted) | (wanted == 0)
        np.testing.assert_array_equal(z[exact], wanted[exact], err_msg=name)
        assert np.all(np.signbit(z) == np.signbit(wanted), where=wanted == wanted), name
        assert np.all(abs(z[plain] - wanted[plain]) <= 8 * info.eps * abs(wanted[plain])), name


@needs_compiler
def test_integers_and_booleans():
    x, y = (tnp.asarray(np.arange(-6, 6), dtype="int16") * k for k in (7000, 1))
    compiled_alike(lambda x, y: (x * y + 3, x ^ y, ~x, abs(x) < y, tnp.max(x - y), (x > 0) & (y > 0)), x, y, exact=True)


@needs_compiler
def test_operands_that_are_not_contiguous():
    x, w = arrays(600, 500)
    compiled_alike(lambda x, w: gradients(x, w), tnp.asarray(np.asarray(x).T), tnp.asarray(np.asarray(w)[::-1].T))
    compiled_alike(lambda x, w: gradients(x[:, 0], w[0]), x[:4, :4], w[:4, :4])


@needs_compiler
def test_rows_are_reduced_and_broadcast():
    x, w = arrays(90, 7, 256)
    scale = arrays(256)[0]

    def function(x, w):
        away = x - tnp.mean(x, axis=-1, keepdims=True)
        normal = away / tnp.sqrt(tnp.mean(away * away, axis=-1, keepdims=True) + 1e-5) * scale
        e = tnp.exp(w - tnp.max(w, axis=-1, keepdims=True))
        return normal, e / tnp.sum(e, axis=-1, keepdims=True), tnp.sum(normal * w)

    program = compiled_alike(function, x, w)
    assert program.explain().count("f_native") == 1


@needs_compiler
@pytest.mark.parametrize("shape", [(20001,), (3, 6667)])
def test_reductions_of_large_arrays_by_any_axes(shape):
    x = tnp.asarray(np.random.default_rng(0).uniform(1, 2, shape), dtype="float32")

    def function(x):
        y = x * 2 + 1
        away = tnp.exp(y - tnp.max(y, axis=-1, keepdims=True))
        return (
            tnp.sum(y, axis=0, keepdims=True),
            away / tnp.sum(away, axis=-1, keepdims=True),
            tnp.sum(y, axis=tuple(range(x.ndim))),
            tnp.std(y * y),
            tnp.linalg.vector_norm(y),
        )

    assert "f_native" in compiled_alike(function, x).explain() and not compiler.why_not()


@needs_compiler
@pytest.mark.parametrize("shape", [(20, 1001), (60, 7, 256)])
def test_zero_times_infinity_is_zero_in_large_arrays(shape):
    x, w = (np.array(v) for v in arrays(*shape))
    x[3::7, ::50], x[5, 1::50] = np.inf, np.nan

    def function(x, w):
        return tapegrad.grad(lambda x, w: tnp.sum(tnp.tanh(w + 0.5) * tnp.exp(-tnp.square(x))), argnums=(0, 1))(x, w)

    program = compiled_alike(function, tnp.asarray(x), tnp.asarray(w))
    assert np.isfinite(np.asarray(program(tnp.asarray(x), tnp.asarray(w))[0])[3::7, ::50]).all()
    assert "OR_ZERO" in program.explain(code=True) and "PRODUCT" in program.explain(code=True)


@needs_compiler
def test_what_follows_from_little_is_computed_again_in_the_backward_pass():
    x, w, v = (tnp.asarray(np.random.default_rng(i).normal(size=(160, 160))) for i in range(3))

    def loss(x, w, v):
        hidden = x @ w + v[0]
        return tnp.sum((hidden * (1 + tnp.tanh(0.8 * (hidden + 0.04 * hidden**3))) @ v * x) ** 2)

    program = compiled_alike(tapegrad.grad(loss, argnums=(0, 1, 2)), x, w, v)
    steps = program._sorts.popitem()[1].recordings[0].program.plan.steps
    kernels = [step for step in steps if step.name == "native" and "= tanh(" in step.function.code]
    assert [len(step.results) for step in kernels] == [1, 1]  # nothing is kept for the second


@needs_compiler
def test_views_and_what_is_put_together():
    x, w = arrays(4, 6)

    def function(x, w):
        y = tnp.concatenate([x[:, 1:4], -w[:, ::2]], axis=1)
        return tnp.sum(y.T @ w, axis=0), tnp.sum(y * 2, axis=0), tnp.reshape(y.T, (6, 4)) + 1, tnp.flip(x, axis=1) * w

    compiled_alike(
        lambda x, w: (
            *function(x, w),
            tapegrad.grad(lambda x: tnp.sum(function(x, w)[2] ** 2))(x),
        ),
        x,
        w,
    )


@needs_vectors
def test_what_python_has_unrolled_is_a_loop_again():
    x, w = (tnp.asarray(np.random.default_rng(i).uniform(0.5, 1, 10), dtype="float32") for i in range(2))

    def function(x, w):
        y, before = x, w
        for i in range(24):
            y, before = tnp.where(y > w, tnp.sin(y) * 1.5, y + 0.1 * before), y
            if i == 15:
                y = y - w
        return tnp.sum(y)

    program = compiled_alike(lambda x, w: (function(x, w), *tapegrad.grad(function, argnums=(0, 1))(x, w)), x, w)
    code = program.explain(code=True)
    assert code.count("for (long k = 0;") >= 3 and len(code.partition("/* v")[2].splitlines()) < 200


@needs_compiler
def test_all_courses_of_a_loop_are_computed_before_the_first_look():
    def function(x):
        y = x * 2
        while tapegrad.nd.norm(y).asscalar() < 100:
            y = y * 2
        return y if tapegrad.nd.sum(y).asscalar() > 0 else y - 1

    program = tapegrad.compile(function)
    for scale in (3, 30, -3, 3, 0.5, -3, 30):
        x = tapegrad.nd.array([scale, 1.0])
        assert (program(x) == function(x)).asnumpy().all()
    before, _, after = program.explain().rpartition("def course0")[2].partition("f_native")
    assert "if " not in before and "if not" in after and program.explain().count("f_native") == 1


@needs_compiler
def test_threads_change_nothing(monkeypatch):
    x, w = arrays(300, 1001)
    results = []
    for cores in (1, 3):
        monkeypatch.setattr(native, "_cores", lambda cores=cores: cores)
        native._pool.cache_clear()
        program = tapegrad.compile(lambda x, w: (tnp.sum(x * w + x), *gradients(x, w)))
        program(x, w)
        results.append([np.asarray(r).tobytes() for r in program(x, w)])
    native._pool().shutdown()
    native._pool.cache_clear()
    assert results[0] == results[1]


@needs_compiler
def test_sums_of_many_numbers_are_exact_to_their_last_places():
    x = tnp.asarray(np.random.default_rng(0).uniform(0, 1, 1 << 20), dtype="float64")
    program = tapegrad.compile(lambda x: tnp.sum(x * 1e3 - x * 0.5))
    program(x)
    exact = np.sum(np.asarray(x * 1e3 - x * 0.5).astype(np.longdouble))
    assert abs(program(x).item() - exact) <= 4 * np.spacing(float(exact))


# Compilers and caches


def on_path(monkeypatch, folder, script):
    """A compiler of that script is all there is on PATH."""
    folder.mkdir()
    if script:
        (folder / "cc").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        (folder / "cc").chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))


GARBAGE = 'while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"'


@pytest.mark.parametrize(
    ("script", "count"), [("", 0), ("exit 1", 1), ("exit 0", 1), (GARBAGE, 1), ("sleep 100 & sleep 100", 1)]
)
def test_a_compiler_that_does_not_do_costs_a_warning(monkeypatch, tmp_path, script, count):
    on_path(monkeypatch, tmp_path / "bin", script)
    monkeypatch.setattr(compiler, "PATIENCE", 0.2)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for function in (gradients, lambda x, w: gradients(w, x)):
            compiled_alike(function, *arrays(5))
    assert [w.category for w in seen] == [CompileWarning] * count
    assert compiler.why_not()


def test_a_warning_that_is_an_error_is_told_by_explain(monkeypatch, tmp_path):
    on_path(monkeypatch, tmp_path / "bin", "exit 1")
    assert "traced: its program failed with CompileWarning" in compiled_alike(gradients, *arrays(5)).explain()


@pytest.mark.skipif(not compiler._libmvec(), reason="the C library has no vectors of elementary functions")
def test_of_two_compilers_the_one_with_vectors_is_used_if_none_is_named(monkeypatch, tmp_path):
    on_path(monkeypatch, tmp_path / "bin", "echo clang version 14")
    (tmp_path / "bin" / "gcc").symlink_to("/usr/bin/true")
    assert os.path.basename(compiler._found()) == "gcc" and compiler.vectors()
    monkeypatch.setenv("CC", "cc")
    assert os.path.basename(compiler._found()) == "cc" and not compiler.vectors()


def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("TAPEGRAD_NATIVE", "0")
    assert "f_native" not in compiled_alike(gradients, *arrays(5)).explain()


SOURCE = "int one(void) { return 1; }"


@needs_compiler
@pytest.mark.parametrize("damage", ["bytes", "mode", "link"])
def test_files_that_are_not_as_they_were_written_are_not_loaded(monkeypatch, tmp_path, damage):
    assert compiler.load(SOURCE).one() == 1
    (file,) = compiler._folder().iterdir()
    whole = file.read_bytes()
    if damage == "bytes":
        file.unlink()  # the file that is loaded stays whole: the process runs what is in it until its end
        file.touch(0o700)
        file.write_bytes(whole[:-1])
    elif damage == "mode":
        file.chmod(0o722)
    else:
        file.rename(tmp_path / "elsewhere.so")
        file.symlink_to(tmp_path / "elsewhere.so")
    assert compiler._cached(file) is None
    compiler._loaded.clear()
    assert compiler.load(SOURCE).one() == 1
    assert file.read_bytes() == whole and not file.is_symlink() and not file.stat().st_mode & 0o022
    monkeypatch.setattr(compiler, "_compiled", None)
    compiler._loaded.clear()
    assert compiler.load(SOURCE).one() == 1  # from the cache


@needs_compiler
@pytest.mark.parametrize("how", ["for all to write to", "not a folder", "full"])
def test_without_a_cache_kernels_are_made_anew(monkeypatch, tmp_path, how):
    folder = compiler._folder()
    if how == "for all to write to":
        folder.chmod(0o777)
    elif how == "not a folder":
        folder.rmdir()
        folder.write_text("")
    else:
        replace = os.replace

        def full(source, target):
            if str(target).startswith(str(folder)):
                raise OSError(28, "No space left on device")
            replace(source, target)

        monkeypatch.setattr(os, "replace", full)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiler.load(SOURCE).one() == 1
    assert folder.is_file() or not list(folder.iterdir())


@needs_compiler
def test_two_may_compile_one_kernel_at_once():
    path = compiler._folder() / "kernel.so"
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(compiler._compiled(SOURCE, path).one())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1, 1] and [file.name for file in path.parent.iterdir()] == ["kernel.so"]
    assert compiler._cached(path) is not None and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@needs_compiler
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="which of two zeros is larger NumPy decides")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_two_zeros_the_same_one_is_larger(dtype):
    x, y = tnp.asarray(np.tile([0.0, -0.0], 20).astype(dtype)), tnp.asarray(np.tile([-0.0, 0.0], 20).astype(dtype))
    program = compiled_alike(
        lambda x, y: (tnp.maximum(x, y), tnp.minimum(x, y), tnp.maximum(x, 0), tnp.minimum(0, x), 1 / nn.relu(x)),
        *(x, y),
        exact=True,
    )
    assert "/* " in program.explain(code=True)
