"""Linear algebra, products and transforms have NumPy's values, and their gradients the stated conventions."""

import math

import numpy as np
import pytest
from engines import NAMES, on

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.engines.tables import RECORDED as ops
from tapegrad.errors import NoGradientError, ShapeError
from tapegrad.ops import contraction, fft, linalg
from tapegrad.testing import check_grads

everywhere = pytest.mark.parametrize("backend", NAMES, indirect=True)
on_numpy = pytest.mark.parametrize("backend", ["numpy"], indirect=True)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed + len(shape) + sum(shape)).standard_normal(shape)


def complexes(*shape, seed=0):
    return numbers(*shape, seed=seed) + 1j * numbers(*shape, seed=seed + 1)


def adjoint(x):
    return ops.conj(ops.matrix_transpose(x))


# Products.

EINSUMS = [
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("iii->i", [(3, 3, 3)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij,k->i", [(2, 3), (4,)]),
    ("ij,ij->ij", [(1, 2), (2, 2)]),
    ("nd,nn->d", [(2, 2), (2, 2)]),
    ("i,i->", [(0,), (0,)]),
    (",i->i", [(), (3,)]),
    ("...i->...", [(2, 3)]),
    ("i...->...i", [(2, 3, 4)]),
    ("...ij,...jk->...ik", [(2, 2, 2), (2, 3)]),
    ("...ij,...jk->...ik", [(1, 2, 2), (3, 2, 3)]),
    ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
    ("i,ij,j->", [(2,), (2, 3), (3,)]),
    ("abc,cd,de,ea->b", [(2, 3, 4), (4, 2), (2, 3), (3, 2)]),
    (" i j , j k -> i k ", [(2, 3), (3, 2)]),
]


@everywhere
@pytest.mark.parametrize(("subscripts", "shapes"), EINSUMS)
def test_einsum_is_numpys(backend, subscripts, shapes):
    arrays = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    expected = np.einsum(subscripts, *arrays)
    for optimize in (True, False):
        found = contraction.einsum(subscripts, *(on(backend, x) for x in arrays), optimize=optimize)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found.asnumpy(), expected, atol=1e-12)


@on_numpy
@pytest.mark.parametrize(("subscripts", "shapes"), [case for case in EINSUMS if case[1][0] != (0,)])
def test_einsum_has_its_derivatives(backend, subscripts, shapes):
    arrays = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    check_grads(lambda *a: contraction.einsum(subscripts, *a), arrays, backend=backend)


@everywhere
def test_einsum_reads_lists_of_numbers(backend):
    x, y = numbers(2, 3), numbers(3, 4)
    found = contraction.einsum(on(backend, x), [0, 1], on(backend, y), [1, 2], [2, 0])
    np.testing.assert_allclose(found.asnumpy(), (x @ y).T, atol=1e-12)


@everywhere
@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("i...->i", [(2, 2)]),
        ("ij,jk", [(2, 3), (2, 3)]),
        ("ij", [(2,)]),
        ("i->k", [(2,)]),
        ("i->ii", [(2,)]),
        ("i,j", [(2,)]),
        ("i1", [(2, 2)]),
    ],
)
def test_einsum_refuses_what_does_not_agree(backend, subscripts, shapes):
    with pytest.raises(ShapeError, match="einsum"):
        contraction.einsum(subscripts, *(on(backend, numbers(*shape)) for shape in shapes))


@everywhere
@pytest.mark.parametrize("name", ["dot", "inner", "kron"])
@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((), (3,)), ((2, 2, 3), (4, 3, 3)), ((3, 3), (3, 3))])
def test_dot_inner_and_kron_are_numpys(backend, name, shapes):
    x, y = (numbers(*shape, seed=i) for i, shape in enumerate(shapes))
    found = getattr(contraction, name)(on(backend, x), on(backend, y))
    np.testing.assert_allclose(found.asnumpy(), getattr(np, name)(x, y), atol=1e-12)


