//! Values of JavaScript become values of Rust.

use rquickjs::{Array, Object, TypedArray, Value};
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor, value::SeqDeserializer};

use super::{Problem, camel, pascal};

pub(super) struct Deserializer<'js> {
    pub(super) value: Value<'js>,
}

impl<'js> Deserializer<'js> {
    fn is_nothing(&self) -> bool {
        self.value.is_null() || self.value.is_undefined()
    }

    fn misfit(&self, expected: &str) -> Problem {
        Problem::Shape(format!("expected {expected}, not {}", self.value.type_name()))
    }

    fn number(&self) -> Result<f64, Problem> {
        self.value.as_number().ok_or_else(|| self.misfit("a number"))
    }

    /// A whole number from 0 to `most`.
    fn whole(&self, most: u32) -> Result<u32, Problem> {
        let number = self.number()?;
        if number.fract() != 0.0 || !(0.0..=f64::from(most)).contains(&number) {
            return Err(Problem::Shape(format!(
                "expected a whole number from 0 to {most}, not {number}"
            )));
        }
        Ok(number as u32)
    }

    fn text(&self) -> Result<String, Problem> {
        let text = self.value.as_string().ok_or_else(|| self.misfit("a string"))?;
        Ok(text.to_string()?)
    }
}

impl<'de, 'js> de::Deserializer<'de> for Deserializer<'js> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.is_nothing() {
            return visitor.visit_unit();
        }
        if let Some(value) = self.value.as_bool() {
            return visitor.visit_bool(value);
        }
        if self.value.is_string() {
            return visitor.visit_string(self.text()?);
        }
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_u32(self.whole(u8::MAX.into())?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_u32(self.whole(u16::MAX.into())?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_u32(self.whole(u32::MAX)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_bool(self.value.as_bool().ok_or_else(|| self.misfit("a boolean"))?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.is_nothing() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if let Ok(bytes) = TypedArray::<u8>::from_value(self.value.clone()) {
            // SAFETY: no JavaScript runs while the bytes are read, which alone could free or change them.
            #[allow(unsafe_code)]
            let bytes =
                unsafe { bytes.as_bytes() }.ok_or_else(|| Problem::Shape("the bytes were given away".to_owned()))?;
            return visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()));
        }
        let array = self.value.as_array().ok_or_else(|| self.misfit("an array"))?;
        visitor.visit_seq(Items { array, next: 0 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let object = self.value.as_object().ok_or_else(|| self.misfit("an object"))?;
        visitor.visit_map(Fields {
            object,
            fields: fields.iter(),
            value: None,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let (tag, value) = match self.value.as_object() {
            Some(object) if !self.value.is_string() => (object.get::<_, String>("tag")?, Some(object.get("val")?)),
            _ => (self.text()?, None),
        };
        visitor.visit_enum(Variant { tag, value })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u64 u128 char bytes byte_buf unit_struct newtype_struct tuple_struct map identifier ignored_any
    }
}

struct Items<'a, 'js> {
    array: &'a Array<'js>,
    next: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        if self.next >= self.array.len() {
            return Ok(None);
        }
        let value = self.array.get(self.next)?;
        self.next += 1;
        seed.deserialize(Deserializer { value }).map(Some)
    }
}

struct Fields<'a, 'js> {
    object: &'a Object<'js>,
    fields: std::slice::Iter<'static, &'static str>,
    value: Option<(&'static str, Value<'js>)>,
}

impl<'de> de::MapAccess<'de> for Fields<'_, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        for &field in self.fields.by_ref() {
            let value: Value<'_> = self.object.get(camel(field))?;
            // What is left out is missing; only options may be.
            if !value.is_undefined() {
                self.value = Some((field, value));
                return seed.deserialize(field.into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Problem> {
        let (field, value) = self.value.take().expect("a key comes before its value");
        seed.deserialize(Deserializer { value })
            .map_err(|problem| match problem {
                Problem::Shape(what) => Problem::Shape(format!("{}: {what}", camel(field))),
                script => script,
            })
    }
}

struct Variant<'js> {
    tag: String,
    value: Option<Value<'js>>,
}

impl<'de, 'js> de::EnumAccess<'de> for Variant<'js> {
    type Error = Problem;
    type Variant = Content<'js>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content<'js>), Problem> {
        let name = pascal(&self.tag);
        let variant = seed.deserialize(IntoDeserializer::<Problem>::into_deserializer(name))?;
        Ok((variant, Content(self.value)))
    }
}

struct Content<'js>(Option<Value<'js>>);

impl<'de> de::VariantAccess<'de> for Content<'_> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Problem> {
        let value = self
            .0
            .ok_or_else(|| Problem::Shape("expected { tag, val }".to_owned()))?;
        seed.deserialize(Deserializer { value })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, _visitor: V) -> Result<V::Value, Problem> {
        Err(Problem::Shape("the contract has no such variant".to_owned()))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Problem> {
        Err(Problem::Shape("the contract has no such variant".to_owned()))
    }
}
