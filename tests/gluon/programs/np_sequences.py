"""Recurrent networks and attention on mx.np."""

import math
import random

import mxnet as mx
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn, rnn

npx.set_np()
mx.random.seed(0)
random.seed(1)
V, H, B, T = (7, 8, 2, 5)
X = np.array([[random.randrange(V) for _ in range(T)] for _ in range(B)])
Y = (X + 1) % V
print(npx.one_hot(np.array([0, 2]), V), npx.one_hot(X.T, V).shape)


def get_params():
    normal = lambda shape: np.random.normal(scale=0.01, size=shape)
    ps = [normal((V, H)), normal((H, H)), np.zeros(H), normal((H, V)), np.zeros(V)]
    for p in ps:
        p.attach_grad()
    return ps


def run(inputs, state, params):
    W_xh, W_hh, b_h, W_hq, b_q = params
    (Hs,) = state
    outs = []
    for x in inputs:
        Hs = np.tanh(np.dot(x, W_xh) + np.dot(Hs, W_hh) + b_h)
        outs.append(np.dot(Hs, W_hq) + b_q)
    return (np.concatenate(outs, axis=0), (Hs,))


ps = get_params()
loss = gluon.loss.SoftmaxCrossEntropyLoss()


def grad_clipping(params, theta):
    norm = math.sqrt(sum((p.grad**2).sum() for p in params))
    if norm > theta:
        for p in params:
            p.grad[:] *= theta / norm


state = (np.zeros((B, H)),)
for epoch in range(4):
    for s in state:
        s.detach()
    with autograd.record():
        y_hat, state = run(npx.one_hot(X.T, V), state, ps)
        l = loss(y_hat, Y.T.reshape(-1)).mean()
    l.backward()
    grad_clipping(ps, 1)
    for p in ps:
        p[:] = p - 1.0 * p.grad
    state = tuple(s.detach() for s in state)
    print(epoch, math.exp(l), l * 2)
for layer in (rnn.RNN(H), rnn.LSTM(H, 2, bidirectional=True), rnn.GRU(H, dropout=0)):
    layer.initialize()
    st = layer.begin_state(batch_size=B)
    print(len(st), st[0].shape)
    out, st2 = layer(np.random.uniform(size=(T, B, 4)), st)
    print(out[0], len(st2), st2[0].shape)


class RNNModel(nn.Block):
    def __init__(self, rnn_layer, vocab_size, **kwargs):
        super().__init__(**kwargs)
        self.rnn = rnn_layer
        self.vocab_size = vocab_size
        self.dense = nn.Dense(vocab_size)

    def forward(self, inputs, state):
        X = npx.one_hot(inputs.T, self.vocab_size)
        Y, state = self.rnn(X, state)
        return (self.dense(Y.reshape(-1, Y.shape[-1])), state)


m = RNNModel(rnn.GRU(H), V)
m.initialize(init.Xavier())
tr = gluon.Trainer(m.collect_params(), "sgd", {"learning_rate": 1})
st = m.rnn.begin_state(batch_size=B)
for _ in range(3):
    for s in st:
        s.detach()
    with autograd.record():
        o, st = m(X, st)
        l = loss(o, Y.T.reshape(-1)).mean()
    l.backward()
    tr.step(1)
    st = [s.detach() for s in st]
    print(l)


def masked_softmax(X, valid_lens):
    if valid_lens is None:
        return npx.softmax(X)
    shape = X.shape
    valid_lens = valid_lens.repeat(shape[1]) if valid_lens.ndim == 1 else valid_lens.reshape(-1)
    X = npx.sequence_mask(X.reshape(-1, shape[-1]), valid_lens, True, value=-1000000.0, axis=1)
    return npx.softmax(X).reshape(shape)


print(
    masked_softmax(np.random.uniform(size=(2, 2, 4)), np.array([2, 3])),
    masked_softmax(np.random.uniform(size=(2, 2, 4)), np.array([[1, 3], [2, 4]])),
)


class AdditiveAttention(nn.Block):
    def __init__(self, num_hiddens, dropout, **kwargs):
        super().__init__(**kwargs)
        self.W_k = nn.Dense(num_hiddens, use_bias=False, flatten=False)
        self.W_q = nn.Dense(num_hiddens, use_bias=False, flatten=False)
        self.w_v = nn.Dense(1, use_bias=False, flatten=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, keys, values, valid_lens):
        queries, keys = (self.W_q(queries), self.W_k(keys))
        f = np.tanh(np.expand_dims(queries, axis=2) + np.expand_dims(keys, axis=1))
        scores = np.squeeze(self.w_v(f), axis=-1)
        self.w = masked_softmax(scores, valid_lens)
        return npx.batch_dot(self.dropout(self.w), values)


q, k = (np.random.normal(0, 1, (2, 1, 20)), np.ones((2, 10, 2)))
v = np.arange(40).reshape(1, 10, 4).repeat(2, axis=0)
vl = np.array([2, 6])
at = AdditiveAttention(8, 0.1)
at.initialize()
print(at(q, k, v, vl), at.w)


class Dot(nn.Block):
    def forward(self, q, k, v, valid_lens=None):
        return npx.batch_dot(
            masked_softmax(npx.batch_dot(q, k, transpose_b=True) / math.sqrt(q.shape[-1]), valid_lens), v
        )


print(Dot()(np.random.normal(0, 1, (2, 1, 2)), k, v, vl))


class PositionalEncoding(nn.Block):
    def __init__(self, n, max_len=20):
        super().__init__()
        self.P = np.zeros((1, max_len, n))
        X = np.arange(max_len).reshape(-1, 1) / np.power(10000, np.arange(0, n, 2) / n)
        self.P[:, :, 0::2] = np.sin(X)
        self.P[:, :, 1::2] = np.cos(X)

    def forward(self, X):
        return X + self.P[:, : X.shape[1], :].as_in_ctx(X.ctx)


print(PositionalEncoding(4)(np.zeros((1, 3, 4))))


class FFN(nn.Block):
    def __init__(self):
        super().__init__()
        self.d1 = nn.Dense(4, flatten=False, activation="relu")
        self.d2 = nn.Dense(8, flatten=False)
        self.ln = nn.LayerNorm()
        self.do = nn.Dropout(0.3)

    def forward(self, X):
        return self.ln(self.do(self.d2(self.d1(X))) + X)


f = FFN()
f.initialize()
with autograd.record():
    o = f(np.ones((2, 3, 8)))
print(o)
e = nn.Embedding(10, 4)
e.initialize(init.Normal(1.0))
print(e(np.array([[1, 2], [3, 9]])), np.swapaxes(e(np.array([[1, 2]])), 0, 1).shape)


class MaskedSoftmaxCELoss(gluon.loss.SoftmaxCELoss):
    def forward(self, pred, label, valid_len):
        weights = np.expand_dims(np.ones_like(label), axis=-1)
        weights = npx.sequence_mask(weights, valid_len, True, axis=1)
        return super().forward(pred, label, weights)


print(MaskedSoftmaxCELoss()(np.ones((3, 4, 10)), np.ones((3, 4)), np.array([4, 2, 0])))
