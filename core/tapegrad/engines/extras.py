"""What an optional part wants, in the words of the distribution itself: how to install an extra from anywhere."""

from __future__ import annotations

import re

from ..errors import MissingExtraError

__all__ = ["missing_extra", "pip_install"]

PROJECT = "tapegrad"
"""The name of the distribution, and of the hooks by which engines come in."""


def pip_install(extra: str) -> str:
    """The command that installs what an extra of tapegrad is made of.

    It names the requirements and not the extra, so it does the same for a clone as for a distribution from an index.

    Raises: nothing; where no distribution is installed it says which extra to look up.

    >>> pip_install("special")
    "pip install 'scipy>=..."
    """
    from importlib.metadata import PackageNotFoundError, requires  # here: only an error has need of it

    try:
        declared = requires(PROJECT) or []
    except PackageNotFoundError:
        declared = []
    this = re.compile(rf"""\bextra\s*==\s*['"]{re.escape(extra)}['"]""")
    wanted = [requirement.partition(";")[0].strip() for requirement in declared if this.search(requirement)]
    if not wanted:
        return f"install what {PROJECT}'s extra {extra!r} lists"
    return " ".join(["pip install", *(f"'{requirement}'" for requirement in wanted)])


def missing_extra(what: str, library: str, extra: str) -> MissingExtraError:
    """The error to raise where `what` needs a library of an extra that is not installed.

    >>> print(missing_extra("gammainc()", "scipy", "special"))
    gammainc() needs 'scipy': pip install 'scipy>=...
    """
    remedy = pip_install(extra)
    error = MissingExtraError(f"{what} needs {library!r}: {remedy}", name=library)
    error.remedy = remedy
    return error
