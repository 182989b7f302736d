//! Where a run waits: what is open of it, and which calls of its code have asked for that.

use serde_json::{Value, json};
use wrt_host::Frame;
use wrt_machine::workflow_task_cause;
use wrt_model::{
    Component, Run, Time,
    run::{Activity, ChildWorkflow, ExternalRequest, Timer},
};

/// Frames of these crates say nothing of the workflow.
const INTERNAL: [&str; 6] = ["core::", "alloc::", "std::", "wit_bindgen", "wrt_sdk::", "temporalio_"];

/// Something that a run waits for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Waiting {
    /// The event that it became.
    pub(super) event_id: i64,
    /// In words.
    pub(super) what: String,
    /// The calls that have asked for it, innermost first; empty when they are not known.
    pub(super) frames: Vec<Frame>,
}

/// What a run waits for, in the order in which it has asked.
pub(super) fn waiting(run: &Run) -> Vec<Waiting> {
    let one = |(&event_id, what): (&i64, String)| Waiting {
        event_id,
        what,
        frames: Vec::new(),
    };
    let activities = run.activities.iter().map(|(id, it)| one((id, activity(it))));
    let timers = run.timers.iter().map(|(id, it)| one((id, timer(it))));
    let children = run.children.iter().map(|(id, it)| one((id, child(it))));
    let external = run.external_requests.iter().map(|(id, it)| one((id, request(it))));
    let mut all: Vec<Waiting> = activities.chain(timers).chain(children).chain(external).collect();
    all.sort_by_key(|waiting| waiting.event_id);
    all
}

fn activity(activity: &Activity) -> String {
    let state = match (activity.is_started(), activity.backing_off) {
        (true, _) => "under way".to_owned(),
        (false, true) => format!("next attempt at {}", point(activity.attempt_scheduled_ns)),
        (false, false) => format!("waits for a worker on task queue {}", activity.task_queue),
    };
    let failure = activity.last_failure.as_ref();
    let failure = failure.map(|failure| format!(", last failure: {}", failure.message));
    format!(
        "activity {} (id {}), attempt {}: {state}{}",
        activity.activity_type,
        activity.activity_id,
        activity.attempt_number(),
        failure.unwrap_or_default(),
    )
}

fn timer(timer: &Timer) -> String {
    format!("timer {}, due at {}", timer.timer_id, point(timer.fires_ns))
}

fn child(child: &ChildWorkflow) -> String {
    let state = if child.is_started() {
        ""
    } else {
        ", which has not started"
    };
    format!("child workflow {} {}{state}", child.workflow_type, child.workflow_id)
}

fn request(request: &ExternalRequest) -> String {
    let what = if request.is_cancel {
        "a request to cancel"
    } else {
        "a signal"
    };
    let to = request
        .execution
        .as_ref()
        .map_or("", |execution| &execution.workflow_id);
    format!("{what} on its way to workflow {to}")
}

fn point(nanos: i64) -> prost_types::Timestamp {
    Time::from_nanos(nanos).into()
}

/// The answer for people.
pub(super) fn text(run: &Run, waiting: &[Waiting]) -> String {
    if !run.is_open() {
        return "the workflow is over and waits for nothing".to_owned();
    }
    let mut parts = Vec::new();
    if let Some(problems) = &run.workflow_task_problems {
        let message = problems.failure.as_ref().map_or("", |failure| &failure.message);
        parts.push(format!(
            "the workflow task fails ({}): {message}",
            workflow_task_cause(problems.cause())
        ));
    }
    match waiting {
        [] => parts.push(
            "the workflow has asked for nothing that is open: it waits for a signal, an update or a condition of its own"
                .to_owned(),
        ),
        waiting => parts.extend(waiting.iter().map(block)),
    }
    parts.join("\n\n")
}

