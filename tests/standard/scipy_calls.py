"""Calls of SciPy as its users write them, each a function of SciPy and of an array; chosen before any was tried.

Taken are functions that SciPy's documentation says take arrays of any library (they have a Python path), and of each
family also some that everybody knows and that are compiled. Under each name: the kind of array the call is tried on,
and the call.
"""

from collections.abc import Callable
from typing import Any

CALLS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    # special
    "special.erf": ("vector", lambda sp, x: sp.special.erf(x)),
    "special.erfc": ("vector", lambda sp, x: sp.special.erfc(x)),
    "special.gammaln": ("positive", lambda sp, x: sp.special.gammaln(x)),
    "special.gamma": ("positive", lambda sp, x: sp.special.gamma(x)),
    "special.psi": ("positive", lambda sp, x: sp.special.psi(x)),
    "special.polygamma": ("positive", lambda sp, x: sp.special.polygamma(1, x)),
    "special.expit": ("vector", lambda sp, x: sp.special.expit(x)),
    "special.logit": ("unit", lambda sp, x: sp.special.logit(x)),
    "special.entr": ("positive", lambda sp, x: sp.special.entr(x)),
    "special.rel_entr": ("positive", lambda sp, x: sp.special.rel_entr(x, 2.0 + x * x)),
    "special.xlogy": ("positive", lambda sp, x: sp.special.xlogy(x, x)),
    "special.betainc": ("unit", lambda sp, x: sp.special.betainc(x + 1.5, x + 2.5, x)),
    "special.gammainc": ("positive", lambda sp, x: sp.special.gammainc(x + 0.0 * x, x)),
    "special.i0": ("vector", lambda sp, x: sp.special.i0(x)),
    "special.ndtr": ("vector", lambda sp, x: sp.special.ndtr(x)),
    "special.j0": ("vector", lambda sp, x: sp.special.j0(x)),
    "special.logsumexp": ("matrix", lambda sp, x: sp.special.logsumexp(x, axis=1)),
    "special.softmax": ("matrix", lambda sp, x: sp.special.softmax(x, axis=0)),
    "special.log_softmax": ("matrix", lambda sp, x: sp.special.log_softmax(x, axis=1)),
    "special.multigammaln": ("positive", lambda sp, x: sp.special.multigammaln(x + 3.0, 3)),
    # stats
    "stats.zscore": ("matrix", lambda sp, x: sp.stats.zscore(x, axis=1)),
    "stats.gzscore": ("positive", lambda sp, x: sp.stats.gzscore(x)),
    "stats.skew": ("vector", lambda sp, x: sp.stats.skew(x)),
    "stats.kurtosis": ("matrix", lambda sp, x: sp.stats.kurtosis(x, axis=0)),
    "stats.moment": ("vector", lambda sp, x: sp.stats.moment(x, order=3)),
    "stats.gmean": ("positive", lambda sp, x: sp.stats.gmean(x)),
    "stats.hmean": ("positive", lambda sp, x: sp.stats.hmean(x)),
    "stats.pmean": ("positive", lambda sp, x: sp.stats.pmean(x, 3)),
    "stats.gstd": ("positive", lambda sp, x: sp.stats.gstd(x)),
    "stats.variation": ("positive", lambda sp, x: sp.stats.variation(x)),
    "stats.sem": ("vector", lambda sp, x: sp.stats.sem(x)),
    "stats.entropy": ("positive", lambda sp, x: sp.stats.entropy(x)),
    "stats.circmean": ("unit", lambda sp, x: sp.stats.circmean(x)),
    "stats.circvar": ("unit", lambda sp, x: sp.stats.circvar(x)),
    "stats.describe": ("vector", lambda sp, x: sp.stats.describe(x).variance),
    "stats.directional_stats": ("matrix", lambda sp, x: sp.stats.directional_stats(x).mean_direction),
    "stats.boxcox_llf": ("positive", lambda sp, x: sp.stats.boxcox_llf(0.3, x)),
    "stats.yeojohnson_llf": ("vector", lambda sp, x: sp.stats.yeojohnson_llf(0.3, x)),
    "stats.kstat": ("vector", lambda sp, x: sp.stats.kstat(x, 3)),
    "stats.tvar": ("vector", lambda sp, x: sp.stats.tvar(x)),
    "stats.tmean": ("vector", lambda sp, x: sp.stats.tmean(x)),
    "stats.pearsonr": ("vector", lambda sp, x: sp.stats.pearsonr(x, x**3 + 0.5 * x * x).statistic),
    "stats.ttest_1samp": ("vector", lambda sp, x: sp.stats.ttest_1samp(x, 0.1).statistic),
    "stats.ttest_ind": ("vector", lambda sp, x: sp.stats.ttest_ind(x, x * x).statistic),
    "stats.jarque_bera": ("vector", lambda sp, x: sp.stats.jarque_bera(x).statistic),
    "stats.bartlett": ("vector", lambda sp, x: sp.stats.bartlett(x, x * x).statistic),
    "stats.quantile": ("vector", lambda sp, x: sp.stats.quantile(x, 0.3)),
    "stats.iqr": ("vector", lambda sp, x: sp.stats.iqr(x)),
    "stats.norm.pdf": ("vector", lambda sp, x: sp.stats.norm.pdf(x)),
    # ndimage
    "ndimage.gaussian_filter": ("matrix", lambda sp, x: sp.ndimage.gaussian_filter(x, 1.0)),
    "ndimage.uniform_filter": ("matrix", lambda sp, x: sp.ndimage.uniform_filter(x, 3)),
    "ndimage.convolve1d": ("vector", lambda sp, x: sp.ndimage.convolve1d(x, [1.0, 2.0, -1.0])),
    "ndimage.sobel": ("matrix", lambda sp, x: sp.ndimage.sobel(x)),
    "ndimage.shift": ("vector", lambda sp, x: sp.ndimage.shift(x, 0.5)),
    "ndimage.vectorized_filter": (
        "vector",
        lambda sp, x: sp.ndimage.vectorized_filter(x, lambda w, axis: (w * w).sum(axis=axis), size=3),
    ),
    # signal
    "signal.detrend": ("vector", lambda sp, x: sp.signal.detrend(x)),
    "signal.hilbert": ("vector", lambda sp, x: sp.signal.hilbert(x)),
    "signal.envelope": ("vector", lambda sp, x: sp.signal.envelope(x)),
    "signal.fftconvolve": ("vector", lambda sp, x: sp.signal.fftconvolve(x, x * x)),
    "signal.oaconvolve": ("vector", lambda sp, x: sp.signal.oaconvolve(x, x[:3])),
    "signal.convolve": ("vector", lambda sp, x: sp.signal.convolve(x, x * x, method="fft")),
    "signal.correlate": ("vector", lambda sp, x: sp.signal.correlate(x, x * x, method="fft")),
    "signal.resample": ("vector", lambda sp, x: sp.signal.resample(x, 6)),
    "signal.freqz": ("vector", lambda sp, x: sp.signal.freqz(x, worN=5)[1]),
    "signal.filtfilt": ("vector", lambda sp, x: sp.signal.filtfilt([0.5, 0.5], [1.0], x, padlen=0)),
    "signal.gauss_spline": ("vector", lambda sp, x: sp.signal.gauss_spline(x, 3)),
    # spatial
    "spatial.Rotation.as_matrix": (
        "three",
        lambda sp, x: sp.spatial.transform.Rotation.from_rotvec(x).as_matrix(),
    ),
    "spatial.Rotation.as_quat": ("three", lambda sp, x: sp.spatial.transform.Rotation.from_rotvec(x).as_quat()),
    "spatial.Rotation.from_euler": (
        "three",
        lambda sp, x: sp.spatial.transform.Rotation.from_euler("xyz", x).as_rotvec(),
    ),
    "spatial.Rotation.as_euler": (
        "three",
        lambda sp, x: sp.spatial.transform.Rotation.from_rotvec(x).as_euler("zyx"),
    ),
    "spatial.Rotation.apply": (
        "three",
        lambda sp, x: sp.spatial.transform.Rotation.from_mrp(x).apply(2.0 * x * x),
    ),
    "spatial.Rotation.mul": (
        "three",
        lambda sp, x: (
            sp.spatial.transform.Rotation.from_rotvec(x) * sp.spatial.transform.Rotation.from_rotvec(x * x)
        ).as_mrp(),
    ),
    "spatial.Rotation.magnitude": ("three", lambda sp, x: sp.spatial.transform.Rotation.from_rotvec(x).magnitude()),
    "spatial.RigidTransform.apply": (
        "three",
        lambda sp, x: sp.spatial.transform.RigidTransform.from_translation(x).apply(x * x),
    ),
    "spatial.distance.euclidean": ("vector", lambda sp, x: sp.spatial.distance.euclidean(x, x * x)),
    "spatial.distance.cdist": ("matrix", lambda sp, x: sp.spatial.distance.cdist(x, x * x)),
    # fft
    "fft.fft": ("vector", lambda sp, x: sp.fft.fft(x)),
    "fft.ifft": ("vector", lambda sp, x: sp.fft.ifft(x)),
    "fft.rfft": ("vector", lambda sp, x: sp.fft.rfft(x, n=12)),
    "fft.irfft": ("vector", lambda sp, x: sp.fft.irfft(x)),
    "fft.fft2": ("matrix", lambda sp, x: sp.fft.fft2(x)),
    "fft.fftn": ("matrix", lambda sp, x: sp.fft.fftn(x, norm="ortho")),
    "fft.hfft": ("vector", lambda sp, x: sp.fft.hfft(x)),
    "fft.ihfft": ("vector", lambda sp, x: sp.fft.ihfft(x)),
    "fft.fftshift": ("vector", lambda sp, x: sp.fft.fftshift(x)),
    "fft.fht": ("positive", lambda sp, x: sp.fft.fht(x, 0.1, 0.5)),
    "fft.dct": ("vector", lambda sp, x: sp.fft.dct(x)),
    # linalg
    "linalg.block_diag": ("matrix", lambda sp, x: sp.linalg.block_diag(x, x * x)),
    "linalg.fiedler": ("vector", lambda sp, x: sp.linalg.fiedler(x)),
    "linalg.orthogonal_procrustes": ("matrix", lambda sp, x: sp.linalg.orthogonal_procrustes(x, x * x)[0]),
    "linalg.norm": ("matrix", lambda sp, x: sp.linalg.norm(x)),
    "linalg.det": ("matrix", lambda sp, x: sp.linalg.det(x)),
    "linalg.expm": ("matrix", lambda sp, x: sp.linalg.expm(x)),
    # integrate
    "integrate.trapezoid": ("vector", lambda sp, x: sp.integrate.trapezoid(x, dx=0.5)),
    "integrate.cumulative_trapezoid": ("vector", lambda sp, x: sp.integrate.cumulative_trapezoid(x, dx=0.5)),
    "integrate.simpson": ("vector", lambda sp, x: sp.integrate.simpson(x, dx=0.5)),
    "integrate.cumulative_simpson": ("vector", lambda sp, x: sp.integrate.cumulative_simpson(x, dx=0.5)),
    "integrate.romb": ("vector", lambda sp, x: sp.integrate.romb(x, dx=0.5)),
    "integrate.fixed_quad": (
        "vector",
        lambda sp, x: sp.integrate.fixed_quad(lambda t: (t[:, None] * x).sum(1) ** 2, 0, 1)[0],
    ),
    "integrate.tanhsinh": (
        "unit",
        lambda sp, x: sp.integrate.tanhsinh(lambda t, a: (t + a) ** 2, x * 0.0, x, args=(x,)).integral,
    ),
    "integrate.cubature": (
        "vector",
        lambda sp, x: sp.integrate.cubature(lambda t: t[:, 0] ** 2 * x[0] + x[1], [0.0], [1.0]).estimate,
    ),
}
