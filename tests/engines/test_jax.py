"""The JAX engine: the same gradients as NumPy's, eager and traced, and nothing of JAX's own settings touched."""

import os
import subprocess
import sys

import numpy as np
import pytest

import tapegrad
from tapegrad.errors import BackendError, DtypeError
from tapegrad.op import registered

jax = pytest.importorskip("jax", reason="the JAX engine needs jax")
import jax.numpy as jnp  # noqa: E402

OPS = {name: op.call for name, op in registered().items()}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4)).astype("float32")
W = RNG.standard_normal((4, 3)).astype("float32")


def loss(x, w):
    """A bit of everything that engines do differently: matmul, repeated indices, slices, a reduction, a selection."""
    h = OPS["tanh"](x @ w)
    picked = h[:, np.array([0, 2, 2])]
    bent = OPS["where"](picked > 0, picked * 2.0, OPS["exp"](picked))
    return OPS["sum"](bent[1:, ::2] * bent[:-1, 1:]) / 3


def both(x, w):
    return tapegrad.value_and_grad(loss, argnums=(0, 1))(x, w)


def close(found, wanted):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-5, atol=1e-6)


def test_eager_gradients_are_those_of_numpy_in_jax_arrays():
    found = both(jnp.asarray(X), jnp.asarray(W))
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(found))
    close(found, both(X, W))


def test_under_jit():
    close(jax.jit(both)(jnp.asarray(X), jnp.asarray(W)), both(X, W))


def test_under_vmap():
    xs = RNG.standard_normal((5, 3, 4)).astype("float32")
    value, grads = jax.vmap(both, in_axes=(0, None))(jnp.asarray(xs), jnp.asarray(W))
    for i, x in enumerate(xs):
        close((value[i], (grads[0][i], grads[1][i])), both(x, W))


def test_under_jaxs_own_gradient():
    """A JAX user may differentiate what tapegrad computes, its gradients included."""

    def traced(x):
        grad = tapegrad.grad(loss)(x, jnp.asarray(W))
        return jnp.sum(grad * grad)

    def recorded(x):
        grad = tapegrad.grad(loss)(x, W)
        return OPS["sum"](grad * grad)

    close(jax.grad(traced)(jnp.asarray(X)), tapegrad.grad(recorded)(X))


