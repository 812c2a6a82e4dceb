"""`backprop recipe` prints every entry, as TOML that --config accepts."""

import tomllib

import pytest

from pipelines.learning import tasks
from pipelines.learning.recipe import Recipe


@pytest.mark.parametrize("preset", ["fast", "best"])
@pytest.mark.parametrize("task", tasks.NAMES)
def test_what_is_printed_is_a_config_that_gives_the_same_recipe(call, tmp_path, task, preset):
    printed = call("recipe", task, "--preset", preset).stdout
    assert list(tomllib.loads(printed)) == [entry.name for entry in Recipe.entries()]
    (tmp_path / "recipe.toml").write_text(printed)
    other = {"fast": "best", "best": "fast"}[preset]
    found = tasks.find(task)
    assert found.recipe(other, tmp_path / "recipe.toml") == found.presets[preset]
    assert call("recipe", task, "--preset", preset, "--json").json == found.presets[preset].settings()


def test_every_entry_stands_below_its_meaning_its_range_and_its_value_in_each_preset(call):
    lines = call("recipe", "speech").stdout.splitlines()
    for entry in Recipe.entries():
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{entry.name} = "))
        assert lines[at - 2] == f"# {entry.metadata['meaning']}"
        assert entry.metadata["range"].text in lines[at - 1]
        assert all(preset in lines[at - 1] for preset in tasks.find("speech").presets)


def test_a_recipe_knows_which_preset_it_is_from_whatever_is_changed():
    for name in tasks.NAMES:
        for preset, recipe in tasks.find(name).presets.items():
            assert recipe.replace({"dropout": 0.25}).for_rows(10).preset == preset
            assert "preset" not in recipe.settings()
    assert Recipe(hidden=(8,), epochs=1).preset is None
