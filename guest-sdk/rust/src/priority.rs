//! Who goes first among tasks that wait in the same queue.

/// The importance of a task among those that wait in the same queue.
///
/// ```
/// use wrt_sdk::{Context, Priority, Result};
///
/// # async fn example(ctx: Context) -> Result<()> {
/// let urgent = Priority::key(1).fairness("tenant-7", 2.0);
/// ctx.activity::<()>("Page", ()).priority(urgent).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Priority {
    /// 1 goes first; 0 stands for the default.
    pub priority_key: u32,
    /// Tasks share a queue fairly by this key.
    pub fairness_key: String,
    /// The share of the fairness key, 0 for the default of 1.
    pub fairness_weight: f32,
}

impl Priority {
    /// A rank: 1 goes first.
    pub fn key(priority_key: u32) -> Self {
        Priority {
            priority_key,
            ..Priority::default()
        }
    }

    /// Shares the queue with the other keys, by weight.
    #[must_use]
    pub fn fairness(mut self, key: impl Into<String>, weight: f32) -> Self {
        self.fairness_key = key.into();
        self.fairness_weight = weight;
        self
    }
}
