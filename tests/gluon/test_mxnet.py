"""Programs that say `import mxnet`, in interpreters of their own."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import mxnet as mx
import mxnet.gluon.nn as nn
import mxnet.ndarray as nd
from mxnet import autograd, gluon, init, kv
from mxnet.gluon import loss as gloss, utils
from mxnet.gluon.data.vision import transforms
print(sys.argv[1:], mx.nd is nd, mx.__name__, nn.Dense(2), init.Xavier().dumps())
"""


@pytest.mark.parametrize(
    "start",
    [["-m", "tapegrad", "mxnet"], ["-c", "import sys; from tapegrad.mxnet import run; run(sys.argv[1], sys.argv[2:])"]],
)
def test_a_program_runs_unchanged(tmp_path, start):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    done = subprocess.run([sys.executable, *start, str(script), "-x", "1"], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.startswith("['-x', '1'] True tapegrad Dense(None -> 2, linear)")


def test_what_is_not_here_is_not_found_and_modules_keep_their_names(tmp_path):
    code = (
        "import tapegrad.mxnet as m, tapegrad.gluon.nn; m.install(); m.install(); import mxnet.gluon.nn as nn; "
        "assert nn.__spec__.name == nn.__name__ == 'tapegrad.gluon.nn', nn.__spec__\n"
        "try: import mxnet.executor\nexcept ModuleNotFoundError as error: print(error.name)\n"
        "try: import mxnet.contrib.amp\nexcept ModuleNotFoundError as error: print('cast' in str(error))\n"
        "try: from mxnet.contrib import amp\nexcept ImportError as error: print('cast' in str(error))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("mxnet.executor\nTrue\nTrue\n", "")


def test_asking_for_gpus_imports_no_engine_but_the_chosen_one():
    code = "import sys, tapegrad as mx; mx.context.num_gpus(); print({'jax', 'torch', 'dask'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_importing_tapegrad_imports_nothing_of_gluon():
    code = "import sys, tapegrad; from tapegrad import nd; nd.ones(1); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in done.stdout.split() if name.startswith("tapegrad.")}
    assert not loaded & {"gluon", "initializer", "optimizer", "io", "image", "mxnet"}
