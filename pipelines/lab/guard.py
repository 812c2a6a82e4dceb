"""The guard: it decides who may use the lab.

A server on 127.0.0.1 can be reached by every program and, through the browser, by every web page that is open on the
same computer. So the address begins with a token that is new at each start and cannot be guessed. A page of another
site is refused because of its `Origin`. A page that has pointed its own name at this computer (DNS rebinding) is
refused because of the `Host` that it asks for. The headers of each answer tell the browser to run only the lab's own
scripts, and to load nothing from elsewhere.
"""

import hmac
import ipaddress
from urllib.parse import urlsplit

from pipelines.lab.refusal import Refusal, answer_error

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' data: "
        "blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(self), geolocation=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
LARGEST_UPLOAD = 32 * 2**20  # bytes
LARGEST_ARCHIVE = 512 * 2**20  # of a data set that is loaded from a zip


class Guard:
    """An ASGI application that passes only allowed requests to another one.

    Parameters
    ----------
    application : ASGI application, which gets addresses without the token
    token : str, the first part of every path
    name : str or None
        The name or address at which the server listens, in addition to those of this computer itself.
    """

    def __init__(self, application, token, name=None):
        self._application, self._token = application, token
        self._name = None if name is None else name.strip("[]").lower()

    async def __call__(self, scope, receive, send):
        """Answer one request, or hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, refusal)
            return
        prefix = f"/{self._token}"
        inside = {**scope, "root_path": prefix, "path": scope["path"]}
        await self._application(inside, _limit_body(receive, _limit(scope["path"])), _with_headers(send))

    def _refusal(self, scope, headers):
        """Return why a request is refused, as a Refusal; None if it may pass."""
        host = headers.get("host", "")
        if not self._is_own(host):
            return Refusal(403, "This is not an address of the lab; use the address that it printed at the start.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return Refusal(403, "Other web pages may not use the lab.")
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            return Refusal(403, "Other web pages may not use the lab.")
        first = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        if not hmac.compare_digest(first.encode(errors="replace"), self._token.encode()):
            return Refusal(
                403,
                "The address lacks the lab's token; open the complete address that the lab printed at the start.",
            )
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError:
            return Refusal(400, "The length of the request is not a number.")
        if length > _limit(scope["path"]):
            return _too_large(_limit(scope["path"]))
        return None

    def _is_own(self, host):
        """Tell whether a Host header names this computer, or the address that the server listens at."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name == "localhost" or (self._name is not None and name == self._name):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return (
            address.is_loopback or self._listens_elsewhere()
        )  # an attacker can point a name at this computer, but not a number

    def _listens_elsewhere(self):
        return self._name is not None and self._name not in ("127.0.0.1", "::1", "localhost")


def _limit(path):
    return LARGEST_ARCHIVE if path.endswith("/import") else LARGEST_UPLOAD


def _too_large(limit):
    return Refusal(413, f"This is larger than {limit // 2**20} MB; give a smaller file.")


async def _refuse(scope, receive, send, refusal):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403, "reason": str(refusal)[:120]})
        return
    await answer_error(refusal)(scope, receive, _with_headers(send))


def _with_headers(send):
    """Return a function that sends messages, and adds the guard's headers to each answer."""

    async def sending(message):
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await send(message)

    return sending


def _limit_body(receive, limit):
    """Return a function that receives at most `limit` bytes of a body, whatever the header claims."""
    so_far = 0

    async def receiving():
        nonlocal so_far
        message = await receive()
        if message["type"] == "http.request":
            so_far += len(message.get("body", b""))
            if so_far > limit:
                raise _too_large(limit)
        return message

    return receiving
