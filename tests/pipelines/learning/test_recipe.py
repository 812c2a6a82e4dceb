"""A recipe knows its entries and their ranges, and names what is wrong with a file of them."""

import json

import pytest

from backprop_core.optimizers import Adam
from pipelines.errors import UsageError
from pipelines.learning import tasks
from pipelines.learning.fitting import optimizer_of
from pipelines.learning.recipe import Recipe

RECIPE = Recipe(hidden=(8,), epochs=2)


def config(folder, text):
    path = folder / "recipe.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_settings_survive_json():
    for task in map(tasks.find, tasks.NAMES):
        for recipe in task.presets.values():
            assert Recipe(**json.loads(json.dumps(recipe.settings()))) == recipe


def test_a_file_changes_its_entries_and_no_others(tmp_path):
    changed = RECIPE.with_file(config(tmp_path, 'hidden = [5, 4]\nactivation = "tanh"\nlearning_rate = 1\n'))
    assert changed.settings() == {
        **RECIPE.settings(),
        "hidden": [5, 4],
        "activation": "tanh",
        "learning_rate": 1,
    }


def test_an_empty_file_changes_nothing(tmp_path):
    assert RECIPE.with_file(config(tmp_path, "")) == RECIPE


@pytest.mark.parametrize(
    "line",
    [
        "epochs = 0",
        "epochs = 2.5",
        "epochs = true",
        'epochs = "many"',
        "batch_size = 0",
        "patience = -1",
        "dropout = 1.0",
        "dropout = -0.1",
        "dropout = nan",
        "input_dropout = [0.1]",
        "label_smoothing = 1",
        "learning_rate = 0",
        "learning_rate = inf",
        "learning_rate = -1e-3",
        "weight_decay = -1",
        "alpha = nan",
        "augmentation = 1000",
        'clip_norm = "5"',
        "hidden = 512",
        "hidden = [0]",
        "hidden = [512, 25.6]",
        "hidden = [true]",
        'hidden = "512,256"',
        'activation = "rleu"',
        'activation = ["relu"]',
        'schedule = "never"',
        "schedule = {}",
    ],
)
def test_a_value_out_of_range_is_refused_by_file_name_entry_and_range(tmp_path, line):
    path = config(tmp_path, line)
    with pytest.raises(UsageError) as refusal:
        RECIPE.with_file(path)
    message = str(refusal.value)
    assert message.startswith(str(path))
    assert line.split()[0] in message
    assert "give" in message
    assert "\n" not in message


def test_an_unknown_entry_is_refused_with_the_name_that_was_probably_meant(tmp_path):
    with pytest.raises(UsageError, match=r"learnin_rate; did you mean learning_rate\?"):
        RECIPE.with_file(config(tmp_path, "learnin_rate = 0.1"))


def test_an_unknown_entry_unlike_any_other_is_refused_with_all_names(tmp_path):
    with pytest.raises(UsageError, match=r"zzz; choose one of hidden, epochs, .*patience"):
        RECIPE.with_file(config(tmp_path, "zzz = 0.1"))


@pytest.mark.parametrize(
    "content",
    ["epochs = ", "epochs 3", b"\xff\xfe\x00", "epochs = 1\nepochs = 2", "a = " + "[" * 5000, f"epochs = {'9' * 5000}"],
)
def test_what_is_not_toml_is_refused_by_file_name(tmp_path, content):
    path = config(tmp_path, content)
    with pytest.raises(UsageError, match="is not valid TOML") as refusal:
        RECIPE.with_file(path)
    assert str(refusal.value).startswith(str(path))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UsageError, match="cannot be read") as refusal:
            RECIPE.with_file(path)
        assert str(refusal.value).startswith(str(path))


def test_a_small_data_set_is_gone_through_more_often():
    recipe = RECIPE.replace({"batch_size": 100, "least_steps": 30})
    assert recipe.for_rows(100_000).epochs == recipe.epochs
    assert recipe.for_rows(250).epochs == 10
    assert recipe.for_rows(1).epochs == 30
    assert RECIPE.for_rows(1) == RECIPE


def test_a_number_of_epochs_that_is_asked_for_is_meant_as_it_stands():
    recipe = RECIPE.replace({"least_steps": 1000})
    assert recipe.replace({"epochs": 3}).for_rows(10).epochs == 3
    assert recipe.replace({"dropout": 0.1}).for_rows(10).epochs > 3
    assert recipe.replace({"epochs": 3, "least_steps": 50}).for_rows(10).epochs == 50


def test_an_eps_reaches_the_optimizer_and_is_refused_where_there_is_no_root():
    recipe = Recipe(hidden=(4,), epochs=1)
    assert optimizer_of(recipe).eps == Adam().eps
    assert optimizer_of(recipe.replace({"eps": 1e-4})).eps == 1e-4
    with pytest.raises(UsageError, match="set eps to 0"):
        optimizer_of(recipe.replace({"eps": 1e-4, "optimizer": "sgd"}))
