"""Training by handlers of events: `Estimator.fit` calls them where training, epochs and batches begin and end."""

from . import estimator, event_handler
from .estimator import *  # noqa: F403  (the names stand in the modules)
from .event_handler import *  # noqa: F403

__all__ = estimator.__all__ + event_handler.__all__
__dir__ = __all__.copy
