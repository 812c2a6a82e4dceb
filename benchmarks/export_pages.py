"""Exported pages in browsers: how soon they answer, in Chromium and in Firefox, and whether they pass their own test.

A page is opened from disk. In Chromium a mouse draws a digit, and a fake microphone says a word into a button that a
key holds. What is measured is the time from the end of the last stroke, or from the key's release, to the answer in the
page. `BACKPROP_MODELS` is as in `export_parity_js`.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from benchmarks import results_file
from benchmarks.export_parity_js import model_of
from benchmarks.firefox import PROGRAM, open_firefox

DIGIT = ((0.35, 0.25), (0.65, 0.25), (0.45, 0.78))  # a seven, as shares of the paper
STROKES, WORDS = 20, 8
LONGEST_STROKE, LONGEST_WORD = 50, 150  # milliseconds that an answer may take

# What the page's answer waits for: from a listener before the page's own to the frame after it.
TIMED = """([target, type]) => {
  window.taken = [];
  document.querySelector(target).addEventListener(type, () => {
    const began = performance.now();
    setTimeout(() => window.taken.push(performance.now() - began));
  }, { capture: true });
}"""


ANSWERED = """
import { readFileSync } from "node:fs";
const { engine, model: path, sample, rate } = JSON.parse(readFileSync(0, "utf8"));
const model = await (await import(engine)).load(path);
const input = Array.isArray(sample) ? Float32Array.from(sample) : sample;
model.selfTest();
const taken = [];
for (let i = 0; i < 20; i++) {
  const began = process.cpuUsage();
  model.look(input, rate ?? undefined);
  taken.push(process.cpuUsage(began).user / 1000);
}
console.log(JSON.stringify(taken));
"""


def run():
    """Measure, and write results/export_pages.json."""
    from pipelines import load

    folder = Path(os.environ.get("BACKPROP_MODELS") or tempfile.mkdtemp())
    with tempfile.TemporaryDirectory() as pages:
        paths = {}
        for name in ("mnist", "fsdd"):
            for int8 in (False, True):
                key = f"{name}{' --int8' if int8 else ''}"
                paths[key] = load(model_of(name, folder)).export("html", Path(pages) / f"{key}.html", int8=int8).path
        spoken = _speak(Path(pages))
        measured = {
            "bytes": {key: path.stat().st_size for key, path in paths.items()},
            "milliseconds_allowed": {"stroke": LONGEST_STROKE, "word": LONGEST_WORD},
            "load_average": os.getloadavg()[0],
            "processor_milliseconds_in_node": _processor_time(folder, spoken),
            "chromium": _in_chromium(paths["mnist"], paths["fsdd"], spoken),
            "firefox": asyncio.run(_in_firefox(paths["mnist"], paths["fsdd"], spoken)),
        }
    results_file.write("export_pages", measured)


def _speak(folder):
    """Write a recording of the test split at 48 kHz with pauses around it, for the fake microphone; return its path."""
    import numpy as np
    import soundfile
    import soxr

    from pipelines import datasets

    words = datasets.load("spoken-digits", "speech")
    sound, rate = soundfile.read(words.items[words.rows("test")[0]])
    path = folder / "word.wav"
    soundfile.write(path, np.pad(soxr.resample(sound, rate, 48000), 20000), 48000)
    return path


def _processor_time(folder, spoken):
    """Return the processor's milliseconds for an answer in Node, whose JavaScript is Chromium's, on a busy machine too.

    A seven on a sheet of 280 x 280 pixels, and the recording that the fake microphone plays, at 48 kHz.
    """
    import numpy as np
    import soundfile
    from PIL import Image, ImageDraw

    from pipelines.export.javascript.modules import FOLDER

    sheet = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(sheet).line([(280 * x, 280 * y) for x, y in DIGIT], 20, 22, "curve")
    picture = {"width": 280, "height": 280, "data": np.asarray(sheet).ravel().tolist()}
    samples, rate = soundfile.read(spoken)
    found = {}
    for name, sample, at in (("stroke", picture, None), ("word", samples.round(5).tolist(), rate)):
        path = model_of("mnist" if name == "stroke" else "fsdd", folder)
        given = {"engine": (FOLDER / "engine.js").as_uri(), "model": str(path), "sample": sample, "rate": at}
        command = ["node", "--input-type=module", "-e", ANSWERED]
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
        found[name] = _summary(json.loads(done.stdout))
    return found


def _in_chromium(drawings, words, spoken):
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    fake = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={spoken}",
    ]
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=fake)
        strokes = _strokes(_open(browser, drawings))
        answered = _words(_open(browser, words))
        version = browser.version
        browser.close()
    return {"version": version, "stroke": _summary(strokes), "word": _summary(answered)}


def _open(browser, path):
    tab = browser.new_context(offline=True).new_page()
    tab.goto(path.as_uri())
    tab.wait_for_selector("body[data-state=ready]")
    assert "passed" in tab.inner_text("#self-test")
    return tab


def _strokes(tab):
    """Return how long each answer took after the last stroke, in milliseconds."""
    tab.evaluate(TIMED, ["#pad", "pointerup"])
    for _ in range(STROKES):
        tab.click("#clear")
        draw_digit(tab, "#pad")
        tab.wait_for_selector("#found", state="visible")
        tab.wait_for_timeout(100)
    return tab.evaluate("window.taken")


def draw_digit(tab, pad):
    """Draw a digit on the pad of a page with the mouse, in one stroke."""
    box = tab.locator(pad).bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in DIGIT]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for place in places[1:]:
        tab.mouse.move(*place, steps=6)
    tab.mouse.up()


def _words(tab):
    """Return how long each answer took after the key was let go, in milliseconds; the first press opens the microphone.

    Where the recording happens to begin or to end within the word, the page may say that there is no word in it.
    """
    tab.focus("#record")
    for press in range(WORDS + 1):
        if press == 1:
            tab.evaluate(TIMED, ["#record", "keyup"])
        tab.keyboard.down("Space")
        tab.wait_for_timeout(1700)
        tab.keyboard.up("Space")
        tab.wait_for_selector("#found:not([hidden]), #problem:not([hidden])")
        tab.wait_for_timeout(100)
    return tab.evaluate("window.taken")


def _summary(milliseconds):
    return {"n": len(milliseconds), "median": statistics.median(milliseconds), "longest": max(milliseconds)}


async def _in_firefox(drawings, words, spoken):
    """Draw a digit, choose a recording, hold the button, look at the self-tests; None where there is no Firefox."""
    if PROGRAM is None:
        return None
    async with open_firefox() as firefox:
        return await _try(firefox, drawings, words, spoken)


async def _try(firefox, drawings, words, spoken):
    found = {"version": firefox.version}
    await firefox.go(drawings.as_uri())
    await firefox.evaluate(f"({TIMED})(['#pad', 'pointerup'])")
    for _ in range(STROKES):
        await firefox.evaluate("document.querySelector('#clear').click()")
        await firefox.draw("#pad", DIGIT)
        await asyncio.sleep(0.2)
    found |= {"self_test_drawings": await firefox.text_of("#self-test"), "drawn_seven": await firefox.text_of("#label")}
    found["stroke"] = _summary(json.loads(await firefox.evaluate("JSON.stringify(window.taken)")))

    await firefox.go(words.as_uri())
    await firefox.choose_file("#choose", spoken)
    await asyncio.sleep(2)
    found |= {"self_test_words": await firefox.text_of("#self-test"), "recording": await firefox.text_of("#files")}
    await firefox.evaluate("document.querySelector('#record').focus()")
    keys = [{"type": "keyDown", "value": " "}, {"type": "pause", "duration": 4000}, {"type": "keyUp", "value": " "}]
    await firefox.act({"type": "key", "id": "keys", "actions": keys})
    await asyncio.sleep(1)
    return {**found, "whistling_microphone": await firefox.text_of("#said")}
