"""The converter of a component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from .codec import PayloadCodec, run_at_once
from .encodings import DefaultPayloadConverter, PayloadConverter
from .failure import (
    ApplicationInfo,
    CanceledInfo,
    DefaultFailureConverter,
    Failure,
    FailureConverter,
    TimeoutInfo,
)
from .payload import Payload


@dataclass(frozen=True)
class DataConverter:
    """How values, failures and payloads become each other.

    A file of workflows makes it the one of its component with `set_default`.
    """

    #: Made once for each converter.
    payload_converter_class: type[PayloadConverter] = DefaultPayloadConverter
    #: What happens to payloads on their way.
    payload_codec: PayloadCodec | None = None
    #: Made once for each converter.
    failure_converter_class: type[FailureConverter] = DefaultFailureConverter

    payload_converter: PayloadConverter = field(init=False)
    failure_converter: FailureConverter = field(init=False)

    #: The one that nobody has set.
    default: ClassVar[DataConverter]

    def __post_init__(self) -> None:
        object.__setattr__(self, "payload_converter", self.payload_converter_class())
        object.__setattr__(self, "failure_converter", self.failure_converter_class())

    # === Values ===

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """Payloads that can be sent."""
        return self._encode(self.payload_converter.to_payloads(values))

    def to_payload(self, value: Any) -> Payload:
        """One payload that can be sent."""
        return self.to_payloads([value])[0]

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[Any] | None = None) -> list[Any]:
        """The values of payloads that have come."""
        return self.payload_converter.from_payloads(self._decode(payloads), type_hints)

    def from_payload(self, payload: Payload, type_hint: Any = None) -> Any:
        """The value of one payload that has come."""
        return self.from_payloads([payload], [type_hint])[0]

    def result(self, payloads: Sequence[Payload], type_hint: Any = None) -> Any:
        """The value of a result: that of the first payload, None when there is none."""
        return self.from_payload(payloads[0], type_hint) if payloads else None

    def _encode(self, payloads: list[Payload]) -> list[Payload]:
        if self.payload_codec is None or not payloads:
            return payloads
        return run_at_once(self.payload_codec.encode(payloads))

    def _decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if self.payload_codec is None or not payloads:
            return list(payloads)
        return run_at_once(self.payload_codec.decode(payloads))

    # === Failures ===

    def to_failure(self, exception: BaseException) -> Failure:
        """The chain for an exception, with payloads that can be sent."""
        failure = self.failure_converter.to_failure(exception, self.payload_converter)
        return failure if self.payload_codec is None else _mapped(failure, self._encode)

    def from_failure(self, failure: Failure) -> BaseException:
        """The exception for a chain that has come."""
        failure = failure if self.payload_codec is None else _mapped(failure, self._decode)
        return self.failure_converter.from_failure(failure, self.payload_converter)


def _mapped(failure: Failure, change: Any) -> Failure:
    """A copy whose payloads went through the codec."""
    info = failure.info
    if isinstance(info, (ApplicationInfo, CanceledInfo)):
        info = replace(info, details=change(info.details))
    elif isinstance(info, TimeoutInfo):
        info = replace(info, last_heartbeat_details=change(info.last_heartbeat_details))
    return replace(failure, info=info, cause=_mapped(failure.cause, change) if failure.cause else None)


DataConverter.default = DataConverter()
_default = DataConverter.default


def default() -> DataConverter:
    """The converter of this component."""
    return _default


def set_default(converter: DataConverter) -> None:
    """Makes it the converter of this component: workflows and activities read and write with it."""
    global _default
    _default = converter
