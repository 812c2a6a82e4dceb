"""Firefox: a headless one that is spoken to by WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/).

Playwright drives a Firefox of its own making and not the one that a system has installed.
"""

import itertools
import json
import shutil
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

PROGRAM = shutil.which("firefox") or shutil.which("firefox-esr")
FAKE_MICROPHONE = ("media.navigator.streams.fake", "media.navigator.permission.disabled")  # it whistles


class Firefox:
    """A Firefox with one page open.

    Attributes
    ----------
    version : str
    said : list of str
        What pages wrote to the console, and errors that nobody caught.
    """

    def __init__(self, socket):
        self._socket, self._numbers = socket, itertools.count(1)
        self.version, self._context, self.said = None, None, []

    async def begin(self):
        """Begin the session, and listen to what the pages say."""
        session = await self.send("session.new", capabilities={})
        self.version = session["capabilities"]["browserVersion"]
        self._context = (await self.send("browsingContext.getTree"))["contexts"][0]["context"]
        await self.send("session.subscribe", events=["log.entryAdded"])

    async def send(self, method, **params):
        """Send a command and return its result; raises RuntimeError with what Firefox says against it."""
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(await self._socket.recv())
            if told.get("id") == number:
                break
            if told.get("method") == "log.entryAdded":
                self.said.append(str(told["params"]["text"]))
        if told.get("type") == "error":
            raise RuntimeError(f"{method}: {told['message']}")
        return told["result"]

    async def go(self, address):
        """Open a page, and wait until it is loaded."""
        await self.send("browsingContext.navigate", context=self._context, url=address, wait="complete")

    async def resize(self, width, height):
        """Give the page a size, in CSS pixels."""
        size = {"width": width, "height": height}
        await self.send("browsingContext.setViewport", context=self._context, viewport=size)

    async def evaluate(self, expression, whole=False):
        """Return the value of an expression in the page, a str or a number; with `whole`, all that is said of it."""
        params = {"target": {"context": self._context}, "awaitPromise": True}
        told = await self.send("script.evaluate", expression=expression, **params)
        if told["type"] == "exception":
            raise RuntimeError(told["exceptionDetails"]["text"])
        return told["result"] if whole else told["result"].get("value")

    async def text_of(self, selector):
        """Return the text of an element."""
        return await self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")

    async def act(self, *devices):
        """Move a mouse or press keys: actions of WebDriver."""
        await self.send("input.performActions", context=self._context, actions=list(devices))

    async def draw(self, selector, points):
        """Draw with the mouse on an element: a list of (x, y) from 0 to 1."""
        found = await self.evaluate(
            f"JSON.stringify(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        box = json.loads(found)
        places = [(round(box["x"] + x * box["width"]), round(box["y"] + y * box["height"])) for x, y in points]
        moves = [{"type": "pointerMove", "x": x, "y": y, "duration": 60} for x, y in places]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        await self.act({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions})

    async def choose_file(self, selector, path):
        """Choose a file in a field for files."""
        field = await self.evaluate(f"document.querySelector({json.dumps(selector)})", whole=True)
        element = {"sharedId": field["sharedId"]}
        await self.send("input.setFiles", context=self._context, element=element, files=[str(path)])


@asynccontextmanager
async def open_firefox(preferences=FAKE_MICROPHONE):
    """Start Firefox with a profile of its own, in which these preferences are true: a Firefox, ended with the block."""
    import websockets

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        (Path(profile) / "user.js").write_text("".join(f'user_pref("{name}", true);\n' for name in preferences))
        command = [PROGRAM, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            address = next(line.split()[-1] for line in process.stderr if "WebDriver BiDi listening" in line)
            async with websockets.connect(f"{address}/session", max_size=None) as socket:
                firefox = Firefox(socket)
                await firefox.begin()
                yield firefox
        finally:
            process.terminate()
            process.wait()
