"""Weights with distributions, filters of time series, trees of cells, a Gaussian process, layers of one's own."""

import math

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn, rnn


def sec(f):
    print("##", f.__name__)
    mx.random.seed(7)
    f()


@sec
def bbb():
    ctx = mx.cpu()
    ns = [(6, 5), (5,), (5, 3), (3,)]
    mus = [nd.random_normal(shape=s, ctx=ctx, scale=0.1) for s in ns]
    rhos = [nd.ones(shape=s, ctx=ctx) * -3 for s in ns]
    vp = mus + rhos
    for p in vp:
        p.attach_grad()

    def softplus(x):
        return nd.log(1.0 + nd.exp(x))

    def gaussian(x, mu, s):
        return (1 / nd.sqrt(2.0 * nd.array([math.pi]) * (s**2))) * nd.exp(-((x - mu) ** 2) / (2.0 * s**2))

    def scale_mix(x):
        s1, s2 = nd.array([math.exp(-0)]), nd.array([math.exp(-6)])
        z = nd.array([0.0])
        return nd.log(0.25 * gaussian(x, z, s1) + 0.75 * gaussian(x, z, s2))

    def loglik(o, y):
        return nd.sum(y * nd.log_softmax(o), axis=0, exclude=True)

    X = nd.random.normal(shape=(8, 6))
    y = nd.one_hot(nd.array([0, 1, 2, 0, 1, 2, 0, 1]), 3)
    for e in range(3):
        with autograd.record():
            eps = [nd.random_normal(shape=p.shape, loc=0.0, scale=1.0, ctx=ctx) for p in mus]
            sig = [softplus(r) for r in rhos]
            w = [m + s * q for m, s, q in zip(mus, sig, eps)]
            h = nd.relu(nd.dot(X, w[0]) + w[1])
            o = nd.dot(h, w[2]) + w[3]
            ll = nd.sum(loglik(o, y))
            lp = sum([nd.sum(scale_mix(p)) for p in w])
            lq = sum([nd.sum(nd.log(gaussian(p, m, s))) for p, m, s in zip(w, mus, sig)])
            loss = 1.0 / 4 * (lq - lp) - ll
        loss.backward()
        for p in vp:
            p[:] = p - 0.001 * p.grad
        print(loss.asscalar(), nd.argmax(o, axis=1))


@sec
def lds():
    A = nd.array([[0.9, 0.1], [0, 0.8]])
    C = nd.array([[1.0, 0]])
    T = 5
    y = nd.array([0.5, 0.7, 0.2, -0.1, 0.3])
    q = nd.array([0.1, 0.2])
    r = nd.array([0.3])
    for p in (A, q, r):
        p.attach_grad()

    def gemm2(a, b, **k):
        return nd.linalg.gemm2(a, b, **k)

    with autograd.record():
        m, V = nd.zeros((2, 1)), nd.eye(2)
        ll = nd.zeros(1)
        for t in range(T):
            m = gemm2(A, m)
            V = gemm2(gemm2(A, V), A, transpose_b=True) + nd.diag(nd.exp(q))
            S = gemm2(gemm2(C, V), C, transpose_b=True) + nd.exp(r).reshape((1, 1))
            L = nd.linalg.potrf(S)
            d = y[t].reshape((1, 1)) - gemm2(C, m)
            z = nd.linalg.trsm(L, d)
            ll = ll - 0.5 * (z**2).sum() - nd.linalg.sumlogdiag(L.expand_dims(0))
            K = gemm2(gemm2(V, C, transpose_b=True), nd.linalg.potri(L))
            m = m + gemm2(K, d)
            V = V - gemm2(gemm2(K, C), V)
        ll.backward()
    print(ll, A.grad, q.grad, r.grad, m, V)


@sec
def issm():
    T = 6
    z = nd.array([1.0, 2, 1.5, 2.5, 2, 3])
    g = nd.array([0.5, 0.3])
    sigma = nd.array([0.4])
    m0, s0 = nd.zeros((2, 1)), nd.ones(2)
    for p in (g, sigma):
        p.attach_grad()
    F = nd.array([[1.0, 1], [0, 1]])
    a = nd.array([[1.0], [1]])
    with autograd.record():
        lp, mu, Sg = [], m0, nd.diag(s0 * s0)
        for t in range(T):
            f = nd.linalg_gemm2(a, mu, transpose_a=True)
            gv = g.reshape((2, 1))
            v = nd.linalg_gemm2(a, nd.linalg_gemm2(Sg, a), transpose_a=True) + sigma.reshape((1, 1)) ** 2
            d = z[t] - f
            lp.append(-0.5 * nd.log(2 * 3.14159 * v) - 0.5 * d * d / v)
            k = nd.linalg_gemm2(Sg, a) / v
            mu = nd.linalg_gemm2(F, mu + k * d)
            Sg = nd.linalg_gemm2(
                F, nd.linalg_gemm2(Sg - nd.linalg_gemm2(k, k, transpose_b=True) * v, F, transpose_b=True)
            ) + nd.linalg_gemm2(gv, gv, transpose_b=True)
        l = -nd.concat(*lp, dim=0).sum()
    l.backward()
    print(l, g.grad, sigma.grad)


