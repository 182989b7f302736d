//! Replaying one history with every kind of command in it, as it is and after a change.

use std::time::Duration;

use serde_json::{Value, json};
use wrt_sdk::{
    Context, Error, Memo, Result, SearchAttributes, WorkflowContext,
    testing::{ReplayError, Replayer},
    workflow,
};

/// Writes histories, task by task.
struct History(Vec<Value>);

impl History {
    fn of(workflow_type: &str) -> Self {
        let mut history = History(Vec::new());
        history.event(
            "WORKFLOW_EXECUTION_STARTED",
            json!({
                "workflowType": {"name": workflow_type},
                "workflowId": "w",
                "originalExecutionRunId": "r",
                "taskQueue": {"name": "q"},
                "rootWorkflowExecution": {"workflowId": "w", "runId": "r"},
            }),
        );
        history
    }

    fn event(&mut self, kind: &str, attributes: Value) -> &mut Self {
        let id = self.0.len() + 1;
        self.0.push(json!({
            "eventId": id.to_string(),
            "eventTime": format!("2026-01-01T00:00:{:02}Z", id % 60),
            "eventType": format!("EVENT_TYPE_{kind}"),
            "someEventAttributes": attributes,
        }));
        self
    }

    /// A completed task with these commands.
    fn task(&mut self, commands: &[(&str, Value)]) -> &mut Self {
        self.event("WORKFLOW_TASK_SCHEDULED", json!({}));
        self.event("WORKFLOW_TASK_STARTED", json!({"suggestContinueAsNew": true}));
        let started = self.0.len();
        self.event(
            "WORKFLOW_TASK_COMPLETED",
            json!({"startedEventId": started.to_string()}),
        );
        for (kind, attributes) in commands {
            self.event(kind, attributes.clone());
        }
        self
    }

    fn json(&self) -> String {
        json!({"events": self.0}).to_string()
    }
}

/// What `json/plain` looks like on the wire.
fn payload(data: &str) -> Value {
    json!({"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": base64(data.as_bytes())})
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let letters = (0..=chunk.len()).map(move |index| bits >> (18 - 6 * index) & 63);
        letters
            .map(|six| char::from(ALPHABET[six as usize]))
            .collect::<String>()
    };
    bytes.chunks(3).map(encode).collect()
}

/// Does one thing of each kind.
#[derive(Default)]
struct Everything {
    added: u32,
}

#[workflow]
impl Everything {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> Result<u32> {
        ctx.deprecate_patch("older");
        if ctx.patched("newer") {
            ctx.upsert_memo(Memo::new().set("state", "begun")?);
        }
        ctx.upsert_search_attributes(SearchAttributes::new().int("Step", 1));
        let mut child = ctx
            .child_workflow::<u32>("Child", (7,))
            .workflow_id("c")
            .start()
            .await?;
        assert_eq!(child.run_id(), "child-run");
        child.signal("go", ("now",)).await?;
        child.cancel("enough");
        let failure = child.result().await.expect_err("it was canceled");
        assert!(failure.is_canceled(), "{failure}");
        let other = ctx.external_workflow("other");
        let unheard = other.cancel("you too").await.expect_err("it has closed");
        assert_eq!(unheard.application_type(), Some("ExternalWorkflowExecutionNotFound"));
        ctx.wait_until(|state| state.added == 5).await?;
        assert!(ctx.info().continue_as_new_suggested());
        ctx.continue_as_new(())
    }

    fn check_add(&self, number: &u32) -> Result<()> {
        match number {
            0 => Err(Error::msg("nothing to add")),
            _ => Ok(()),
        }
    }

    #[update(validator = check_add)]
    async fn add(ctx: WorkflowContext<Self>, number: u32) -> Result<u32> {
        ctx.sleep(Duration::from_secs(1)).await?;
        Ok(ctx.state_mut(|state| {
            state.added += number;
            state.added
        }))
    }
}

fn marker(id: &str, deprecated: bool) -> (&'static str, Value) {
    let data = payload(&json!({"id": id, "deprecated": deprecated}).to_string());
    let marker = json!({"markerName": "core_patch", "details": {"patch-data": {"payloads": [data]}}});
    ("MARKER_RECORDED", marker)
}

