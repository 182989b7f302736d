"""Makes `import temporalio` find this package, so that files which were written for it run unchanged."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: What this package has under the same name.
_SAME = ("workflow", "activity", "common", "converter", "exceptions", "testing", "worker")


class Unavailable:
    """Stands for what belongs to a process with a client or a worker. It can be named, and does nothing else."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self) -> Any:
        raise RuntimeError(
            f"{self._name} is not in a component: clients and workers are processes of their own, "
            "and the server runs what is deployed"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._refuse()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unavailable(f"{self._name}.{name}")

    def __getitem__(self, key: Any) -> Unavailable:
        return self

    def __or__(self, other: Any) -> Any:
        return Any

    __ror__ = __or__

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        # So that a file which derives a class from it can be imported.
        return (object,)


class _Placeholder(ModuleType):
    """A module of Temporal's that has no counterpart. What is asked of it is `Unavailable`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unavailable(f"{self.__name__}.{name}")


class _Finder(MetaPathFinder, Loader):
    """Finds modules of `temporalio`."""

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "temporalio" and not name.startswith("temporalio."):
            return None
        _, _, rest = name.partition(".")
        if rest.partition(".")[0] in _SAME and importlib.util.find_spec(f"wrt_sdk.{rest}") is None:
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        _, _, rest = spec.name.partition(".")
        head = rest.partition(".")[0]
        if head in _SAME:
            return _Alias(spec.name, importlib.import_module(f"wrt_sdk.{rest}"))
        if rest == "api.common.v1":
            module = ModuleType(spec.name)
            module.Payload = importlib.import_module("wrt_sdk.converter").Payload  # type: ignore[attr-defined]
            return module
        if rest == "contrib.pydantic":
            return _Alias(spec.name, importlib.import_module("wrt_sdk.contrib.pydantic"))
        return _Placeholder(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__path__ = []


class _Alias(ModuleType):
    """A module under another name."""

    def __init__(self, name: str, module: ModuleType) -> None:
        super().__init__(name)
        self.__dict__["_module"] = module
        self.__doc__ = module.__doc__
        self.__all__ = getattr(module, "__all__", [])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_module"], name)

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["_module"])


def install() -> None:
    """From now on `import temporalio` finds this package, also when Temporal's own is installed."""
    for name in [name for name in sys.modules if name == "temporalio" or name.startswith("temporalio.")]:
        del sys.modules[name]
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    package = importlib.import_module("temporalio")
    for name in _SAME:
        setattr(package, name, importlib.import_module(f"temporalio.{name}"))
