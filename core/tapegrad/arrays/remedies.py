"""What keeps a gradient where a program was about to lose it: one table, by what the program did and who called."""

from __future__ import annotations

from ..tape.tracebacks import users_frame

__all__ = ["remedy_for"]

BY_LIBRARY = {
    "math": "use the function of that name in tapegrad.numpy",
    "pandas": "take the numbers out of pandas first, df.to_numpy(), and put results back when they are constants",
    "scipy": "set SCIPY_ARRAY_API=1 before SciPy is imported, with which many of its functions are differentiated, or "
    "use tapegrad.numpy.linalg and tapegrad.numpy.special. A sparse matrix is applied by s @ x, a linear operator by "
    "tapegrad.numpy.matmul(a, x), and s.toarray() multiplies by element",
    "sklearn": "compute the loss with tapegrad.numpy, and hand constants to scikit-learn",
}
"""By the library whose code asked for the numbers."""

BY_WAY = {
    "float()": "keep it an array, use tapegrad.numpy.sin(x) and its like for functions of math, and write into "
    "tapegrad.numpy.zeros(...) in the place of a NumPy array",
    "int()": "an integer has no gradient: compare, or take x.detach()",
    "complex()": "keep it an array, and use x + 1j * y",
    "item()": "keep it an array of no axes, which computes as a number does",
    "tolist()": "iterate over the array, whose elements stay on the tape",
    "numpy.asarray()": "put arrays together by tapegrad.numpy.stack([...]), write into tapegrad.numpy.zeros(...) or "
    "tapegrad.numpy.asarray(u) in the place of a NumPy array, and use the functions of tapegrad.numpy",
    "pickling": "pickle it outside of record() and of transforms",
    "DLPack": "compute with tapegrad.numpy on this engine, or move the array by x.to(...)",
}
"""By what was done to the array."""


def remedy_for(how: str) -> str:
    """The remedy for a way out, in the words of the library that called, where there is one."""
    frame = users_frame()
    for _ in range(4):
        if frame is None:
            break
        library = frame.f_globals.get("__name__", "").partition(".")[0]
        if library in BY_LIBRARY:
            return BY_LIBRARY[library]
        if library != "numpy":
            break
        frame = frame.f_back
    return BY_WAY.get(how, BY_WAY["numpy.asarray()"])
