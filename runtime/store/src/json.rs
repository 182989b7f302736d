//! Values that are stored as JSON.

use serde::{Serialize, de::DeserializeOwned};

use crate::StoreError;

/// The value as JSON text.
pub(crate) fn encode(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the model's types have string keys and cannot fail")
}

/// Reads a stored value back; `what` names it in the error.
pub(crate) fn decode<T: DeserializeOwned>(text: &str, what: impl FnOnce() -> String) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        what: what(),
        cause: error.to_string(),
    })
}
