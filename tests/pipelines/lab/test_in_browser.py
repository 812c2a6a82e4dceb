"""The lab in a real browser: it reads what is drawn and heard, and everyone can use it.

One lab, of the session's two small models, serves all tests here. With BACKPROP_PICTURES=FOLDER they leave a picture of
each room there.
"""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this computer to open the page in")
WORDS = Path(__file__).parents[3] / "data/bundled/spoken-digits/f1"


@pytest.fixture(scope="module")
def served(tmp_path_factory, images_model, speech_model):
    """The address of a lab that runs on a thread, and the Lab."""
    import uvicorn

    from pipelines.lab.application import application
    from pipelines.lab.guard import Guard
    from pipelines.lab.lab import Lab
    from pipelines.lab.server import listen

    folder = tmp_path_factory.mktemp("lab")
    (folder / "models").mkdir()
    shutil.copy(speech_model, folder / "models" / "speech.safetensors")
    shutil.copy(images_model, folder / "models" / "images.safetensors")
    lab = Lab(folder=folder / "models", lessons=folder / "lessons")
    listening = listen("127.0.0.1", 18_800)
    config = uvicorn.Config(Guard(application(lab), "token"), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/token/", lab
    server.should_exit = True
    thread.join(10)
    lab.workshop.close(20)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A recording for the fake microphone: three words with pauses, and again, as it is played in a circle."""
    import numpy as np
    import soundfile
    import soxr

    parts = [np.zeros(24_000, np.float32)]
    for word in ("3-0", "7-0", "9-0"):
        samples, sr = soundfile.read(WORDS / f"{word}.flac", dtype="float32")
        parts += [soxr.resample(samples, sr, 48_000), np.zeros(24_000, np.float32)]
    path = tmp_path_factory.mktemp("spoken") / "words.wav"
    waveform = np.concatenate(parts)
    soundfile.write(path, waveform + 0.0005 * np.random.default_rng(0).standard_normal(len(waveform)), 48_000)
    return path


@pytest.fixture(scope="module")
def browser(spoken):
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=BROWSER,
            args=[
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={spoken}",
            ],
        )
        yield browser
        browser.close()


class Tab:
    """A tab, and what the browser said of the page meanwhile."""

    def __init__(self, context, address):
        self.page, self.address, self.said = context.new_page(), address, []
        self.requests = []
        self.page.set_default_timeout(30_000)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def forgive_beginnings(self):
        """Forget refusals: what the hand has just begun with is no drawing yet."""
        self.said[:] = [text for text in self.said if "status of 422" not in text]

    def go(self, place):
        """Go to a room with a state, such as "try?model=…", and wait for its heading."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}#/{place}")
        self.page.locator("main h1").wait_for()
        return self.page


@pytest.fixture
def opened(browser, served):
    """A function that opens a tab; afterwards nothing may have gone wrong in it, nor anything been asked elsewhere."""
    contexts, tabs = [], []

    def open_tab(**settings):
        contexts.append(browser.new_context(**{"permissions": ["microphone"], **settings}))
        tabs.append(Tab(contexts[-1], served[0]))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        assert not tab.said
        assert all(url.startswith((served[0], "data:", "blob:", "about:")) for url in tab.requests)
    for context in contexts:
        context.close()


def photograph(page, name):
    """Leave a picture of a room where the environment asks for it."""
    if folder := os.environ.get("BACKPROP_PICTURES"):
        page.screenshot(path=Path(folder) / f"lab-{name}.png")


def name_of(lab, task):
    return str(lab.shelf.folder / f"{task}.safetensors")


def draw(page, strokes, place=".pad"):
    """Draw strokes on the pad: lists of (x, y) from 0 to 1."""
    page.locator(place).scroll_into_view_if_needed()
    box = page.locator(place).bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


def test_the_engine_in_the_browser_answers_as_the_server_does(opened, served):
    page = opened().go(f"try?model={name_of(served[1], 'images')}&sample=test:5")
    page.locator(".said").wait_for()
    ours, theirs = page.evaluate(
        """async ([path, sample]) => {
            const { BrowserEngine } = await import(new URL("page/engine.js", document.baseURI.split("#")[0]));
            const { fileAddress, get } = await import(new URL("page/server.js", document.baseURI.split("#")[0]));
            const engine = await BrowserEngine.of(path);
            const file = await fetch(fileAddress("sample", { model: path, sample }));
            const picture = await createImageBitmap(await file.blob());
            const canvas = new OffscreenCanvas(picture.width, picture.height);
            canvas.getContext("2d").drawImage(picture, 0, 0);
            return [engine.guess(canvas, 0).top, (await get("look", { model: path, sample })).answer.top];
        }""",
        [name_of(served[1], "images"), "test:5"],
    )
    assert [each["label"] for each in ours] == [each["label"] for each in theirs]
    assert [each["probability"] for each in ours] == pytest.approx([p["probability"] for p in theirs], abs=1e-4)
    box = page.locator(".pad").bounding_box()
    page.wait_for_timeout(1500)
    page.mouse.move(box["x"] + 90, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 240, steps=5)
    page.locator("[data-by=browser]").wait_for()
    page.mouse.up()
    page.locator("[data-by=server]").wait_for()


