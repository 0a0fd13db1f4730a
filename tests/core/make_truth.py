"""Special functions to forty digits, by mpmath: `python tests/core/make_truth.py > tests/data/special_truth.json`."""

import json
import random

import mpmath

mpmath.mp.dps = 50
HALF_OPEN = (0.01, 50.0)
FUNCTIONS = {
    "betainc": (lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True), [(0.5, 3), (0.5, 3), (0.05, 0.95)]),
    "betaln": (lambda a, b: mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b), [HALF_OPEN] * 2),
    "digamma": (mpmath.digamma, [HALF_OPEN]),
    "erf": (mpmath.erf, [(-6, 6)]),
    "erfc": (mpmath.erfc, [(-3, 20)]),
    "erfinv": (mpmath.erfinv, [(-0.95, 0.95)]),
    "gamma": (mpmath.gamma, [(0.5, 20)]),
    "gammainc": (lambda a, x: mpmath.gammainc(a, 0, x, regularized=True), [(0.5, 3), (0.1, 5)]),
    "gammaincc": (lambda a, x: mpmath.gammainc(a, x, mpmath.inf, regularized=True), [(0.5, 3), (0.1, 5)]),
    "gammaln": (mpmath.loggamma, [HALF_OPEN]),
    "i0": (lambda x: mpmath.besseli(0, x), [(-30, 30)]),
    "i0e": (lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)), [(-90, 90)]),
    "i1": (lambda x: mpmath.besseli(1, x), [(-30, 30)]),
    "i1e": (lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)), [(-90, 90)]),
    "polygamma_1": (lambda x: mpmath.polygamma(1, x), [HALF_OPEN]),
    "polygamma_2": (lambda x: mpmath.polygamma(2, x), [HALF_OPEN]),
    "zeta": (mpmath.zeta, [(2, 5), HALF_OPEN]),
}


def main():
    rng = random.Random(0)
    found = {}
    for name, (function, domains) in FUNCTIONS.items():
        rows = []
        for _ in range(12):
            at = [rng.uniform(*domain) for domain in domains]
            rows.append([at, mpmath.nstr(function(*map(mpmath.mpf, at)), 40)])
        found[name] = rows
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
