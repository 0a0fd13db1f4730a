"""Data sets, samplers, and the loader that makes batches of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...arrays.foreign import missing
from . import batchify
from .dataloader import DataLoader
from .dataset import ArrayDataset, Dataset, RecordFileDataset, SimpleDataset
from .sampler import BatchSampler, FilterSampler, RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from . import vision as vision

__all__ = [
    "ArrayDataset",
    "BatchSampler",
    "DataLoader",
    "Dataset",
    "FilterSampler",
    "RandomSampler",
    "RecordFileDataset",
    "Sampler",
    "SequentialSampler",
    "SimpleDataset",
    "batchify",
    "vision",
]
__dir__ = __all__.copy


def __getattr__(name: str) -> Any:
    if name == "vision":
        return import_module(".vision", __name__)
    missing(__name__)(name)
