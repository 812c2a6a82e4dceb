"""A refusal: why the lab does not do what it was asked, in a sentence for the page, with a status for the browser."""

from starlette.responses import JSONResponse

from backprop_core.errors import BackpropError
from pipelines.errors import DataError, ModelFileError

# Status by kind of error; every other error of the program is a wrong request.
STATUS = {ModelFileError: 422, DataError: 422}


class Refusal(BackpropError):
    """Something is refused.

    Parameters
    ----------
    status : int, as HTTP has it
    sentence : str, what is wrong, and what to do
    """

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status


def answer_error(error):
    """Return the response to an error of this program: {"error": sentence}."""
    status = getattr(error, "status", None) or STATUS.get(type(error), 400)
    return JSONResponse({"error": str(error)}, status_code=status)
