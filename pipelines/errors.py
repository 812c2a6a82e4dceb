"""Errors of the applications, each with the exit code of the command line."""

from backprop_core.errors import BackpropError


class DataError(BackpropError):
    """A data set is missing, unreachable, malformed, or does not match its checksum."""

    exit_code = 4


class InputFileError(BackpropError):
    """One recording or picture cannot be used; the others can. The message begins with the file's name."""

    exit_code = 3

    @classmethod
    def about(cls, source, reason):
        """Return the error for a file (Path), or for contents (bytes), whose name is `<stdin>`."""
        return cls(f"{'<stdin>' if isinstance(source, bytes) else source}: {reason}")


class NothingToSeeError(BackpropError):
    """A decoded file contains nothing to recognise, or far too much. The message does not name the file."""

    exit_code = 3


class MicrophoneError(BackpropError):
    """There is no microphone that can be used, or a package that it needs is missing."""


class ModelFileError(BackpropError):
    """A model file is truncated, altered, of a newer format, or of the other task."""

    exit_code = 5


class QualityError(BackpropError):
    """A result missed the quality that was asked for."""

    exit_code = 6


class UsageError(BackpropError):
    """The arguments of the call are wrong: an unknown name, or a value out of range."""

    exit_code = 2


class ClusterError(BackpropError):
    """A cluster cannot be reached, or its workers cannot do their work."""

    exit_code = 4
