//! Asking a run.

use wrt_host::WorkflowInstance;

use crate::{
    story::{Story, transcript},
    support::{show, text},
};

fn asked(instance: &mut WorkflowInstance, action: &str) -> Result<String, String> {
    match instance.query("act", text(action), None) {
        Ok(answer) => Ok(show(answer.as_ref())),
        Err(failed) => Err(failed.failure.message),
    }
}

#[tokio::test]
async fn a_query_answers_before_and_after_the_end_and_taints() {
    let mut story = Story::of("start => timer 1\nfired 1 => complete").await;
    story.go();
    let mut running = story.replayed().unwrap();
    assert!(!running.is_tainted());
    assert!(transcript(&mut running).contains("started timer 1"));
    assert!(running.is_tainted());
    story.fire("1");
    story.go();
    let mut closed = story.replayed().unwrap();
    assert!(transcript(&mut closed).contains("timer 1 fired"));
    // A second query on the same instance.
    assert!(transcript(&mut closed).contains("timer 1 fired"));
}

#[tokio::test]
async fn a_query_gets_its_input_and_may_refuse() {
    let mut story = Story::of("start => timer 1").await;
    story.go();
    let answer = story.instance.query("echo", text("hello"), None);
    assert_eq!(answer.unwrap(), text("hello"));
    let failed = story.instance.query("status", None, None).unwrap_err();
    assert_eq!(failed.to_string(), "there is no query `status`");
    // An error is an answer: the instance still talks.
    assert!(!transcript(&mut story.instance).is_empty());
}

#[tokio::test]
async fn a_query_cannot_change_the_run() {
    for (action, expected) in [
        (
            "timer 1",
            "a query must not change the run, but it issued StartTimer (timer `2`)",
        ),
        (
            "schedule A",
            "a query must not change the run, but it issued ScheduleActivityTask (activity `2` of type `A`)",
        ),
        (
            "complete",
            "a query must not change the run, but it issued CompleteWorkflowExecution",
        ),
    ] {
        let mut story = Story::of("start => timer 9").await;
        story.go();
        let refused = asked(&mut story.instance, action);
        assert_eq!(refused.unwrap_err(), expected);
        // The run itself is as it was.
        story.replayed().unwrap();
    }
}

#[tokio::test]
async fn a_trap_in_a_query_is_a_failure_of_the_query() {
    let mut story = Story::of("start => timer 9").await;
    story.go();
    let failed = story.instance.query("act", text("panic boom"), None);
    let failure = failed.unwrap_err().failure;
    assert!(failure.message.contains("boom"), "{}", failure.message);
    assert!(failure.stack_trace.contains("query"), "{}", failure.stack_trace);
    assert_eq!(
        asked(&mut story.instance, "").unwrap_err(),
        "the instance trapped before; drop it and replay the history"
    );
    let mut rebuilt = story.replayed().unwrap();
    assert!(transcript(&mut rebuilt).contains("started timer 1"));
}

#[tokio::test]
async fn an_endless_query_ends_at_the_time_limit() {
    let mut story = Story::of("start => timer 9").await;
    story.go();
    let refused = asked(&mut story.instance, "loop").unwrap_err();
    assert!(refused.contains("time limit"), "{refused}");
}
