"""Durable workflows and activities in Python, as WebAssembly components.

The names are those of Temporal's SDK for Python: a file of workflows moves by importing from `wrt_sdk` what it imported
from `temporalio`. What Temporal lacks is in `wrt_sdk.saga`, `wrt_sdk.signals`, `wrt_sdk.cancellation` and `wrt_sdk.http`.
"""

__version__ = "0.1.0"

from . import activity, cancellation, common, converter, exceptions, http, saga, signals, workflow

__all__ = ["activity", "cancellation", "common", "converter", "exceptions", "http", "saga", "signals", "workflow"]
