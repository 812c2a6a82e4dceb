"""The page in a real browser: opened from disk, without a network, drawn on, spoken to, and used with keys alone."""

import base64
import shutil

import numpy as np
import pytest

from pipelines import load
from pipelines.models import bundle

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this computer to open the page in")

MODELS = ("drawing_model", "colour_model", "word_model", "text_model")
WITHOUT = {  # what a page is told by a browser that cannot record, and a word of the sentence that it shows
    "no microphone": ("getUserMedia", "NotFoundError", "There is no microphone"),
    "permission denied": ("getUserMedia", "NotAllowedError", "may not use the microphone"),
    "busy device": ("getUserMedia", "NotReadableError", "Another program"),
    "insecure origin": ("isSecureContext", "", "plain http"),
    "no Web Audio": ("AudioContext", "", "no Web Audio"),
}


@pytest.fixture(scope="module")
def spoken(word_model, sound, tmp_path_factory):
    """A WAV file that a fake microphone plays again and again: a word, and pauses around it."""
    import soundfile

    path = tmp_path_factory.mktemp("spoken") / "word.wav"
    word = np.pad(sound(0.5, 48000, 150.0), 14400)
    soundfile.write(path, 0.8 * word / np.abs(word).max(), 48000)
    return path


@pytest.fixture(scope="module")
def browser(spoken):
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=BROWSER, args=[*fake, f"--use-file-for-fake-audio-capture={spoken}"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(request, tmp_path_factory):
    """A function that exports a model as a page, once, and returns the file."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def page_of(name):
        if name not in made:
            model = load(request.getfixturevalue(name).path)
            made[name] = model.export("html", folder / f"{name} <b>.html").path
        return made[name]

    return page_of


@pytest.fixture
def opened(browser, pages):
    """A function that opens a page; it returns the tab, what it asked for, and what the browser said of it."""
    contexts = []

    def open_page(name, before="", **settings):
        contexts.append(browser.new_context(offline=True, **settings))
        tab, requests, said = contexts[-1].new_page(), [], []
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.add_init_script(before)
        tab.goto(pages(name).as_uri())
        tab.wait_for_selector("body[data-state=ready]")
        return tab, requests, said

    yield open_page
    for context in contexts:
        context.close()


def draw(tab, points=((0.35, 0.2), (0.65, 0.2), (0.45, 0.8))):
    """Draw a line through points, as shares of the paper."""
    box = tab.locator("#pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for place in places[1:]:
        tab.mouse.move(*place, steps=4)
    tab.mouse.up()


def use(tab, name, tmp_path):
    """Have the page answer something."""
    if name == "drawing_model":
        draw(tab)
    elif name == "colour_model":
        from PIL import Image

        Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)).save(
            tmp_path / "a.png"
        )
        tab.set_input_files("#choose", tmp_path / "a.png")
    elif name == "word_model":
        hold_to_record(tab)
    else:
        tab.fill("#text", "where is my card")
    tab.wait_for_selector("#found", state="visible")


def hold_to_record(tab, seconds=1.2):
    tab.focus("#record")
    tab.keyboard.down("Space")
    tab.wait_for_timeout(1000 * seconds)
    tab.keyboard.up("Space")


@pytest.mark.parametrize("name", MODELS)
def test_it_answers_from_disk_without_a_network_and_nothing_goes_wrong(opened, pages, name, tmp_path):
    tab, requests, said = opened(name)
    use(tab, name, tmp_path)
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [pages(name).as_uri()]
    assert not said
    assert "Self-test passed" in tab.inner_text("#self-test")
    assert "CC0 1.0. Nobody. */ </script> 2026" in tab.inner_text("footer")
    assert f"{name} <b>" in tab.inner_text("h1")
    assert len(tab.query_selector_all("#guesses li")) == 4
    assert len(tab.query_selector_all("#layer-list li")) >= 2
    assert tab.is_visible("#given")


@pytest.mark.parametrize(
    ("name", "scheme"), [*((name, "light") for name in MODELS), ("drawing_model", "dark"), ("word_model", "dark")]
)
def test_axe_finds_nothing(opened, name, scheme, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    tab, _, _ = opened(name, color_scheme=scheme, reduced_motion="reduce", viewport={"width": 320, "height": 800})
    use(tab, name, tmp_path)
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found = Axe().run(tab).response
    assert found["passes"]
    assert not [(violation["id"], violation["nodes"][0]["html"]) for violation in found["violations"]]
    assert tab.evaluate("document.documentElement.scrollWidth") == 320


def test_a_drawing_is_answered_as_python_answers_the_same_pixels(opened, drawing_model):
    tab, _, _ = opened("drawing_model")
    draw(tab)
    png = base64.b64decode(tab.evaluate("document.querySelector('#pad').toDataURL()").split(",")[1])
    drawn = drawing_model.extractor.read(png)
    expected = drawing_model.probabilities(drawing_model.reader.extract_rows([drawn]))[0]
    said = float(tab.inner_text("#guesses li:first-child > :last-child").split()[0]) / 100
    assert said == pytest.approx(expected.max(), abs=1e-3)
    tab.click("#undo")
    assert not tab.is_visible("#found")


def test_keys_draw_what_a_mouse_can(opened):
    tab, _, _ = opened("drawing_model")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "pad"
    for key in ["ArrowUp"] * 8 + ["Space"] + ["ArrowDown"] * 16 + ["Space"]:
        tab.keyboard.press(key)
    assert tab.is_visible("#found")
    assert tab.inner_text("#said")
    tab.keyboard.press("Delete")
    assert not tab.is_visible("#found")


def test_a_word_into_the_microphone_is_answered_when_the_key_is_let_go(opened):
    tab, _, said = opened("word_model")
    hold_to_record(tab)
    tab.wait_for_selector("#found", state="visible")
    assert tab.is_visible("#again")
    tab.click("#again")
    assert not said


@pytest.mark.parametrize("what", WITHOUT)
def test_what_keeps_the_page_from_recording_is_told_in_a_sentence_of_its_own(opened, what):
    lacking, error, sentence = WITHOUT[what]
    before = {
        "getUserMedia": "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', NAME))",
        "isSecureContext": "Object.defineProperty(window, 'isSecureContext', { value: false })",
        "AudioContext": "delete window.AudioContext",
    }[lacking].replace("NAME", repr(error))
    tab, _, _ = opened("word_model", before)
    hold_to_record(tab, 0.1)
    tab.wait_for_selector("#problem", state="visible")
    assert sentence in tab.inner_text("#problem")
    assert sum(other in tab.inner_text("#problem") for _, _, other in WITHOUT.values()) == 1


def test_recordings_and_other_files_are_answered_or_refused(opened, word_model, spoken, tmp_path):
    tab, _, _ = opened("word_model")
    (tmp_path / "no.wav").write_bytes(b"no sound at all")
    tab.set_input_files("#choose", [spoken, tmp_path / "no.wav"])
    tab.wait_for_selector("#files li:nth-child(2)")
    listed = tab.inner_text("#files")
    model = bundle.load(word_model.path)
    answer = model.probabilities(model.extractor.extract_row(model.extractor.read(spoken))[np.newaxis])[0]
    assert f"{100 * answer.max():.0f}" in listed
    assert "no.wav: the browser cannot read this recording" in listed


def test_a_text_is_answered_while_it_is_written_and_the_threshold_makes_it_unknown(opened, text_model):
    tab, _, _ = opened("text_model")
    tab.fill("#text", "play some jazz")
    expected = text_model.probabilities(text_model.extractor.extract_rows(["play some jazz"]))[0]
    label = text_model.labels[int(expected.argmax())]
    tab.click("summary")
    tab.focus("#threshold")
    tab.keyboard.press("Home")
    assert tab.inner_text("#label") == label
    tab.keyboard.press("End")
    assert tab.inner_text("#label") == "unknown"
    tab.fill("#text", " ")
    assert not tab.is_visible("#found")


def test_the_pages_of_a_model_are_as_small_in_8_bits_as_they_should_be(drawing_model, tmp_path):
    model = load(drawing_model.path)
    whole, small = (model.export("html", tmp_path / f"{int8}.html", int8=int8).path for int8 in (False, True))
    n = drawing_model.network.params.n_weights
    assert whole.stat().st_size - small.stat().st_size == pytest.approx(3 * n * 4 / 3, rel=0.1)


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this computer")
@pytest.mark.parametrize("name", ["colour_model", "text_model"])
def test_a_page_is_checked_by_its_own_engine(request, call, name, tmp_path):
    path = request.getfixturevalue(name).path
    answer = call("export", path, "--to", "html", "--out", tmp_path / "page.html", "--check", "--json")
    assert answer.code == 0, answer
    assert answer.json["check"]["n_odd"] > 2
    assert answer.json["check"]["largest_difference"] < 1e-5
