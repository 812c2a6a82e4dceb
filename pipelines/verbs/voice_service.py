"""Voice service: a model of words for Home Assistant, by the Wyoming protocol.

A satellite in a room streams the sound of its microphone. It asks two questions: was a wake word said, and which words
were said in a command (speech to text)? Wyoming has messages for both, each a line of JSON and perhaps raw samples,
over TCP. Here the words are those of the model. Each sound is processed in a thread of its own, so that several
satellites may be connected at once.

The protocol is written down at https://github.com/OHF-Voice/wyoming; the package `wyoming` reads and writes it.
"""

import asyncio
import queue
import threading
from collections import deque

import numpy as np
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info, WakeModel, WakeProgram
from wyoming.server import AsyncEventHandler, AsyncTcpServer
from wyoming.wake import Detect, Detection, NotDetected

from pipelines.errors import UsageError
from pipelines.features.speech.listening import PATIENCE, REFRACTORY, Listener
from pipelines.features.speech.long_recording import resample
from pipelines.machine.extras import own_version
from pipelines.models.opening import check_audible

NAME = "backprop"
RATES = (1000, 192_000)  # Hz
WORDS = 1000  # words of a stream that are kept; a stream that waits for a wake word may run for days
WAITING = 500  # chunks that may wait for the listener; a satellite that sends more must wait


def serve(model, port, *, host="127.0.0.1", threshold=None, patience=PATIENCE, refractory=REFRACTORY, on_start=None):
    """Answer satellites until Ctrl-C.

    Parameters
    ----------
    model : Bundle, of speech
    port : int, of TCP; 0 means any free one
    host : str
        The address to listen at; "0.0.0.0" for satellites on all other machines.
    threshold, patience, refractory
        As in `listen`.
    on_start : function of the port, called once satellites can connect

    Raises
    ------
    UsageError
        The model is not of speech, or the address cannot be used.
    """
    check_audible(model, "listen")
    if not host:
        raise UsageError("listen: --host is empty; give 127.0.0.1 for this computer, or 0.0.0.0 for all others, too")
    threshold = model.provenance.get("threshold", 0.0) if threshold is None else threshold

    def listener():
        return Listener(model, threshold, patience, refractory)

    asyncio.run(_serve(listener, host, port, on_start))


async def _serve(listener, host, port, on_start):
    server = AsyncTcpServer(host, port)
    try:
        await server.start(lambda reader, writer: Satellite(listener, reader, writer))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"listen: the address {host}:{port} cannot be used ({reason}); choose another port") from None
    if on_start:
        on_start(server._server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


class Satellite(AsyncEventHandler):
    """One connection.

    Parameters
    ----------
    listener : function without arguments that returns a new Listener
    reader, writer : from the server
    """

    def __init__(self, listener, reader, writer):
        super().__init__(reader, writer)
        self._new_listener = listener
        self._wanted, self._transcribes = None, False  # requested wake words, None for any
        self._hearing, self._converter = None, AudioChunkConverter(width=2, channels=1)

    async def handle_event(self, event):
        """Answer one message; return whether to continue. Unknown messages are ignored."""
        try:
            if Describe.is_type(event.type):
                await self.write_event(_about(self._new_listener().model.labels).event())
            elif Detect.is_type(event.type):
                names = Detect.from_event(event).names
                self._wanted, self._transcribes = set(names) if names else None, False
            elif Transcribe.is_type(event.type):
                self._transcribes = True
            elif AudioStart.is_type(event.type):
                await self._begin(AudioStart.from_event(event).rate)
            elif AudioChunk.is_type(event.type):
                await self._hear(AudioChunk.from_event(event))
            elif AudioStop.is_type(event.type):
                await self._end()
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            await self.write_event(Error(f"a message of the type {event.type} cannot be used ({error})").event())
            return False
        return True

    async def _begin(self, rate):
        if not RATES[0] <= rate <= RATES[1]:
            raise ValueError(f"a rate of {rate} Hz")
        await self.disconnect()
        self._hearing = _Hearing(self._new_listener(), rate, self._tell)

    async def _hear(self, chunk):
        if (
            chunk.width not in (1, 2, 4)
            or chunk.channels not in (1, 2)
            or len(chunk.audio) % (chunk.width * chunk.channels)
        ):
            raise ValueError(f"{len(chunk.audio)} bytes in {chunk.channels} channels of {chunk.width} bytes a sample")
        if self._hearing is None:
            await self._begin(chunk.rate)
        samples = np.frombuffer(self._converter.convert(chunk).audio, "<i2").astype(np.float32) / 32768
        await self._hearing.feed(samples)

    async def _end(self):
        if self._hearing is None:
            return
        words = await self._hearing.finish()
        self._hearing = None
        if self._transcribes:
            await self.write_event(Transcript(" ".join(word.word for word in words)).event())
        elif not any(self._is_wanted(word) for word in words):
            await self.write_event(NotDetected().event())

    async def _tell(self, word):
        """Tell the satellite about a wake word at once; a command is sent as a whole."""
        if not self._transcribes and self._is_wanted(word):
            await self.write_event(Detection(name=word.word, timestamp=round(1000 * word.end)).event())

    def _is_wanted(self, word):
        return self._wanted is None or word.word in self._wanted

    async def disconnect(self):
        """End the listening that a satellite leaves behind."""
        if self._hearing is not None:
            await self._hearing.finish()
            self._hearing = None


class _Hearing:
    """A stream of sound; a thread listens to it. First `feed` it, then `finish` it."""

    def __init__(self, listener, rate, tell):
        self._blocks, self._words = queue.Queue(WAITING), deque(maxlen=WORDS)
        self._loop, self._tell, self._told = asyncio.get_running_loop(), tell, deque(maxlen=WORDS)
        self._listener, self._rate = listener, rate
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    async def feed(self, samples):
        if len(samples):
            await asyncio.to_thread(self._blocks.put, samples)

    async def finish(self):
        """Wait until the thread has heard all; return the known words: sequence of Word."""
        await asyncio.to_thread(self._blocks.put, None)
        await asyncio.to_thread(self._thread.join)
        for told in self._told:
            await asyncio.wrap_future(told)
        return self._words

    def _hear_blocks(self):
        while (block := self._blocks.get()) is not None:
            yield block

    def _listen(self):
        blocks, sr = self._hear_blocks(), self._listener.sr
        for heard in self._listener.hear(blocks if self._rate == sr else resample(blocks, self._rate, sr)):
            for word in heard.words:
                if word.word is not None:
                    self._words.append(word)
                    self._told.append(asyncio.run_coroutine_threadsafe(self._tell(word), self._loop))


def _about(labels):
    """Return what the service offers: Info."""
    version, whose = own_version(), Attribution(name=NAME, url="")
    common = {"attribution": whose, "installed": True, "version": version}
    words = [WakeModel(name=label, description=label, languages=[], phrase=label, **common) for label in labels]
    model = AsrModel(name="words", description=f"{len(labels)} words", languages=[], **common)
    about = f"words that {NAME} has learned"
    return Info(
        asr=[AsrProgram(name=NAME, description=about, models=[model], **common)],
        wake=[WakeProgram(name=NAME, description=about, models=words, **common)],
    )
