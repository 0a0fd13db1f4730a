"""Cells that convolve, project or drop alike, training by an estimator, and layers and losses of one's own."""

import logging
import sys
import tempfile
import warnings
from collections import namedtuple
from pathlib import Path

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import contrib, data, nn, rnn
from mxnet.gluon.contrib.estimator import BatchProcessor, CheckpointHandler, EarlyStoppingHandler, Estimator, estimator
from mxnet.gluon.contrib.estimator.event_handler import BatchEnd, EpochEnd, LoggingHandler, TrainBegin, TrainEnd
from mxnet.gluon.loss import Loss, _apply_weighting, _reshape_like

warnings.simplefilter("ignore")

mx.random.seed(7)
for make in (contrib.rnn.Conv1DRNNCell, contrib.rnn.Conv1DGRUCell, contrib.rnn.Conv1DLSTMCell):
    cell = make((2, 8), 3, i2h_kernel=3, h2h_kernel=(3,), i2h_pad=1, h2h_dilate=(2,))
    cell.initialize(init.Normal(0.1))
    outputs, states = cell(nd.random.uniform(shape=(2, 2, 8)), cell.begin_state(2))
    print(cell, outputs.shape, outputs.sum(), len(states))

cell = contrib.rnn.Conv2DLSTMCell((2, 6, 6), hidden_channels=3, i2h_kernel=(3, 5), h2h_kernel=3, i2h_pad=1)
cell.initialize(init.Xavier())
x = nd.random.uniform(shape=(2, 4, 2, 6, 6))
with autograd.record():
    outputs, states = cell.unroll(4, x, merge_outputs=True, layout="NTC")
outputs.backward()
print(cell, outputs.shape, outputs.sum(), [state.shape for state in states], cell.collect_params())
print(cell.h2h_weight.grad().sum(axis=(1, 2, 3)))

cell = contrib.rnn.LSTMPCell(6, 4)
cell.initialize(init.Normal(0.1))
outputs, states = cell.unroll(3, nd.random.uniform(shape=(2, 3, 5)), merge_outputs=True)
print(cell, outputs, [state.shape for state in states], cell.collect_params())

for rates in ((0.3, 0.0, 0.3), (0.3, 0.3, 0.3)):
    cell = contrib.rnn.VariationalDropoutCell(rnn.LSTMCell(4), *rates)
    cell.initialize(init.Normal(0.1))
    with autograd.record():
        outputs, states = cell.unroll(3, nd.random.uniform(shape=(2, 3, 5)), merge_outputs=True)
    print(cell, outputs, (outputs == 0).sum(axis=(0, 2)))
print(list(contrib.data.IntervalSampler(7, interval=3)), list(contrib.data.IntervalSampler(7, 3, rollover=False)))


class Doubled(nn.HybridSequential):
    def hybrid_forward(self, F, x):
        return F.identity(super().hybrid_forward(F, x)) * 2


class Wider(nn.Dense):
    def hybrid_forward(self, F, x, weight, bias=None):
        return F.concat(super().hybrid_forward(F, x, F.L2Normalization(weight), bias), x, dim=1)


class Weighted(Loss):
    def hybrid_forward(self, F, pred, label, sample_weight=None):
        loss = F.abs(_reshape_like(F, label, pred) - pred)
        return F.mean(_apply_weighting(F, loss, self._weight, sample_weight), axis=self._batch_axis, exclude=True)


net = Doubled()
net.add(Wider(2, in_units=3), nn.Dense(2))
net.initialize(init.Normal(0.5))
for _ in range(2):
    print(net(nd.ones((1, 3))), Weighted(0.5, 0)(net(nd.ones((2, 3))), nd.ones(4), nd.array([[1], [2]])))
    net.hybridize()


def loader(count):
    X = nd.random.normal(shape=(count, 5))
    return data.DataLoader(data.ArrayDataset(X, X.argmax(axis=1) % 3), 8)


class Records(TrainBegin, TrainEnd, BatchEnd, EpochEnd):
    def train_begin(self, estimator, *args, **kwargs):
        self.batches = 0

    def batch_end(self, estimator, *args, **kwargs):
        self.batches += 1
        print(sorted(kwargs), kwargs["loss"][0].mean())

    def epoch_end(self, estimator, *args, **kwargs):
        print([(name, round(float(value), 5)) for name, value in (m.get() for m in estimator.train_metrics)])

    def train_end(self, estimator, *args, **kwargs):
        print("batches", self.batches)


net = nn.HybridSequential()
net.add(nn.Dense(8, activation="relu"), nn.Dense(3))
net.initialize(init.Xavier())
trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.05})
fits = estimator.Estimator(net, gluon.loss.SoftmaxCELoss(), trainer=trainer, context=mx.cpu())
fits.logger.setLevel(logging.ERROR)
fits.fit(train_data=loader(24), val_data=loader(16), epochs=2, event_handlers=Records())
fits.evaluate(loader(16))
print([(name, round(float(value), 5)) for name, value in (metric.get() for metric in fits.val_metrics)])
fits.fit(loader(24), batches=4, event_handlers=[Records()])

with tempfile.TemporaryDirectory() as folder:

    def files():
        return sorted(path.name for path in Path(folder).iterdir() if path.suffix != ".json")

    last = fits.train_metrics[-1]
    saves = CheckpointHandler(folder, "m", monitor=last, mode="min", save_best=True, max_checkpoints=2)
    stops = EarlyStoppingHandler(last, patience=1, mode="min", min_delta=0.2)
    fits.fit(loader(24), epochs=9, event_handlers=[saves, stops])
    print(stops.current_epoch, stops.stopped_epoch, stops.wait, files())
    saves = CheckpointHandler(folder, "m", resume_from_checkpoint=True, max_checkpoints=3)
    fits.fit(loader(24), epochs=5, event_handlers=[saves, LoggingHandler(2, fits.train_metrics)])
    print(saves.current_epoch, saves.trained_epoch, saves.trained_batch, files())


class Twice(BatchProcessor):
    def fit_batch(self, estimator, batch, batch_axis=0):
        data, label = self._get_data_and_label(batch, estimator.context, batch_axis)
        with autograd.record():
            pred = [estimator.net(x) for x in data]
            loss = [2 * estimator.loss(*pair) for pair in zip(pred, label)]
        autograd.backward(loss)
        return data, label, pred, loss


fits = Estimator(net, gluon.loss.L1Loss(), val_metrics=mx.metric.MSE(), trainer=trainer, batch_processor=Twice())
fits.logger.setLevel(logging.ERROR)
X = nd.random.normal(shape=(8, 5))
pairs = data.DataLoader(data.ArrayDataset(X, X[:, :3]), 4)
fits.fit(pairs, batches=5)
fits.evaluate(pairs)
print([(name, round(float(value), 5)) for name, value in (m.get() for m in fits.train_metrics + fits.val_metrics)])

metric = mx.metric.np(lambda label, pred: float(abs(label - pred.argmax(1)).mean()))
metric.update([nd.array([0, 1])], [nd.array([[1, 0], [3, 2]])])
print(metric.get())
schedule = mx.lr_scheduler.FactorScheduler(2, 0.5, base_lr=0.1)
print(gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "lr_scheduler": schedule}).learning_rate)

log, handler = logging.getLogger(), logging.StreamHandler(sys.stdout)
log.addHandler(handler)
level = log.level
log.setLevel(logging.INFO)
param = namedtuple("Param", "epoch nbatch eval_metric locals")(0, 5, metric, None)
mx.callback.ProgressBar(10, 20)(param)
mx.callback.log_train_metric(5)(param)
log.setLevel(level)
log.removeHandler(handler)
