"""The command line of the build."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .component import WORLDS, BuildError, build


def main(arguments: list[str] | None = None) -> int:
    """Builds, and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m wrt_sdk.build", description="Makes a WebAssembly component of workflows and activities."
    )
    parser.add_argument("sources", nargs="+", type=Path, metavar="FILE", help="a file, or the folder of a package")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the component")
    parser.add_argument(
        "--world", choices=WORLDS, default="module", help="what the component exports: both (module) or one of them"
    )
    parser.add_argument(
        "--include", action="append", default=[], metavar="MODULE", help="a module to take along that nothing imports"
    )
    parser.add_argument("--path", action="append", default=[], type=Path, metavar="FOLDER", help="where modules are")
    given = parser.parse_args(arguments)
    try:
        for warning in build(given.sources, given.output, world=given.world, include=given.include, path=given.path):
            print(f"warning: {warning}", file=sys.stderr)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