@on_numpy
def test_vdot_and_vecdot_conjugate_the_left(backend):
    x, y = complexes(2, 3), complexes(2, 3, seed=7)
    np.testing.assert_allclose(contraction.vdot(on(backend, x), on(backend, y)).asnumpy(), np.vdot(x, y))
    np.testing.assert_allclose(contraction.vecdot(on(backend, x), on(backend, y)).asnumpy(), (x.conj() * y).sum(-1))
    check_grads(contraction.vecdot, (x, y), dtype="complex128", backend=backend)


# Decompositions.

KINDS = [numbers, complexes]


@on_numpy
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)])
def test_singular_vectors_are_right_up_to_their_phase(backend, kind, shape):
    def invariants(x, full=False):
        u, s, vh = linalg.svd(x, full_matrices=full)
        k = min(x.shape[-2:])
        first, second = ops.getitem(u, key=(..., slice(0, k))), ops.getitem(vh, key=(..., slice(0, k), slice(None)))
        scaled = ops.multiply(first, ops.astype(ops.expand_dims(ops.exp(s), axis=-2), dtype=u.dtype))
        found = [ops.matmul(scaled, second), ops.square(ops.abs(first)), ops.square(ops.abs(second))]
        if full:
            rest = ops.getitem(u, key=(..., slice(k, None)))
            found.append(ops.matmul(rest, adjoint(rest)))
        return tuple(found)

    x = kind(*shape) / 2
    dtype = "complex128" if np.iscomplexobj(x) else "float64"
    check_grads(invariants, (x,), dtype=dtype, backend=backend, orders=1)
    check_grads(lambda x: invariants(x, full=True), (x,), dtype=dtype, backend=backend, orders=1)


@on_numpy
@pytest.mark.parametrize("kind", KINDS)
def test_eigenvectors_are_right_up_to_their_phase(backend, kind):
    def invariants(x):
        values, vectors = linalg.eigh(x)
        scaled = ops.multiply(vectors, ops.astype(ops.expand_dims(ops.exp(values), axis=-2), dtype=vectors.dtype))
        return ops.matmul(scaled, adjoint(vectors)), ops.square(ops.abs(vectors))

    x = kind(2, 3, 3)
    dtype = "complex128" if np.iscomplexobj(x) else "float64"
    check_grads(invariants, (x,), dtype=dtype, backend=backend, orders=1)


@everywhere
def test_equal_eigenvalues_have_gradients_and_their_vectors_have_none(backend):
    x = on(backend, 2 * np.eye(3))
    np.testing.assert_allclose(
        tapegrad.grad(lambda x: ops.sum(ops.square(linalg.eigvalsh(x))))(x).asnumpy(), 4 * np.eye(3)
    )
    with np.errstate(all="ignore"):
        assert np.isnan(tapegrad.grad(lambda x: ops.sum(ops.abs(linalg.eigh(x)[1])))(x).asnumpy()).any()


@everywhere
def test_gradients_of_hermitian_functions_are_hermitian(backend):
    x = on(backend, [[4.0, 1.0], [1.0, 3.0]])
    for f in (linalg.cholesky, linalg.eigvalsh):
        g = tapegrad.grad(lambda x, f=f: ops.sum(f(x)))(x).asnumpy()
        np.testing.assert_allclose(g, g.T)
    np.testing.assert_allclose(
        tapegrad.grad(lambda x: ops.sum(linalg.cholesky(x)))(x).asnumpy(),
        [[0.20634445903611023, 0.1746221638555591], [0.1746221638555591, 0.30151134457776363]],
        rtol=1e-14,
    )


@everywhere
def test_further_columns_of_q_have_no_gradient_and_say_so(backend):
    with pytest.raises(NoGradientError, match="mode='reduced'"):
        tapegrad.grad(lambda x: ops.sum(linalg.qr(x, mode="complete")[0]))(on(backend, numbers(3, 2)))


# Determinants.


