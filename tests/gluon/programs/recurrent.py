"""A language model by truncated backpropagation, sentiment by a bidirectional LSTM, and cells."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn, rnn


class Model(nn.Block):
    def __init__(self, layer, vocabulary, **kwargs):
        super().__init__(**kwargs)
        self.rnn = layer
        self.vocabulary = vocabulary
        self.dense = nn.Dense(vocabulary)

    def forward(self, inputs, state):
        X = nd.one_hot(inputs.T, self.vocabulary)
        Y, state = self.rnn(X, state)
        return self.dense(Y.reshape((-1, Y.shape[-1]))), state

    def begin_state(self, *args, **kwargs):
        return self.rnn.begin_state(*args, **kwargs)


mx.random.seed(5)
for layer in (rnn.RNN(6), rnn.GRU(6), rnn.LSTM(6, num_layers=2)):
    model = Model(layer, 7)
    model.initialize(init.Normal(0.1), force_reinit=True)
    trainer = gluon.Trainer(model.collect_params(), "sgd", {"learning_rate": 0.5, "momentum": 0, "wd": 0})
    state = model.begin_state(batch_size=2)
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    text = nd.array([[0, 1, 2, 3, 4, 5, 6, 0, 1], [3, 4, 5, 6, 0, 1, 2, 3, 4]])
    for i in (0, 4):
        for s in state:
            s.detach()
        with autograd.record():
            output, state = model(text[:, i : i + 4], state)
            l = loss(output, text[:, i + 1 : i + 5].T.reshape((-1,))).mean()
        l.backward()
        norm = gluon.utils.clip_global_norm([p.grad() for p in model.collect_params().values()], 0.05)
        trainer.step(1)
        print(type(layer).__name__, "%.5f %.5f" % (l.asscalar(), norm))
    print([s.shape for s in state], output[0])
print(model)


class BiRNN(nn.Block):
    def __init__(self, **kwargs):
        super(BiRNN, self).__init__(**kwargs)
        self.embedding = nn.Embedding(20, 4)
        self.encoder = rnn.LSTM(3, num_layers=2, bidirectional=True, input_size=4)
        self.decoder = nn.Dense(2)

    def forward(self, inputs):
        states = self.encoder(self.embedding(inputs.T))
        return self.decoder(nd.concat(states[0], states[-1]))


net = BiRNN()
net.initialize(init.Xavier())
net.embedding.weight.set_data(nd.arange(80).reshape((20, 4)) / 80)
net.embedding.collect_params().setattr("grad_req", "null")
trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
words = nd.array([[1, 5, 9, 3], [2, 2, 7, 0], [4, 19, 11, 6]])
for _ in range(2):
    with autograd.record():
        l = gluon.loss.SoftmaxCrossEntropyLoss()(net(words), nd.array([0, 1, 1]))
    l.backward()
    trainer.step(batch_size=3)
    print(l)
print(net.encoder, net(words))

cell = rnn.SequentialRNNCell()
cell.add(rnn.LSTMCell(4))
cell.add(rnn.ResidualCell(rnn.GRUCell(4)))
cell.initialize(init.Normal(0.4))
outputs, states = cell.unroll(3, nd.random.normal(shape=(2, 3, 4)), layout="NTC", merge_outputs=True)
print(outputs, len(states), states[0])
print(cell.collect_params().keys())
