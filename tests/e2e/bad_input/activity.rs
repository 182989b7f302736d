//! Polls, and reports about activities.

use anyhow::Result;
use wrt_model::{
    proto::{Failure, TaskQueue, workflowservice::*},
    task::ActivityToken,
};
use wrt_tests::polling;

use super::{SOME_RUN_ID, long, refused};
use crate::with_contract;

#[tokio::test]
async fn activities() -> Result<()> {
    with_contract(async |server| {
        let mut client = server.client().temporal();
        let namespace = || "default".to_owned();
        let never_given = ActivityToken {
            namespace_id: "nowhere".to_owned(),
            workflow_id: "w".to_owned(),
            run_id: SOME_RUN_ID.to_owned(),
            scheduled_event_id: 5,
            attempt: 1,
            ..Default::default()
        }
        .to_bytes();
        let complete = |task_token: Vec<u8>| RespondActivityTaskCompletedRequest {
            namespace: namespace(),
            task_token,
            ..Default::default()
        };
        refused!(
            client,
            respond_activity_task_completed,
            [
                (complete(Vec::new()), InvalidArgument, "Task token not set"),
                (
                    complete(b"garbage".to_vec()),
                    InvalidArgument,
                    "Error deserializing task token"
                ),
                (complete(never_given.clone()), InvalidArgument, "different namespace"),
            ]
        );
        let fail = |task_token: Vec<u8>| RespondActivityTaskFailedRequest {
            namespace: namespace(),
            task_token,
            failure: Some(Failure::default()),
            ..Default::default()
        };
        refused!(
            client,
            respond_activity_task_failed,
            [
                (fail(Vec::new()), InvalidArgument, "Task token not set"),
                (fail(never_given.clone()), InvalidArgument, "different namespace")
            ]
        );
        let cancel = RespondActivityTaskCanceledRequest::default();
        refused!(
            client,
            respond_activity_task_canceled,
            [(cancel, InvalidArgument, "Task token not set")]
        );
        let heartbeat = RecordActivityTaskHeartbeatRequest {
            task_token: b"garbage".to_vec(),
            ..Default::default()
        };
        refused!(
            client,
            record_activity_task_heartbeat,
            [(heartbeat, InvalidArgument, "Error deserializing")]
        );
        let by_id = |workflow_id: &str, activity_id: &str| RespondActivityTaskCompletedByIdRequest {
            namespace: namespace(),
            workflow_id: workflow_id.to_owned(),
            activity_id: activity_id.to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            respond_activity_task_completed_by_id,
            [
                (by_id("", "a"), InvalidArgument, "WorkflowId is not set"),
                (by_id("w", ""), InvalidArgument, "ActivityId is not set"),
                (by_id("nobody", "a"), NotFound, "nobody"),
            ]
        );
        let poll = |namespace: &str, name: &str| {
            polling(PollActivityTaskQueueRequest {
                namespace: namespace.to_owned(),
                task_queue: Some(TaskQueue {
                    name: name.to_owned(),
                    ..Default::default()
                }),
                ..Default::default()
            })
        };
        refused!(
            client,
            poll_activity_task_queue,
            [
                (poll("default", ""), InvalidArgument, "TaskQueue is not set"),
                (poll("default", &long()), InvalidArgument, "TaskQueue exceeds"),
                (poll("nowhere", "q"), NotFound, "Namespace nowhere is not found."),
            ]
        );
        Ok(())
    })
    .await
}
