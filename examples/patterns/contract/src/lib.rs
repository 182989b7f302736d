//! What the pattern workflows and their activities agree upon.

mod file;

use serde::{Deserialize, Serialize};
use wrt_sdk::{ActivityContext, Result, activities};

pub use file::{FILE_WORKERS, FileActivities, FileActivitiesStub};

/// Work that the patterns need done.
#[activities]
pub trait PatternActivities {
    /// Squares a number.
    fn square(ctx: &ActivityContext, number: u64) -> Result<u64>;

    /// Cuts a text into words.
    fn extract(ctx: &ActivityContext, source: String) -> Result<Vec<String>>;

    /// Brings words into one form. Fails with `BadWord` for words that no retry makes better.
    fn transform(ctx: &ActivityContext, words: Vec<String>) -> Result<Vec<String>>;

    /// Counts words.
    fn load(ctx: &ActivityContext, words: Vec<String>) -> Result<usize>;

    /// What one hundred of a currency are worth in euros. Fails with `UnknownCurrency` for one that is not traded; the
    /// service fails twice before it knows about yen.
    fn exchange_rate(ctx: &ActivityContext, currency: String) -> Result<u64>;

    /// Looks at a job until it is done, and tells how far it is with each look. Another attempt goes on from there.
    fn watch_job(ctx: &ActivityContext, looks: u32) -> Result<u32>;

    /// Makes a resource. Fails with `Refused` for the kind `broken`.
    fn create_resource(ctx: &ActivityContext, kind: String) -> Result<Resource>;

    /// Undoes `create_resource`.
    fn delete_resource(ctx: &ActivityContext, resource: Resource) -> Result<()>;
}

/// Something that was made and can be taken away again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is.
    pub kind: String,
    /// Its name.
    pub id: String,
}
