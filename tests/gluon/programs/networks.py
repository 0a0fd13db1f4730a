"""Networks of several chapters, a step or two of each."""

import os
import tempfile

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import data as gdata
from mxnet.gluon import loss as gloss
from mxnet.gluon import nn, rnn

mx.random.seed(1)
np.random.seed(1)


def sec(n):
    print("##", n)


# linear regression gluon
sec("linreg")
true_w = nd.array([2, -3.4])
X = nd.random.normal(scale=1, shape=(100, 2))
y = nd.dot(X, true_w) + 4.2 + nd.random.normal(scale=0.01, shape=(100,))
it = gdata.DataLoader(gdata.ArrayDataset(X, y), 10, shuffle=True)
for a, b in it:
    print(a, b)
    break
net = nn.Sequential()
net.add(nn.Dense(1))
net.initialize(init.Normal(sigma=0.01))
loss = gloss.L2Loss()
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.03})
for epoch in range(1, 4):
    for a, b in it:
        with autograd.record():
            l = loss(net(a), b)
        l.backward()
        trainer.step(10)
    print("epoch %d, loss: %f" % (epoch, loss(net(X), y).mean().asnumpy()))
print(net[0].weight.data(), net[0].bias.data())
sec("straight dope plumbing")


class MLP(gluon.Block):
    def __init__(self, **kwargs):
        super(MLP, self).__init__(**kwargs)
        with self.name_scope():
            self.dense0 = nn.Dense(4)
            self.dense1 = nn.Dense(3)
            self.dense2 = nn.Dense(2)

    def forward(self, x):
        x = nd.relu(self.dense0(x))
        print("Hidden Representation 1: %s" % x)
        x = nd.relu(self.dense1(x))
        return self.dense2(x)


net = MLP()
net.collect_params().initialize(mx.init.Xavier(magnitude=2.24), ctx=mx.cpu())
print(net(nd.ones((1, 5))))
print(net.dense1.params, net.collect_params())
print(net)
d = tempfile.mkdtemp()
fn = os.path.join(d, "x.params")
net.save_params(fn)
net2 = MLP()
net2.load_params(fn, ctx=mx.cpu())
print(net2(nd.ones((1, 5))))
for p in net.collect_params().values():
    print(p.name, p.shape, p.data().asnumpy().sum())
sec("kv")
kv = mx.kv.create("local")
kv.init(3, nd.ones((2, 3)) * 2)
a = nd.zeros((2, 3))
kv.pull(3, out=a)
print(a)
kv.push(3, nd.ones((2, 3)) * 8)
kv.pull(3, out=a)
print(a)


def update(key, input, stored):
    print("update on key: %d" % key)
    stored += input * 2


kv._set_updater(update)
kv.push(3, [nd.ones((2, 3)) for _ in range(4)])
kv.pull(3, out=a)
print(a)
b = [nd.ones((2, 2))] * 3
kv.init([5, 7, 9], b)
kv.push([5, 7, 9], b)
kv.pull([5, 7, 9], out=b)
print(b[1])
print(kv.type, kv.rank, kv.num_workers)
sec("textcnn")


class TextCNN(nn.Block):
    def __init__(self, vocab, embed_size, kernel_sizes, num_channels, **kwargs):
        super(TextCNN, self).__init__(**kwargs)
        self.embedding = nn.Embedding(vocab, embed_size)
        self.constant_embedding = nn.Embedding(vocab, embed_size)
        self.dropout = nn.Dropout(0.5)
        self.decoder = nn.Dense(2)
        self.pool = nn.GlobalMaxPool1D()
        self.convs = nn.Sequential()
        for c, k in zip(num_channels, kernel_sizes):
            self.convs.add(nn.Conv1D(c, k, activation="relu"))

    def forward(self, inputs):
        e = nd.concat(self.embedding(inputs), self.constant_embedding(inputs), dim=2).transpose((0, 2, 1))
        enc = nd.concat(*[nd.flatten(self.pool(conv(e))) for conv in self.convs], dim=1)
        return self.decoder(self.dropout(enc))


net = TextCNN(11, 4, [3, 4, 5], [2, 2, 2])
net.initialize(init.Xavier())
net.constant_embedding.collect_params().setattr("grad_req", "null")
tr = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
W = nd.array(np.random.randint(0, 11, (3, 7)))
for _ in range(2):
    with autograd.record():
        l = gloss.SoftmaxCrossEntropyLoss()(net(W), nd.array([0, 1, 1]))
    l.backward()
    tr.step(3)
    print(l)
sec("seq2seq")


class Encoder(nn.Block):
    def __init__(self, v, e, h, n, drop_prob=0, **kw):
        super().__init__(**kw)
        self.embedding = nn.Embedding(v, e)
        self.rnn = rnn.GRU(h, n, dropout=drop_prob)

    def forward(self, inputs, state):
        return self.rnn(self.embedding(inputs).swapaxes(0, 1), state)

    def begin_state(self, *a, **k):
        return self.rnn.begin_state(*a, **k)


def attention_model(n):
    m = nn.Sequential()
    m.add(nn.Dense(n, activation="tanh", use_bias=False, flatten=False), nn.Dense(1, use_bias=False, flatten=False))
    return m


def attention_forward(model, enc, dec):
    dec = nd.broadcast_axis(dec.expand_dims(0), axis=0, size=enc.shape[0])
    e = model(nd.concat(enc, dec, dim=2))
    return (nd.softmax(e, axis=0) * enc).sum(axis=0)


