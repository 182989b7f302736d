//! Checks at the door: what passes them is trusted inside. Messages are Temporal's where Temporal has one.

pub(crate) mod schedule;
pub(crate) mod start;

use prost::Message;
use prost_types::Duration;
use uuid::Uuid;
use wrt_model::{
    Limits,
    limits::ID_BYTES,
    proto::{Memo, Payloads, TaskQueue, WorkflowExecution, enums::TaskQueueKind},
    time::is_negative,
};

use crate::error::ApiError;

/// Task queues whose names begin like this belong to the server.
const RESERVED_TASK_QUEUE_PREFIX: &str = "/_sys/";

/// The outcome of a check.
pub(crate) type Checked<T = ()> = Result<T, ApiError>;

/// A request that is wrong in itself.
pub(crate) fn invalid<T>(message: impl Into<String>) -> Checked<T> {
    Err(ApiError::InvalidArgument(message.into()))
}

/// An id or name that has to be there. `field` is its name in errors, as in Temporal's: `WorkflowId`.
pub(crate) fn required(field: &str, value: &str) -> Checked {
    if value.is_empty() {
        return invalid(format!("{field} is not set on request."));
    }
    bounded(field, value)
}

/// An id or name that may be empty.
pub(crate) fn bounded(field: &str, value: &str) -> Checked {
    if value.len() > ID_BYTES {
        return invalid(format!(
            "{field} exceeds maximum allowed length ({}/{ID_BYTES})",
            value.len()
        ));
    }
    Ok(())
}

/// A run id: a UUID, or empty for the current run.
pub(crate) fn run_id(value: &str) -> Checked {
    if value.is_empty() || Uuid::try_parse(value).is_ok() {
        Ok(())
    } else {
        invalid("Invalid RunId.")
    }
}

/// The execution that a request is about.
pub(crate) fn execution(execution: Option<WorkflowExecution>) -> Checked<WorkflowExecution> {
    let Some(execution) = execution else {
        return invalid("Execution is not set on request.");
    };
    required("WorkflowId", &execution.workflow_id)?;
    run_id(&execution.run_id)?;
    Ok(execution)
}

/// A task queue that a user named.
pub(crate) fn task_queue(queue: Option<&TaskQueue>) -> Checked {
    let Some(queue) = queue else {
        return invalid("TaskQueue is not set on request.");
    };
    required("TaskQueue", &queue.name)?;
    if queue.name.starts_with(RESERVED_TASK_QUEUE_PREFIX) {
        return invalid(format!(
            "task queue name cannot start with reserved prefix {RESERVED_TASK_QUEUE_PREFIX}"
        ));
    }
    match choice("TaskQueue.Kind", queue.kind)? {
        // Temporal takes the name of a sticky queue for that of a normal one, too.
        TaskQueueKind::Unspecified | TaskQueueKind::Normal | TaskQueueKind::Sticky => Ok(()),
        TaskQueueKind::WorkerCommands => invalid(format!("TaskQueue {} has to be of the normal kind.", queue.name)),
    }
}

/// Payloads of a request.
pub(crate) fn blob(field: &str, payloads: Option<&Payloads>, limits: &Limits) -> Checked {
    let (size, limit) = (wrt_model::payload::size(payloads), limits.blob_size_error);
    if size as u64 > limit {
        return invalid(format!(
            "Blob data size exceeds limit. {field} has {size} bytes, blob_size_error allows {limit}."
        ));
    }
    Ok(())
}

/// The memo of a workflow or a schedule.
pub(crate) fn memo(memo: Option<&Memo>, limits: &Limits) -> Checked {
    let (size, limit) = (memo.map_or(0, Message::encoded_len), limits.memo_size_error);
    if size as u64 > limit {
        return invalid(format!(
            "Memo size exceeds limit. It has {size} bytes, memo_size_error allows {limit}."
        ));
    }
    Ok(())
}

/// A message that is bounded as a whole, for instance search attributes.
pub(crate) fn message_size<M: Message>(field: &str, message: Option<&M>, limit: usize) -> Checked {
    let size = message.map_or(0, Message::encoded_len);
    if size > limit {
        return invalid(format!(
            "{field} exceeds size limit. It has {size} bytes, the limit is {limit}."
        ));
    }
    Ok(())
}

/// A timeout or delay; absent and zero stand for "not set".
pub(crate) fn duration(field: &str, duration: Option<&Duration>) -> Checked {
    let cause = match duration {
        Some(span) if is_negative(span) => "negative duration",
        Some(span) if span.nanos > 999_999_999 => "nanos are not below a second",
        _ => return Ok(()),
    };
    invalid(format!("An invalid {field} is set on request. cause: {cause}"))
}

/// A value of an enumeration, which the wire carries as any number.
pub(crate) fn choice<E: TryFrom<i32>>(field: &str, value: i32) -> Checked<E> {
    E::try_from(value).map_err(|_| ApiError::InvalidArgument(format!("Unknown {field} value: {value}.")))
}

