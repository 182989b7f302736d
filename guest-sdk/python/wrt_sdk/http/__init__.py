"""A small blocking HTTP client for activities, over `wasi:http`.

It reaches the hosts that the deployment grants, and no other. `urllib.request.urlopen` works through it, too. Natively, in
tests, it is `urllib` itself.
"""

from .request import HTTPError, Response, request

__all__ = ["HTTPError", "Response", "request"]