@everywhere
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_determinants_have_two_derivatives_at_any_rank(backend, rank):
    factor = numbers(3, rank) if rank < 3 else np.eye(3)
    x = factor @ factor.T

    def expanded(v):
        a, b, c, d, e, f, g, h, i = (ops.getitem(v, key=(k,)) for k in range(9))
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)

    flat = on(backend, x.ravel())

    def by_det(v):
        return linalg.det(ops.reshape(v, shape=(3, 3)))

    for transform in (tapegrad.grad, tapegrad.hessian):
        expected = transform(expanded)(flat).asnumpy()
        np.testing.assert_allclose(transform(by_det)(flat).asnumpy(), expected, atol=1e-13 * np.abs(x).max() ** 2)


@everywhere
def test_the_third_derivative_of_a_determinant_needs_an_inverse(backend):
    third = tapegrad.grad(lambda x: ops.sum(tapegrad.grad(lambda x: ops.sum(tapegrad.grad(linalg.det)(x) * c))(x) * c))
    c = on(backend, numbers(3, 3, seed=5))
    # det is a polynomial of degree 3: its third derivative along c, c is twice the cofactors of c.
    expected = 2 * linalg.cofactor(c).asnumpy()
    np.testing.assert_allclose(
        third(on(backend, numbers(3, 3) + 2 * np.eye(3))).asnumpy(), expected, rtol=1e-9, atol=1e-9
    )


# The rest.


@everywhere
@pytest.mark.parametrize("ord", [None, 0, 1, -1, 2, 3, math.inf, -math.inf])
def test_norms_of_vectors_are_numpys(backend, ord):
    x = numbers(3, 4)
    np.testing.assert_allclose(
        linalg.norm(on(backend, x), ord, axis=1).asnumpy(), np.linalg.norm(x, ord, axis=1), rtol=1e-14
    )


@everywhere
@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_norms_of_matrices_are_numpys(backend, ord):
    x = numbers(2, 3, 4)
    expected = np.linalg.norm(x, ord, axis=(2, 0), keepdims=True)
    np.testing.assert_allclose(
        linalg.norm(on(backend, x), ord, axis=(2, 0), keepdims=True).asnumpy(), expected, rtol=1e-13
    )


@everywhere
def test_a_norm_has_gradient_0_at_0(backend):
    zero = on(backend, np.zeros(3))
    for ord in (1, 2, 3, math.inf):
        g = tapegrad.grad(lambda x, ord=ord: linalg.vector_norm(x, ord=ord))(zero)
        np.testing.assert_array_equal(g.asnumpy(), 0)


@everywhere
def test_lstsq_is_numpys(backend):
    for shape, right in (((5, 3), (5,)), ((5, 3), (5, 2)), ((3, 5), (3, 2)), ((4, 4), (4,))):
        a, b = numbers(*shape), numbers(*right)
        for found, expected in zip(linalg.lstsq(on(backend, a), on(backend, b)), np.linalg.lstsq(a, b), strict=True):
            assert found.shape == np.shape(expected)
            np.testing.assert_allclose(found.asnumpy(), expected, atol=1e-12)


@everywhere
@pytest.mark.parametrize("trans", [0, 1, 2, "N", "T", "C"])
@pytest.mark.parametrize("lower", [False, True])
def test_triangles_and_factors_solve_as_scipys(backend, lower, trans):
    scipy_linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)) + 3 * np.eye(3), rng.normal(size=(3, 2))
    for unit in (False, True):
        solved = tnp.linalg.solve_triangular(on(backend, a), on(backend, b), trans, lower, unit).asnumpy()
        np.testing.assert_allclose(solved, scipy_linalg.solve_triangular(a, b, trans, lower, unit), rtol=1e-12)
    whole = a @ a.conj().T
    for factor in (tnp.linalg.cho_factor(on(backend, whole), lower), scipy_linalg.cho_factor(whole, lower)):
        solved = tnp.linalg.cho_solve((on(backend, factor[0]), lower), on(backend, b)).asnumpy()
        np.testing.assert_allclose(solved, np.linalg.solve(whole, b), rtol=1e-9)


