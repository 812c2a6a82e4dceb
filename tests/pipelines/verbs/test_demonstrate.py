import re
import subprocess
from pathlib import Path

import pytest

from pipelines.cli.demonstration import demonstration_text
from pipelines.diagnosis.demonstrations.demonstration import by_backpropagation
from pipelines.diagnosis.demonstrations.material import Material
from pipelines.diagnosis.demonstrations.no_backprop import NO_BACKPROP, budget, last_layer_alone, random_search
from pipelines.diagnosis.fit import VERDICTS
from pipelines.verbs.demonstrate import DEMONSTRATIONS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=DEMONSTRATIONS)
def shown(request, call):
    """The record of each demonstration on the small digits."""
    answer = call("demonstrate", request.param, "--dataset", "digits", "--json")
    assert answer.code == 0, answer
    return answer.json


def test_the_verdict_flips(shown):
    first, *_, last = shown["trials"]
    assert shown["cured"], shown
    if shown["shows"] == "fit":
        assert (first["verdict"] != "good fit", last["verdict"]) == (True, "good fit")
    else:
        assert shown["shows"] in first["gradients"]
        assert shown["shows"] not in last["gradients"]


def test_every_trial_says_what_was_changed_and_what_came_of_it(shown):
    for trial in shown["trials"]:
        assert trial["verdict"] in VERDICTS
        assert trial["why"]
        assert (trial["train"] is None) == (trial["verdict"] == "diverged")
    assert len({trial["name"] for trial in shown["trials"]}) == len(shown["trials"])


def test_as_text_it_has_a_row_for_each_trial_and_fits_a_terminal(shown):
    text = demonstration_text(shown)
    assert max(map(len, text.splitlines())) <= 100
    for trial in shown["trials"]:
        assert trial["name"] in text
    assert shown["lesson"].split()[0] in text


def test_where_it_does_not_show_no_lesson_is_claimed(shown):
    text = demonstration_text({**shown, "cured": False})
    assert "does not show" in text
    assert shown["lesson"][:40] not in text


def test_the_same_seed_shows_the_same(call):
    words = ["demonstrate", "underfit", "--dataset", "digits", "--seed", "4", "--json"]
    first, second = (call(*words).json for _ in range(2))
    for record in (first, second):
        del record["seconds"]
        for trial in record["trials"]:
            del trial["seconds"]
    assert first == second


@pytest.fixture(scope="module")
def few():
    """Two hundred rows of the small digits."""
    import numpy as np

    from pipelines import datasets
    from pipelines.learning.preparation import prepare
    from pipelines.learning.tasks.images import TASK as IMAGES

    dataset = datasets.load("digits", "images")
    prepared = prepare(dataset, IMAGES.extractor_for(dataset))
    return Material.draw(prepared, IMAGES.scaling(), 200, np.random.default_rng(0))


def test_material_is_scaled_by_the_rows_that_are_learned_from(few):
    X, y, X_valid, y_valid = few.rows(50)
    assert (len(X), len(y), len(X_valid)) == (50, 50, len(y_valid))
    assert X.mean() == pytest.approx(0, abs=0.1)


def test_all_rivals_of_backpropagation_get_no_more_than_its_budget(few):
    recipe = NO_BACKPROP.recipe.replace({"epochs": 3})
    spent = int(re.match(r"([\d,]+) passes", last_layer_alone(few, recipe, 0).remark)[1].replace(",", ""))
    assert spent <= budget(recipe, 200)
    tries = int(re.search(r"of (\d+) random", random_search(few, recipe, 0).remark)[1])
    assert tries * 200 <= budget(recipe, 200)


@pytest.mark.parametrize("learner", [random_search, last_layer_alone, by_backpropagation])
def test_every_way_of_learning_can_be_stopped_before_a_step(few, learner):
    steps = []

    def before_step():
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learner(few, NO_BACKPROP.recipe.replace({"epochs": 50}), 0, 200, before_step)
    assert len(steps) == 3


def test_random_search_never_gets_worse_on_the_rows_it_looks_at(few):
    course = random_search(few, NO_BACKPROP.recipe.replace({"epochs": 40}), 0)
    losses = [entry["train"]["loss"] for entry in course.entries]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [(["sleep"], 2, "sleep"), (["overfit", "--dataset", "nowhere"], 2, "no such data set"), ([], 2, "NAME")],
)
def test_bad_input_gets_a_sentence(call, words, code, told):
    answer = call("demonstrate", *words)
    assert answer.code == code
    assert told in answer.stderr


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_each_has_a_make_target(name):
    done = subprocess.run(["make", "--dry-run", name, "SEED=3"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert f"demonstrate {name}" in done.stdout
    assert "--seed 3" in done.stdout
