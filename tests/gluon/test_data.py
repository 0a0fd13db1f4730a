"""Data sets, loaders with workers, files of images and of records, and iterators."""

import gzip
import io
import struct
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, gluon, nd
from tapegrad.errors import ArgumentError, BackendError, FileFormatError, ShapeError
from tapegrad.gluon import data as gdata
from tapegrad.gluon.data.vision import transforms


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_come_in_their_order_however_long_each_takes(workers):
    def slow(x):
        time.sleep(0.002 * (x % 3))
        return x

    loader = gdata.DataLoader(gdata.SimpleDataset(list(range(10))).transform(slow), 3, num_workers=workers)
    for _ in range(2):
        assert [x for batch in loader for x in batch.asnumpy()] == list(range(10))
    assert len(loader) == 4


def test_an_error_in_a_worker_reaches_the_program_with_its_batch():
    def broken(x):
        if x == 5:
            raise ZeroDivisionError("five")
        return x

    loader = gdata.DataLoader(gdata.SimpleDataset(list(range(10))).transform(broken), 2, num_workers=2)
    seen = []
    with pytest.raises(ZeroDivisionError, match="five"):
        for batch in loader:
            seen += batch.asnumpy().tolist()
    assert seen == [0, 1, 2, 3]


def test_a_batch_that_never_comes_is_an_error_and_not_a_hang():
    gate = threading.Event()
    loader = gdata.DataLoader(gdata.SimpleDataset([1]).transform(lambda x: gate.wait()), 1, num_workers=1, timeout=0.05)
    with pytest.raises(BackendError, match=r"longer than 0\.05 s"):
        next(iter(loader))
    gate.set()


