"""The server: it listens on this computer, prints its address, and ends at Ctrl-C."""

import contextlib
import secrets
import socket
import sys
import threading
import webbrowser

from pipelines.errors import UsageError
from pipelines.lab.application import application
from pipelines.lab.guard import Guard
from pipelines.lab.lab import Lab

PORT = 8765
MOST_TRIED = 50  # ports after the first one
WAIT_SECONDS = 5.0  # time for a training to keep its best network
SWITCH_SECONDS = 0.001  # a training lets other threads run after this; Python's default is five times as long
LOOPBACK = ("127.0.0.1", "localhost", "::1")
INSECURE = (
    "everyone who reaches this computer over the network and has the address can use the lab; a browser lets a page "
    "from another computer use the microphone and the camera only over https"
)


def serve(models=(), *, host="127.0.0.1", port=None, open_browser=True, say=print, lab=None):
    """Serve the lab until Ctrl-C.

    Parameters
    ----------
    models : sequence of path of model files
    host : str, where to listen
    port : int or None
        None means `PORT`, or the next free one. If a requested port is in use, the next one is used, and a message says
        so.
    open_browser : bool, whether to open the page; the address is printed in any case
    say : function of str
    lab : Lab or None, for tests

    Raises
    ------
    UsageError
        The host is not an address of this computer, or no port is free.
    """
    import uvicorn

    sys.setswitchinterval(SWITCH_SECONDS)
    lab = lab or Lab(models)
    token = secrets.token_urlsafe(18)
    listening = listen(host, PORT if port is None else port)
    taken = listening.getsockname()[1]
    if port is not None and taken != port:
        say(f"port {port} is in use; the lab uses {taken} instead")
    address = f"http://{_write_host(host)}:{taken}/{token}/"
    if host not in LOOPBACK:
        say(f"warning: {INSECURE}")
    say(f"the lab is at {address}")
    say("Ctrl-C ends the lab")
    config = uvicorn.Config(
        Guard(application(lab), token, host),
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
        ws_max_size=1 << 20,
        server_header=False,
        access_log=False,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=lab.warm_up, daemon=True).start()
    if open_browser:
        threading.Timer(0.5, _open, [address]).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
    finally:
        listening.close()
        lab.workshop.close(WAIT_SECONDS)


def listen(host, port):
    """Return a socket that listens at the first free port from `port` on. Raises UsageError."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise UsageError(f"--host {host}: is not an address of this computer; leave it out, or give 0.0.0.0") from None
    for tried in range(port, min(port + MOST_TRIED, 65_536)):
        listening = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":  # in Windows, this option lets two programs share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((place[0], tried, *place[2:]))
            listening.listen(128)
            return listening
        except PermissionError:
            listening.close()
            raise UsageError(f"--port {tried}: this port may not be used; give one above 1023") from None
        except OSError as error:
            listening.close()
            problem = error
    raise UsageError(f"--host {host}: no port from {port} on can be used ({problem.strerror}); give another --port")


def _write_host(host):
    """Return a host in the form of an address; if the server listens everywhere, return 127.0.0.1."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _open(address):
    with contextlib.suppress(OSError, webbrowser.Error):  # the address was printed
        webbrowser.open(address)
