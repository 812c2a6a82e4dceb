"""Errors of the applications, each with the exit code of the command line."""

from backprop_core.errors import BackpropError


class ApplicationError(BackpropError):
    """Root of the errors below. `exit_code` is that of the command line."""

    exit_code = 1


class DataError(ApplicationError):
    """A data set is missing, unreachable, malformed, or does not match its checksum."""

    exit_code = 4


class InputFileError(ApplicationError):
    """One recording or picture cannot be used; the others can. The message begins with the file's name."""

    exit_code = 3

    @classmethod
    def about(cls, source, reason):
        """Return the error for a file (Path), or for contents (bytes), whose name is `<stdin>`."""
        return cls(f"{'<stdin>' if isinstance(source, bytes) else source}: {reason}")


class NothingToSeeError(ApplicationError):
    """A decoded file contains nothing to recognise, or far too much. The message does not name the file."""

    exit_code = 3


class MicrophoneError(ApplicationError):
    """There is no microphone that can be used, or a package that it needs is missing."""


class ModelFileError(ApplicationError):
    """A model file is truncated, altered, of a newer format, or of the other task."""

    exit_code = 5


class QualityError(ApplicationError):
    """A result missed the quality that was asked for."""

    exit_code = 6


class UsageError(ApplicationError):
    """The arguments of the call are wrong: an unknown name, or a value out of range."""

    exit_code = 2


class ClusterError(ApplicationError):
    """A cluster cannot be reached, or its workers cannot do their work."""

    exit_code = 4
