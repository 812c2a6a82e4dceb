"""`backprop listen`: recognise words as they are spoken."""

import sys
from pathlib import Path

import click

from pipelines.cli import streams, terminal
from pipelines.cli.command import Command
from pipelines.cli.options import SHARE, Number
from pipelines.errors import UsageError
from pipelines.wording import percent

METER_DB, METER_WIDTH = 60, 20


@click.command(cls=Command)
@click.argument("model", type=click.Path())
@click.argument("source", required=False, metavar="[SOURCE]")
@click.option(
    "--rate", type=click.IntRange(1000, 192_000), help="Sampling rate of raw 16-bit samples on standard input, in Hz."
)
@click.option(
    "--threshold", type=SHARE, help="Less probable words are unknown; default: the threshold that train suggested."
)
@click.option(
    "--patience",
    type=Number(0.05, 2),
    default=0.2,
    show_default=True,
    help="Seconds of silence that end a word.",
)
@click.option(
    "--refractory",
    type=Number(0, 60),
    default=0.0,
    help="Seconds in which a repeated word is not reported again.",
)
@click.option("--device", help="Number or name of the microphone; default: the system's.")
@click.option("--devices", is_flag=True, help="List the microphones, and exit.")
@click.option("--wyoming", type=click.IntRange(0, 65535), metavar="PORT", help="Serve satellites of Home Assistant.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address at which --wyoming serves; 0.0.0.0 is every address.",
)
@click.option("--jsonl", is_flag=True, help="Print one record for each word, also for unknown ones.")
@click.option("--exec", "call", help="Run this command for each word, with BACKPROP_WORD and BACKPROP_PROBABILITY set.")
def listen(model, source, rate, threshold, patience, refractory, device, devices, wyoming, host, jsonl, call):
    """Recognise words as they are spoken into a microphone, until Ctrl-C.

    SOURCE may be a recording, or - for raw samples on standard input (with --rate); both are treated as live sound.

    With --wyoming, sound comes from satellites of Home Assistant: the words are wake words, and the answer to a command
    is its words (pip install 'visible-backprop[wyoming]').

    Example: arecord -q -f S16_LE -r 16000 -t raw | backprop listen models/speech.safetensors - --rate 16000
    """
    from pipelines.models import bundle
    from pipelines.verbs.listen import listen as run

    if devices:
        _list_devices()
        return
    if wyoming is not None:
        if source is not None or rate is not None or device is not None or jsonl or call:
            raise UsageError(
                "listen: with --wyoming, sound comes from satellites; leave out SOURCE and the options of a microphone"
            )
        _serve(bundle.load(model), wyoming, host, threshold=threshold, patience=patience, refractory=refractory)
        return

    if click.get_current_context().get_parameter_source("host") is click.core.ParameterSource.COMMANDLINE:
        raise UsageError("listen: --host is the address of --wyoming; give a port with --wyoming, or leave it out")
    if source is not None and device is not None:
        raise UsageError("listen: --device is a microphone, and the sound comes from SOURCE; leave one of them out")
    if source != "-" and rate is not None:
        raise UsageError("listen: --rate is for raw samples on standard input; leave it out, or give - as SOURCE")
    if source == "-" and rate is None:
        raise UsageError(
            "listen: the rate of raw samples on standard input must be known; give it, such as --rate 16000"
        )
    heard_from = None if source is None else streams.standard_input() if source == "-" else Path(source)
    if source == "-" and heard_from is None:
        raise UsageError("-: there is no standard input here; name a recording")
    heard = run(
        bundle.load(model),
        heard_from,
        rate=rate,
        threshold=threshold,
        patience=patience,
        refractory=refractory,
        device=device,
    )
    meter = _Meter(live=source is None)
    called = []
    try:
        for step in heard:
            meter.show(step)
            for word in step.words:
                if jsonl:
                    click.echo(terminal.as_json(word.record()))
                elif word.word is not None:
                    click.echo(f"{word.start:8.2f} {word.end:8.2f}  {word.text}  {percent(word.probability)}")
                sys.stdout.flush()
                if call and word.word is not None:
                    called = [each for each in called if each.poll() is None] + [_start(call, word)]
    except KeyboardInterrupt:
        meter.end()
        terminal.note("stopped")
    meter.end()
    for each in called:
        each.wait()


def _list_devices():
    from pipelines.features.speech.microphone import devices

    for number, name, is_default in devices():
        click.echo(f"{number:3}  {name}{'  (default)' if is_default else ''}")


def _serve(model, port, host, **options):
    from pipelines.verbs.voice_service import serve

    try:
        serve(model, port, host=host, on_start=lambda at: terminal.note(f"serving at tcp://{host}:{at}"), **options)
    except KeyboardInterrupt:
        terminal.note("stopped")


def _start(command, word):
    """Start a command with the word in its environment; return its Popen."""
    import os
    import subprocess

    told = {"BACKPROP_WORD": word.word, "BACKPROP_PROBABILITY": f"{word.probability:.4f}"}
    return subprocess.Popen(command, shell=True, env={**os.environ, **told}, stdin=subprocess.DEVNULL)


class _Meter:
    """The level of a microphone, as a bar that is redrawn on standard error; no bar if that is not a terminal."""

    def __init__(self, live):
        self._live, self._drawn, self._muted, self._clipped = live, sys.stderr.isatty(), False, False
        self._told = set()

    def show(self, step):
        """Draw the level of a Heard. In silence ask whether the microphone is muted; say once if it is too loud."""
        if step.muted and not self._muted and self._live:
            self.end()
            terminal.note("only zeros for a second: is the microphone muted?")
        self._muted = step.muted
        if step.clipped and not self._clipped:
            self.end()
            terminal.note(
                "the sound is so loud that its peaks are cut off; turn the microphone down, or speak more softly"
            )
        self._clipped |= step.clipped
        for kind, unlike in step.unlike.items():
            self._tell_once(kind, unlike)
        if self._live and self._drawn:
            bar = "#" * round(METER_WIDTH * min(1.0, max(0.0, 1 + step.level / METER_DB)))
            click.echo(f"\r[{bar:<{METER_WIDTH}}]", err=True, nl=False)

    def _tell_once(self, kind, unlike):
        """Say how an uncertain word differs from the training recordings, once for each kind of difference."""
        if kind not in self._told:
            self.end()
            terminal.note(f"warning: a word is uncertain, and differs from the training recordings: {unlike}")
        self._told.add(kind)

    def end(self):
        """Remove the bar, so that other output can follow."""
        if self._live and self._drawn:
            click.echo(f"\r{'':{METER_WIDTH + 2}}\r", err=True, nl=False)
