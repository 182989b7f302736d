//! Page tokens: where a page ended, bound to the list that it is a page of.

use serde::{Deserialize, Serialize};
use wrt_model::Digest;

use super::attribute::{Attribute, Value};
use crate::StoreError;

/// What a token holds, as JSON. Opaque to clients.
#[derive(Serialize, Deserialize)]
pub(super) struct PageToken {
    /// Where the last run of the page stands in the order of the list.
    after: Vec<Value>,
    /// Ties the position to namespace and query, and shows damage.
    seal: Digest,
}

impl PageToken {
    /// The token of a page that ends at this position.
    pub(super) fn seal(namespace_id: &str, query: &str, after: Vec<Value>) -> Vec<u8> {
        let seal = seal(namespace_id, query, &after);
        serde_json::to_vec(&PageToken { after, seal }).expect("numbers and texts are JSON")
    }

    /// The position in a token; an error when it was not given out for this list.
    pub(super) fn open(
        bytes: &[u8],
        namespace_id: &str,
        query: &str,
        order: &[Attribute],
    ) -> Result<Vec<Value>, StoreError> {
        let token: PageToken = serde_json::from_slice(bytes).map_err(|_| StoreError::InvalidPageToken)?;
        let fits = token.after.len() == order.len()
            && token.after.iter().zip(order).all(|(value, attribute)| match value {
                Value::Number(_) => !attribute.is_text(),
                Value::Text(_) => attribute.is_text(),
            });
        match fits && token.seal == seal(namespace_id, query, &token.after) {
            true => Ok(token.after),
            false => Err(StoreError::InvalidPageToken),
        }
    }
}

fn seal(namespace_id: &str, query: &str, after: &[Value]) -> Digest {
    Digest::of(&serde_json::to_vec(&(namespace_id, query, after)).expect("numbers and texts are JSON"))
}
