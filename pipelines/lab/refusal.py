"""A refusal: why the lab refuses a request, as a sentence for the page and a status for the browser."""

from starlette.responses import JSONResponse

from backprop_core.errors import BackpropError
from pipelines.errors import DataError, ModelFileError

# The status of each type of error. Every other error of the program counts as a wrong request.
STATUS = {ModelFileError: 422, DataError: 422}


class Refusal(BackpropError):
    """A refused request.

    Parameters
    ----------
    status : int, of HTTP
    sentence : str, what is wrong, and what to do
    """

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status


def answer_error(error):
    """Return the response to an error of this program: {"error": sentence}."""
    status = error.status if isinstance(error, Refusal) else STATUS.get(type(error), 400)
    return JSONResponse({"error": str(error)}, status_code=status)