def test_a_program_ends_whatever_its_workers_do():
    code = (
        "import threading; from tapegrad.gluon import data\n"
        "stuck = data.SimpleDataset([1]).transform(lambda x: threading.Event().wait())\n"
        "try: next(iter(data.DataLoader(stuck, 1, num_workers=1, timeout=0.1)))\n"
        "except RuntimeError: print('late')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("late\n", "")


def test_a_round_that_is_left_early_leaves_no_threads():
    loader = gdata.DataLoader(gdata.SimpleDataset(list(range(100))), 2, num_workers=2)
    for _ in loader:
        break
    deadline = time.time() + 20
    while any(t.name.startswith("tapegrad-data") for t in threading.enumerate()) and time.time() < deadline:
        time.sleep(0.01)
    assert not any(t.name.startswith("tapegrad-data") for t in threading.enumerate())


def test_workers_make_constants_on_the_engine_of_the_program():
    pytest.importorskip("jax")
    with mx.use_backend("jax"), autograd.record():
        (batch,) = gdata.DataLoader(gdata.SimpleDataset([1, 2]), 2, num_workers=1)
        assert batch.backend.name == "jax"


@pytest.mark.parametrize(
    "options",
    [{}, {"batch_size": 2, "shuffle": True, "sampler": [0]}, {"batch_size": 2, "batch_sampler": [[0]]}, {"timeout": 0}],
)
def test_options_of_a_loader_that_exclude_each_other_are_refused(options):
    with pytest.raises(ArgumentError, match="DataLoader"):
        gdata.DataLoader([1, 2], **({"batch_size": 1} | options if "timeout" in options else options))


def test_samples_of_different_lengths_are_padded_or_kept_apart():
    batchify = gdata.batchify.Group(gdata.batchify.Pad(val=9), gdata.batchify.Stack(), gdata.batchify.AsList())
    x, y, names = batchify([([1, 2, 3], 0, "a"), ([4], 1, "b")])
    assert x.asnumpy().tolist() == [[1, 2, 3], [4, 9, 9]] and y.shape == (2,) and names == ["a", "b"]
    with pytest.raises(ShapeError):
        gdata.ArrayDataset([1, 2], [1])


@pytest.fixture
def mnist(tmp_path):
    """Five images and labels for training and three for tests, packed and not."""
    for kind, count, suffix in (("train", 5, ".gz"), ("t10k", 3, "")):
        images = struct.pack(">IIII", 0x803, count, 28, 28) + bytes(range(count)) * 784
        labels = struct.pack(">II", 0x801, count) + bytes(range(count))
        for name, content in ((f"{kind}-images-idx3-ubyte", images), (f"{kind}-labels-idx1-ubyte", labels)):
            (tmp_path / (name + suffix)).write_bytes(gzip.compress(content) if suffix else content)
    return tmp_path


def test_mnist_is_read_from_its_files(mnist):
    train, test = gdata.vision.MNIST(str(mnist)), gdata.vision.FashionMNIST(str(mnist), train=False)
    assert (len(train), len(test)) == (5, 3)
    image, label = train[2]
    assert image.shape == (28, 28, 1) and image.dtype is np.uint8 and label == 2 and label.dtype == np.int32
    images, labels = test[0:2]
    assert images.shape == (2, 28, 28, 1) and labels.tolist() == [0, 1]
    assert gdata.vision.MNIST(str(mnist), transform=lambda x, y: (x.astype("float32"), y))[0][0].dtype is np.float32
    found = mx.test_utils.get_mnist(str(mnist))
    assert found["train_data"].shape == (5, 1, 28, 28) and found["test_label"].tolist() == [0, 1, 2]
    batches, _ = mx.test_utils.get_mnist_iterator(2, (784,), str(mnist))
    assert next(batches).data[0].shape == (2, 784)
    (mnist / "t10k-labels-idx1-ubyte").write_bytes(b"nonsense")
    with pytest.raises(FileFormatError, match="format of MNIST"):
        gdata.vision.MNIST(str(mnist), train=False)


def test_cifar_is_read_from_its_files_or_their_archive(tmp_path):
    rows = np.arange(2 * 3073).astype(np.uint8).reshape(2, 3073)
    (tmp_path / "test_batch.bin").write_bytes(rows.tobytes())
    data = gdata.vision.CIFAR10(str(tmp_path), train=False)
    assert len(data) == 2 and data[0][0].shape == (32, 32, 3) and data[1][1] == rows[1, 0]
    assert data[0][0][0, 0].asnumpy().tolist() == rows[0, 1::1024].tolist()
    with tarfile.open(tmp_path / "cifar-100-binary.tar.gz", "w:gz") as archive:
        (tmp_path / "train.bin").write_bytes(np.arange(3074).astype(np.uint8).tobytes())
        archive.add(tmp_path / "train.bin", "cifar-100-binary/train.bin")
    (tmp_path / "train.bin").unlink()
    assert gdata.vision.CIFAR100(str(tmp_path), fine_label=True)[0][1] == 1
    with pytest.raises(FileFormatError, match=r"no test\.bin"):
        gdata.vision.CIFAR100(str(tmp_path), train=False)


def test_images_are_read_from_folders_and_records(tmp_path):
    pytest.importorskip("PIL")
    picture = np.random.default_rng(0).integers(0, 255, (4, 5, 3)).astype(np.uint8)
    record = mx.recordio.MXIndexedRecordIO(str(tmp_path / "x.idx"), str(tmp_path / "x.rec"), "w")
    for i, name in enumerate(("cat", "dog")):
        packed = mx.recordio.pack_img(mx.recordio.IRHeader(0, i, i, 0), picture, img_fmt=".png")
        record.write_idx(i, packed)
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "images" / name / "1.png").write_bytes(mx.recordio.unpack(packed)[1])
    record.close()
    folder = gdata.vision.ImageFolderDataset(str(tmp_path / "images"))
    assert folder.synsets == ["cat", "dog"] and [label for _, label in folder.items] == [0, 1]
    assert (folder[1][0].asnumpy() == picture[..., ::-1]).all()
    records = gdata.vision.ImageRecordDataset(str(tmp_path / "x.rec"))
    assert (records[0][0].asnumpy() == picture[..., ::-1]).all() and records[1][1] == 1
    assert mx.image.imread(str(tmp_path / "images" / "cat" / "1.png"), flag=0).shape == (4, 5, 1)
    first = mx.recordio.MXRecordIO(str(tmp_path / "x.rec"), "r").read()
    assert (mx.recordio.unpack_img(first)[1] == picture).all()
    (tmp_path / "x.rec").write_bytes((tmp_path / "x.rec").read_bytes()[:40])
    with pytest.raises(FileFormatError, match="damaged"):
        gdata.vision.ImageRecordDataset(str(tmp_path / "x.rec"))[0]