/// The size of a page: `largest` unless the request asks for less. As in Temporal, a negative one asks for nothing.
pub(crate) fn page_size(requested: i32, largest: u32) -> Checked<u32> {
    match u32::try_from(requested) {
        Ok(0) | Err(_) => Ok(largest),
        Ok(size) if size <= largest => Ok(size),
        Ok(_) => invalid(format!("PageSize is larger than allowed {largest}.")),
    }
}

/// Refuses a field that the caller has set and this server cannot honour: better than to ignore it in silence.
pub(crate) fn unsupported(is_set: bool, field: &str) -> Checked {
    if is_set {
        return Err(ApiError::Unimplemented(format!(
            "{field} is not supported by this server; leave it unset"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_model::{payload, proto::enums::WorkflowIdReusePolicy};

    #[track_caller]
    fn check(checked: Checked, expected: &str) {
        let said = checked.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert!(said.starts_with(expected), "{said:?} does not start with {expected:?}");
    }

    #[test]
    fn ids() {
        check(required("WorkflowId", "order-1"), "ok");
        check(required("WorkflowId", ""), "WorkflowId is not set on request.");
        check(required("WorkflowId", &"x".repeat(1000)), "ok");
        check(
            required("WorkflowId", &"x".repeat(1001)),
            "WorkflowId exceeds maximum allowed length (1001/1000)",
        );
        check(bounded("Identity", ""), "ok");
    }

    #[test]
    fn executions() {
        let with = |workflow_id: &str, run_id: &str| {
            execution(Some(WorkflowExecution {
                workflow_id: workflow_id.into(),
                run_id: run_id.into(),
            }))
            .map(|_| ())
        };
        check(with("order-1", ""), "ok");
        check(with("order-1", "5b7d1f3c-0d4e-4c8b-9d0a-2a2f5c8e1b11"), "ok");
        check(with("order-1", "yesterday"), "Invalid RunId.");
        check(with("", ""), "WorkflowId is not set on request.");
        check(execution(None).map(|_| ()), "Execution is not set on request.");
    }

    #[test]
    fn task_queues() {
        let with = |name: &str, kind: i32| {
            task_queue(Some(&TaskQueue {
                name: name.into(),
                kind,
                ..Default::default()
            }))
        };
        check(with("orders", 0), "ok");
        check(with("orders", 1), "ok");
        check(with("orders", 2), "ok");
        check(with("orders", 3), "TaskQueue orders has to be of the normal kind.");
        check(with("orders", 17), "Unknown TaskQueue.Kind value: 17.");
        check(with("", 0), "TaskQueue is not set on request.");
        check(
            with("/_sys/orders/3", 0),
            "task queue name cannot start with reserved prefix /_sys/",
        );
        check(task_queue(None), "TaskQueue is not set on request.");
    }

    #[test]
    fn sizes() {
        let of = |bytes: usize| payload::payloads(vec![payload::json(vec![b' '; bytes])]);
        let limits = Limits {
            blob_size_error: 200,
            memo_size_error: 300,
            ..Limits::default()
        };
        check(blob("Input", None, &limits), "ok");
        check(blob("Input", of(100).as_ref(), &limits), "ok");
        check(
            blob("Input", of(200).as_ref(), &limits),
            "Blob data size exceeds limit. Input has ",
        );
        let of_memo = |bytes: usize| Memo {
            fields: [("note".to_owned(), payload::json(vec![b' '; bytes]))].into(),
        };
        check(memo(Some(&of_memo(200)), &limits), "ok");
        check(memo(Some(&of_memo(300)), &limits), "Memo size exceeds limit. It has ");
        check(
            message_size("Header", of(10).as_ref(), 10),
            "Header exceeds size limit. ",
        );
    }

    #[test]
    fn durations() {
        let with = |seconds: i64, nanos: i32| duration("WorkflowRunTimeoutSeconds", Some(&Duration { seconds, nanos }));
        check(duration("WorkflowRunTimeoutSeconds", None), "ok");
        check(with(0, 0), "ok");
        check(with(i64::MAX, 999_999_999), "ok");
        for (seconds, nanos) in [(-1, 0), (0, -1), (1, -1)] {
            check(
                with(seconds, nanos),
                "An invalid WorkflowRunTimeoutSeconds is set on request. cause: negative duration",
            );
        }
        check(
            with(0, 1_000_000_000),
            "An invalid WorkflowRunTimeoutSeconds is set on request. cause: nanos",
        );
    }

    #[test]
    fn choices_and_pages() {
        let policy = |value| choice::<WorkflowIdReusePolicy>("WorkflowIdReusePolicy", value).map(|_| ());
        check(policy(1), "ok");
        check(policy(99), "Unknown WorkflowIdReusePolicy value: 99.");
        check(page_size(0, 1000).map(|size| assert_eq!(size, 1000)), "ok");
        check(page_size(7, 1000).map(|size| assert_eq!(size, 7)), "ok");
        check(
            page_size(1001, 1000).map(|_| ()),
            "PageSize is larger than allowed 1000.",
        );
        check(page_size(-1, 1000).map(|size| assert_eq!(size, 1000)), "ok");
    }
}