def test_under_shard_map():
    mesh = jax.make_mesh((1,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec
    sharded = jax.shard_map(
        lambda x, w: tapegrad.grad(loss)(x, w), mesh=mesh, in_specs=(spec("data"), spec()), out_specs=spec("data")
    )
    close(jax.jit(sharded)(jnp.asarray(X), jnp.asarray(W)), tapegrad.grad(loss)(X, W))


def test_float64_is_refused_in_words_and_never_truncated():
    x = jnp.asarray(X)
    for attempt in (
        lambda: tapegrad.get_backend("jax").from_numpy(np.zeros(3)),
        lambda: tapegrad.vjp(lambda x: OPS["astype"](x, dtype="float64"), x),
        lambda: tapegrad.vjp(lambda x: OPS["astype"](x, dtype="complex128"), x),
    ):
        with pytest.raises(DtypeError, match="JAX_ENABLE_X64=1"):
            attempt()


def test_float64_is_there_where_jax_has_it():
    with jax.enable_x64(True):
        x = jnp.asarray(X, dtype="float64")
        found = tapegrad.grad(loss)(x, jnp.asarray(W, dtype="float64"))
        assert found.dtype == "float64"
        np.testing.assert_allclose(found, tapegrad.grad(loss)(X.astype("f8"), W.astype("f8")), rtol=1e-12)


def test_integers_are_32_bits_wide_if_they_fit():
    backend = tapegrad.get_backend("jax")
    assert backend.from_numpy(np.arange(3)).dtype == "int32"
    with pytest.raises(DtypeError, match="do not fit int32"):
        backend.from_numpy(np.array([2**40]))


@pytest.mark.parametrize("key", [3, -4, (0, 4), np.array([0, 3]), (slice(None), np.array([[-5]]))], ids=str)
def test_an_index_beyond_the_end_is_an_error_and_not_clamped(key):
    with pytest.raises(IndexError, match="out of bounds"):
        tapegrad.vjp(lambda x: x[key], jnp.asarray(X))


def test_an_index_beyond_the_end_reads_nan_where_it_cannot_be_seen():
    @jax.jit
    def read(x, i):
        return tapegrad.vjp(lambda x: x[i], x)[0]

    found = read(jnp.asarray(X), jnp.asarray([1, 7]))
    np.testing.assert_array_equal(found[0], X[1])
    assert np.isnan(found[1]).all()


def test_writes_are_functional():
    raw = jnp.asarray(X)

    def f(x):
        y = x * 1.0
        z = y.copy()
        y[0, np.array([1, 1])] = 5.0
        return OPS["sum"](y * z)

    found = tapegrad.grad(f)(raw)
    np.testing.assert_array_equal(raw, X)
    wanted = 2 * X
    wanted[0, 1] = 5
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_arrays_stay_on_their_device():
    backend = tapegrad.get_backend("jax")
    first, last = backend.devices()[0], backend.devices()[-1]
    raw = backend.from_numpy(X, device=last)
    assert backend.device_of(raw) == last
    assert backend.device_of(backend.to_device(raw, first)) == first
    with pytest.raises(BackendError, match="no device 'gpu\\(99\\)'"):
        backend.to_device(raw, "gpu(99)")
    backend.synchronize()


def test_the_plugin_imports_no_jax_and_changes_none_of_its_settings():
    code = (
        "import sys, tapegrad, tapegrad_jax\n"
        "assert 'jax' not in sys.modules\n"
        "import numpy as np\n"
        "np.random.seed(0)\n"
        "tapegrad.get_backend('jax').module\n"
        "assert np.random.get_state()[2] == 624, 'a program has other numbers for its seed'\n"
        "import jax\n"
        "before = dict(jax.config.values)\n"
        "x = tapegrad.get_backend('jax').from_numpy(np.ones(3, 'float32'))\n"
        "tapegrad.grad(lambda x: (x * x)[0])(x)\n"
        "assert dict(jax.config.values) == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "at", "wanted"),
    [
        ("betaln", (12.0, 20.5), -21.487376593209678),
        ("betaln", (3.0, 4.0), -4.0943445622221007),
        ("gammaln", (1.0009765625,), -0.0005629031799912046),
        ("gammaln", (1.9990234375,), -0.00041256773597148940),
        ("gammaln", (0.25,), 1.2880225246980775),
        ("digamma", (1.4619140625,), 0.00027276858695440815),
        ("digamma", (1.4609375,), -0.00067240239024288040),
        ("sinh", (2**-11 - 2**-12 * 1j,), 0.00048828125485063813 - 0.00024414065167851155j),
        ("expm1", (2**-11 - 2**-12 * 1j,), 0.00048837066181676501 - 0.00024425986097161504j),
        ("log", (0.75 + 0.03125j,), -0.28681476954567677 + 0.041642579098588424j),
        ("log2", (0.75 + 0.03125j,), -0.41378624567725876 + 0.060077542355359919j),
        ("log10", (0.75 + 0.03125j,), -0.12456207174204026 + 0.018085142314736643j),
        ("cosh", (12 - 1j,), 43968.394549047835 - 68476.717306191418j),
    ],
)
def test_functions_of_which_xla_loses_digits_have_them(name, at, wanted):
    """Against mpmath's values."""
    backend = tapegrad.get_backend("jax")
    for dtype in map(np.dtype, ("complex128", "complex64") if isinstance(wanted, complex) else ("float64", "float32")):
        with backend.all_dtypes():
            kernel = getattr(backend.kernels, name)
            found = np.asarray(kernel(*(backend.from_numpy(np.asarray(x, dtype)) for x in at)))
        assert found.dtype == dtype
        assert abs(found - wanted) <= 6 * np.finfo(dtype).eps * abs(wanted)


SHARES = """
import sys, jax, numpy, tapegrad
found = []
jax.monitoring.register_event_listener(lambda event, **_: found.append(event))
backend = tapegrad.get_backend("jax")
backend.share_compiled(sys.argv[1])
print(backend.kernels.exp(backend.from_numpy(numpy.zeros(3, "float32"))))
print(found.count("/jax/compilation_cache/cache_hits"))
"""


@pytest.mark.slow
def test_what_one_process_of_the_suite_compiled_is_read_by_the_next(tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    command = [sys.executable, "-c", SHARES, str(tmp_path)]
    runs = [subprocess.run(command, env=env, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [run.stdout.split("\n")[:2] for run in runs] == [["[1. 1. 1.]", "0"], ["[1. 1. 1.]", "1"]]


LOWERS = """
import jax, tapegrad
from jax._src.interpreters import mlir
made = []
plain = mlir.make_ir_context
mlir.make_ir_context = lambda: made.append(plain()) or made[-1]
if {shared}:
    tapegrad.get_backend("jax").share_compiled("{folder}")
for n in range(3):
    jax.numpy.exp(jax.device_put(jax.numpy.float32(n)).reshape((1,) * n))
print(len(made))
"""


@pytest.mark.slow
def test_the_suite_lowers_all_in_one_context_and_else_jax_does_as_it_does(tmp_path):
    shared, plain = (
        int(subprocess.check_output([sys.executable, "-c", LOWERS.format(shared=shared, folder=tmp_path)], text=True))
        for shared in (True, False)
    )
    assert shared == 1 < plain


def test_a_compiled_body_is_compiled_once_for_a_nan_as_for_any_number():
    compiled = []

    def listen(event, _, **__):
        compiled.append(event)

    backend = tapegrad.get_backend("jax")
    x = backend.from_numpy(np.zeros((2, 5), "float32"))
    counts = []
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        for _ in range(2):
            out = backend.kernels.pad(x, widths=((0, 1), (0, 0)), mode="constant", value=float("nan"))
            assert np.isnan(np.asarray(out)).sum() == 5
            counts.append(compiled.count("/jax/core/compile/backend_compile_duration"))
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    assert counts[0] == counts[1] > 0


def test_arrays_of_the_host_are_known_inside_a_trace():
    """So that the engine can be opened in one, which looks at what comes back."""
    backend = tapegrad.get_backend("jax")

    @jax.jit
    def traced(x):
        back = backend.to_numpy(backend.from_numpy(np.ones(2, "float32")))
        return x + back.sum()

    assert traced(1.0) == 3


@pytest.mark.parametrize("call", [jnp.sin, lambda x: jnp.stack([x, x])])
def test_a_function_of_jaxs_says_what_to_call_instead(call):
    with pytest.raises(TypeError, match=r"; .* call the one of tapegrad\.numpy in its place"):
        tapegrad.grad(lambda x: call(x).sum())(jnp.ones(2))
