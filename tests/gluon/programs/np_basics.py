"""Arrays, gradients and random numbers of mx.np, as the first chapters of a book have them."""

import mxnet as mx
from mxnet import autograd, np, npx

npx.set_np()
x = np.arange(12)
print(x, x.shape, x.size)
print(repr(x.reshape(3, 4)))
print(repr(np.zeros((2, 3, 4))))
print(repr(np.ones((2, 3))))
mx.random.seed(3)
print(repr(np.random.normal(0, 1, size=(3, 4))))
print(repr(np.array([[2, 1, 4, 3], [1, 2, 3, 4]])))
x = np.array([1, 2, 4, 8])
y = np.array([2, 2, 2, 2])
print(x + y, x - y, x * y, x / y, x**y, np.exp(x))
X = np.arange(12).reshape(3, 4)
Y = np.array([[2, 1, 4, 3], [1, 2, 3, 4], [4, 3, 2, 1]])
print(repr(np.concatenate([X, Y], axis=0)), np.concatenate([X, Y], axis=1))
print(repr(X == Y))
print(repr(X.sum()))
a = np.arange(3).reshape(3, 1)
b = np.arange(2).reshape(1, 2)
print(repr(a + b))
print(X[-1], X[1:3])
X[1, 2] = 9
print(X)
X[0:2, :] = 12
print(X)
Z = np.zeros_like(Y)
Z[:] = X + Y
print(Z)
X += Y
print(X)
A = X.asnumpy()
B = np.array(A)
print(type(A).__name__, type(B).__name__)
a = np.array([3.5])
print(repr(a), a.item(), float(a), int(a))
A = np.arange(20).reshape(5, 4)
print(A.T, A.sum(axis=0), A.mean(axis=1), A.sum(axis=1, keepdims=True), A.cumsum(axis=0))
print(np.dot(x, y), np.dot(A, np.ones(4)), np.linalg.norm(np.array([3, -4])), np.abs(np.array([3, -4])).sum())
x = np.arange(4.0)
x.attach_grad()
print(x.grad)
with autograd.record():
    y = 2 * np.dot(x, x)
print(repr(y))
y.backward()
print(x.grad, x.grad == 4 * x)
with autograd.record():
    y = x * x
y.backward()
print(x.grad)
with autograd.record():
    y = x * x
    u = y.detach()
    z = u * x
z.backward()
print(x.grad == u)


def f(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


a = np.random.normal()
a.attach_grad()
with autograd.record():
    d = f(a)
d.backward()
print(a.grad == d / a, a.grad)
y_hat = np.array([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]])
y = np.array([0, 2])
print(y_hat[[0, 1], y], y_hat.argmax(axis=1), y_hat.argmax(axis=1).astype(y.dtype) == y)
print(
    npx.one_hot(np.array([0, 2]), 3),
    npx.softmax(y_hat),
    npx.relu(np.array([-1.0, 2.0])),
    npx.pick(y_hat, y),
    npx.topk(y_hat, k=2),
    npx.batch_dot(np.ones((2, 1, 4)), np.ones((2, 4, 6))),
)
print(npx.sequence_mask(np.arange(6).reshape(2, 3), np.array([1, 2]), True, axis=1))
print(
    np.random.uniform(0, 1, (2, 2)),
    np.random.randint(0, 5, (3,)),
    np.random.choice(5, 3),
    np.random.multinomial(10, [0.2, 0.8]),
    np.random.exponential(2.0, (2,)),
)
print(x.ctx, npx.num_gpus(), x.as_in_ctx(npx.cpu()), x.copyto(npx.cpu()), npx.cpu())
print(x.dtype, x.astype("int32").dtype, repr(x.astype("float64")), x.astype(np.int32))
print(
    np.where(x > 1, x, -x),
    np.clip(x, 1, 2),
    np.maximum(x, 1),
    np.stack([x, x]),
    np.expand_dims(x, 0).shape,
    np.split(x, 2),
    np.tile(x, 2),
    np.repeat(x, 2),
)
print(
    np.argsort(np.array([3, 1, 2])),
    np.sort(np.array([3, 1, 2])),
    np.unique(np.array([1, 1, 2])),
    np.meshgrid(np.arange(2), np.arange(3)),
)
print(x.as_nd_ndarray())
print(np.eye(2), np.linspace(0, 1, 5), np.full((2,), 7), np.pi, np.inf, np.newaxis, np.float32)
print("%.2f" % x.sum().item(), f"{float(x.sum()):.3f}", x.mean(), x.std(), x.var(), x.max(), x.min(), x.prod())
print(
    x.reshape(-1, 2),
    x.reshape((2, 2)).transpose(),
    np.transpose(x.reshape(2, 2), (1, 0)),
    x.squeeze().flatten(),
    x[None].shape,
    x[::2],
    x[::-1],
)
print(
    np.dot(np.ones((2, 3)), np.ones((3, 2))),
    np.matmul(np.ones((2, 3)), np.ones((3, 2))),
    np.ones((2, 3)) @ np.ones((3,)),
    np.einsum("ij,j->i", np.ones((2, 3)), np.ones(3)),
    np.tensordot(np.ones((2, 3)), np.ones((3, 2)), axes=1),
)
