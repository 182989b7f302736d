"""What can be seen in the sources of an application before it is built."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

#: Calls whose answer would be that of the build when they stand outside of functions.
_OF_THE_BUILD = {
    "datetime.now": "the time",
    "datetime.utcnow": "the time",
    "datetime.today": "the time",
    "date.today": "the date",
    "time.time": "the time",
    "time.time_ns": "the time",
    "time.monotonic": "the time",
    "time.perf_counter": "the time",
    "random.random": "a random number",
    "random.randint": "a random number",
    "random.choice": "a random choice",
    "random.getrandbits": "a random number",
    "random.Random": "the seed",
    "secrets.token_hex": "a random text",
    "secrets.token_bytes": "random bytes",
    "os.urandom": "random bytes",
    "os.getenv": "the environment",
    "os.environ.get": "the environment",
    "uuid.uuid1": "a UUID",
    "uuid.uuid4": "a UUID",
    "uuid4": "a UUID",
}


@dataclass
class Sources:
    """What was found."""

    #: Modules that are imported within functions, where it would be too late.
    late_imports: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(path: Path) -> Sources:
    """Looks at a file, or at all files of a package. One that cannot be parsed is left to the build, which tells where."""
    found = Sources()
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        try:
            tree = ast.parse(file.read_text(), str(file))
        except (SyntaxError, UnicodeDecodeError):
            continue
        _Visitor(file, found).visit(tree)
    return found


class _Visitor(ast.NodeVisitor):
    def __init__(self, file: Path, found: Sources) -> None:
        self._file = file
        self._found = found
        self._depth = 0

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_function

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) not in ("__name__ == '__main__'", "'__main__' == __name__", "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        if self._depth:
            self._found.late_imports += [alias.name for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if self._depth and node.module and not node.level:
            self._found.late_imports += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        what = next(
            (what for known, what in _OF_THE_BUILD.items() if name == known or name.endswith(f".{known}")), None
        )
        seeded = name.endswith("random.Random") and node.args
        if not self._depth and what is not None and not seeded:
            self._found.warnings.append(
                f"{self._file}:{node.lineno}: {name}() runs when the component is built: "
                f"{what} is the same in every run. Call it in a function"
            )
        self.generic_visit(node)
