import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from backprop_core import epoch, machine_code
from backprop_core.architecture import multilayer_perceptron
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import Adam
from backprop_core.step import Step


def train(dtype=np.float32):
    """Parameters after twenty compiled steps."""
    rng = np.random.default_rng(0)
    network = Network(multilayer_perceptron(6, (9,), 3), rng, dtype=dtype)
    X, y = rng.normal(size=(160, 6)).astype(dtype), rng.integers(0, 3, 160)
    runs = epoch.compile_steps(Step(network, Adam(), SoftmaxCrossEntropy()), X, y, 8)
    assert len(runs.run(np.arange(160), 0, [0.01] * 20, Adam().init(network.params.flat.size, dtype))) == 20
    return network.params.flat, runs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_code, "FOLDERS", (tmp_path,))
    return tmp_path


@pytest.fixture
def compiled(monkeypatch):
    """The names of the functions that were compiled."""
    names, plain = [], machine_code._compile

    def compiled(module_name, name, *given):
        names.append(name)
        return plain(module_name, name, *given)

    monkeypatch.setattr(machine_code, "_compile", compiled)
    return names


def test_code_that_is_loaded_computes_what_the_compiled_function_did(folder, compiled):
    expected, _first = train()
    (stored,) = folder.glob("*.code")
    loaded, _second = train()
    assert compiled == ["steps"]
    assert loaded.tobytes() == expected.tobytes()
    # Cut short, as by a full disk, or changed in one place, it is compiled anew.
    whole = stored.read_bytes()
    for damaged in (whole[:-100], whole[:-1] + b"x", b"", b"{}\n", b"no header"):
        stored.write_bytes(damaged)
        assert machine_code._read(stored) is None
    again, _third = train()
    assert compiled == ["steps"] * 2
    assert again.tobytes() == expected.tobytes()


def test_another_processor_or_source_has_a_file_of_its_own(folder, monkeypatch):
    code = folder / "code.py"
    code.write_text("1")
    names = []
    monkeypatch.setattr(machine_code, "_compile", lambda module, name, arguments, file_name: names.append(file_name))
    rows = np.zeros((2, 3), np.float32)
    machine_code.load_kernel("m", "f", [code], (rows, 1))
    machine_code.load_kernel("m", "f", [code], (rows.astype(float), 1))
    machine_code.load_kernel("m", "f", [code], (rows.T, 1))
    code.write_text("2")
    machine_code.load_kernel("m", "f", [code], (rows, 1))
    monkeypatch.setattr(machine_code, "_environment", lambda: ("another processor",))
    machine_code.load_kernel("m", "f", [code], (rows, 1))
    assert len(set(names)) == 5


def test_where_no_folder_can_be_written_each_process_compiles_for_itself(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(machine_code, "FOLDERS", (tmp_path / "file" / "folder",))
    train()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_threads_that_call_a_kernel_at_once_load_it_once(monkeypatch):
    loads = []

    def loaded(module_name, name, sources, arguments):
        loads.append(name)
        time.sleep(0.05)
        return sum

    monkeypatch.setattr(machine_code, "load_kernel", loaded)
    kernels = machine_code.Kernels("module", [])
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(kernels.add, [(1, 2)] * 8)) == [3] * 8
    assert loads == ["add"]


PROGRAM = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from backprop_core.estimator import MLPClassifier
rng = np.random.default_rng(0)
MLPClassifier((64,), batch_size=8, max_iter=3).fit(rng.random((8000, 20), np.float32), np.arange(8000) % 3)
print("numba" in sys.modules, "llvmlite" in sys.modules)
"""


def test_a_training_whose_code_is_stored_loads_no_compiler():
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=200)
    assert done.stdout.split() == ["False", "True"]


AFTERWARDS = """
import numba, numpy as np
from backprop_core import kernels
params, grads = np.ones((2, 5), np.float32)
assert np.isfinite(kernels.add_penalty(params, grads, 0.1, 0.1))
@numba.njit
def refuse(x):
    values = np.zeros(x)
    if x > 2:
        raise ValueError("too many")
    return values.reshape(1, x)
assert refuse(2).shape == (1, 2)
try:
    refuse(3)
except ValueError as error:
    print(error)
"""


def test_numba_works_as_ever_in_a_process_that_linked_without_it():
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", PROGRAM + AFTERWARDS], capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["False True", "too many"]


def test_ctrl_c_that_an_object_of_the_linker_would_swallow_is_answered_behind_the_linking(monkeypatch, ctrl_c):
    class Ending:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)
            sum(range(9))  # Python answers between two of its own steps

    done = []

    def linked(*code):
        Ending()
        done.append(code)

    monkeypatch.setattr(machine_code, "_Linked", linked)
    monkeypatch.setattr(machine_code, "_read", lambda path: ("steps", [], b"code"))
    with pytest.raises(KeyboardInterrupt):
        machine_code.load_kernel("backprop_core.kernels", "steps", [], ())
    assert done == [("steps", [], b"code")]
