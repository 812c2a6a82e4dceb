"""Make the README's pictures: `python docs/make_pictures.py` trains, explains and diagnoses, and keeps what it sees.

An evidence sheet is a picture already. Of a report, a browser takes two: `playwright` must be installed, and Chromium.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 900  # pixels of the page that is photographed
COLOURS = 256  # of a picture, so that it stays small
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


def keep(path, name):
    """Keep a picture with few colours, which makes it small."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
