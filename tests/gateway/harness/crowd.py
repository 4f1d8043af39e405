"""Many requests at once, each on a connection of its own, and how long each took."""

import concurrent.futures
import statistics
import time

from .messages import encoded
from .raw import Broken, request


def crowd(port, count, at_once, text, **members):
    """Status, body and seconds of each request."""
    body = encoded(text, **members)

    def one(_):
        begun = time.monotonic()
        try:
            response = request(port, "POST", "/v1/messages", body)
            return response.status, response.body, time.monotonic() - begun
        except (OSError, Broken) as problem:
            return repr(problem), b"", time.monotonic() - begun

    with concurrent.futures.ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(one, range(count)))


def median(answers):
    return statistics.median(took for _, _, took in answers)


def p99(answers):
    return statistics.quantiles((took for _, _, took in answers), n=100)[98]