@everywhere
def test_powers_and_products_are_numpys(backend):
    x = numbers(2, 3, 3) + 2 * np.eye(3)
    for n in (-3, -1, 0, 1, 2, 7):
        found = linalg.matrix_power(on(backend, x), n).asnumpy()
        np.testing.assert_allclose(found, np.linalg.matrix_power(x, n), rtol=1e-10)
    chain = [numbers(4), numbers(4, 10), numbers(10, 2), numbers(2, 6), numbers(6)]
    for parts in (chain, chain[1:], chain[1:4], chain[:2]):
        found = linalg.multi_dot([on(backend, x) for x in parts]).asnumpy()
        np.testing.assert_allclose(found, np.linalg.multi_dot(parts), rtol=1e-12)


@everywhere
@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0])
def test_the_exponential_of_a_matrix_is_that_of_its_eigenvalues(backend, size):
    values, vectors = np.array([-1.0, 0.3, 0.9]) * size, numbers(3, 3) + 2 * np.eye(3)
    x = vectors @ np.diag(values) @ np.linalg.inv(vectors)
    expected = vectors @ np.diag(np.exp(values)) @ np.linalg.inv(vectors)
    found = linalg.expm(on(backend, np.stack([x, x * 0]))).asnumpy()
    np.testing.assert_allclose(found[0], expected, rtol=1e-11, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_array_equal(found[1], np.eye(3))


@everywhere
def test_a_vector_solves_every_matrix_of_a_stack(backend):
    a, b = numbers(2, 3, 3) + 3 * np.eye(3), numbers(3)
    found = linalg.solve(on(backend, a), on(backend, b)).asnumpy()
    np.testing.assert_allclose(found, np.stack([np.linalg.solve(m, b) for m in a]), rtol=1e-12)
    upper = linalg.solve_triangular(on(backend, a), on(backend, b), upper=True).asnumpy()
    np.testing.assert_allclose(upper, np.stack([np.linalg.solve(np.triu(m), b) for m in a]), rtol=1e-12)


@everywhere
@pytest.mark.parametrize("name", ["det", "inv", "cholesky", "eigh", "expm", "slogdet"])
def test_a_matrix_that_is_not_square_is_refused_with_its_shape(backend, name):
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        getattr(linalg, name)(on(backend, numbers(2, 3)))


@everywhere
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 3, 8])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_transforms_along_an_axis_are_numpys(backend, name, n, norm):
    real = name in ("rfft", "ihfft")
    for x in (numbers(5, 4),) if real else (numbers(5, 4), complexes(5, 4)):
        for axis in (0, -1):
            expected = getattr(np.fft, name)(x, n=n, axis=axis, norm=norm)
            found = getattr(fft, name)(on(backend, x), n=n, axis=axis, norm=norm).asnumpy()
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, atol=1e-12)


@everywhere
@pytest.mark.parametrize(
    ("s", "axes"), [(None, None), (None, (0, 2)), ((3, 4), (1, 2)), ((-1, 6), (0, 1)), ((4, 3), (2, 0))]
)
@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
def test_transforms_over_several_axes_are_numpys(backend, name, s, axes):
    x = numbers(4, 5, 3)
    found = getattr(fft, name)(on(backend, x), s=s, axes=axes, norm="ortho").asnumpy()
    np.testing.assert_allclose(found, getattr(np.fft, name)(x, s=s, axes=axes, norm="ortho"), atol=1e-12)


@everywhere
def test_shifts_undo_each_other(backend):
    x = numbers(4, 5)
    for axes in (None, 0, (0, 1)):
        shifted = fft.fftshift(on(backend, x), axes)
        np.testing.assert_array_equal(shifted.asnumpy(), np.fft.fftshift(x, axes))
        np.testing.assert_array_equal(fft.ifftshift(shifted, axes).asnumpy(), x)


@pytest.mark.parametrize("of", [ops.eigvalsh, ops.svdvals])
def test_a_batch_of_hessians_of_a_function_of_spectra_is_a_loop_of_them(of):
    hessian = tapegrad.hessian(lambda x: ops.sum(ops.log(of(x))))
    batch = np.stack([2 * np.eye(2), np.asarray([[2.0, 0.5], [0.5, 3.0]]), np.asarray([[4.0, 0.5], [0.25, 3.0]])])
    np.testing.assert_allclose(tapegrad.vmap(hessian)(batch), [hessian(x) for x in batch], rtol=1e-9, atol=1e-12)
