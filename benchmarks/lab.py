"""The lab: how soon it answers while somebody draws, what watching costs a training, and whether an open page grows.

A mouse draws a seven in Chromium, with a model of MNIST. What is timed is the way from each movement of the pen to the
first moment after the answer to it was drawn.

A training of MNIST with the preset fast takes turns: from the command line, in a lab that nobody looks at, and in one
whose page stands open in Chromium. Compared are the medians of what each says that it took from its first step on.
Then a long training of small digits is watched, of about as many epochs as an hour of MNIST's has, and the memory that
the page's objects take, after a collection of what is not used any more, is asked for again and again.

`python -m benchmarks lab` measures all; `BENCH_ONLY=answers`, `watching` or `memory` one of them.
"""

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks import results_file
from benchmarks.export_pages import STROKES, draw_digit
from benchmarks.export_parity_js import model_of

HERE = Path(__file__).resolve().parents[1]
ROUNDS = 3
EPOCHS, LOOKS = 3000, 12
PAUSE = 3000  # milliseconds
# The answer is part of the page when what observes its card is called; a task behind the next frame runs once it shows.
TIMED_ANSWERS = """() => {
  window.taken = [];
  let began = null;
  const moved = () => (began ??= performance.now());
  document.querySelector(".pad").addEventListener("pointermove", event => event.buttons && moved(), { capture: true });
  const answered = () => {
    if (began === null) return;
    const since = began;
    began = null;
    requestAnimationFrame(() => setTimeout(() => window.taken.push(performance.now() - since)));
  };
  new MutationObserver(answered).observe(document.querySelector(".seven"), { childList: true, subtree: true });
}"""


def run():
    """Measure, and write results/lab.json."""
    parts = {"answers": _answers, "watching": _watching, "memory": _memory}
    with tempfile.TemporaryDirectory() as folder:
        measured = {name: parts[name](Path(folder)) for name in results_file.choose(parts)}
    results_file.write("lab", {"parts": measured}, growing="parts")


def _answers(folder):
    (folder / "models").mkdir()
    shutil.copy(model_of("mnist", Path(os.environ.get("BACKPROP_MODELS") or folder)), folder / "models")
    with _lab(folder) as lab, _page() as page:
        page.goto(f"{lab.address}#/try?model=models/mnist.safetensors")
        page.locator(".pad").scroll_into_view_if_needed()
        page.wait_for_timeout(PAUSE)  # until the page has its engine
        page.evaluate(TIMED_ANSWERS)
        for _ in range(STROKES):
            page.get_by_role("button", name="Clear").click()
            draw_digit(page, ".pad")
            page.wait_for_timeout(PAUSE / 5)
        taken = sorted(page.evaluate("window.taken"))
    deciles = statistics.quantiles(taken, n=10)
    named = {"median": deciles[4], "ninth of ten (at most 50)": deciles[8], "longest": taken[-1]}
    return {"n": len(taken), "milliseconds": {name: round(value, 1) for name, value in named.items()}}


def _watching(folder):
    asked = {"task": "images", "dataset": "mnist", "preset": "fast"}
    seconds = {"backprop train": [], "lab": [], "lab, watched": []}
    with _lab(folder) as lab, _page() as page:
        for _ in range(ROUNDS):
            seconds["backprop train"].append(_train(folder))
            seconds["lab"].append(lab.train(asked))
            page.goto(f"{lab.address}#/watch")
            page.locator("main h1").wait_for()
            seconds["lab, watched"].append(lab.train(asked))
            page.goto("about:blank")
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    return {
        "rounds": ROUNDS,
        "median_seconds": medians,
        "watched / not watched (at most 1.05)": medians["lab, watched"] / medians["lab"],
        "watched / backprop train": medians["lab, watched"] / medians["backprop train"],
    }


def _memory(folder):
    changes = {"hidden": [16], "epochs": EPOCHS, "patience": EPOCHS}
    with _lab(folder) as lab, _page() as page:
        page.goto(f"{lab.address}#/watch")
        page.locator("main h1").wait_for()
        lab.post("train", {"task": "images", "dataset": "digits", "changes": changes})
        session, looks = page.context.new_cdp_session(page), []
        session.send("Performance.enable")
        while len(looks) < LOOKS:
            epochs = len(lab.training()["entries"])
            if epochs >= (1 + len(looks)) * EPOCHS / LOOKS:
                session.send("HeapProfiler.collectGarbage")
                figures = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
                looks.append({"epochs": epochs, "bytes": figures["JSHeapUsedSize"], "nodes": figures["Nodes"]})
            elif lab.training()["state"] not in ("getting ready", "training"):
                raise RuntimeError(f"the training ended: {lab.training()['state']}")
            time.sleep(0.5)
    grown = looks[-1]["bytes"] - looks[LOOKS // 2]["bytes"]
    return {"looks": looks, "bytes_for_an_epoch": grown / (looks[-1]["epochs"] - looks[LOOKS // 2]["epochs"])}


class _Lab:
    """A lab that is spoken to as its page does."""

    def __init__(self, address):
        self.address = address

    def post(self, path, asked):
        request = urllib.request.Request(f"{self.address}api/{path}", json.dumps(asked).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def training(self):
        with urllib.request.urlopen(f"{self.address}api/training") as answer:
            return json.load(answer)["training"]

    def train(self, asked):
        """Train, and return what it took, in seconds."""
        self.post("train", asked)
        while (seen := self.training())["state"] in ("getting ready", "training"):
            time.sleep(0.5)
        return seen["record"]["seconds"]


@contextlib.contextmanager
def _lab(folder):
    command = [sys.executable, "-m", "pipelines", "lab", "--no-open", "--port", "18830"]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        found = (re.search(r"http://[\d.:]+/[\w-]{24}/", line) for line in process.stderr)
        yield _Lab(next(match[0] for match in found if match))
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def _page():
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program)
        yield browser.new_page()
        browser.close()


def _train(folder):
    words = ["train", "images", "--dataset", "mnist", "--preset", "fast", "--out", "terminal.safetensors", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *words], cwd=folder, env=environment, capture_output=True, check=True
    )
    return json.loads(done.stdout)["seconds"]
