//! One small workflow for each pattern that users look for; every module says which one it is, and tests it natively.

mod approval;
mod child_tree;
mod delegation;
mod entity;
mod fan_out;
mod file_processing;
mod lock;
mod pipeline;
mod polling;
mod pricing;
mod provisioning;
mod reminder;
mod report;
mod versions;

use std::time::Duration;

use wrt_sdk::{ActivityOptions, RetryPolicy};

wrt_sdk::export!(
    approval::Approval,
    child_tree::child_tree,
    delegation::Delegation,
    entity::Account,
    fan_out::fan_out,
    file_processing::file_processing,
    lock::Lock,
    lock::critical_section,
    pipeline::pipeline,
    polling::polling,
    pricing::pricing,
    provisioning::provision,
    reminder::Reminder,
    report::report,
    versions::greeting,
);

/// What all activities of the patterns are called with.
fn activity_options() -> ActivityOptions {
    ActivityOptions::new()
        .start_to_close_timeout(Duration::from_secs(60))
        .retry_policy(RetryPolicy::new().maximum_attempts(3))
}
