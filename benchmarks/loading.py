"""W15: how much of a training epoch is waiting for data: a Gluon LeNet on images that a DataLoader changes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.case import Goal
from benchmarks.measure import Row
from benchmarks.peers import PEERS

WORKERS = {"no workers": 0, "two workers": 2}


def measure(peers: Iterable[str], rounds: int) -> list[Row]:
    """The share of an epoch, on the wall, that passes in the loader's `next`, with and without workers."""
    row = Row("W15", "waiting for data, of an epoch", "%", goals=(Goal("two workers", None, True, final=5.0),))
    if "gluon" in peers:
        PEERS["gluon"].prepare()
        epoch = _training(images=1920, batch=64)
        epoch(0)
        row.samples = {name: [epoch(workers) for _ in range(rounds)] for name, workers in WORKERS.items()}
    return [row]


def _training(images: int, batch: int) -> Any:
    """A function of the number of workers that trains for an epoch, and gives the percentage waited for data."""
    from tapegrad import autograd, gluon, init, nd
    from tapegrad.gluon import nn
    from tapegrad.gluon.data.vision import transforms

    draw = np.random.RandomState(0)
    change = transforms.Compose(
        [transforms.RandomFlipLeftRight(), transforms.ToTensor(), transforms.Normalize(0.29, 0.35)]
    )
    pixels = nd.array(draw.randint(0, 256, (images, 28, 28, 1)), dtype="uint8")
    data = gluon.data.ArrayDataset(pixels, draw.randint(0, 10, images).astype("int32")).transform_first(change)
    net = nn.HybridSequential()
    net.add(
        *(nn.Conv2D(20, 5, activation="relu"), nn.MaxPool2D(2, 2), nn.Conv2D(50, 5, activation="relu")),
        *(nn.MaxPool2D(2, 2), nn.Dense(500, activation="relu"), nn.Dense(10)),
    )
    net.initialize(init.Xavier())
    net.hybridize()
    objective = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})

    def epoch(workers: int) -> float:
        loader = iter(gluon.data.DataLoader(data, batch, shuffle=True, num_workers=workers))
        waited, begun = 0.0, time.perf_counter()
        while True:
            asked = time.perf_counter()
            pair = next(loader, None)
            waited += time.perf_counter() - asked
            if pair is None:
                return 100 * waited / (time.perf_counter() - begun)
            with autograd.record():
                loss = objective(net(pair[0]), pair[1])
            loss.backward()
            trainer.step(batch)

    return epoch
