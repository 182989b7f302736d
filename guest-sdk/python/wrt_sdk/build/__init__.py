"""Makes components: `python -m wrt_sdk.build flow.py -o flow.wasm`."""

from .component import BuildError, build

__all__ = ["BuildError", "build"]
