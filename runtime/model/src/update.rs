//! Updates: requests that change a run and wait for an answer.

use crate::proto::update;

/// The id of an update.
pub fn update_id(request: &update::Request) -> &str {
    request.meta.as_ref().map_or("", |meta| &meta.update_id)
}