fn block(waiting: &Waiting) -> String {
    let head = format!("waits for {} (event {})", waiting.what, waiting.event_id);
    let frames = waiting.frames.iter().filter(|frame| !is_internal(frame));
    let lines = frames.map(|frame| match &frame.location {
        None => format!("\n    {}", frame.function),
        Some(place) => format!(
            "\n    {}\n        at {}:{}:{}",
            frame.function, place.file, place.line, place.column
        ),
    });
    lines.fold(head, |text, line| text + &line)
}

/// The answer for tools: Temporal's `EnhancedStackTrace`, as JSON.
pub(super) fn enhanced(component: &Component, waiting: &[Waiting]) -> Value {
    let stacks: Vec<Value> = waiting
        .iter()
        .map(|waiting| json!({"locations": waiting.frames.iter().map(location).collect::<Vec<_>>()}))
        .collect();
    json!({
        "sdk": {"name": component.sdk_name, "version": component.sdk_version},
        "stacks": stacks,
    })
}

fn location(frame: &Frame) -> Value {
    let known = |number: u32| i64::from(number).max(-1) - i64::from(number == 0);
    let place = frame.location.clone().unwrap_or_default();
    json!({
        "filePath": place.file,
        "line": known(place.line),
        "column": known(place.column),
        "functionName": frame.function,
        "internalCode": is_internal(frame),
    })
}

/// Names of generic code begin with what it is implemented for: `<core::future::Ready as …>::poll`.
fn is_internal(frame: &Frame) -> bool {
    let name = frame.function.trim_start_matches(['<', '&', '(']);
    INTERNAL.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use wrt_host::Location;
    use wrt_model::proto::enums::WorkflowExecutionStatus;

    use super::*;

    fn run() -> Run {
        let mut run = Run::default();
        run.set_status(WorkflowExecutionStatus::Running);
        run.timers.insert(
            9,
            Timer {
                timer_id: "3".into(),
                fires_ns: 1_700_000_000_000_000_000,
            },
        );
        run.activities.insert(
            5,
            Activity {
                activity_id: "1".into(),
                activity_type: "Charge".into(),
                task_queue: "money".into(),
                attempt: 1,
                ..Default::default()
            },
        );
        run
    }

    fn frame(function: &str, location: Option<(&str, u32, u32)>) -> Frame {
        Frame {
            function: function.into(),
            offset: None,
            location: location.map(|(file, line, column)| Location {
                file: file.into(),
                line,
                column,
            }),
        }
    }

    #[test]
    fn what_a_run_waits_for_is_shown_with_the_calls_that_asked_for_it() {
        let run = run();
        let mut waiting = waiting(&run);
        waiting[0].frames = vec![
            frame("wrt_sdk::activity::schedule", None),
            frame("order::charge", Some(("src/lib.rs", 12, 5))),
            frame("<core::pin::Pin<P> as core::future::Future>::poll", None),
            frame("order::run", None),
        ];
        assert_eq!(
            text(&run, &waiting),
            "waits for activity Charge (id 1), attempt 1: waits for a worker on task queue money (event 5)\n    \
             order::charge\n        at src/lib.rs:12:5\n    order::run\n\nwaits for timer 3, due at \
             2023-11-14T22:13:20Z (event 9)"
        );
        let location = location(&waiting[0].frames[1]);
        assert_eq!(
            location,
            json!({"filePath": "src/lib.rs", "line": 12, "column": 5, "functionName": "order::charge",
                   "internalCode": false})
        );
        assert_eq!(super::location(&waiting[0].frames[3])["line"], -1);
    }

    #[test]
    fn a_run_that_waits_for_nothing_open_says_so() {
        let mut run = run();
        run.timers.clear();
        run.activities.clear();
        assert!(text(&run, &waiting(&run)).starts_with("the workflow has asked for nothing that is open"));
        run.set_status(WorkflowExecutionStatus::Completed);
        assert_eq!(text(&run, &[]), "the workflow is over and waits for nothing");
    }
}
