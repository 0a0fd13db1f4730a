"""Detection, factorization, style transfer, adversaries and optimizers on mx.np."""

import mxnet as mx
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn

npx.set_np()
mx.random.seed(0)
boxes = npx.multibox_prior(np.zeros((1, 3, 4, 4)), sizes=[0.5, 0.25], ratios=[1, 2, 0.5])
print(boxes.shape, boxes.reshape(4, 4, 4, 4)[1, 1, 0, :])
gt = np.array([[0, 0.1, 0.08, 0.52, 0.92], [1, 0.55, 0.2, 0.9, 0.88]])
anchors = np.array(
    [
        [0, 0.1, 0.2, 0.3],
        [0.15, 0.2, 0.4, 0.4],
        [0.63, 0.05, 0.88, 0.98],
        [0.66, 0.45, 0.8, 0.8],
        [0.57, 0.3, 0.92, 0.9],
    ]
)
lab = npx.multibox_target(np.expand_dims(anchors, axis=0), np.expand_dims(gt, axis=0), np.zeros((1, 3, 5)))
print(lab)
anchors = np.array([[0.1, 0.08, 0.52, 0.92], [0.08, 0.2, 0.56, 0.95], [0.15, 0.3, 0.62, 0.91], [0.55, 0.2, 0.9, 0.88]])
out = npx.multibox_detection(
    np.expand_dims(np.array([[0] * 4, [0.9, 0.8, 0.7, 0.1], [0.1, 0.2, 0.3, 0.9]]), 0),
    np.zeros((1, 16)),
    np.expand_dims(anchors, 0),
    nms_threshold=0.5,
)
print(out)


def blk(n):
    b = nn.Sequential()
    for _ in range(2):
        b.add(nn.Conv2D(n, kernel_size=3, padding=1), nn.BatchNorm(in_channels=n), nn.Activation("relu"))
    b.add(nn.MaxPool2D(2))
    return b


def flatten_pred(pred):
    return npx.batch_flatten(np.transpose(pred, (0, 2, 3, 1)))


class TinySSD(nn.Block):
    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes
        for i in range(2):
            setattr(self, f"blk_{i}", blk(4) if i == 0 else nn.GlobalMaxPool2D())
            setattr(self, f"cls_{i}", nn.Conv2D(4 * (num_classes + 1), kernel_size=3, padding=1))
            setattr(self, f"bbox_{i}", nn.Conv2D(16, kernel_size=3, padding=1))

    def forward(self, X):
        A, C, Bx = ([], [], [])
        for i in range(2):
            X = getattr(self, f"blk_{i}")(X)
            A.append(npx.multibox_prior(X, sizes=[0.2 + i * 0.3, 0.272 + i * 0.3], ratios=[1, 2, 0.5]))
            C.append(getattr(self, f"cls_{i}")(X))
            Bx.append(getattr(self, f"bbox_{i}")(X))
        C = np.concatenate([flatten_pred(p) for p in C], axis=1)
        return (
            np.concatenate(A, axis=1),
            C.reshape(C.shape[0], -1, self.num_classes + 1),
            np.concatenate([flatten_pred(p) for p in Bx], axis=1),
        )


net = TinySSD(1)
net.initialize(init.Xavier())
tr = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "wd": 0.0005})
cls_loss, bbox_loss = (gluon.loss.SoftmaxCrossEntropyLoss(), gluon.loss.L2Loss())
X = np.random.uniform(size=(2, 3, 8, 8))
Y = np.array([[[0, 0.1, 0.1, 0.6, 0.6]], [[0, 0.3, 0.2, 0.8, 0.9]]])
for _ in range(2):
    with autograd.record():
        an, cp, bp = net(X)
        bl, bm, cl = npx.multibox_target(an, Y, cp.transpose(0, 2, 1))
        l = cls_loss(cp, cl) + bbox_loss(bp * bm, bl * bm)
    l.backward()
    tr.step(2)
    print(
        an.shape,
        cp.shape,
        bp.shape,
        l,
        float((cp.argmax(axis=-1).astype(cl.dtype) == cl).sum()),
        float(np.abs((bl - bp) * bm).sum()),
    )
probs = npx.softmax(cp).transpose(0, 2, 1)
o = npx.multibox_detection(probs, bp, an)
print([i for i, row in enumerate(o[0]) if row[0] != -1], o[0, :2])