ONE = [[(0.5, 0.08), (0.5, 0.92)]]


def test_what_is_drawn_is_answered_while_it_is_drawn(opened, served):
    page = opened().go(f"try?model={name_of(served[1], 'images')}")
    draw(page, ONE)
    page.locator(".said b").wait_for()
    page.locator("canvas[aria-label^='evidence for']").wait_for()
    assert page.locator(".bars tbody tr").count() == 10
    kept = page.url
    assert "sample=kept" in kept
    said = page.locator(".said b").inner_text()
    page.reload()
    page.locator(".said b").wait_for()
    assert page.locator(".said b").inner_text() == said, "the state stands in the address"


@pytest.fixture(scope="module")
def handwriting(served, call):
    """A model of MNIST's digits in the lab, of some seconds of training."""
    mirror, path = os.environ.get("BACKPROP_MIRROR"), name_of(served[1], "handwriting")
    if not mirror or not (Path(mirror) / "mnist").is_dir():
        pytest.skip("needs MNIST; set BACKPROP_MIRROR to a folder that has it")
    answer = call("train", "images", "--dataset", "mnist", "--rows", 8000, "--epochs", 8, "--out", path)
    assert answer.code == 0, answer.stderr
    return path


SEVEN = [[(0.28, 0.22), (0.72, 0.22), (0.42, 0.82)]]


def test_a_7_that_is_drawn_is_read_as_7(opened, handwriting):
    tab = opened()
    page = tab.go(f"try?model={handwriting}")
    place = page.locator(".pad").bounding_box()
    draw(page, SEVEN)
    assert page.locator(".pad").bounding_box() == place, "nothing moves the pad from under the pen"
    page.locator(".said b", has_text="7").wait_for()
    page.locator("canvas[aria-label^='evidence for']").wait_for()
    photograph(page, "seven")
    tab.forgive_beginnings()


def test_the_keys_draw_too(opened, served):
    page = opened().go(f"try?model={name_of(served[1], 'images')}")
    page.locator(".pad").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    page.locator(".said b").wait_for()
    page.keyboard.press("Delete")


def test_a_test_sample_is_answered_and_its_truth_is_said(opened, served):
    page = opened().go(f"try?model={name_of(served[1], 'images')}&sample=test:3")
    page.locator(".said").wait_for()
    assert page.get_by_text("✓ right").or_(page.get_by_text("✗ it is")).count() == 1
    page.get_by_label("threshold").fill("1")
    page.locator(".said b", has_text="unknown").wait_for()
    photograph(page, "try")


def test_a_word_that_is_spoken_is_heard(opened, served):
    page = opened().go(f"try?model={name_of(served[1], 'speech')}")
    button = page.get_by_role("button", name="Hold to speak")
    button.hover()
    page.mouse.down()
    time.sleep(2.5)
    page.mouse.up()
    page.locator(".said b").wait_for()
    assert page.locator("canvas.map.wide").count() >= 1


def test_a_microphone_that_is_denied_is_said_with_the_way_out(browser, served):
    context = browser.new_context(permissions=[])
    page = context.new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', window.why))"
    )
    page.goto(f"{served[0]}#/try?model={name_of(served[1], 'speech')}")
    for why, words in (
        ("NotAllowedError", "Allow it"),
        ("NotFoundError", "no microphone"),
        ("NotReadableError", "Another"),
    ):
        page.get_by_role("button", name="Hold to speak").wait_for()
        page.evaluate("why => { window.why = why; }", why)
        page.get_by_role("button", name="Hold to speak").dispatch_event("pointerdown")
        page.locator(".problem-box", has_text=words).wait_for()
    context.close()


def test_the_number_of_a_clicked_weight_is_that_of_explain(opened, served, call, tmp_path):
    lab = served[1]
    model = name_of(lab, "images")
    sample, truth = lab.samples.find("test:4", lab.shelf.open(model))
    path = tmp_path / "sample.png"
    path.write_bytes(sample.source)
    words = ("--label", truth, "--learning-rate", 0.1, "--json")
    blamed = call("explain", model, path, *words).json["layers"][0]
    unit = blamed["unit"]
    page = opened().go(f"apart?model={model}&sample=test:4&rate=0.1&chapter=backward&at=0:{unit}")
    page.locator("section[aria-label='What you point at'] tbody button").first.click()
    shown = page.locator("[data-number=gradient]")
    shown.wait_for()
    place = page.url.partition("at=")[2].replace("%3A", ":")
    weight = call("explain", model, path, *words, "--at", place).json["at"][0]["weight"]
    assert float(shown.get_attribute("data-value")) == weight["gradient"]
    photograph(page, "apart")
    before = page.locator("[data-number=loss]").inner_text()
    page.get_by_role("button", name="Take a hundred").click()
    page.get_by_text("100 steps taken").wait_for()
    assert page.locator("[data-number=loss]").inner_text() != before
    page.get_by_role("link", name="6 Without it").click()
    page.get_by_text("without backpropagation", exact=True).wait_for()


