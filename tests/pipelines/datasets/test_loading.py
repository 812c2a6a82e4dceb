"""Names and paths become data sets: the real ones where a mirror is set, the bundled ones anywhere."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines import datasets
from pipelines.datasets import registry
from pipelines.errors import DataError, UsageError
from pipelines.machine import locations

REGISTERED = {"fsdd", "speech-commands", "spoken-digits", "mnist", "fashion-mnist", "cifar10", "digits"}
REGISTERED |= {"clinc150", "banking77", "snips", "trec", "clinc150-part"}
DEFAULTS = (("speech", "fsdd", "spoken-digits"), ("images", "mnist", "digits"), ("text", "clinc150", "clinc150-part"))


def role_counts(dataset):
    return {role: len(dataset.rows(role)) for role in datasets.ROLES}


def assert_consistent(dataset):
    """Every data set keeps what `Dataset` promises."""
    n = len(dataset)
    assert len(dataset.items) == len(dataset.role) == n
    assert dataset.y.dtype == np.int64
    assert set(dataset.y) == set(range(len(dataset.labels)))
    assert set(dataset.role) <= set(datasets.ROLES)
    assert dataset.group is None or len(dataset.group) == n
    assert len(bytes.fromhex(dataset.fingerprint)) == 32
    assert dataset.licence
    assert dataset.citation


def test_every_entry_of_the_registry_is_complete():
    sources = registry.sources()
    assert set(sources) == REGISTERED
    for source in sources.values():
        assert source.description
        assert source.licence
        assert source.citation
        assert (source.unpacked_bytes > 0) == (source.unpacked_files > 0)
        for file in source.files:
            assert file.addresses
            assert file.size > 0
            assert len(bytes.fromhex(file.sha256)) == 32


def test_each_task_has_one_default_that_is_fetched_and_one_fallback_that_is_not():
    for task, default, fallback in DEFAULTS:
        assert datasets.names(task)[0] == datasets.default_name(task) == default
        assert datasets.fallback_name(task) == fallback
        assert datasets.state(fallback) == "bundled"
    assert set(datasets.names()) == REGISTERED


@pytest.mark.parametrize("name_of", [datasets.default_name, datasets.fallback_name])
def test_a_task_without_a_registered_set_is_told_to_bring_one(name_of):
    with pytest.raises(UsageError, match="smells: no data set is registered"):
        name_of("smells")


@pytest.mark.parametrize(("typed", "meant"), [("fsd", "fsdd"), ("MNIST", "mnist"), ("fashion_mnist", "fashion-mnist")])
def test_an_unknown_name_is_a_usage_error_that_offers_the_nearest(typed, meant):
    with pytest.raises(UsageError, match=f"{typed}: no such data set; did you mean {meant}"):
        datasets.load(typed, "images")


def test_a_name_of_the_other_task_is_a_usage_error():
    with pytest.raises(UsageError, match="mnist: contains images, not speech; choose one of fsdd"):
        datasets.load("mnist", "speech")


@pytest.mark.parametrize("path", ["no/such/folder", "missing.csv"])
def test_a_path_that_does_not_exist_is_a_data_error(path):
    with pytest.raises(DataError, match=f"{path}: no such file or folder"):
        datasets.load(path, "images")


def test_a_file_that_is_no_manifest_is_a_data_error(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match="neither a folder of class folders nor a manifest"):
        datasets.load(str(tmp_path / "notes.txt"), "images")


def test_a_registered_set_that_cannot_be_had_is_unreachable(data_home, monkeypatch):
    monkeypatch.setenv("BACKPROP_MIRROR", "http://127.0.0.1:1")
    monkeypatch.setattr("pipelines.datasets.fetching._places", lambda file: ["http://127.0.0.1:1/nothing"])
    with pytest.raises(datasets.UnreachableError, match="fsdd: "):
        datasets.load("fsdd", "speech")
    assert datasets.state("fsdd") == "not fetched"


def test_downloads_and_caches_follow_backprop_data(data_home, monkeypatch):
    assert locations.downloads_folder() == data_home / "downloads"
    assert locations.cache_folder() == data_home / "cache"
    monkeypatch.delenv("BACKPROP_DATA")
    assert locations.downloads_folder() == locations.data_folder() / "downloads"
    assert (locations.data_folder() / "sources.toml").is_file()


def test_an_installed_wheel_keeps_downloads_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("BACKPROP_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(locations, "_INSTALLED", tmp_path)
    (tmp_path / "sources.toml").write_text("")
    assert locations.data_folder() == tmp_path
    assert locations.downloads_folder().name == "downloads"
    assert not locations.downloads_folder().is_relative_to(Path(locations.__file__).parents[2])


def test_the_bundled_images_load_without_any_download(data_home):
    digits = datasets.load("digits", "images")
    assert_consistent(digits)
    assert role_counts(digits) == {"train": 1437, "valid": 0, "test": 360}
    assert datasets.fetch("digits").state == "bundled"
    assert not data_home.exists()


def test_the_bundled_speech_keeps_test_voices_out_of_training(data_home):
    spoken = datasets.load("spoken-digits", "speech")
    assert_consistent(spoken)
    assert spoken.labels == tuple("0123456789")
    voices = [set(spoken.group[spoken.rows(role)]) for role in datasets.ROLES]
    assert all(voices)
    assert sum(map(len, voices)) == len(set(spoken.group)) >= 40
    assert not data_home.exists()


def test_mnist_has_its_known_label_counts(real_data):
    mnist = datasets.load("mnist", "images")
    assert_consistent(mnist)
    assert mnist.items.shape == (70_000, 28, 28)
    assert mnist.items.dtype == np.uint8
    counts = [np.bincount(mnist.y[mnist.rows(role)]).tolist() for role in ("train", "test")]
    assert counts[0] == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert counts[1] == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert datasets.state("mnist") == "local"


def test_validation_rows_of_mnist_come_from_its_training_rows(real_data):
    mnist = datasets.load("mnist", "images")
    split = datasets.with_split(mnist, np.random.default_rng(0))
    np.testing.assert_array_equal(split.rows("test"), mnist.rows("test"))
    assert abs(len(split.rows("valid")) - 6000) <= 5


def test_fashion_mnist_has_as_many_pictures_of_each_class(real_data):
    fashion = datasets.load("fashion-mnist", "images")
    assert_consistent(fashion)
    assert np.bincount(fashion.y).tolist() == [7000] * 10
    assert fashion.labels[9] == "Ankle boot"


def test_fsdd_has_six_speakers_ten_digits_and_the_official_test(real_data):
    fsdd = datasets.load("fsdd", "speech")
    assert_consistent(fsdd)
    assert role_counts(fsdd) == {"train": 2400, "valid": 300, "test": 300}
    assert len(set(fsdd.group)) == 6
    assert fsdd.labels == tuple("0123456789")
    assert all(path.is_file() for path in fsdd.items)
    assert all(path.name.split("_")[0] == fsdd.labels[label] for path, label in zip(fsdd.items, fsdd.y, strict=True))


def test_a_second_load_gives_the_same_data_set_without_fetching(real_data, monkeypatch):
    first = datasets.load("fsdd", "speech")
    monkeypatch.delenv("BACKPROP_MIRROR")
    monkeypatch.setattr("pipelines.datasets.fetching._transfer", None)
    second = datasets.load("fsdd", "speech")
    assert second.fingerprint == first.fingerprint
    assert second.items == first.items


def test_importing_the_room_pulls_in_no_heavy_library():
    heavy = ("pooch", "requests", "sklearn", "scipy")
    program = f"import sys, pipelines.datasets; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    assert done.stdout.strip() == "[]"
