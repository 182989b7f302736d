//! Tells bytes from everything else. The contract has no `u8` but in lists of bytes.

use std::fmt;

use serde::{Serialize, Serializer, ser::Impossible};

/// Takes a byte and nothing else.
pub(super) struct Byte;

#[derive(Debug)]
pub(super) struct NoByte;

impl fmt::Display for NoByte {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("this is no byte")
    }
}

impl std::error::Error for NoByte {}

impl serde::ser::Error for NoByte {
    fn custom<T: fmt::Display>(_: T) -> Self {
        NoByte
    }
}

macro_rules! no_byte {
    ($($method:ident: $kind:ty,)*) => {
        $(fn $method(self, _: $kind) -> Result<u8, NoByte> { Err(NoByte) })*
    };
}

impl Serializer for Byte {
    type Ok = u8;
    type Error = NoByte;
    type SerializeSeq = Impossible<u8, NoByte>;
    type SerializeTuple = Impossible<u8, NoByte>;
    type SerializeTupleStruct = Impossible<u8, NoByte>;
    type SerializeTupleVariant = Impossible<u8, NoByte>;
    type SerializeMap = Impossible<u8, NoByte>;
    type SerializeStruct = Impossible<u8, NoByte>;
    type SerializeStructVariant = Impossible<u8, NoByte>;

    fn serialize_u8(self, value: u8) -> Result<u8, NoByte> {
        Ok(value)
    }

    no_byte! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_none(self) -> Result<u8, NoByte> {
        Err(NoByte)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<u8, NoByte> {
        Err(NoByte)
    }
    fn serialize_unit(self) -> Result<u8, NoByte> {
        Err(NoByte)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<u8, NoByte> {
        Err(NoByte)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<u8, NoByte> {
        Err(NoByte)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<u8, NoByte> {
        Err(NoByte)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, NoByte> {
        Err(NoByte)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, NoByte> {
        Err(NoByte)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, NoByte> {
        Err(NoByte)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NoByte> {
        Err(NoByte)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, NoByte> {
        Err(NoByte)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, NoByte> {
        Err(NoByte)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NoByte> {
        Err(NoByte)
    }
}
