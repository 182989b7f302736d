//! Tasks, and the tokens by which a worker names the one it holds.

use prost::Message;

use crate::{Run, RunKey, WorkflowKey, run::WorkflowTask};

/// Names one attempt of one activity. Its encoding is the `task_token` of Temporal's API, opaque to workers.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ActivityToken {
    /// The namespace's id.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// The workflow's id.
    #[prost(string, tag = "2")]
    pub workflow_id: String,
    /// The run's id.
    #[prost(string, tag = "3")]
    pub run_id: String,
    /// The event that scheduled the activity.
    #[prost(int64, tag = "4")]
    pub scheduled_event_id: i64,
    /// The attempt, from 1.
    #[prost(int32, tag = "5")]
    pub attempt: i32,
    /// The sequence number of a local activity, which no event has scheduled; else 0.
    #[prost(uint32, tag = "6")]
    pub local_seq: u32,
}

impl ActivityToken {
    /// The token of an attempt of an activity of this run.
    pub fn of(run: &Run, scheduled_event_id: i64, attempt: i32) -> Self {
        ActivityToken {
            namespace_id: run.namespace_id.clone(),
            workflow_id: run.workflow_id.clone(),
            run_id: run.run_id.clone(),
            scheduled_event_id,
            attempt,
            local_seq: 0,
        }
    }

    /// The token of an attempt of a local activity of this run. No call takes it: the server runs the attempt itself.
    pub fn of_local(run: &Run, seq: u32, attempt: i32) -> Self {
        ActivityToken {
            local_seq: seq,
            ..ActivityToken::of(run, 0, attempt)
        }
    }

    /// The same for every attempt of one activity: the run and the event that scheduled it, because ids may be used again
    /// within a run; or the run and the number of a local activity.
    pub fn idempotency_key(&self) -> String {
        match self.local_seq {
            0 => format!("{}/{}", self.run_id, self.scheduled_event_id),
            seq => format!("{}/local-{seq}", self.run_id),
        }
    }

    /// The run that the activity belongs to.
    pub fn run_key(&self) -> RunKey {
        RunKey::new(
            WorkflowKey::new(self.namespace_id.clone(), self.workflow_id.clone()),
            self.run_id.clone(),
        )
    }

    /// The token's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// Reads a token; `None` for bytes that are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::decode(bytes)
            .ok()
            .filter(|token| !token.run_id.is_empty() && token.scheduled_event_id > 0)
    }
}

/// Names one attempt of one workflow task, or a query that is asked outside of one. Its encoding is the `task_token` of
/// Temporal's API, opaque to workers.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct WorkflowTaskToken {
    /// The namespace's id.
    #[prost(string, tag = "1")]
    pub namespace_id: String,
    /// The workflow's id.
    #[prost(string, tag = "2")]
    pub workflow_id: String,
    /// The run's id.
    #[prost(string, tag = "3")]
    pub run_id: String,
    /// The `scheduled` event, or the id that it will get.
    #[prost(int64, tag = "11")]
    pub scheduled_event_id: i64,
    /// The `started` event, likewise.
    #[prost(int64, tag = "12")]
    pub started_event_id: i64,
    /// The attempt, from 1.
    #[prost(int32, tag = "13")]
    pub attempt: i32,
    /// When the attempt started, in nanoseconds since the epoch.
    #[prost(int64, tag = "14")]
    pub started_ns: i64,
    /// The query; 0 for a workflow task.
    #[prost(uint64, tag = "15")]
    pub query_id: u64,
}

impl WorkflowTaskToken {
    /// The token of the workflow task that has been started.
    pub fn of(run: &Run, task: &WorkflowTask) -> Self {
        WorkflowTaskToken {
            scheduled_event_id: task.scheduled_event_id,
            started_event_id: task.started_event_id,
            attempt: task.attempt,
            started_ns: task.started_ns,
            ..WorkflowTaskToken::of_query(run.key(), 0)
        }
    }

    /// The token of a query.
    pub fn of_query(run: RunKey, query_id: u64) -> Self {
        WorkflowTaskToken {
            namespace_id: run.workflow.namespace_id,
            workflow_id: run.workflow.workflow_id,
            run_id: run.run_id,
            query_id,
            ..Default::default()
        }
    }

    /// True when it names this very attempt.
    pub fn names(&self, task: &WorkflowTask) -> bool {
        task.is_started()
            && (
                self.scheduled_event_id,
                self.started_event_id,
                self.attempt,
                self.started_ns,
            ) == (
                task.scheduled_event_id,
                task.started_event_id,
                task.attempt,
                task.started_ns,
            )
    }

    /// The run that it belongs to.
    pub fn run_key(&self) -> RunKey {
        RunKey::new(
            WorkflowKey::new(self.namespace_id.clone(), self.workflow_id.clone()),
            self.run_id.clone(),
        )
    }

    /// The token's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// Reads a token; `None` for bytes that are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::decode(bytes)
            .ok()
            .filter(|token| !token.run_id.is_empty() && (token.started_event_id > 0 || token.query_id > 0))
    }
}
