"""Modules that are needed later: a component has no files, so all of them are imported while it is built."""

from __future__ import annotations

import importlib
import linecache
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGE = str(Path(__file__).resolve().parent.parent)

#: What the standard library itself imports in the middle of its functions.
_LAZY_STANDARD_MODULES = (
    "_colorize",
    "_pydatetime",
    "_strptime",
    "annotationlib",
    "ast",
    "base64",
    "bisect",
    "calendar",
    "concurrent.futures",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_16",
    "encodings.utf_8_sig",
    "fractions",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "inspect",
    "io",
    "ipaddress",
    "json.encoder",
    "locale",
    "logging",
    "math",
    "numbers",
    "pickle",
    "pprint",
    "random",
    "secrets",
    "shlex",
    "statistics",
    "string",
    "string.templatelib",
    "stringprep",
    "struct",
    "tempfile",
    "textwrap",
    "timeit",
    "traceback",
    "typing",
    "unicodedata",
    "urllib.parse",
    "urllib.request",
    "uuid",
    "warnings",
    "weakref",
    "zlib",
    "zoneinfo",
)


def warm_up() -> None:
    """Imports what the standard library would import too late."""
    for name in _LAZY_STANDARD_MODULES:
        _try(name)


def take_along(names: Sequence[str]) -> None:
    """Imports what the application imports within its functions. What cannot be imported fails where it is used."""
    for name in names:
        _try(name)


def _try(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:
        return


def keep_sources() -> None:
    """Takes the lines of the application along, so that stack traces show them."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not file or file.startswith(("/python/", _PACKAGE)):
            continue
        if lines := linecache.getlines(file):
            # What has no time of change is never looked for again.
            linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


class _Missing:
    """The last finder, which is asked for what nobody has found."""

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        raise ModuleNotFoundError(
            f"No module named {name!r} in this component: what was not imported when it was built is not there. "
            f"Import it at the top of a file of the application, or build with --include {name}",
            name=name,
        )


def explain_missing_modules() -> None:
    """From now on an import that fails says why."""
    sys.meta_path.append(_Missing())