def test_a_training_survives_a_reload_and_a_second_tab_sees_it(opened, served):
    tab = opened()
    page = tab.go("watch?task=images&dataset=digits&hidden=16&epochs=200&name=watched")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.locator("figure.chart > svg path").first.wait_for()
    page.reload()
    page.locator("figure.chart > svg path").first.wait_for()
    photograph(page, "watch")
    page.get_by_role("button", name="Pause").click()
    other = opened().go("watch")
    other.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Stop, and keep the best").click()
    page.get_by_role("link", name="Try it").wait_for()
    other.get_by_role("link", name="Try it").wait_for()
    assert (served[1].shelf.folder / "watched.safetensors").is_file()


def test_a_class_is_taught_by_drawing_trained_and_tried(opened, served):
    tab = opened()
    page = tab.go("teach?lesson=none")
    if page.locator("details").first.get_attribute("open") is None:
        page.get_by_text("Make a lesson, or open another").click()
    page.get_by_label("Name of the lesson").fill("strokes")
    page.get_by_role("button", name="Begin", exact=True).click()
    strokes = {"upright": lambda i: [[(0.4 + i / 40, 0.1), (0.42 + i / 40, 0.9)]]}
    strokes["across"] = lambda i: [[(0.1, 0.4 + i / 40), (0.9, 0.42 + i / 40)]]
    for label, stroke in strokes.items():
        page.get_by_label("Name of a class").fill(label)
        page.get_by_role("button", name="Add the class").click()
        page.get_by_role("heading", name=label).wait_for()
        for i in range(6):
            draw(page, stroke(i))
            page.get_by_role("button", name="Add this drawing").click()
            page.locator(".class", has_text=label).locator(f"li:nth-child({i + 1})").wait_for()
    photograph(page, "teach")
    page.reload()
    page.locator(".class", has_text="across").locator("li:nth-child(6)").wait_for()
    page.get_by_role("button", name="Train on this lesson").click()
    page.locator("figure.chart > svg path").first.wait_for()
    page.wait_for_timeout(4000)
    page.get_by_role("button", name="Stop, and keep the best").click()
    page.get_by_role("link", name="Try it").click()
    page.locator(".pad").wait_for()
    draw(page, strokes["across"](3))
    page.locator(".said b", has_text="across").wait_for()
    tab.forgive_beginnings()


def test_a_recording_is_cut_into_words(opened, served):
    served[1].school.begin("numbers", "speech").add_class("number")
    page = opened().go("teach?lesson=numbers")
    button = page.get_by_role("button", name="Hold to record")
    button.hover()
    page.mouse.down()
    time.sleep(4.5)
    page.mouse.up()
    page.locator("canvas.wave").wait_for()
    assert page.get_by_label("start of word 2 in seconds").count() == 1
    page.get_by_role("button", name="Keep these words").click()
    page.locator(".taught li").nth(1).wait_for()
    page.locator(".taught li button").first.click()
    page.get_by_role("button", name="Trim").click()
    edge = page.get_by_label("start of the part to keep in seconds")
    edge.fill(str(float(edge.input_value()) + 0.05))
    edge.press("Tab")
    photograph(page, "trim")
    page.get_by_role("button", name="Keep this part").click()
    page.get_by_role("button", name="Undo trimming a sample").wait_for()


ROOMS = {
    "try": lambda lab: f"try?model={name_of(lab, 'images')}&sample=test:3",
    "watch": lambda lab: "watch",
    "apart": lambda lab: f"apart?model={name_of(lab, 'images')}&sample=test:4&chapter=update&at=0:1",
    "teach": lambda lab: "teach",
    "models": lambda lab: f"models?a={name_of(lab, 'images')}&b={name_of(lab, 'watched')}",
}
READY = {"try": ".said", "watch": "section", "apart": "[data-number=loss]", "teach": "details", "models": ".verdict"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("room", ROOMS)
def test_axe_finds_nothing_and_no_room_is_wider_than_the_screen(opened, served, room, scheme):
    from axe_playwright_python.sync_playwright import Axe

    width = 320 if scheme == "dark" else 1280
    tab = opened(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = tab.go(ROOMS[room](served[1]))
    page.locator(READY[room]).first.wait_for()
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.wait_for_timeout(300)
    found = Axe().run(page).response
    assert found["passes"]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    if room == "models" and scheme == "light":
        photograph(page, "models")
