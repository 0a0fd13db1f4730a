"""Machine code for compiled programs: groups of steps as C functions, for engines whose arrays are the host's.

`expressions.py` is the table of ops in C, `lowering.py` brings steps down to it, `groups.py` says which steps become
one function, `emitter.py` writes that, with what repeats as a loop (`rolling.py`), `cuda.py` for devices, and
`compiler.py` is the door to the system's compiler.
"""

import os

__all__ = ["OFTEN", "SECANT", "worthwhile"]

SECANT = 1 << 16
"""From so many elements on the slope of tanh is 1 - tanh², exact to the last place of 1, with and without C."""

OFTEN = 5
"""When a program has run so often it will run often, and is worth the time of a compiler."""


HEAVY = 1 << 23
"""A program that computes so many elements takes as long as a compiler does within a few runs."""


def worthwhile(replays: int, elements: int) -> bool:
    """Whether a program is to be machine code now; TAPEGRAD_NATIVE=0 says never, 1 from the first run on."""
    switch = os.environ.get("TAPEGRAD_NATIVE", "")
    return switch != "0" and (switch == "1" or replays >= OFTEN or elements >= HEAVY)