def test_damaged_data_are_one_kind_of_error(mnist, tmp_path):
    record = mx.recordio.MXIndexedRecordIO(str(tmp_path / "y.idx"), str(tmp_path / "y.rec"), "w")
    for i in range(4):
        record.write_idx(i, bytes(9 * i + 1))
    record.close()
    (tmp_path / "test_batch.bin").write_bytes(bytes(3073))
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "test_batch.bin")
    (tmp_path / "test_batch.bin").unlink()
    (tmp_path / "words.txt").write_bytes("ä 1 2 3\nb 4 5 6\n".encode())

    def records():
        opened = mx.recordio.MXIndexedRecordIO(str(tmp_path / "y.idx"), str(tmp_path / "y.rec"), "r")
        return [opened.read_idx(key) for key in opened.keys]

    readers = {
        "train-images-idx3-ubyte.gz": lambda: gdata.vision.MNIST(str(mnist)),
        "cifar-10-binary.tar.gz": lambda: gdata.vision.CIFAR10(str(tmp_path), train=False),
        "y.idx": records,
        "y.rec": records,
        "words.txt": lambda: mx.contrib.text.embedding.CustomEmbedding(str(tmp_path / "words.txt")),
    }
    rng = np.random.default_rng(0)
    for name, read in readers.items():
        path, refused = tmp_path / name, 0
        content = path.read_bytes()
        for _ in range(40):
            damaged = bytearray(content)
            for place in rng.integers(len(content), size=3):
                damaged[place] = rng.integers(256)
            path.write_bytes(damaged[: rng.integers(len(content))] if rng.random() < 0.2 else damaged)
            try:
                read()
            except FileFormatError:
                refused += 1
        path.write_bytes(content)
        read()
        assert refused > 5, name


@pytest.mark.parametrize("layout", [b"no json", b"{}", b'{"states": [[[], null]], "counts": []}', b"[" * 9000])
def test_damaged_states_of_an_optimizer_are_one_kind_of_error(layout):
    buffer = io.BytesIO()
    np.savez(buffer, layout=np.frombuffer(layout, np.uint8))
    with pytest.raises(FileFormatError, match="damaged"):
        mx.optimizer.get_updater(mx.optimizer.SGD()).set_states(buffer.getvalue())


def test_records_hold_what_marks_their_beginning(tmp_path):
    mark = struct.pack("<I", 0xCED7230A)
    contents = [b"", mark, mark * 3, b"abcd" + mark + b"efg", b"a" + mark]
    record = mx.recordio.MXRecordIO(str(tmp_path / "x.rec"), "w")
    for content in contents:
        record.write(content)
    record.close()
    record = mx.recordio.MXRecordIO(str(tmp_path / "x.rec"), "r")
    assert [record.read() for _ in range(6)] == [*contents, None]


def test_transforms_keep_the_dtype_and_change_what_they_say():
    picture = nd.array(np.random.default_rng(0).integers(0, 255, (6, 8, 3)), dtype="uint8")
    for change in (
        transforms.RandomColorJitter(0.5, 0.5, 0.5, 0.5),
        transforms.RandomLighting(0.1),
        transforms.RandomFlipLeftRight(),
        transforms.RandomFlipTopBottom(),
        transforms.RandomGray(1.0),
        transforms.RandomResizedCrop((4, 3)),
        transforms.RandomCrop((4, 3), pad=1),
    ):
        result = change(picture)
        assert result.dtype is np.uint8
        assert result.shape in ((6, 8, 3), (3, 4, 3))
    assert transforms.Resize(3, keep_ratio=True)(picture).shape == (3, 4, 3)
    assert transforms.Resize((4, 5))(nd.stack(picture, picture)).shape == (2, 5, 4, 3)
    gray = transforms.RandomGray(1.0)(picture).asnumpy()
    assert (gray[..., 0] == gray[..., 2]).all()
    augmented = picture
    for aug in mx.image.CreateAugmenter(
        (3, 4, 4), resize=5, rand_crop=True, rand_mirror=True, brightness=0.1, mean=True
    ):
        augmented = aug(augmented)
    assert augmented.shape == (4, 4, 3) and augmented.dtype is np.float32


