//! Activities that have not ended.

use crate::{
    proto::{Failure, Payloads, Priority, RetryPolicy, WorkerDeploymentVersion, activity::ActivityOptions},
    run::Pause,
};

/// An activity that has not ended.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Activity {
    /// Unique among the open activities of the run.
    #[prost(string, tag = "1")]
    pub activity_id: String,
    /// The activity's type.
    #[prost(string, tag = "2")]
    pub activity_type: String,
    /// The task queue whose workers take it.
    #[prost(string, tag = "3")]
    pub task_queue: String,
    /// Where it stands.
    #[prost(enumeration = "ActivityState", tag = "4")]
    pub state: i32,
    /// Names the current attempt: it only grows. How often it was tried is [`Activity::attempt_number`].
    #[prost(int32, tag = "5")]
    pub attempt: i32,
    /// When the activity was scheduled.
    #[prost(int64, tag = "6")]
    pub scheduled_ns: i64,
    /// When the current attempt may start.
    #[prost(int64, tag = "7")]
    pub attempt_scheduled_ns: i64,
    /// When the current attempt started; 0 before.
    #[prost(int64, tag = "8")]
    pub started_ns: i64,
    /// The worker that holds the current attempt.
    #[prost(string, tag = "9")]
    pub identity: String,
    /// The poll that took the current attempt; the same poll again gets the same attempt.
    #[prost(string, tag = "10")]
    pub started_request_id: String,
    /// From scheduling to the end over all attempts, in nanoseconds; 0 for unlimited.
    #[prost(int64, tag = "11")]
    pub schedule_to_close_ns: i64,
    /// The longest wait for a worker, in nanoseconds; 0 for unlimited.
    #[prost(int64, tag = "12")]
    pub schedule_to_start_ns: i64,
    /// The longest attempt, in nanoseconds; 0 for unlimited.
    #[prost(int64, tag = "13")]
    pub start_to_close_ns: i64,
    /// The longest silence, in nanoseconds; 0 when no heartbeats are expected.
    #[prost(int64, tag = "14")]
    pub heartbeat_timeout_ns: i64,
    /// Attempts and waits, with every default filled in.
    #[prost(message, optional, tag = "15")]
    pub retry_policy: Option<RetryPolicy>,
    /// How the attempt before ended.
    #[prost(message, optional, tag = "16")]
    pub last_failure: Option<Failure>,
    /// The worker that held the attempt before.
    #[prost(string, tag = "17")]
    pub last_identity: String,
    /// What the last heartbeat said; the next attempt gets it.
    #[prost(message, optional, tag = "18")]
    pub heartbeat_details: Option<Payloads>,
    /// When the last heartbeat of the current attempt came; 0 for none.
    #[prost(int64, tag = "19")]
    pub heartbeat_ns: i64,
    /// The event that asked it to stop; 0 for none.
    #[prost(int64, tag = "20")]
    pub cancel_requested_event_id: i64,
    /// The current attempt runs inside the server: it ends with the server's process.
    #[prost(bool, tag = "21")]
    pub in_process: bool,
    /// Importance among the tasks of its queue.
    #[prost(message, optional, tag = "22")]
    pub priority: Option<Priority>,
    /// The next attempt waits for its time and has not been handed out.
    #[prost(bool, tag = "23")]
    pub backing_off: bool,
    /// Attempts that do not count: those before a reset, and those that were called back before a worker took them.
    #[prost(int32, tag = "24")]
    pub skipped_attempts: i32,
    /// Why no further attempt begins; absent while it is not paused itself.
    #[prost(message, optional, tag = "25")]
    pub pause: Option<Pause>,
    /// It was reset while the current attempt ran, whose worker is told so.
    #[prost(bool, tag = "26")]
    pub reset_requested: bool,
    /// With the reset, what heartbeats have said is forgotten.
    #[prost(bool, tag = "27")]
    pub resets_heartbeat: bool,
    /// The options that it was scheduled with, once others have taken their place.
    #[prost(message, optional, tag = "28")]
    pub original_options: Option<ActivityOptions>,
    /// When the attempt before ended; 0 for none.
    #[prost(int64, tag = "29")]
    pub last_attempt_complete_ns: i64,
    /// The version of the worker that took the last attempt; absent for one without a version.
    #[prost(message, optional, tag = "30")]
    pub last_deployment_version: Option<WorkerDeploymentVersion>,
}

/// Where an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum ActivityState {
    /// Waits for a worker, or for the time of its next attempt.
    Scheduled = 0,
    /// A worker holds it.
    Started = 1,
}

impl Activity {
    /// True while a worker holds it.
    pub fn is_started(&self) -> bool {
        self.state() == ActivityState::Started
    }

    /// How often it has been tried since it was scheduled or reset, from 1.
    pub fn attempt_number(&self) -> i32 {
        self.attempt - self.skipped_attempts
    }

    /// Lets the current attempt count as the first.
    pub fn restart_attempts(&mut self) {
        self.skipped_attempts = self.attempt - 1;
    }

    /// Calls an attempt back that no worker has taken: whoever finds its task in a queue does not get it.
    pub fn recall(&mut self) {
        self.attempt += 1;
        self.skipped_attempts += 1;
    }
}
