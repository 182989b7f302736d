//! Page tokens: where a page ended, bound to the list that it is a page of.

use serde::{Deserialize, Serialize};
use wrt_model::Digest;

use super::value::Value;
use crate::StoreError;

/// What a token holds, as JSON. Opaque to clients.
#[derive(Serialize, Deserialize)]
pub(super) struct PageToken {
    /// Which of the statements that make the list found the last run of the page.
    pub(super) part: usize,
    /// Where that run stands in the order of the statement.
    pub(super) after: Vec<Value>,
    /// Ties the position to namespace and query, and shows damage.
    seal: Digest,
}

impl PageToken {
    /// The token of a page that ends at this position.
    pub(super) fn seal(namespace_id: &str, query: &str, part: usize, after: Vec<Value>) -> Vec<u8> {
        let seal = seal(namespace_id, query, part, &after);
        serde_json::to_vec(&PageToken { part, after, seal }).expect("numbers and texts are JSON")
    }

    /// Reads a token; an error when it was not given out for this list.
    pub(super) fn open(bytes: &[u8], namespace_id: &str, query: &str) -> Result<Self, StoreError> {
        let token: PageToken = serde_json::from_slice(bytes).map_err(|_| StoreError::InvalidPageToken)?;
        match token.seal == seal(namespace_id, query, token.part, &token.after) {
            true => Ok(token),
            false => Err(StoreError::InvalidPageToken),
        }
    }
}

fn seal(namespace_id: &str, query: &str, part: usize, after: &[Value]) -> Digest {
    Digest::of(&serde_json::to_vec(&(namespace_id, query, part, after)).expect("numbers and texts are JSON"))
}