def test_transforms_are_grouped_as_mxnet_groups_them():
    kinds = [type(t).__name__ for t in transforms.Compose([transforms.Resize(4), transforms.CenterCrop(2)])]
    assert kinds == ["Resize", "CenterCrop"]
    one, group = transforms.Compose([transforms.CenterCrop(2), transforms.ToTensor(), transforms.Normalize(0.5)])
    assert isinstance(one, transforms.CenterCrop) and isinstance(group, gluon.nn.HybridSequential) and len(group) == 2


@pytest.mark.parametrize(("goes_round", "first"), [(True, [0, 2, 1]), (False, [0, 0, 0])])
def test_lines_fill_a_last_batch_up_and_may_go_round(tmp_path, goes_round, first):
    (tmp_path / "x.csv").write_text("\n".join(map(str, range(10))), encoding="utf-8")
    lines = mx.io.CSVIter(str(tmp_path / "x.csv"), (1,), batch_size=3, round_batch=goes_round)
    pads = []
    for start in first:
        batches = [(batch.data[0].asnumpy().ravel().tolist(), batch.pad) for batch in lines]
        assert batches[0][0][0] == start
        read = [x for numbers, pad in batches for x in numbers[: 3 - pad]]
        assert read == list(range(start, 10))
        pads.append(batches[-1][1])
        lines.reset()
    assert pads == ([2, 1, 0] if goes_round else [2, 2, 2])


def test_an_iterator_refuses_what_does_not_go_together():
    with pytest.raises(ShapeError, match="as many of all"):
        mx.io.NDArrayIter(np.ones((3, 1)), np.ones(2))
    with pytest.raises(ArgumentError, match="'roll_over'"):
        mx.io.NDArrayIter(np.ones((3, 1)), last_batch_handle="roll")


def test_files_are_fetched_from_this_machine_and_not_from_a_network(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("content")
    target = gluon.utils.download(source.as_uri(), path=str(tmp_path / "there" / "x.txt"))
    assert Path(target).read_text() == "content"
    assert gluon.utils.download("https://example.org/x.txt", path=target) == target
    with pytest.raises(ArgumentError, match="loads nothing from a network"):
        gluon.utils.download("https://example.org/y.txt", path=str(tmp_path))


def test_callbacks_and_a_monitor_say_what_goes_on(caplog, capsys):
    metric = mx.metric.Accuracy()
    metric.update([nd.array([1])], [nd.array([1])])
    speed = mx.callback.Speedometer(4, frequent=2)
    with caplog.at_level("INFO"):
        for batch in range(3):
            speed(mx.callback.BatchEndParam(1, batch, metric, None))
        mx.callback.log_train_metric(1)(mx.callback.BatchEndParam(1, 2, metric, None))
    assert "Epoch[1] Batch [0-2]\tSpeed:" in caplog.text and "accuracy=1.000000" in caplog.text
    assert "Iter[1] Batch[2] Train-accuracy=nan" in caplog.text
    net = gluon.nn.Dense(1, in_units=1, prefix="d_")
    net.initialize("ones")
    monitor = mx.mon.Monitor(2, sort=True)
    monitor.install(net)
    for _ in range(2):
        monitor.tic()
        net(nd.ones((1, 1)))
        seen = monitor.toc()
        assert [name for _, name, _ in seen] == (["d_bias", "d_output", "d_weight"] if monitor.step == 1 else [])


def test_what_tests_of_programs_use():
    mx.test_utils.assert_almost_equal(nd.ones(2), np.ones(2, "float32") + 1e-5)
    with pytest.raises(AssertionError, match="mine and theirs differ"):
        mx.test_utils.assert_almost_equal(np.ones(2), np.zeros(2), names=("mine", "theirs"))
    mx.test_utils.check_numeric_gradient(lambda x: nd.tanh(x) * x, [np.array([0.5, -1.0])])
    with pytest.raises(AssertionError, match="the gradient and differences differ"):
        mx.test_utils.check_numeric_gradient(lambda x: x.detach() * x, [np.array([0.5, -1.0])])
    with pytest.raises(AssertionError, match="raised no ValueError"):
        mx.test_utils.assert_exception(lambda: None, ValueError)
    mx.test_utils.set_default_context(mx.cpu(3))
    assert nd.ones(1).context == mx.test_utils.default_context() == mx.cpu(3)
    mx.test_utils.set_default_context(None)
    assert nd.ones(1).context == mx.cpu(0)
    with pytest.raises(ArgumentError, match="set_default_dtype"):
        mx.util.set_np(dtype=True)
