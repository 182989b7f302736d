//! `wrt:workflow/activity`: work outside of the sandbox.

use wasmtime::Result;
use wrt_model::proto::{ActivityType, TaskQueue, command::ScheduleActivityTaskCommandAttributes, enums::TaskQueueKind};

use super::{
    convert::{duration_from_wit, header_from_wit, payloads_from_wit, priority_from_wit, retry_policy_from_wit},
    state::RunState,
};
use crate::bindings::workflow::imports::{
    activity::{ActivityOptions, Host},
    types::Payload,
};

impl Host for RunState {
    fn schedule(&mut self, activity_type: String, input: Vec<Payload>, mut options: ActivityOptions) -> Result<u32> {
        let summary = options.summary.take();
        let task_queue = options.task_queue.take().unwrap_or_else(|| self.task_queue.clone());
        self.ledger.schedule_activity(
            |seq| ScheduleActivityTaskCommandAttributes {
                activity_id: options.activity_id.unwrap_or_else(|| seq.to_string()),
                activity_type: Some(ActivityType { name: activity_type }),
                task_queue: Some(TaskQueue {
                    name: task_queue,
                    kind: TaskQueueKind::Normal.into(),
                    ..Default::default()
                }),
                header: header_from_wit(options.header),
                input: payloads_from_wit(input),
                schedule_to_close_timeout: options.schedule_to_close_timeout.map(duration_from_wit),
                schedule_to_start_timeout: options.schedule_to_start_timeout.map(duration_from_wit),
                start_to_close_timeout: options.start_to_close_timeout.map(duration_from_wit),
                heartbeat_timeout: options.heartbeat_timeout.map(duration_from_wit),
                retry_policy: options.retry_policy.map(retry_policy_from_wit),
                priority: options.priority.map(priority_from_wit),
                ..Default::default()
            },
            summary,
        )
    }

    fn request_cancel(&mut self, seq: u32) -> Result<()> {
        self.ledger.request_cancel_activity(seq)
    }
}
