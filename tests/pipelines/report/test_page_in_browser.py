"""The page in a real browser: it asks for nothing, complains of nothing, and can be read and used by everyone."""

import shutil

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this computer to open the page in")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=BROWSER)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, folder):
    """A function that opens the page; it returns the tab, what the page asked for, and what the browser said of it."""
    contexts = []

    def open_page(**settings):
        contexts.append(browser.new_context(offline=True, **settings))
        tab, requests, said = contexts[-1].new_page(), [], []
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(dialog.message))
        tab.goto((folder / "report.html").as_uri())
        return tab, requests, said

    yield open_page
    for context in contexts:
        context.close()


def test_no_request_leaves_the_page_and_nothing_goes_wrong(opened, folder):
    tab, requests, said = opened()
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert [url for url in requests if not url.startswith("data:")] == [(folder / "report.html").as_uri()]
    assert not said
    assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, scheme):
    from axe_playwright_python.sync_playwright import Axe

    tab, _, _ = opened(color_scheme=scheme)
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found = Axe().run(tab).response
    assert found["passes"]
    serious = [
        (violation["id"], violation["nodes"][0]["html"])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert not serious


def test_light_and_dark_differ(opened):
    colours = {opened(color_scheme=scheme)[0].evaluate(COLOURS) for scheme in ("light", "dark")}
    assert len(colours) == 2


COLOURS = "(style => `${style.color} on ${style.backgroundColor}`)(getComputedStyle(document.body))"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_is_never_wider_than_the_screen(opened, width):
    tab, _, _ = opened(viewport={"width": width, "height": 800})
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_the_keyboard_reaches_the_evidence(opened):
    tab, _, _ = opened()
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    assert not tab.evaluate("document.activeElement.parentElement.open")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.parentElement.open")
