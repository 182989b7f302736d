//! `wrt:workflow/activity`: work outside of the sandbox.

use wasmtime::{Result, bail};
use wrt_model::proto::{
    ActivityType, CommandAttributes, TaskQueue,
    command::{RequestCancelActivityTaskCommandAttributes, ScheduleActivityTaskCommandAttributes},
    enums::TaskQueueKind,
};

use super::{
    convert::{duration_from_wit, header_from_wit, payloads_from_wit, priority_from_wit, retry_policy_from_wit},
    ledger::{Ledger, OpenKind},
    state::RunState,
};
use crate::bindings::workflow::imports::{
    activity::{ActivityOptions, Host, LocalActivityOptions},
    types::Payload,
};

impl Host for RunState {
    fn schedule(&mut self, activity_type: String, input: Vec<Payload>, mut options: ActivityOptions) -> Result<u32> {
        let summary = options.summary.take();
        let task_queue = options.task_queue.take().unwrap_or_else(|| self.task_queue.clone());
        let activity_id = options.activity_id.unwrap_or_else(|| self.ledger.next_seq.to_string());
        let attributes = ScheduleActivityTaskCommandAttributes {
            activity_id: activity_id.clone(),
            activity_type: Some(ActivityType {
                name: activity_type.clone(),
            }),
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
        };
        self.ledger.open(
            CommandAttributes::ScheduleActivityTaskCommandAttributes(attributes),
            summary,
            OpenKind::Activity {
                activity_id,
                activity_type,
                cancel_requested: false,
            },
        )
    }

    fn schedule_local(
        &mut self,
        activity_type: String,
        input: Vec<Payload>,
        options: LocalActivityOptions,
    ) -> Result<u32> {
        self.schedule_local_activity(activity_type, input, options)
    }

    fn request_cancel(&mut self, seq: u32) -> Result<()> {
        if self.ledger.cancel_local_activity(seq) {
            return Ok(());
        }
        self.ledger.request_cancel_activity(seq)
    }
}

impl Ledger {
    /// Does nothing when the activity has resolved or was asked before.
    fn request_cancel_activity(&mut self, seq: u32) -> Result<()> {
        let scheduled_event_id = match self.open_by_seq(seq)? {
            None => return Ok(()),
            Some((event_id, OpenKind::Activity { cancel_requested, .. })) => {
                if std::mem::replace(cancel_requested, true) {
                    return Ok(());
                }
                event_id
            }
            Some(_) => bail!("activity.request-cancel: command {seq} is not an activity"),
        };
        let attributes = RequestCancelActivityTaskCommandAttributes { scheduled_event_id };
        self.issue(
            CommandAttributes::RequestCancelActivityTaskCommandAttributes(attributes),
            None,
        )
        .map(drop)
    }
}
