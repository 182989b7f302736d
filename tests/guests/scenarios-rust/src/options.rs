//! Options of activities, children, and runs that follow.

use std::time::Duration;

use serde_json::Value;
use wrt_sdk::{
    ActivityOptions, Arguments, CancellationType, ChildWorkflowCancellationType, ChildWorkflowOptions,
    ContinueAsNewOptions, Failure, Memo, ParentClosePolicy, Payload, RetryPolicy, ToPayload, WorkflowIdReusePolicy,
};

use crate::program::Frame;

/// Arguments whose number is not known before.
pub(crate) struct Values(pub(crate) Vec<Value>);

impl Arguments for Values {
    fn encode(&self) -> Result<Vec<Payload>, Failure> {
        self.0.iter().map(Value::to_payload).collect()
    }
}

/// What is so many milliseconds long.
pub(crate) fn span(milliseconds: &Value) -> Option<Duration> {
    milliseconds
        .as_f64()
        .map(|milliseconds| Duration::from_secs_f64(milliseconds / 1000.0))
}

/// Sets what the options of a program name, and nothing else.
macro_rules! set {
    ($options:ident, $($name:ident = $value:expr;)+) => {
        $(if let Some(value) = $value { $options = $options.$name(value); })+
    };
}

impl Frame {
    fn text(&self, written: &Value) -> Option<String> {
        self.value(written).as_str().map(str::to_owned)
    }

    pub(crate) fn activity_options(&self, written: &Value) -> ActivityOptions {
        let mut options = ActivityOptions::new();
        set! { options,
            activity_id = self.text(&written["activity_id"]);
            task_queue = self.text(&written["task_queue"]);
            schedule_to_close_timeout = span(&written["schedule_to_close_ms"]);
            schedule_to_start_timeout = span(&written["schedule_to_start_ms"]);
            start_to_close_timeout = span(&written["start_to_close_ms"]);
            heartbeat_timeout = span(&written["heartbeat_ms"]);
            summary = self.text(&written["summary"]);
            retry_policy = retry_policy(&written["retry"]);
            cancellation_type = match written["cancellation"].as_str() {
                Some("wait") => Some(CancellationType::WaitCancellationCompleted),
                Some("abandon") => Some(CancellationType::Abandon),
                _ => None,
            };
        }
        let timeouts = ["start_to_close_ms", "schedule_to_close_ms"];
        if timeouts.iter().all(|timeout| written[*timeout].is_null()) {
            options = options.start_to_close_timeout(Duration::from_secs(10));
        }
        options
    }

    pub(crate) fn child_options(&self, written: &Value) -> ChildWorkflowOptions {
        let mut options = ChildWorkflowOptions::new();
        set! { options,
            workflow_id = self.text(&written["workflow_id"]);
            task_queue = self.text(&written["task_queue"]);
            execution_timeout = span(&written["execution_timeout_ms"]);
            run_timeout = span(&written["run_timeout_ms"]);
            task_timeout = span(&written["task_timeout_ms"]);
            retry_policy = retry_policy(&written["retry"]);
            cron_schedule = self.text(&written["cron"]);
            memo = self.memo(&written["memo"]);
            parent_close_policy = match written["parent_close"].as_str() {
                Some("abandon") => Some(ParentClosePolicy::Abandon),
                Some("cancel") => Some(ParentClosePolicy::RequestCancel),
                _ => None,
            };
            id_reuse_policy = match written["id_reuse"].as_str() {
                Some("failed_only") => Some(WorkflowIdReusePolicy::AllowDuplicateFailedOnly),
                Some("reject") => Some(WorkflowIdReusePolicy::RejectDuplicate),
                _ => None,
            };
        }
        options.cancellation_type(match written["cancellation"].as_str() {
            Some("wait") => ChildWorkflowCancellationType::WaitCancellationCompleted,
            Some("abandon") => ChildWorkflowCancellationType::Abandon,
            _ => ChildWorkflowCancellationType::TryCancel,
        })
    }

    pub(crate) fn continue_options(&self, written: &Value) -> ContinueAsNewOptions {
        let mut options = ContinueAsNewOptions::new();
        set! { options,
            workflow_type = self.text(&written["workflow_type"]);
            task_queue = self.text(&written["task_queue"]);
            run_timeout = span(&written["run_timeout_ms"]);
            task_timeout = span(&written["task_timeout_ms"]);
            memo = self.memo(&written["memo"]);
        }
        options
    }

    /// Fields of a memo; one that is null is removed.
    pub(crate) fn memo(&self, written: &Value) -> Option<Memo> {
        let mut fields = written.as_object()?.iter();
        fields.try_fold(Memo::new(), |memo, (name, written)| match self.value(written) {
            Value::Null => Some(memo.remove(name)),
            value => Some(memo.set(name, &value).expect("JSON can be encoded")),
        })
    }
}

fn retry_policy(written: &Value) -> Option<RetryPolicy> {
    written.as_object()?;
    let mut policy = RetryPolicy::new();
    set! { policy,
        initial_interval = span(&written["initial_ms"]);
        backoff_coefficient = written["backoff"].as_f64();
        maximum_interval = span(&written["maximum_ms"]);
        maximum_attempts = written["maximum_attempts"].as_u64().and_then(|attempts| u32::try_from(attempts).ok());
    }
    let types = written["non_retryable"].as_array().into_iter().flatten();
    let types = types.filter_map(Value::as_str);
    Some(types.fold(policy, |policy, failure_type| policy.non_retryable(failure_type)))
}