class Decoder(nn.Block):
    def __init__(self, v, e, h, n, a, **kw):
        super().__init__(**kw)
        self.embedding = nn.Embedding(v, e)
        self.attention = attention_model(a)
        self.rnn = rnn.GRU(h, n)
        self.out = nn.Dense(v, flatten=False)

    def forward(self, x, state, enc):
        c = attention_forward(self.attention, enc, state[0][-1])
        ic = nd.concat(self.embedding(x), c, dim=1)
        o, state = self.rnn(ic.expand_dims(0), state)
        return self.out(o).squeeze(axis=0), state


enc, dec = Encoder(9, 4, 5, 2), Decoder(9, 4, 5, 2, 3)
enc.initialize(init.Xavier(), force_reinit=True)
dec.initialize(init.Xavier(), force_reinit=True)
te = gluon.Trainer(enc.collect_params(), "adam", {"learning_rate": 0.01})
td = gluon.Trainer(dec.collect_params(), "adam", {"learning_rate": 0.01})
L = gloss.SoftmaxCrossEntropyLoss()
Xs = nd.array(np.random.randint(0, 9, (2, 4)))
Ys = nd.array(np.random.randint(0, 9, (2, 3)))
for _ in range(2):
    with autograd.record():
        eo, es = enc(Xs, enc.begin_state(batch_size=2))
        ds = es
        di = nd.array([1] * 2)
        mask, not_pad, l = nd.ones((2,)), 0, nd.array([0])
        for y in Ys.T:
            o, ds = dec(di, ds, eo)
            l = l + (mask * L(o, y)).sum()
            di = y
            not_pad += mask.sum().asscalar()
            mask = mask * (y != 0)
        l = l / not_pad
    l.backward()
    te.step(1)
    td.step(1)
    print(l.asscalar(), not_pad)
print(enc, dec)
print([s.shape for s in ds], eo.shape)
sec("word2vec")
net = nn.Sequential()
net.add(nn.Embedding(20, 4), nn.Embedding(20, 4))
net.initialize(force_reinit=True)
loss = gloss.SigmoidBinaryCrossEntropyLoss()
center, ctxneg, mask, label = (
    nd.ones((2, 1)),
    nd.array([[1, 2, 3], [4, 5, 0]]),
    nd.array([[1, 1, 1], [1, 1, 0]]),
    nd.array([[1, 0, 0], [1, 0, 0]]),
)
tr = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.005})
for _ in range(2):
    with autograd.record():
        pred = nd.batch_dot(net[0](center), net[1](ctxneg).swapaxes(1, 2))
        l = loss(pred.reshape(label.shape), label, mask) * mask.shape[1] / mask.sum(axis=1)
    l.backward()
    tr.step(2)
    print(l)
sec("fcn")
net = nn.HybridSequential()
net.add(
    nn.Conv2D(3, 3, padding=1), nn.Conv2D(4, kernel_size=1), nn.Conv2DTranspose(4, kernel_size=8, padding=2, strides=4)
)
net[-1].initialize(init.Bilinear()) if False else None
net[0].initialize(init=init.Xavier())
net[1].initialize(init=init.Xavier())
net[2].initialize(init.Constant(nd.ones((4, 4, 8, 8)) * 0.01))
print(net(nd.random.uniform(shape=(1, 3, 4, 4))).shape)
l = gloss.SoftmaxCrossEntropyLoss(axis=1)(net(nd.random.uniform(shape=(1, 3, 4, 4))), nd.zeros((1, 16, 16)))
print(l)
sec("vae")


class VAE(gluon.HybridBlock):
    def __init__(self, h, z, o, bs, act="relu", **kw):
        self.soft_zero = 1e-10
        self.z = z
        self.bs = bs
        self.output = None
        self.mu = None
        super(VAE, self).__init__(**kw)
        with self.name_scope():
            self.encoder = nn.HybridSequential(prefix="encoder")
            self.encoder.add(nn.Dense(h, activation=act))
            self.encoder.add(nn.Dense(z * 2, activation=None))
            self.decoder = nn.HybridSequential(prefix="decoder")
            self.decoder.add(nn.Dense(h, activation=act))
            self.decoder.add(nn.Dense(o, activation="sigmoid"))

    def hybrid_forward(self, F, x):
        h = self.encoder(x)
        mu_lv = F.split(h, axis=1, num_outputs=2)
        mu, lv = mu_lv[0], mu_lv[1]
        self.mu = mu
        eps = F.random_normal(loc=0, scale=1, shape=(self.bs, self.z), ctx=mx.cpu())
        z = mu + F.exp(0.5 * lv) * eps
        y = self.decoder(z)
        self.output = y
        KL = 0.5 * F.sum(1 + lv - mu * mu - F.exp(lv), axis=1)
        ll = F.sum(x * F.log(y + self.soft_zero) + (1 - x) * F.log(1 - y + self.soft_zero), axis=1)
        return -ll - KL


net = VAE(6, 2, 8, 4)
net.collect_params().initialize(mx.init.Xavier())
net.hybridize()
tr = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.001})
x = nd.random.uniform(shape=(4, 8))
for _ in range(2):
    with autograd.record():
        l = net(x)
    l.backward()
    tr.step(4)
    print(nd.mean(l).asscalar())
print(net)
sec("bbb")
net = gluon.nn.Sequential()
with net.name_scope():
    net.add(nn.Dense(3, activation="relu"))
    net.add(nn.Dense(2))
net.collect_params().initialize(mx.init.Xavier())
net(nd.ones((1, 4)))
shapes = [p.shape for p in net.collect_params().values()]
mus = [gluon.Parameter("mu%d" % i, shape=s, init=mx.init.Normal(0.05)) for i, s in enumerate(shapes)]
for m in mus:
    m.initialize()
with autograd.record():
    for (n_, p), m in zip(net.collect_params().items(), mus):
        p._data[0] = m.data() * 2
    l = (net(nd.ones((1, 4))) ** 2).sum()
l.backward()
print(l, mus[0].grad())
