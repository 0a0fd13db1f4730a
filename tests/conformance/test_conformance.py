from tapegrad.testing.suite import *  # noqa: F403
