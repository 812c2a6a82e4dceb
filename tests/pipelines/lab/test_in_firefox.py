"""The lab in Firefox: each room opens without a complaint, a drawing is answered, and a training is seen.

All that is said twice of browsers is tested in Chromium; here only that nothing depends on it.
"""

import asyncio
import importlib.util
import os
import time

import pytest

from benchmarks.firefox import PROGRAM, open_firefox
from tests.pipelines.lab.test_in_browser import ROOMS, name_of, served  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no Firefox on this computer to open the page in"),
    pytest.mark.skipif(importlib.util.find_spec("websockets") is None, reason="websockets is not installed"),
]
COMPLAINTS = ("Error", "error", "blocked", "denied")


async def _until(firefox, expression, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := await firefox.evaluate(expression):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{expression} did not come about; the page said {firefox.said}")


async def _open(firefox, address, room):
    await firefox.go("about:blank")
    await firefox.go(f"{address}#/{room}")
    await _until(firefox, "document.querySelector('main h1')?.textContent")


@pytest.fixture
def in_firefox():
    """A function that runs another, of a Firefox; afterwards nothing may have gone wrong in it."""

    def run(tried):
        async def opened():
            async with open_firefox() as firefox:
                await tried(firefox)
                assert [text for text in firefox.said if any(word in text for word in COMPLAINTS)] == []

        asyncio.run(asyncio.wait_for(opened(), 120))

    return run


def test_a_drawing_is_answered(in_firefox, served):  # noqa: F811
    async def tried(firefox):
        await _open(firefox, served[0], f"try?model={name_of(served[1], 'images')}")
        await _until(firefox, "document.querySelector('.pad')?.getBoundingClientRect().width > 100")
        await firefox.evaluate("document.querySelector('.pad').scrollIntoView({ block: 'center' })")
        await firefox.draw(".pad", [(0.5, 0.08), (0.5, 0.92)])
        assert await _until(firefox, "document.querySelector('.said b')?.textContent")
        await _until(firefox, "document.querySelector(\"canvas[aria-label^='evidence for']\") !== null")

    in_firefox(tried)


def test_a_microphone_is_heard(in_firefox, served):  # noqa: F811
    async def tried(firefox):
        await _open(firefox, served[0], f"try?model={name_of(served[1], 'speech')}")
        button = "[...document.querySelectorAll('button')].find(each => each.textContent === 'Hold to speak')"
        await _until(firefox, f"{button} !== undefined")
        await firefox.evaluate(f"{button}.focus()")
        keys = [{"type": "keyDown", "value": " "}, {"type": "pause", "duration": 2500}, {"type": "keyUp", "value": " "}]
        await firefox.act({"type": "key", "id": "keys", "actions": keys})
        # It whistles: that is an answer that is in doubt, or a sentence that no word was found.
        await _until(
            firefox, "(document.querySelector('.said b') ?? document.querySelector('.problem-box'))?.textContent"
        )

    in_firefox(tried)


def test_a_training_is_watched(in_firefox, served):  # noqa: F811
    async def tried(firefox):
        await _open(firefox, served[0], "watch?task=images&dataset=digits&hidden=16&epochs=20&name=firefox")
        start = "[...document.querySelectorAll('button')].find(each => each.textContent === 'Start')"
        await _until(firefox, f"{start} !== undefined")
        await firefox.evaluate(f"{start}.click()")
        await _until(firefox, "document.querySelector('figure.chart > svg path') !== null")
        served[1].workshop.course.wait(60)
        await _until(firefox, "document.querySelector(\"a[href*='try?']\") !== null")

    in_firefox(tried)


def test_no_room_complains_or_is_wider_than_a_telephone(in_firefox, served, call):  # noqa: F811
    watched = served[1].shelf.folder / "watched.safetensors"
    if not watched.is_file():
        os.link(name_of(served[1], "images"), watched)

    async def tried(firefox):
        await firefox.resize(320, 700)
        for room in ROOMS.values():
            await _open(firefox, served[0], room(served[1]))
            await asyncio.sleep(1)
            assert await firefox.evaluate("document.documentElement.scrollWidth") <= 320

    in_firefox(tried)
