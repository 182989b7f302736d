//! The contract in other languages: one workflow, written by hand in Python and in JavaScript, lives through the same
//! stories. Each question is asked of an instance that was rebuilt from the history, so each one proves a replay.
//!
//! The guests are in `tests/guests/python` and `tests/guests/javascript`; `cargo xtask guests` builds them.

#![allow(clippy::unwrap_used, reason = "what is not as expected fails the test")]

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use wrt_host::{Host, HostOptions, WorkflowModule};
use wrt_model::{
    Component, ComponentKind, failure,
    proto::{CommandAttributes, FailureInfo, enums::WorkflowTaskFailedCause},
};

use crate::story::{Story, span, value};

mod story;

const WORKFLOW: &str = "PolyglotWorkflow";
const INPUT: &str = r#"{"name": "Ada", "nap_ms": 1500}"#;

// === Guests ===

static HOST: OnceCell<Host> = OnceCell::const_new();
static PYTHON: Guest = Guest::new("polyglot-python");
static JAVASCRIPT: Guest = Guest::new("polyglot-javascript");

/// A component, compiled by the first test that needs it.
struct Guest {
    name: &'static str,
    loaded: OnceCell<(Component, WorkflowModule)>,
}

impl Guest {
    const fn new(name: &'static str) -> Self {
        Guest {
            name,
            loaded: OnceCell::const_new(),
        }
    }

    async fn component(&self) -> &Component {
        &self.loaded().await.0
    }

    async fn start(&self, run_id: &str, workflow_type: &str, input: &str) -> Story {
        Story::start(&self.loaded().await.1, run_id, workflow_type, input).await
    }

    /// A run that has done its first task: it waits for the activity.
    async fn greeting(&self, run_id: &str) -> Story {
        let mut story = self.start(run_id, WORKFLOW, INPUT).await;
        story.task().expect("run the first task");
        story
    }

    /// A run that sleeps.
    async fn napping(&self, run_id: &str) -> Story {
        let mut story = self.greeting(run_id).await;
        story.activity_completed(r#""Hello, Ada""#);
        story.task().expect("run the second task");
        story
    }

    /// A run that waits for the signal.
    async fn waiting(&self, run_id: &str) -> Story {
        let mut story = self.napping(run_id).await;
        story.timer_fired();
        story.task().expect("run the third task");
        story
    }

    async fn loaded(&self) -> &(Component, WorkflowModule) {
        self.loaded.get_or_init(|| self.load()).await
    }

    async fn load(&self) -> (Component, WorkflowModule) {
        let host = HOST.get_or_init(|| async { host() }).await;
        let file = guests().join(self.name).with_extension("wasm");
        let bytes = std::fs::read(&file)
            .unwrap_or_else(|error| panic!("read {}: {error}: run `cargo xtask guests`", file.display()));
        let prepared = host.prepare(&bytes).await.expect("prepare the component");
        let digest = prepared.component.digest.clone();
        let module = host.workflow(&digest, || async { Ok(prepared.bytes) }).await;
        (prepared.component, module.expect("load the component"))
    }
}

fn host() -> Host {
    Host::new(HostOptions {
        cache_dir: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("components")),
        ..HostOptions::default()
    })
    .expect("make a host")
}

fn guests() -> PathBuf {
    std::env::var_os("WRT_GUESTS_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/guests"),
        PathBuf::from,
    )
}

/// Makes each function a test of each guest.
macro_rules! in_every_language {
    ($($test:ident,)*) => {
        mod python {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(&super::PYTHON).await;
            })*
        }

        mod javascript {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(&super::JAVASCRIPT).await;
            })*
        }
    };
}

in_every_language! {
    describes_itself,
    goes_through_three_steps,
    takes_jobs_together,
    ends_as_canceled_at_each_step,
    fails_with_the_chain_of_causes,
    answers_at_any_time,
    draws_from_the_sequence_of_the_run,
    says_what_is_wrong_with_a_start,
    names_what_differs_from_the_history,
}

// === Stories ===

async fn describes_itself(guest: &Guest) {
    let component = guest.component().await;
    assert_eq!(component.kind, ComponentKind::Workflow);
    assert_eq!(component.sdk_name, guest.name);
    let [definition] = &component.types[..] else {
        panic!("expected one workflow type: {:?}", component.types);
    };
    assert_eq!(definition.name, WORKFLOW);
    assert_eq!(
        definition.description,
        "Greets somebody, takes a nap, and waits for an approval."
    );
    let names = |handlers: &[wrt_model::component::HandlerDefinition]| -> Vec<_> {
        handlers.iter().map(|handler| handler.name.clone()).collect()
    };
    assert_eq!(names(&definition.signals), ["approve"]);
    assert_eq!(names(&definition.queries), ["status"]);
    assert_eq!(names(&definition.updates), [""; 0]);
}