class MF(nn.Block):
    def __init__(self, k, u, i, **kw):
        super().__init__(**kw)
        self.P = nn.Embedding(u, k)
        self.Q = nn.Embedding(i, k)
        self.ub = nn.Embedding(u, 1)
        self.ib = nn.Embedding(i, 1)

    def forward(self, u, i):
        return ((self.P(u) * self.Q(i)).sum(axis=1) + np.squeeze(self.ub(u)) + np.squeeze(self.ib(i))).flatten()


mf = MF(3, 5, 6)
mf.initialize(init.Normal(0.01))
tr = gluon.Trainer(mf.collect_params(), "adam", {"learning_rate": 0.05})
u, i, r = (np.array([0, 1, 4]), np.array([5, 2, 0]), np.array([3.0, 4, 1]))
for _ in range(3):
    with autograd.record():
        l = gluon.loss.L2Loss()(mf(u, i), r)
    l.backward()
    tr.step(3)
    print(l, np.sqrt(((mf(u, i) - r) ** 2).mean()))


def gram(X):
    c, n = (X.shape[1], X.size // X.shape[1])
    X = X.reshape(c, n)
    return np.dot(X, X.T) / (c * n)


S = np.random.uniform(size=(1, 2, 4, 4))
gs = gram(S)
print(gs)


class SynthesizedImage(nn.Block):
    def __init__(self, shape, **kw):
        super().__init__(**kw)
        self.weight = self.params.get("weight", shape=shape)

    def forward(self):
        return self.weight.data()


g = SynthesizedImage(S.shape)
g.initialize(force_reinit=True)
g.weight.set_data(np.random.uniform(size=S.shape))
tr = gluon.Trainer(g.collect_params(), "adam", {"learning_rate": 0.1})
for _ in range(3):
    with autograd.record():
        Xh = g()
        tv = 0.5 * (
            np.abs(Xh[:, :, 1:, :] - Xh[:, :, :-1, :]).mean() + np.abs(Xh[:, :, :, 1:] - Xh[:, :, :, :-1]).mean()
        )
        l = np.square(gram(Xh) - gs).mean() * 10 + np.square(Xh - S).mean() + tv
    l.backward()
    tr.step(1)
    print(l)
G = nn.Sequential()
G.add(
    nn.Conv2DTranspose(4, kernel_size=4, use_bias=False),
    nn.BatchNorm(),
    nn.Activation("relu"),
    nn.Conv2DTranspose(1, kernel_size=4, strides=2, padding=1, use_bias=False, activation="tanh"),
)
D = nn.Sequential()
D.add(
    nn.Conv2D(4, 4, 2, 1, use_bias=False),
    nn.BatchNorm(),
    nn.LeakyReLU(0.2),
    nn.Conv2D(1, kernel_size=4, use_bias=False),
)
G.initialize(init=init.Normal(0.02), force_reinit=True)
D.initialize(init=init.Normal(0.02), force_reinit=True)
tG = gluon.Trainer(G.collect_params(), "adam", {"learning_rate": 0.005, "beta1": 0.5})
tD = gluon.Trainer(D.collect_params(), "adam", {"learning_rate": 0.005, "beta1": 0.5})
X = np.random.normal(size=(4, 1, 8, 8))
ones, zeros = (np.ones((4,)), np.zeros((4,)))
for _ in range(3):
    Z = np.random.normal(0, 1, (4, 3, 1, 1))

    def bce(p, y):
        p = p.reshape(-1)
        return np.maximum(p, 0) - p * y + np.log(1 + np.exp(-np.abs(p)))

    with autograd.record():
        fake = G(Z)
        lD = (bce(D(X), ones) + bce(D(fake.detach()), zeros)) / 2
    lD.backward()
    tD.step(4)
    with autograd.record():
        lG = bce(D(G(Z)), ones)
    lG.backward()
    tG.step(4)
    print(float(lD.sum()), float(lG.sum()))
for o, kw in [
    ("rmsprop", {}),
    ("adagrad", {}),
    ("adadelta", {}),
    ("nag", {"momentum": 0.9}),
    ("ftrl", {}),
    ("adamax", {}),
    ("nadam", {}),
    ("signum", {}),
    ("ftml", {}),
]:
    n = nn.Dense(2, in_units=3)
    n.initialize()
    tr = gluon.Trainer(n.collect_params(), o, kw)
    for _ in range(2):
        with autograd.record():
            l = (n(np.ones((2, 3))) ** 2).sum()
        l.backward()
        tr.step(1)
    print(o, l)
