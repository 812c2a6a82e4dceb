"""Make the README's pictures: `python docs/make_pictures.py` trains, explains and diagnoses, and keeps what it sees.

An evidence sheet is a picture already. Of a report, a browser takes two, of an exported page one, and of the lab one of
each room: `playwright` must be installed, and Chromium. `python docs/make_pictures.py lab FOLDER` takes those of the
lab alone, with the models that are in FOLDER/models.
"""

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 900  # pixels of the page that is photographed
COLOURS = 256  # of a picture, so that it stays small
SEVEN = ((0.3, 0.24), (0.68, 0.24), (0.6, 0.42), (0.5, 0.6), (0.45, 0.8))  # a stroke, as shares of the paper
PATIENCE = 180_000  # milliseconds
LAB_SIZE, LAB_COLOURS = {"width": 1200, "height": 1180}, 160
SUBJECT = (
    "--dataset",
    "digits",
    "--hidden",
    "8",
    "--epochs",
    "40",
)  # a network that is too small, diagnosed in a minute


def main():
    """Train on MNIST, or on what is there without a network, and make all pictures anew."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        backprop(folder, "train", "images", "--out", "images.safetensors")
        backprop(folder, "predict", "images.safetensors", "images-example.png", "--explain", "why")
        backprop(folder, "diagnose", "images", *SUBJECT, "--out", "report")
        keep(next((Path(folder) / "why").glob("*.png")), "evidence")
        photograph(Path(folder) / "report" / "report.html", folder)
        backprop(folder, "export", "images.safetensors", "--to", "html", "--out", "digits.html")
        draw(Path(folder) / "digits.html", folder)
        (Path(folder) / "models").mkdir()
        shutil.move(f"{folder}/images.safetensors", f"{folder}/models/images.safetensors")
        photograph_lab(folder)


def backprop(folder, *words):
    """Run a command of this checkout in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "pipelines", *words]
    subprocess.run(words, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def photograph(page, folder):
    """Take the head of a report, with the verdict, and its first figure, the curves."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": 620})
        view.goto(page.as_uri())
        view.screenshot(path=f"{folder}/diagnosis.png")
        view.locator("figure").first.screenshot(path=f"{folder}/curves.png")
        browser.close()
    for name in ("diagnosis", "curves"):
        keep(Path(folder) / f"{name}.png", name)


def draw(page, folder):
    """Draw a seven on an exported page, and take the page with its answer."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1000, "height": 1150})
        view.goto(page.as_uri())
        view.wait_for_selector("body[data-state=ready]")
        box = view.locator("#pad").bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
        view.mouse.move(*places[0])
        view.mouse.down()
        for place in places[1:]:
            view.mouse.move(*place, steps=8)
        view.mouse.up()
        view.wait_for_timeout(500)
        view.screenshot(path=f"{folder}/page.png")
        browser.close()
    keep(Path(folder) / "page.png", "page")


def photograph_lab(folder):
    """Start the lab in a folder with the model models/images.safetensors, and take a picture of each room."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "pipelines", "lab", "--no-open"]
    with subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as lab:
        address = next(line for line in lab.stderr if "http" in line).split()[-1]
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                for name, visit in ROOMS.items():
                    view = browser.new_page(viewport=LAB_SIZE)
                    view.set_default_timeout(PATIENCE)
                    visit(view, address)
                    view.wait_for_timeout(1000)
                    view.screenshot(path=f"{folder}/lab-{name}.png")
                    view.close()
                    keep(Path(folder) / f"lab-{name}.png", f"lab-{name}", LAB_COLOURS)
                browser.close()
        finally:
            lab.send_signal(signal.SIGINT)


def visit_try(view, address):
    """Draw a 7, and wait for what spoke for it."""
    view.goto(f"{address}#/try?model=models/images.safetensors")
    view.locator(".tests img").first.wait_for()
    view.wait_for_load_state("networkidle")
    box = view.locator(".pad").bounding_box()
    view.mouse.move(box["x"] + 85, box["y"] + 80)
    view.mouse.down()
    for x, y in ((200, 75), (150, 230)):
        view.mouse.move(box["x"] + x, box["y"] + y, steps=12)
    view.mouse.up()
    view.locator("canvas[aria-label^='evidence for']").wait_for()


def visit_watch(view, address):
    """Train a small network on the small digits, and look at it on the way."""
    view.goto(f"{address}#/watch?task=images&dataset=digits&hidden=64,64&epochs=120&name=pictured")
    view.get_by_role("button", name="Start").click()
    view.locator("li", has_text=re.compile(r"epoch (3[0-9]|[4-9][0-9]|1[0-9][0-9]) of 120")).wait_for()
    view.get_by_role("heading", name="Training 1").scroll_into_view_if_needed()
    view.evaluate("document.querySelector('main section').scrollIntoView()")


def visit_apart(view, address):
    """Follow the blame for one test sample back, and point at a unit."""
    view.goto(f"{address}#/apart?model=models/images.safetensors&sample=test:18&chapter=backward&at=0:17")
    view.locator("section[aria-label='What you point at'] table").first.wait_for()


def visit_teach(view, address):
    """Teach two shapes by drawing."""
    view.goto(f"{address}#/teach")
    view.get_by_label("Name of the lesson").fill("shapes")
    view.get_by_role("button", name="Begin", exact=True).click()
    for label in ("circle", "cross"):
        view.get_by_label("Name of a class").fill(label)
        view.get_by_role("button", name="Add the class").click()
        view.get_by_role("heading", name=label).wait_for()
        for i in range(8):
            box = view.locator(".pad").bounding_box()
            for stroke in _strokes(label, i):
                view.mouse.move(box["x"] + stroke[0][0], box["y"] + stroke[0][1])
                view.mouse.down()
                for x, y in stroke[1:]:
                    view.mouse.move(box["x"] + x, box["y"] + y)
                view.mouse.up()
            view.get_by_role("button", name="Add this drawing").click()
            view.locator(".class", has_text=label).locator(f"li:nth-child({i + 1})").wait_for()
    view.evaluate("scrollTo(0, 0)")


def _strokes(label, i):
    if label == "cross":
        return [[(60 + 4 * i, 60), (210, 220 - 3 * i)], [(210 - 5 * i, 60), (70, 215)]]
    turn = [math.tau * step / 24 for step in range(26)]
    return [[(140 + (60 + 5 * i) * math.cos(t), 140 + (80 - 3 * i) * math.sin(t)) for t in turn]]


def visit_models(view, address):
    """List the model beside the one that was watched, whose training ends here."""
    view.goto(f"{address}#/watch")
    view.get_by_role("button", name="Stop, and keep the best").or_(
        view.get_by_role("link", name="Try it")
    ).first.click()
    view.goto(f"{address}#/watch")
    view.get_by_role("link", name="Try it").wait_for()
    view.goto(f"{address}#/models?a=models/pictured.safetensors")
    view.get_by_role("rowheader", name="models/pictured.safetensors").wait_for()


ROOMS = {"try": visit_try, "watch": visit_watch, "apart": visit_apart, "teach": visit_teach, "models": visit_models}


def keep(path, name, colours=COLOURS):
    """Keep a picture with few colours, which makes it small."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").quantize(colours).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    photograph_lab(sys.argv[2]) if sys.argv[1:2] == ["lab"] else main()
