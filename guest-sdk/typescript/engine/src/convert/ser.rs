//! Values of Rust become values of JavaScript.

use rquickjs::{Array, Ctx, IntoJs, Object, TypedArray, Value};
use serde::{Serialize, ser};

use super::{Problem, camel, kebab};

#[derive(Clone, Copy)]
pub(super) struct Serializer<'a, 'js> {
    pub(super) ctx: &'a Ctx<'js>,
}

/// The one variant type with cases that carry nothing beside cases that do.
const MIXED_VARIANT: &str = "FailureInfo";

impl<'a, 'js> Serializer<'a, 'js> {
    fn js(self, value: impl IntoJs<'js>) -> Result<Value<'js>, Problem> {
        Ok(value.into_js(self.ctx)?)
    }

    fn tagged(self, variant: &str, value: impl IntoJs<'js>) -> Result<Value<'js>, Problem> {
        let object = Object::new(self.ctx.clone())?;
        object.set("tag", kebab(variant))?;
        object.set("val", value)?;
        Ok(object.into_value())
    }
}

impl<'a, 'js> ser::Serializer for Serializer<'a, 'js> {
    type Ok = Value<'js>;
    type Error = Problem;
    type SerializeSeq = List<'a, 'js>;
    type SerializeTuple = List<'a, 'js>;
    type SerializeTupleStruct = ser::Impossible<Value<'js>, Problem>;
    type SerializeTupleVariant = ser::Impossible<Value<'js>, Problem>;
    type SerializeMap = ser::Impossible<Value<'js>, Problem>;
    type SerializeStruct = Record<'a, 'js>;
    type SerializeStructVariant = ser::Impossible<Value<'js>, Problem>;

    fn serialize_bool(self, value: bool) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_i8(self, value: i8) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_i16(self, value: i16) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_i32(self, value: i32) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_i64(self, value: i64) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_u8(self, value: u8) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_u16(self, value: u16) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_u32(self, value: u32) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_u64(self, value: u64) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_f32(self, value: f32) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_f64(self, value: f64) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_char(self, value: char) -> Result<Value<'js>, Problem> {
        self.js(value.to_string())
    }
    fn serialize_str(self, value: &str) -> Result<Value<'js>, Problem> {
        self.js(value)
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<Value<'js>, Problem> {
        Ok(TypedArray::new_copy(self.ctx.clone(), value)?.into_value())
    }
    fn serialize_none(self) -> Result<Value<'js>, Problem> {
        Ok(Value::new_null(self.ctx.clone()))
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value<'js>, Problem> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value<'js>, Problem> {
        Ok(Value::new_undefined(self.ctx.clone()))
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value<'js>, Problem> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Value<'js>, Problem> {
        match name {
            MIXED_VARIANT => self.tagged(variant, Value::new_undefined(self.ctx.clone())),
            _ => self.js(kebab(variant)),
        }
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Value<'js>, Problem> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value<'js>, Problem> {
        self.tagged(variant, value.serialize(self)?)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<List<'a, 'js>, Problem> {
        Ok(List {
            serializer: self,
            bytes: Vec::with_capacity(length.unwrap_or_default()),
            items: None,
        })
    }
    fn serialize_tuple(self, _length: usize) -> Result<List<'a, 'js>, Problem> {
        self.serialize_seq(None)
    }
    fn serialize_tuple_struct(self, name: &'static str, _length: usize) -> Result<Self::SerializeTupleStruct, Problem> {
        Err(Problem::Shape(format!("the contract has no record such as {name}")))
    }
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, Problem> {
        Err(Problem::Shape(format!("the contract has no variant such as {name}")))
    }
    fn serialize_map(self, _length: Option<usize>) -> Result<Self::SerializeMap, Problem> {
        Err(Problem::Shape("the contract has no maps".to_owned()))
    }
    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Record<'a, 'js>, Problem> {
        Ok(Record {
            serializer: self,
            object: Object::new(self.ctx.clone())?,
        })
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, Problem> {
        Err(Problem::Shape(format!("the contract has no variant such as {name}")))
    }
}

/// A list; bytes are gathered first, and go as a whole.
pub(super) struct List<'a, 'js> {
    serializer: Serializer<'a, 'js>,
    bytes: Vec<u8>,
    items: Option<(Array<'js>, usize)>,
}

impl<'js> List<'_, 'js> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        if self.items.is_none() {
            if let Some(byte) = byte(value) {
                self.bytes.push(byte);
                return Ok(());
            }
            self.items = Some((Array::new(self.serializer.ctx.clone())?, 0));
        }
        if let Some((array, length)) = &mut self.items {
            array.set(*length, value.serialize(self.serializer)?)?;
            *length += 1;
        }
        Ok(())
    }

    fn finish(self) -> Result<Value<'js>, Problem> {
        let ctx = self.serializer.ctx.clone();
        match self.items {
            Some((array, _)) => Ok(array.into_value()),
            None if self.bytes.is_empty() => Ok(Array::new(ctx)?.into_value()),
            None => Ok(TypedArray::new_copy(ctx, self.bytes)?.into_value()),
        }
    }
}

impl<'js> ser::SerializeSeq for List<'_, 'js> {
    type Ok = Value<'js>;
    type Error = Problem;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.push(value)
    }
    fn end(self) -> Result<Value<'js>, Problem> {
        self.finish()
    }
}

impl<'js> ser::SerializeTuple for List<'_, 'js> {
    type Ok = Value<'js>;
    type Error = Problem;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.push(value)
    }
    fn end(self) -> Result<Value<'js>, Problem> {
        self.finish()
    }
}

pub(super) struct Record<'a, 'js> {
    serializer: Serializer<'a, 'js>,
    object: Object<'js>,
}

impl<'js> ser::SerializeStruct for Record<'_, 'js> {
    type Ok = Value<'js>;
    type Error = Problem;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Problem> {
        self.object.set(camel(key), value.serialize(self.serializer)?)?;
        Ok(())
    }
    fn end(self) -> Result<Value<'js>, Problem> {
        Ok(self.object.into_value())
    }
}

/// The value, if it is a byte.
fn byte<T: Serialize + ?Sized>(value: &T) -> Option<u8> {
    value.serialize(byte::Byte).ok()
}

mod byte;
