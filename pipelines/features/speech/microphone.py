"""Microphone: live sound, one block at a time.

The sounddevice package asks PortAudio, which asks the operating system. Only recording and listening need them, so
they are an extra that is imported here alone. A device runs at the rate that it likes best, which every
device can; the blocks are brought to the rate that is wanted.
"""

from contextlib import contextmanager

from pipelines.errors import MicrophoneError
from pipelines.features.speech.long_recording import resample
from pipelines.machine.extras import install_command

BLOCK_SECONDS = 0.05
SETTLING_SECONDS = 0.5  # many devices begin with a click, or with nothing


@contextmanager
def microphone(sr, device=None):
    """Open a microphone, for as long as the context lasts.

    Parameters
    ----------
    sr : int > 0, in Hz
        Sampling rate of the blocks.
    device : str or None
        Number of an input device, or a part of its name that no other has; None is the system's default.

    Yields
    ------
    iterator of ndarray of float32 [shape=(n_samples,)]
        One channel, full scale [-1, 1], without end. It raises MicrophoneError if the device is taken away.

    Raises
    ------
    MicrophoneError
        If sounddevice or PortAudio is missing, there is no microphone, or it cannot be used.
    """
    sounddevice = _sounddevice()
    if device is not None and device.isdecimal():
        device = int(device)
    try:
        rate = round(sounddevice.query_devices(device, "input")["default_samplerate"])
        stream = sounddevice.InputStream(rate, device=device, channels=1, dtype="float32", latency="high")
        stream.start()
    except (ValueError, sounddevice.PortAudioError) as error:
        raise MicrophoneError(_why_none(sounddevice, device, error)) from error
    try:
        blocks = _blocks(stream, round(BLOCK_SECONDS * rate), sounddevice.PortAudioError)
        for _ in range(round(SETTLING_SECONDS / BLOCK_SECONDS)):
            next(blocks)
        yield blocks if rate == sr else resample(blocks, rate, sr)
    finally:
        stream.close()


def devices():
    """Return the microphones that there are: list of (number, name, whether it is the default).

    Raises MicrophoneError if there is none, or sounddevice or PortAudio is missing.
    """
    sounddevice = _sounddevice()
    try:
        default = sounddevice.default.device[0]
        found = [(n, of["name"], n == default) for n, of in _inputs(sounddevice)]
    except sounddevice.PortAudioError as error:
        raise MicrophoneError(f"the microphones cannot be listed ({error}); check the system's sound") from error
    if not found:
        raise MicrophoneError(_NONE)
    return found


_NONE = "there is no microphone; connect one, and allow this program to use it"


def _inputs(sounddevice):
    """Return the devices that record: list of (number, dict)."""
    return [(n, of) for n, of in enumerate(sounddevice.query_devices()) if of["max_input_channels"] > 0]


def _sounddevice():
    try:
        import sounddevice
    except ImportError as error:
        raise MicrophoneError(f"recording needs the package sounddevice: {install_command('sounddevice')}") from error
    except OSError as error:
        raise MicrophoneError(
            "recording needs the library PortAudio; install it (Debian, Ubuntu: apt install libportaudio2; macOS: brew "
            "install portaudio)"
        ) from error
    return sounddevice


def _blocks(stream, n_samples, device_error):
    """Yield the blocks as they come. Sound that is not fetched in time is lost; `latency` makes this unlikely."""
    while True:
        try:
            block, _ = stream.read(n_samples)
        except device_error as error:
            raise MicrophoneError(f"the microphone stopped ({error}); check its cable") from error
        yield block[:, 0]


def _why_none(sounddevice, device, error):
    """Say which microphones there are, if the requested one cannot be used."""
    inputs = [(n, of["name"]) for n, of in _inputs(sounddevice)]
    if not inputs:
        return _NONE
    there = ", ".join(f"{number} ({name})" for number, name in inputs)
    which = "the default microphone" if device is None else f"microphone {device}"
    reason = str(error).splitlines()[0]
    return f"{which} cannot be used ({reason}); choose one with --device: {there}"
