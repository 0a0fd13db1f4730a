"""What holds for all tests."""

import gc


def pytest_collection_finish(session):
    """Leave the collected tests, a million objects that live to the end, out of every later look for garbage."""
    gc.collect()
    gc.freeze()
