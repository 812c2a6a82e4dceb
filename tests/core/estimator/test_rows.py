"""Rows of any size and origin: memory-mapped arrays, sequences of batches, sparse matrices."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.neural_network import MLPClassifier as Sklearn

from backprop_core import MLPClassifier, MLPRegressor
from backprop_core.estimator import descent
from backprop_core.sparse import SparseRows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5)).astype(np.float32)
Y = np.array(["low", "high"])[(X.sum(axis=1) > 0).astype(int)]
SETTINGS = {"hidden_layer_sizes": (8,), "max_iter": 6, "batch_size": 30, "learning_rate_init": 0.02, "random_state": 0}


class Batches:
    """Rows in memory, handed out in batches; counts how often each is read."""

    def __init__(self, X, y, size=30, weights=None):
        self.X, self.y, self.size, self.weights = X, y, size, weights
        self.reads = []

    def __len__(self):
        return -(-len(self.X) // self.size)

    def __getitem__(self, i):
        self.reads.append(i)
        rows = slice(i * self.size, (i + 1) * self.size)
        batch = self.X[rows], self.y[rows]
        return batch if self.weights is None else (*batch, self.weights[rows])


def map_rows(tmp_path, rows, mode="r"):
    file = tmp_path / "rows.npy"
    np.save(file, rows)
    return np.load(file, mmap_mode=mode)


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"shuffle": False}, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("mode", ["r", "c"])
def test_mapped_rows_train_as_rows_in_memory(tmp_path, settings, mode):
    rows = map_rows(tmp_path, X, mode)
    one, other = (MLPClassifier(**(SETTINGS | settings)).fit(form, Y) for form in (X, rows))
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(rows))


def test_mapped_whole_numbers_are_turned_into_floats_batch_by_batch(tmp_path):
    pixels = RNG.integers(0, 255, (120, 5)).astype(np.uint8)
    one = MLPClassifier(**SETTINGS).fit(pixels.astype(float), Y)
    other = MLPClassifier(**SETTINGS).fit(map_rows(tmp_path, pixels), Y)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


def test_nan_in_mapped_rows_is_found(tmp_path):
    spoiled = X.copy()
    spoiled[100, 3] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        MLPClassifier().fit(map_rows(tmp_path, spoiled), Y)


MEASURE = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from backprop_core import MLPClassifier
rows, n = np.load(sys.argv[1], mmap_mode="r"), int(sys.argv[2])
y = np.arange(n) % 2
estimator = MLPClassifier((8,), max_iter=2, batch_size=256)

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024

estimator.fit(rows[:512], y[:512]).predict(rows[:512])
before = peak()
estimator.fit(rows, y).predict(rows)
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_resident_memory_does_not_grow_with_the_rows(tmp_path):
    file, n = tmp_path / "rows.npy", 60_000
    np.lib.format.open_memmap(file, "w+", np.float32, (n, 1000)).flush()  # 240 MB of zeros
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file), str(n)], capture_output=True, text=True, check=True, timeout=100
    )
    # The system may map two megabytes for each of the few rows that are copied at once.
    assert float(done.stdout) < 80


# ---- sequences of batches


def test_a_sequence_of_batches_in_their_order_trains_as_the_rows_do():
    settings = SETTINGS | {"shuffle": False}
    weights = RNG.uniform(0.5, 2, 120)
    one = MLPClassifier(**settings).fit(X, Y, weights)
    other = MLPClassifier(**settings).fit(Batches(X, Y, weights=weights))
    assert one.loss_curve_ == other.loss_curve_
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])
    assert one.t_ == other.t_ == 120 * 6


def test_the_order_of_the_batches_is_shuffled_and_the_same_for_the_same_seed():
    first, second = Batches(X, Y), Batches(X, Y)
    for batches in (first, second):
        MLPClassifier(**SETTINGS).fit(batches, classes=["high", "low"])
    assert first.reads == second.reads
    epochs = [tuple(first.reads[1 + 4 * i : 5 + 4 * i]) for i in range(6)]
    assert all(sorted(epoch) == [0, 1, 2, 3] for epoch in epochs)
    assert len(set(epochs)) > 1


def test_classes_are_found_in_a_pass_of_their_own_or_given():
    found = MLPClassifier(**SETTINGS).fit(Batches(X, Y))
    np.testing.assert_array_equal(found.classes_, ["high", "low"])
    given = MLPClassifier(**SETTINGS).fit(Batches(X, Y), classes=["high", "low", "never"])
    np.testing.assert_array_equal(given.classes_, ["high", "low", "never"])
    assert given.predict_proba(X).shape == (120, 3)


def test_a_class_that_was_not_named_is_refused():
    with pytest.raises(ValueError, match="classes not in"):
        MLPClassifier(**SETTINGS).fit(Batches(X, Y), classes=["high", "medium"])


def test_a_list_of_pairs_is_a_sequence_of_batches():
    pairs = [(X[i : i + 30], X[i : i + 30, :2]) for i in range(0, 120, 30)]
    estimator = MLPRegressor(**SETTINGS).fit(pairs, validation_data=Batches(X, X[:, :2]))
    assert estimator.predict(X).shape == (120, 2)
    score = estimator.score(X, X[:, :2])
    assert estimator.history_[-1]["valid"]["score"] == pytest.approx(score, rel=1e-5)


def test_early_stopping_on_batches_needs_validation_rows():
    with pytest.raises(ValueError, match="validation_data"):
        MLPClassifier(early_stopping=True).fit(Batches(X, Y))
    estimator = MLPClassifier(**SETTINGS, early_stopping=True).fit(Batches(X, Y), validation_data=(X, Y))
    assert len(estimator.validation_scores_) == 6


@pytest.mark.parametrize(
    ("batches", "named"),
    [
        (Batches(X[:0], Y[:0]), "0 batches"),
        ([(X, Y, None, 1)], "tuple"),
        ([(X, Y), (X[:, :3], Y)], "3 features"),
        ([(X, Y), (X * np.nan, Y)], "NaN"),
        ([(X, Y), (X, Y[:10])], "inconsistent"),
        ([(X, Y), (X, Y, np.ones(3))], "sample_weight"),
    ],
)
def test_bad_batches_are_named(batches, named):
    with pytest.raises(ValueError, match=named):
        MLPClassifier(**SETTINGS).fit(batches)


def test_lbfgs_refuses_batches_and_weights_belong_into_them():
    with pytest.raises(ValueError, match="lbfgs"):
        MLPClassifier(solver="lbfgs").fit(Batches(X, Y))
    with pytest.raises(ValueError, match="into the batches"):
        MLPClassifier().fit(Batches(X, Y), sample_weight=np.ones(120))


# ---- sparse rows


def test_sparse_rows_are_never_dense_as_a_whole():
    wide = sparse.random_array((400, 3000), density=0.01, rng=RNG, format="csr", dtype=np.float32)
    labels = np.arange(400) % 3
    estimator = MLPClassifier(**(SETTINGS | {"max_iter": 2})).fit(wide, labels)
    np.testing.assert_allclose(estimator.predict_proba(wide), estimator.predict_proba(wide.toarray()), rtol=1e-5)
    assert estimator.coefs_[0].dtype == np.float32


def test_rows_that_weigh_nothing_teach_nothing():
    weights = np.repeat([0.0, 1.0], 60)
    settings = SETTINGS | {"batch_size": 20, "shuffle": False}
    one = MLPClassifier(**settings).fit(X, Y, weights)
    spoiled = Y.copy()
    spoiled[:60] = "low"
    other = MLPClassifier(**settings).fit(X, spoiled, weights)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csr_matrix, sparse.csc_array])
@pytest.mark.parametrize("settings", [{}, {"alpha": 0}, {"alpha": 0, "solver": "sgd"}, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("compiled", [False, True])
def test_sparse_rows_teach_what_scikit_learn_learns_from_them(monkeypatch, form, settings, compiled):
    monkeypatch.setattr(descent, "worth_compiling", lambda *sizes, **more: compiled)
    rows = np.where(RNG.random((120, 40)) < 0.1, RNG.normal(size=(120, 40)), 0)
    theirs, ours = (estimator(**(SETTINGS | settings)).fit(form(rows), Y) for estimator in (Sklearn, MLPClassifier))
    for one, other in zip(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.predict_proba(form(rows)), theirs.predict_proba(form(rows)), atol=1e-9)


def test_a_sequence_of_sparse_batches_trains_as_the_matrix_does(monkeypatch):
    monkeypatch.setattr(descent, "worth_compiling", lambda *sizes, **more: True)
    rows, settings = sparse.csr_array(np.where(X > 0, X, 0)), SETTINGS | {"shuffle": False, "alpha": 0}
    pairs = [(rows[i : i + 30], Y[i : i + 30]) for i in range(0, 120, 30)]
    one = MLPClassifier(**settings).fit(rows, Y)
    other = MLPClassifier(**settings).fit(pairs, validation_data=pairs)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


def test_no_batch_of_sparse_rows_is_written_out_with_its_zeros(monkeypatch):
    def refuse(self):
        raise AssertionError("written out")

    monkeypatch.setattr(SparseRows, "toarray", refuse)
    rows = sparse.random_array((120, 3000), density=0.01, rng=RNG, format="csr")
    for settings in ({}, {"input_dropout": 0.2}, {"mixup": 0.2}, {"early_stopping": True}):
        MLPClassifier(**(SETTINGS | settings)).fit(rows, Y).predict(rows)
