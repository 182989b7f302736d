//! VALUEs: JSON in which a text that begins with `$` stands for a variable.

use serde_json::Value;

/// The value with its variables filled in.
pub(crate) fn evaluate(written: &Value, variable: &dyn Fn(&str) -> Value) -> Value {
    match written {
        Value::String(text) => match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => Value::from(rest),
            Some(path) => field(path, variable),
            None => written.clone(),
        },
        Value::Array(items) => items.iter().map(|item| evaluate(item, variable)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), evaluate(value, variable)))
                .collect()
        }
        _ => written.clone(),
    }
}

/// `name.field.field`; a number is an index of a list. Null where there is nothing.
fn field(path: &str, variable: &dyn Fn(&str) -> Value) -> Value {
    let mut words = path.split('.');
    let whole = variable(words.next().unwrap_or_default());
    words.fold(whole, |value, word| match (&value, word.parse::<usize>()) {
        (Value::Array(items), Ok(index)) => items.get(index).cloned().unwrap_or_default(),
        _ => value.get(word).cloned().unwrap_or_default(),
    })
}

/// Whether two values are the same; numbers are compared as such, 1 is 1.0.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, value): (&String, &Value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

/// The sum of two numbers, of which null is 0; a whole number where both are.
pub(crate) fn sum(left: &Value, right: &Value) -> Value {
    let whole = |value: &Value| if value.is_null() { Some(0) } else { value.as_i64() };
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Value::from(left + right),
        _ => Value::from(left.as_f64().unwrap_or(0.0) + right.as_f64().unwrap_or(0.0)),
    }
}
