"""Calls componentize-py with what an application needs."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import sources

WORLDS = ("module", "workflow", "activity")

#: The version of componentize-py that this package is tested with.
COMPONENTIZE_PY = "0.25.1"

_PACKAGE = Path(__file__).resolve().parent.parent

_ENTRY = """\
from wrt_sdk.host.component import load

globals().update(load({modules!r}, {late!r}))
"""


class BuildError(Exception):
    """Why there is no component. The text is for people."""


def build(
    files: Sequence[Path],
    output: Path,
    *,
    world: str = "module",
    include: Sequence[str] = (),
    path: Sequence[Path] = (),
) -> list[str]:
    """Writes the component, and returns warnings. Raises `BuildError` with the text of whatever went wrong."""
    compiler = _compiler()
    applications = [_application(file) for file in files]
    modules = [module for module, _ in applications]
    folders = list(dict.fromkeys(folder for _, folder in applications))
    late, warnings = [*include], []
    for file in files:
        found = sources.read(file)
        late += found.late_imports
        warnings += found.warnings
    with tempfile.TemporaryDirectory(prefix="wrt-build-") as scratch:
        entry = Path(scratch) / "wrt_component.py"
        entry.write_text(_ENTRY.format(modules=modules, late=sorted(set(late))))
        output.parent.mkdir(parents=True, exist_ok=True)
        command = [*compiler, "--quiet", "--wit-path", str(_PACKAGE / "wit"), "--world", world, "componentize"]
        for folder in [scratch, *folders, *path, _PACKAGE.parent, *_site_packages()]:
            command += ["--python-path", str(folder)]
        command += ["--output", str(output.resolve()), "wrt_component"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch)
    if done.returncode != 0:
        raise BuildError(_readable(done.stderr + done.stdout))
    return warnings


def _compiler() -> list[str]:
    beside = Path(sys.executable).parent / "componentize-py"
    found = str(beside) if beside.exists() else shutil.which("componentize-py")
    if found is None:
        raise BuildError(
            f"componentize-py is not installed: {sys.executable} -m pip install componentize-py=={COMPONENTIZE_PY}"
        )
    return [found]


def _application(file: Path) -> tuple[str, Path]:
    """The module of a file or of a package's folder, and the folder that it is found in."""
    if not file.exists():
        raise BuildError(f"{file} is not there")
    absolute = file.resolve()
    if absolute.is_dir():
        if not (absolute / "__init__.py").exists():
            raise BuildError(f"{file} is no package: it has no __init__.py")
    elif absolute.suffix != ".py":
        raise BuildError(f"{file} is no Python file")
    parts, folder = [absolute.stem if absolute.is_file() else absolute.name], absolute.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    for part in parts:
        if not part.isidentifier():
            raise BuildError(f"{file} cannot be imported: {part!r} is no name of a module")
    if importlib.util.find_spec("wrt_sdk") and parts[0] in sys.stdlib_module_names:
        raise BuildError(f"{file} has the name of a module of the standard library: call it otherwise")
    return ".".join(parts), folder


def _site_packages() -> list[Path]:
    """Where the packages are that the application may import, as far as they are pure Python."""
    paths = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    return [Path(path) for path in paths if path and Path(path) != _PACKAGE.parent and Path(path).exists()]


def _readable(text: str) -> str:
    """What the compiler printed, without the lines about its own inside."""
    lines = text.rstrip().splitlines()
    traces = [i for i, line in enumerate(lines) if line.endswith("Traceback (most recent call last):")]
    if not traces:
        return text.rstrip()
    trace = traces[-1]
    lines[trace] = "Traceback (most recent call last):"
    end = next((i for i in range(trace, len(lines)) if lines[i].startswith(("Caused by:", "Stack backtrace"))), None)
    return "\n".join(lines[trace:end]).rstrip()
