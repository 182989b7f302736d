//! What a queue says about itself.

use std::collections::BTreeMap;

use wrt_model::proto::{
    enums::RateLimitSource,
    taskqueue::{PollerInfo, TaskQueueStats},
};

/// The tasks a second of whoever has no limit, where an answer cannot say "none".
pub const UNLIMITED_RATE: f64 = 100_000.0;

/// Figures by priority key, of those that have been used.
pub(crate) type Backlog = BTreeMap<i32, TaskQueueStats>;

/// What a queue says about itself.
#[derive(Default)]
pub(crate) struct QueueDescription {
    /// Who polls, or has lately.
    pub(crate) pollers: Vec<PollerInfo>,
    /// The tasks that wait, come and go.
    pub(crate) backlog: Backlog,
    /// The limit in tasks a second, and who has set it.
    pub(crate) limit: Option<(f64, RateLimitSource)>,
}

impl QueueDescription {
    /// The figures of all priority keys together.
    pub(crate) fn total(&self) -> TaskQueueStats {
        let sum = |sum: TaskQueueStats, one: &TaskQueueStats| TaskQueueStats {
            approximate_backlog_count: sum.approximate_backlog_count + one.approximate_backlog_count,
            approximate_backlog_age: longer(sum.approximate_backlog_age, one.approximate_backlog_age),
            tasks_add_rate: sum.tasks_add_rate + one.tasks_add_rate,
            tasks_dispatch_rate: sum.tasks_dispatch_rate + one.tasks_dispatch_rate,
            rate_limiting_active: sum.rate_limiting_active || one.rate_limiting_active,
        };
        self.backlog.values().fold(TaskQueueStats::default(), sum)
    }
}

/// The longer one of two spans.
pub(super) fn longer(
    a: Option<prost_types::Duration>,
    b: Option<prost_types::Duration>,
) -> Option<prost_types::Duration> {
    [a, b]
        .into_iter()
        .flatten()
        .max_by_key(|span| (span.seconds, span.nanos))
}
