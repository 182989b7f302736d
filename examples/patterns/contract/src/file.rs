//! Files that are processed on the disk of one worker.

use wrt_sdk::{ActivityContext, Result, activities};

/// The task queue that every file worker polls, beside one of its own.
pub const FILE_WORKERS: &str = "file-workers";

/// What file workers do. Paths are those of the worker's own disk, so they mean nothing to any other worker.
#[activities]
pub trait FileActivities {
    /// The task queue that only the worker polls which runs this.
    fn own_task_queue(ctx: &ActivityContext) -> Result<String>;

    /// Fetches a file; tells where it lies.
    fn download(ctx: &ActivityContext, source: String) -> Result<String>;

    /// Makes another file of it; tells where that lies.
    fn process(ctx: &ActivityContext, path: String) -> Result<String>;

    /// Brings a file to where it is wanted; tells how many bytes it has.
    fn upload(ctx: &ActivityContext, path: String, destination: String) -> Result<u64>;
}
