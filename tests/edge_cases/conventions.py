"""Where several answers are legitimate: the one that is tapegrad's, and what an engine cannot express."""

CHOSEN: dict[str, dict[str, object]] = {
    # A cotangent of zero is zero in the rule of log, so that what remains of log(x) + x · (1/x) at 0 is log(0).
    "EC0050": {"x": ["-inf"]},
}
"""Results that are another legitimate answer than the one the case recommends, by case and name."""

NOT_ON: dict[str, dict[str, str]] = {}
"""Cases that an engine cannot express, by engine and case, with the reason."""
