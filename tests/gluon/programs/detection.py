"""Detection with anchors, hybrid blocks, tied weights, several trainers, saved states."""

import os
import tempfile

import mxnet as mx
import numpy as np
from mxnet import autograd, contrib, gluon, init, nd
from mxnet.gluon import Block, nn, rnn
from mxnet.gluon import data as gdata
from mxnet.gluon import loss as gloss

mx.random.seed(1)
np.random.seed(1)


def sec(n):
    print("##", n)


sec("ssd")


def cls_predictor(num_anchors, num_classes):
    return nn.Conv2D(num_anchors * (num_classes + 1), kernel_size=3, padding=1)


def bbox_predictor(num_anchors):
    return nn.Conv2D(num_anchors * 4, kernel_size=3, padding=1)


def flatten_pred(pred):
    return pred.transpose((0, 2, 3, 1)).flatten()


def concat_preds(preds):
    return nd.concat(*[flatten_pred(p) for p in preds], dim=1)


def down_sample_blk(c):
    b = nn.Sequential()
    for _ in range(2):
        b.add(nn.Conv2D(c, kernel_size=3, padding=1), nn.BatchNorm(in_channels=c), nn.Activation("relu"))
    b.add(nn.MaxPool2D(2))
    return b


sizes, ratios = [[0.2, 0.272], [0.37, 0.447]], [[1, 2, 0.5]] * 2


class TinySSD(nn.Block):
    def __init__(self, num_classes, **kwargs):
        super(TinySSD, self).__init__(**kwargs)
        self.num_classes = num_classes
        for i in range(2):
            setattr(self, "blk_%d" % i, down_sample_blk(3))
            setattr(self, "cls_%d" % i, cls_predictor(4, num_classes))
            setattr(self, "bbox_%d" % i, bbox_predictor(4))

    def forward(self, X):
        anchors, cls_preds, bbox_preds = [None] * 2, [None] * 2, [None] * 2
        for i in range(2):
            X = getattr(self, "blk_%d" % i)(X)
            anchors[i] = contrib.ndarray.MultiBoxPrior(X, sizes=sizes[i], ratios=ratios[i])
            cls_preds[i] = getattr(self, "cls_%d" % i)(X)
            bbox_preds[i] = getattr(self, "bbox_%d" % i)(X)
        return (
            nd.concat(*anchors, dim=1),
            concat_preds(cls_preds).reshape((0, -1, self.num_classes + 1)),
            concat_preds(bbox_preds),
        )


net = TinySSD(num_classes=1)
net.initialize(init.Xavier())
X = nd.random.uniform(shape=(2, 3, 16, 16))
Y = nd.array([[[0, 0.1, 0.1, 0.5, 0.6]], [[0, 0.3, 0.2, 0.9, 0.8]]])
tr = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.2, "wd": 5e-4})
cl, bl = gloss.SoftmaxCrossEntropyLoss(), gloss.L1Loss()
for _ in range(2):
    with autograd.record():
        anchors, cls_preds, bbox_preds = net(X)
        bbox_labels, bbox_masks, cls_labels = contrib.nd.MultiBoxTarget(anchors, Y, cls_preds.transpose((0, 2, 1)))
        l = cl(cls_preds, cls_labels) + bl(bbox_preds * bbox_masks, bbox_labels * bbox_masks)
    l.backward()
    tr.step(2)
    print(l)
print(anchors.shape, cls_preds.shape, bbox_preds.shape)
cp = cls_preds.softmax().transpose((0, 2, 1))
out = contrib.nd.MultiBoxDetection(cp, bbox_preds, anchors)
print(out[0, :3])
sec("hybrid")


class HybridNet(nn.HybridBlock):
    def __init__(self, **kwargs):
        super(HybridNet, self).__init__(**kwargs)
        self.hidden = nn.Dense(10)
        self.output = nn.Dense(2)

    def hybrid_forward(self, F, x):
        x = F.relu(self.hidden(x))
        return self.output(x)


net = HybridNet()
net.initialize()
x = nd.random.normal(shape=(1, 4))
print(net(x))
net.hybridize()
print(net(x))
print(net(x))


def get_net():
    net = nn.HybridSequential()
    net.add(nn.Dense(256, activation="relu"), nn.Dense(128, activation="relu"), nn.Dense(2))
    net.initialize()
    return net


net = get_net()
print(net(nd.random.normal(shape=(1, 512))))
sec("treelstm")


