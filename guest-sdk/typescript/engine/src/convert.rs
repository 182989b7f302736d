//! Records of the contract as values of JavaScript, and back.
//!
//! | in WIT | in JavaScript |
//! | --- | --- |
//! | record | an object, its fields in camelCase |
//! | variant, result | `{ tag, val }`; tags as WIT spells them, of results `ok` and `err` |
//! | enum | its name as WIT spells it |
//! | option | the value, or `null`; `undefined` is read, too |
//! | `list<u8>` | a `Uint8Array` |
//! | other lists, tuples | an array |

mod de;
mod ser;

use rquickjs::{Ctx, Exception, Value};
use serde::{Serialize, de::DeserializeOwned};

/// A value of Rust as one of JavaScript.
pub(crate) fn to_js<'js>(ctx: &Ctx<'js>, value: &impl Serialize) -> rquickjs::Result<Value<'js>> {
    value
        .serialize(ser::Serializer { ctx })
        .map_err(|error| error.throw(ctx))
}

/// A value of JavaScript as one of Rust. Throws a `TypeError` that says what does not fit.
pub(crate) fn from_js<'js, T: DeserializeOwned>(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<T> {
    T::deserialize(de::Deserializer { value }).map_err(|error| error.throw(ctx))
}

/// What is wrong with a value.
#[derive(Debug)]
enum Problem {
    Script(rquickjs::Error),
    Shape(String),
}

impl Problem {
    fn throw(self, ctx: &Ctx<'_>) -> rquickjs::Error {
        match self {
            Problem::Script(error) => error,
            Problem::Shape(what) => Exception::throw_type(ctx, &what),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Problem::Script(error) => error.fmt(out),
            Problem::Shape(what) => out.write_str(what),
        }
    }
}

impl std::error::Error for Problem {}

impl From<rquickjs::Error> for Problem {
    fn from(error: rquickjs::Error) -> Self {
        Problem::Script(error)
    }
}

impl serde::ser::Error for Problem {
    fn custom<T: std::fmt::Display>(what: T) -> Self {
        Problem::Shape(what.to_string())
    }
}

impl serde::de::Error for Problem {
    fn custom<T: std::fmt::Display>(what: T) -> Self {
        Problem::Shape(what.to_string())
    }
}

/// `start_to_close_timeout` as `startToCloseTimeout`.
fn camel(field: &str) -> String {
    let mut camel = String::with_capacity(field.len());
    let mut upper = false;
    for letter in field.chars() {
        match (letter, upper) {
            ('_', _) => upper = true,
            (letter, true) => {
                camel.push(letter.to_ascii_uppercase());
                upper = false;
            }
            (letter, false) => camel.push(letter),
        }
    }
    camel
}

/// `TimerFired` as `timer-fired`.
fn kebab(variant: &str) -> String {
    let mut kebab = String::with_capacity(variant.len() + 4);
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

/// `timer-fired` as `TimerFired`.
fn pascal(tag: &str) -> String {
    let words = tag.split('-');
    words
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        })
        .collect()
}