fn everything() -> History {
    let child = json!({"workflowId": "c", "runId": "child-run"});
    let to_child = json!({"workflowId": "c"});
    let mut step = payload("1");
    step["metadata"]["type"] = json!(base64(b"Int"));
    let mut history = History::of("Everything");
    history
        .task(&[
            marker("forgotten", true),
            marker("older", true),
            marker("newer", false),
            (
                "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
                json!({"searchAttributes": {"indexedFields": {"TemporalChangeVersion": payload("[\"newer\"]")}}}),
            ),
            (
                "WORKFLOW_PROPERTIES_MODIFIED",
                json!({"upsertedMemo": {"fields": {"state": payload("\"begun\"")}}}),
            ),
            (
                "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
                json!({"searchAttributes": {"indexedFields": {"Step": step}}}),
            ),
            (
                "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
                json!({"workflowId": "c", "workflowType": {"name": "Child"}, "input": {"payloads": [payload("7")]}}),
            ),
        ])
        .event(
            "CHILD_WORKFLOW_EXECUTION_STARTED",
            json!({"initiatedEventId": "11", "workflowExecution": child}),
        )
        .task(&[(
            "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
            json!({"workflowExecution": to_child, "signalName": "go", "input": {"payloads": [payload("\"now\"")]}}),
        )])
        .event(
            "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED",
            json!({"initiatedEventId": "16"}),
        )
        .task(&[(
            "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
            json!({"workflowExecution": to_child}),
        )])
        .event(
            "EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED",
            json!({"initiatedEventId": "21"}),
        )
        .event(
            "CHILD_WORKFLOW_EXECUTION_CANCELED",
            json!({"initiatedEventId": "11", "workflowExecution": child}),
        )
        .task(&[(
            "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
            json!({"workflowExecution": {"workflowId": "other"}}),
        )])
        .event(
            "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED",
            json!({"initiatedEventId": "27", "workflowExecution": {"workflowId": "other"}}),
        )
        .task(&[
            (
                "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
                json!({
                    "protocolInstanceId": "u",
                    "acceptedRequest": {"input": {"name": "add", "args": {"payloads": [payload("5")]}}},
                }),
            ),
            ("TIMER_STARTED", json!({"timerId": "4", "startToFireTimeout": "1s"})),
        ])
        .event("TIMER_FIRED", json!({"startedEventId": "33"}))
        .task(&[
            (
                "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
                json!({"meta": {"updateId": "u"}, "outcome": {"success": {"payloads": [payload("5")]}}}),
            ),
            ("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", json!({})),
        ]);
    history
}

fn replay_everything(history: &History) -> Result<(), ReplayError> {
    Replayer::new().register::<Everything>().replay(&history.json())
}

#[test]
fn every_kind_of_command_replays() {
    replay_everything(&everything()).unwrap();
}

#[test]
fn every_kind_of_command_is_compared() {
    let check = |event_id: usize, path: &[&str], value: Value, expected: &str| {
        let mut history = everything();
        let mut place = &mut history.0[event_id - 1]["someEventAttributes"];
        for name in path {
            place = &mut place[*name];
        }
        *place = value;
        let error = replay_everything(&history).unwrap_err();
        assert_eq!(error.event_id(), Some(event_id as i64), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    let memo = ["upsertedMemo", "fields", "state"];
    check(
        9,
        &memo,
        payload("\"ended\""),
        "its memo is [state: \"ended\"] in the history and [state: \"begun\"]",
    );
    let step = ["searchAttributes", "indexedFields", "Step"];
    check(10, &step, payload("2"), "its search attributes is [Step: 2]");
    check(11, &["workflowId"], json!("d"), "its workflow id is `d`");
    check(16, &["signalName"], json!("stop"), "its signal is `stop`");
    check(27, &["workflowExecution", "workflowId"], json!("another"), "`another`");
    let outcome = ["outcome"];
    let failed = json!({"failure": {"message": "no"}});
    check(
        38,
        &outcome,
        failed,
        "its outcome is no in the history and [5] in the workflow",
    );
    check(
        39,
        &["input", "payloads"],
        json!([payload("1")]),
        "its input is [1] in the history and [] in the workflow",
    );
}

#[test]
fn code_that_turns_away_what_was_accepted_fails_the_task() {
    let mut history = everything();
    let accepted = &mut history.0[31]["someEventAttributes"]["acceptedRequest"]["input"];
    accepted["name"] = json!("subtract");
    let error = replay_everything(&history).unwrap_err();
    assert_eq!(error.event_id(), Some(32), "{error}");
}

#[test]
fn a_marker_that_nobody_misses_leaves_a_gap_that_is_found() {
    let mut history = everything();
    // Without the marker of `newer` the code goes the way of old runs.
    history.0.drain(6..9);
    let error = replay_everything(&history).unwrap_err();
    assert_eq!(error.event_id(), Some(10), "{error}");
}

#[workflow]
async fn changed(ctx: Context) -> Result<()> {
    let seconds = if ctx.patched("new") { 1 } else { 2 };
    ctx.sleep(Duration::from_secs(seconds)).await?;
    assert_eq!(ctx.patched("new"), seconds == 1, "the answer stays the same");
    Ok(())
}

#[test]
fn a_run_goes_the_way_that_it_went() {
    let timer = |seconds: u32| {
        let timeout = format!("{seconds}s");
        ("TIMER_STARTED", json!({"timerId": "1", "startToFireTimeout": timeout}))
    };
    let done = (
        "WORKFLOW_EXECUTION_COMPLETED",
        json!({"result": {"payloads": [no_value()]}}),
    );
    let replay = |commands: &[(&str, Value)]| {
        let started = (4 + commands.len()).to_string();
        let mut history = History::of("Changed");
        history.task(commands);
        history.event("TIMER_FIRED", json!({"startedEventId": started}));
        history.task(std::slice::from_ref(&done));
        Replayer::new().register::<changed>().replay(&history.json())
    };
    replay(&[timer(2)]).unwrap();
    replay(&[marker("new", false), timer(1)]).unwrap();
    let error = replay(&[marker("new", false), timer(2)]).unwrap_err();
    assert_eq!(error.event_id(), Some(6), "{error}");
}

/// No value.
fn no_value() -> Value {
    json!({"metadata": {"encoding": base64(b"binary/null")}})
}