class ChildSum(Block):
    def __init__(self, hidden_size, input_size=0, prefix=None, params=None):
        super(ChildSum, self).__init__(prefix=prefix, params=params)
        with self.name_scope():
            self._hidden_size = hidden_size
            self.i2h_weight = self.params.get("i2h_weight", shape=(4 * hidden_size, input_size), init="xavier")
            self.hs2h_weight = self.params.get("hs2h_weight", shape=(3 * hidden_size, hidden_size))
            self.i2h_bias = self.params.get("i2h_bias", shape=(4 * hidden_size,), init="zeros")

    def _alias(self):
        return "childsum_lstm"

    def forward(self, F, inputs, ctx):
        return F.FullyConnected(
            data=inputs,
            weight=self.i2h_weight.data(ctx),
            bias=self.i2h_bias.data(ctx),
            num_hidden=4 * self._hidden_size,
        )


c = ChildSum(3, 4)
c.initialize()
print(c(nd, nd.ones((1, 4)), mx.cpu()), c.collect_params(), c.prefix)
sec("rnn sd")


class RNNModel(gluon.Block):
    def __init__(self, mode, vocab_size, num_embed, num_hidden, num_layers, dropout=0.5, tie_weights=False, **kwargs):
        super(RNNModel, self).__init__(**kwargs)
        with self.name_scope():
            self.drop = nn.Dropout(dropout)
            self.encoder = nn.Embedding(vocab_size, num_embed, weight_initializer=mx.init.Uniform(0.1))
            self.rnn = rnn.LSTM(num_hidden, num_layers, dropout=0, input_size=num_embed)
            self.decoder = (
                nn.Dense(vocab_size, in_units=num_hidden, params=self.encoder.params)
                if tie_weights
                else nn.Dense(vocab_size, in_units=num_hidden)
            )
            self.num_hidden = num_hidden

    def forward(self, inputs, hidden):
        emb = self.drop(self.encoder(inputs))
        output, hidden = self.rnn(emb, hidden)
        output = self.drop(output)
        return self.decoder(output.reshape((-1, self.num_hidden))), hidden

    def begin_state(self, *args, **kwargs):
        return self.rnn.begin_state(*args, **kwargs)


def detach(hidden):
    return [detach(i) for i in hidden] if isinstance(hidden, (tuple, list)) else hidden.detach()


m = RNNModel("lstm", 11, 6, 6, 2, 0.0, True)
m.collect_params().initialize(mx.init.Xavier(), ctx=mx.cpu())
tr = gluon.Trainer(m.collect_params(), "sgd", {"learning_rate": 1.0, "momentum": 0, "wd": 0})
L = gloss.SoftmaxCrossEntropyLoss()
h = m.begin_state(func=mx.nd.zeros, batch_size=2, ctx=mx.cpu())
data = nd.array(np.random.randint(0, 11, (7, 2)))
for i in (0, 3):
    h = detach(h)
    with autograd.record():
        o, h = m(data[i : i + 3], h)
        l = L(o, data[i + 1 : i + 4].reshape((-1,)))
        l.backward()
    grads = [p.grad(mx.cpu()) for p in m.collect_params().values()]
    gluon.utils.clip_global_norm(grads, 0.2 * 3 * 2)
    tr.step(2)
    print(mx.nd.sum(l).asscalar())
print(m, m.collect_params())
sec("optim")
w, b = nd.random.normal(scale=0.01, shape=(3, 1)), nd.zeros(1)
net = nn.Sequential()
net.add(nn.Dense(1))
net.initialize(init.Normal(0.01), force_reinit=True)
X = nd.random.normal(shape=(20, 3))
y = X.sum(axis=1)
for name, hp in [
    ("sgd", {"learning_rate": 0.05}),
    ("adadelta", {"rho": 0.9}),
    ("ftrl", {}),
    ("nag", {"learning_rate": 0.1, "momentum": 0.9}),
]:
    net.initialize(init.Normal(0.01), force_reinit=True)
    tr = gluon.Trainer(net.collect_params(), name, hp)
    for a, c_ in gdata.DataLoader(gdata.ArrayDataset(X, y), 5, shuffle=True):
        with autograd.record():
            l = gloss.L2Loss()(net(a), c_)
        l.backward()
        tr.step(5)
    print(name, l.mean().asscalar())
wd = nn.Sequential()
wd.add(nn.Dense(1))
wd.initialize(init.Normal(sigma=1))
wd(X)
tw = gluon.Trainer(wd.collect_params(".*weight"), "sgd", {"learning_rate": 0.1, "wd": 3})
tb = gluon.Trainer(wd.collect_params(".*bias"), "sgd", {"learning_rate": 0.1})
with autograd.record():
    l = gloss.L2Loss()(wd(X), y)
l.backward()
tw.step(20)
tb.step(20)
print(wd[0].weight.data().norm().asscalar(), wd[0].bias.data())
sec("states")
f = os.path.join(tempfile.mkdtemp(), "s")
tr.save_states(f)
tr.load_states(f)
with autograd.record():
    l = gloss.L2Loss()(net(X), y)
l.backward()
tr.step(20)
print(net[0].weight.data())
