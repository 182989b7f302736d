"""Values and failures as payloads."""

import enum
import unittest
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Optional, TypedDict, Union

from wrt_sdk import converter, exceptions
from wrt_sdk.common import RawValue
from wrt_sdk.converter import DataConverter, Payload, PayloadCodec, value_to_type


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclass
class Inner:
    at: datetime
    level: Level = Level.LOW


@dataclass
class Outer:
    inner: Inner
    names: dict[str, list[Inner]] = field(default_factory=dict)
    key: uuid.UUID | None = None


class Point(NamedTuple):
    x: int
    y: int


class Options(TypedDict, total=False):
    color: Color


AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class JsonTest(unittest.TestCase):
    def round_trip(self, value: Any, hint: Any) -> Any:
        data = DataConverter.default
        return data.from_payload(data.to_payload(value), hint)

    def test_dataclasses(self) -> None:
        value = Outer(Inner(AT), {"a": [Inner(AT)]}, uuid.UUID(int=7))
        self.assertEqual(self.round_trip(value, Outer), value)

    def test_types(self) -> None:
        for hint, json, expected in (
            (Color, "red", Color.RED),
            (Level, 1, Level.LOW),
            (Optional[int], None, None),
            (Union[int, str], "x", "x"),
            (int | None, 3, 3),
            (float, 3, 3.0),
            (tuple[int, str], [1, "a"], (1, "a")),
            (tuple[int, ...], [1, 2], (1, 2)),
            (set[int], [1, 2], {1, 2}),
            (Sequence[int], [1], [1]),
            (dict[int, Color], {"1": "red"}, {1: Color.RED}),
            (Literal["a", "b"], "b", "b"),
            (Point, [1, 2], Point(1, 2)),
            (Options, {"color": "red"}, {"color": Color.RED}),
            (datetime, "2026-01-02T03:04:05Z", AT),
            (Any, {"a": 1}, {"a": 1}),
            (list, [1], [1]),
        ):
            with self.subTest(str(hint)):
                self.assertEqual(value_to_type(hint, json), expected)

    def test_what_does_not_fit_is_named(self) -> None:
        with self.assertRaisesRegex(TypeError, "field inner on Outer.*field at on Inner"):
            value_to_type(Outer, {"inner": {"at": 3}})
        with self.assertRaisesRegex(TypeError, "Expected value to be int, was str"):
            value_to_type(int, "3")
        with self.assertRaisesRegex(TypeError, "None"):
            value_to_type(str, None)

    def test_encodings(self) -> None:
        data = DataConverter.default
        self.assertEqual(data.to_payload(None).encoding, "binary/null")
        self.assertEqual(data.to_payload(b"x"), Payload({"encoding": b"binary/plain"}, b"x"))
        self.assertEqual(data.to_payload({"b": 1, "a": (2,)}).data, b'{"a":[2],"b":1}')
        raw = data.from_payload(data.to_payload(1), RawValue)
        self.assertIs(data.to_payload(raw), raw.payload)
        with self.assertRaisesRegex(KeyError, "binary/odd"):
            data.from_payload(Payload({"encoding": b"binary/odd"}))
        with self.assertRaisesRegex(TypeError, "not JSON serializable"):
            data.to_payload(object())

    def test_payloads_have_the_bytes_of_the_message(self) -> None:
        payload = Payload({"encoding": b"json/plain", "a": b""}, b"1" * 300)
        self.assertEqual(Payload.FromString(payload.SerializeToString()), payload)
        with self.assertRaises(ValueError):
            Payload.FromString(payload.SerializeToString()[:-1])


class Reverse(PayloadCodec):
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload({"encoding": b"binary/reversed"}, p.SerializeToString()[::-1]) for p in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload.FromString(p.data[::-1]) for p in payloads]


class FailureTest(unittest.TestCase):
    def raised(self) -> BaseException:
        try:
            try:
                raise KeyError("k")
            except KeyError as cause:
                raise exceptions.ApplicationError("m", 1, [2], type="T", non_retryable=True) from cause
        except exceptions.ApplicationError as error:
            return error

    def test_a_chain_keeps_types_details_and_traces(self) -> None:
        for data in (DataConverter.default, DataConverter(payload_codec=Reverse())):
            failure = data.to_failure(self.raised())
            error = data.from_failure(failure)
            assert isinstance(error, exceptions.ApplicationError)
            self.assertEqual((error.message, error.type, list(error.details)), ("m", "T", [1, [2]]))
            self.assertEqual(str(error), "T: m")
            self.assertIn("in raised", failure.stack_trace)
            assert isinstance(error.cause, exceptions.ApplicationError)
            self.assertEqual(error.cause.type, "KeyError")
            self.assertEqual(data.to_failure(error), failure)

    def test_a_codec_that_waits_is_refused(self) -> None:
        import asyncio

        class Slow(Reverse):
            async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
                await asyncio.sleep(0)
                return []

        with self.assertRaisesRegex(RuntimeError, "has to answer at once"):
            DataConverter(payload_codec=Slow()).to_payload(1)

    def test_the_default_can_be_set(self) -> None:
        data = DataConverter(payload_codec=Reverse())
        converter.set_default(data)
        self.addCleanup(converter.set_default, DataConverter.default)
        self.assertIs(converter.default(), data)


if __name__ == "__main__":
    unittest.main()