@sec
def treelstm():
    class Cell(rnn.HybridRecurrentCell):
        def __init__(self, h, inp=0, prefix=None, params=None):
            super().__init__(prefix=prefix, params=params)
            self._h = h
            with self.name_scope():
                self.i2h_weight = self.params.get(
                    "i2h_weight", shape=(4 * h, inp), init="xavier", allow_deferred_init=True
                )
                self.h2h_weight = self.params.get("h2h_weight", shape=(3 * h, h), init="xavier")
                self.hf = self.params.get("hf", shape=(h, h))
                self.b = self.params.get("b", shape=(4 * h,), init="zeros")

        def _alias(self):
            return "tree"

        def state_info(self, batch_size=0):
            return [{"shape": (batch_size, self._h), "__layout__": "NC"}] * 2

        def node_forward(self, F, x, cs, i2h_weight, h2h_weight, hf, b):
            i2h = F.FullyConnected(x, i2h_weight, b, num_hidden=self._h * 4)
            sl = F.split(i2h, num_outputs=4)
            hs = F.add_n(*[s[0] for s in cs]) if cs else F.zeros_like(F.slice_axis(i2h, axis=1, begin=0, end=self._h))
            h2h = F.split(F.dot(hs, h2h_weight, transpose_b=True), num_outputs=3)
            i, o, u = F.sigmoid(sl[0] + h2h[0]), F.sigmoid(sl[1] + h2h[1]), F.tanh(sl[2] + h2h[2])
            c = i * u
            for s in cs:
                c = c + F.sigmoid(sl[3] + F.dot(s[0], hf, transpose_b=True)) * s[1]
            return [o * F.tanh(c), c]

        def hybrid_forward(self, F, inputs, tree, **p):
            def rec(t):
                return self.node_forward(
                    F,
                    F.expand_dims(inputs[t[0]], 0) if not isinstance(t, int) else F.expand_dims(inputs[t], 0),
                    [rec(q) for q in t[1:]] if not isinstance(t, int) else [],
                    **p,
                )

            return rec(tree)[0]

    c = Cell(3, 4)
    c.initialize()
    x = nd.random.normal(shape=(5, 4))
    tr = gluon.Trainer(c.collect_params(), "adagrad", {"learning_rate": 0.1})
    for _ in range(3):
        with autograd.record():
            l = (c(x, (0, (1, 2, 3), 4)) - 1).square().sum()
        l.backward()
        tr.step(1)
        print(l.asscalar())
    print(c.collect_params())


@sec
def gp():
    def rbf(x, y, l, s):
        return s * nd.exp(-((x.reshape((-1, 1)) - y.reshape((1, -1))) ** 2) / (2 * l * l))

    x = nd.linspace(0, 1, 6)
    y = nd.sin(6 * x)
    l, s = nd.array([0.3]), nd.array([1.0])
    l.attach_grad()
    s.attach_grad()
    for _ in range(3):
        with autograd.record():
            K = rbf(x, x, l, s) + 0.1 * nd.eye(6)
            L = nd.linalg.potrf(K)
            a = nd.linalg.trsm(L, y.reshape((-1, 1)))
            nll = 0.5 * (a**2).sum() + nd.linalg.sumlogdiag(L.expand_dims(0)).sum()
        nll.backward()
        l[:] = l - 0.01 * l.grad
        s[:] = s - 0.01 * s.grad
        print(nll.asscalar(), l, s)
    b = nd.linalg.trsm(L, a, transpose=True)
    print(nd.dot(rbf(nd.array([0.25]), x, l, s), b))


@sec
def custom_layers():
    class Centered(nn.Block):
        def __init__(self, **k):
            super().__init__(**k)

        def forward(self, x):
            return x - x.mean()

    class MyDense(nn.Block):
        def __init__(self, units, in_units, **k):
            super().__init__(**k)
            self.weight = self.params.get("weight", shape=(in_units, units))
            self.bias = self.params.get("bias", shape=(units,))

        def forward(self, x):
            return nd.relu(nd.dot(x, self.weight.data()) + self.bias.data())

    class Nest(nn.Block):
        def __init__(self, **k):
            super().__init__(**k)
            self.net = nn.Sequential()
            self.net.add(nn.Dense(6, activation="relu"), MyDense(4, 6))
            self.dense = nn.Dense(3, activation="relu")

        def forward(self, x):
            return self.dense(self.net(x))

    class Fancy(nn.Block):
        def __init__(self, **k):
            super().__init__(**k)
            self.rw = self.params.get_constant("rand_weight", nd.random.uniform(shape=(5, 5)))
            self.dense = nn.Dense(5, activation="relu")

        def forward(self, x):
            x = self.dense(x)
            x = nd.relu(nd.dot(x, self.rw.data()) + 1)
            x = self.dense(x)
            while x.norm().asscalar() > 1:
                x /= 2
            if x.norm().asscalar() < 0.8:
                x *= 10
            return x.sum()

    net = nn.Sequential()
    net.add(
        Nest(),
        nn.Dense(5),
        Fancy(),
    )
    net.initialize(init.Uniform(0.5))
    print(net(nd.random.uniform(shape=(2, 4))))
    c = nn.Sequential()
    c.add(nn.Dense(8), Centered())
    c.initialize()
    print(c(nd.random.uniform(shape=(4, 8))).mean().asscalar() < 1e-6, MyDense(3, 5).params)
    print(net)

    class MySeq(nn.Block):
        def __init__(self, **k):
            super().__init__(**k)

        def add(self, b):
            self._children[b.name] = b

        def forward(self, x):
            for b in self._children.values():
                x = b(x)
            return x

    m = MySeq()
    m.add(nn.Dense(4, activation="relu"))
    m.add(nn.Dense(2))
    m.initialize()
    print(m(nd.ones((2, 3))), m)
