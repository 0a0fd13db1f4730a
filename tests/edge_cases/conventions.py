"""Where several answers are legitimate: the one that is tapegrad's, and what an engine cannot express."""

CHOSEN: dict[str, dict[str, object]] = {
    # A cotangent of zero is zero in the rule of log, so that what remains of log(x) + x · (1/x) at 0 is log(0).
    "EC0050": {"x": ["-inf"]},
}
"""Results that are another legitimate answer than the one the case recommends, by case and name."""

_SUBNORMAL = "JAX flushes subnormal numbers to zero on the CPU"

NOT_ON: dict[str, dict[str, str]] = {
    "jax": {"EC0329": _SUBNORMAL, "EC0359": _SUBNORMAL, "EC0360": _SUBNORMAL},
    "strict": {"EC0286": "the standard has no float16"},
}
"""Cases that an engine cannot express, by engine and case, with the reason."""