async fn goes_through_three_steps(guest: &Guest) {
    let mut story = guest.start("run-a", WORKFLOW, INPUT).await;

    let [CommandAttributes::ScheduleActivityTaskCommandAttributes(greet)] = &story.task().unwrap()[..] else {
        panic!("expected an activity");
    };
    assert_eq!(greet.activity_type.as_ref().unwrap().name, "Greet");
    assert_eq!(value(greet.input.as_ref()), json!("Ada"));
    assert_eq!(span(greet.start_to_close_timeout.as_ref()), Duration::from_secs(10));
    assert_eq!(greet.retry_policy.as_ref().unwrap().maximum_attempts, 3);

    story.activity_completed(r#""Hello, Ada""#);
    let [CommandAttributes::StartTimerCommandAttributes(nap)] = &story.task().unwrap()[..] else {
        panic!("expected a timer");
    };
    assert_eq!(span(nap.start_to_fire_timeout.as_ref()), Duration::from_millis(1500));

    story.timer_fired();
    assert_eq!(story.task().unwrap(), []);

    story.signaled("approve", r#""Bob""#);
    let output = completed(&story.task().unwrap());
    assert_eq!(output["greeting"], "Hello, Ada");
    assert_eq!(output["approved_by"], "Bob");
    // The clock shows the time of the first task's `started` event, two events after the start.
    assert_eq!(output["started_at"], "2026-03-01T12:00:04.250Z");
    assert!((0.0..1.0).contains(&output["random"].as_f64().unwrap()));
    story.replayed();
}

async fn takes_jobs_together(guest: &Guest) {
    let mut story = guest.greeting("run-a").await;
    story.signaled("approve", r#""Bob""#).activity_completed("null");
    story.task().unwrap();
    story.timer_fired().signaled("approve", r#""too late""#);
    let output = completed(&story.task().unwrap());
    assert_eq!(output["greeting"], Value::Null);
    assert_eq!(output["approved_by"], "Bob");
    story.replayed();
}

async fn ends_as_canceled_at_each_step(guest: &Guest) {
    let stories = [
        (guest.greeting("run-a").await, "request-cancel-activity, cancel"),
        (guest.napping("run-a").await, "cancel-timer, cancel"),
        (guest.waiting("run-a").await, "cancel"),
    ];
    for (mut story, expected) in stories {
        story.cancel_requested();
        let commands = story.task().unwrap();
        let kinds: Vec<_> = commands.iter().map(kind).collect();
        assert_eq!(kinds.join(", "), expected);
        assert_eq!(story.query("status").unwrap(), "canceled");
    }
}

async fn fails_with_the_chain_of_causes(guest: &Guest) {
    let mut story = guest.greeting("run-a").await;
    story.activity_failed(failure::application("no such name", "UnknownName", true));
    let [CommandAttributes::FailWorkflowExecutionCommandAttributes(fail)] = &story.task().unwrap()[..] else {
        panic!("expected the run to fail");
    };
    let failure = fail.failure.as_ref().unwrap();
    assert!(matches!(
        &failure.failure_info,
        Some(FailureInfo::ActivityFailureInfo(info)) if info.activity_type.as_ref().unwrap().name == "Greet"
    ));
    let cause = failure.cause.as_deref().unwrap();
    assert_eq!(cause.message, "no such name");
    assert!(matches!(
        &cause.failure_info,
        Some(FailureInfo::ApplicationFailureInfo(info)) if info.r#type == "UnknownName" && info.non_retryable
    ));
    story.replayed();
}

async fn answers_at_any_time(guest: &Guest) {
    let mut done = guest.waiting("run-a").await;
    done.signaled("approve", r#""Bob""#);
    done.task().unwrap();
    let stories = [
        ("greeting", guest.greeting("run-a").await),
        ("napping", guest.napping("run-a").await),
        ("waiting-for-approval", guest.waiting("run-a").await),
        ("done", done),
    ];
    for (expected, story) in stories {
        assert_eq!(story.query("status").unwrap(), expected);
        let refused = story.query("weather").unwrap_err();
        assert!(refused.failure.message.contains("weather"), "{refused}");
        assert!(refused.failure.message.contains("status"), "{refused}");
    }
}

async fn draws_from_the_sequence_of_the_run(guest: &Guest) {
    let mut drawn = Vec::new();
    for run_id in ["run-a", "run-a", "run-b"] {
        let mut story = guest.waiting(run_id).await;
        story.signaled("approve", r#""Bob""#);
        drawn.push(completed(&story.task().unwrap())["random"].clone());
    }
    assert_eq!(drawn[0], drawn[1]);
    assert_ne!(drawn[0], drawn[2]);
}

async fn says_what_is_wrong_with_a_start(guest: &Guest) {
    for (workflow_type, input, expected) in [
        ("NoSuchWorkflow", INPUT, "NoSuchWorkflow"),
        ("NoSuchWorkflow", INPUT, WORKFLOW),
        (WORKFLOW, r#"{"name":"#, "JSON"),
    ] {
        let mut story = guest.start("run-a", workflow_type, input).await;
        let failed = story.task().unwrap_err();
        assert_eq!(failed.cause, WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure);
        assert!(failed.failure.message.contains(expected), "{failed}");
    }
}

async fn names_what_differs_from_the_history(guest: &Guest) {
    let mut story = guest.napping("run-a").await;
    story.rewrite_input(r#"{"name": "Ada", "nap_ms": 1501}"#);
    let diverged = story.replay().err().expect("diverge");
    assert_eq!(diverged.cause, WorkflowTaskFailedCause::NonDeterministicError);
    assert!(diverged.failure.message.contains("start-to-fire"), "{diverged}");
}

// === Commands ===

/// The result of the run that ends with these commands.
fn completed(commands: &[CommandAttributes]) -> Value {
    match commands {
        [CommandAttributes::CompleteWorkflowExecutionCommandAttributes(complete)] => value(complete.result.as_ref()),
        other => panic!("expected the run to complete: {other:?}"),
    }
}

fn kind(command: &CommandAttributes) -> &'static str {
    match command {
        CommandAttributes::RequestCancelActivityTaskCommandAttributes(_) => "request-cancel-activity",
        CommandAttributes::CancelTimerCommandAttributes(_) => "cancel-timer",
        CommandAttributes::CancelWorkflowExecutionCommandAttributes(_) => "cancel",
        _ => "another command",
    }
}
