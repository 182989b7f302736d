//! Guests that misbehave: each gets a clear error, and nobody else is disturbed.

use tokio::sync::oneshot;
use wrt_model::proto::enums::WorkflowTaskFailedCause;

use crate::story::{Story, identity, show};

async fn fails(action: &str) -> (String, String) {
    let mut story = Story::of(&format!("start => {action}")).await;
    let failed = story.fails();
    assert_eq!(failed.cause, WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure);
    (failed.failure.message, failed.failure.stack_trace)
}

#[tokio::test]
async fn an_endless_loop_ends_at_the_time_limit() {
    let (message, trace) = fails("loop").await;
    assert_eq!(
        message,
        "the time limit of 300ms for one activation is reached: the workflow computes without returning. Move long \
         computations into an activity"
    );
    assert!(trace.contains("spin"), "{trace}");
}

#[tokio::test]
async fn a_memory_bomb_ends_at_the_memory_limit() {
    let (message, _) = fails("bomb").await;
    assert!(
        message.starts_with("the memory limit of 16 MiB is reached"),
        "{message}"
    );
}

#[tokio::test]
async fn an_endless_recursion_ends_at_the_stack_limit() {
    let (message, trace) = fails("recurse").await;
    assert_eq!(message, "the stack limit is reached: is there an endless recursion?");
    assert!(trace.contains("recurse"), "{trace}");
}

#[tokio::test]
async fn a_flood_of_commands_ends_at_the_byte_limit() {
    let (message, _) = fails("flood").await;
    assert!(
        message.starts_with("the commands of this activation take more bytes than the limit allows"),
        "{message}"
    );
}

#[tokio::test]
async fn a_panic_gives_its_message_and_place() {
    let (message, trace) = fails("panic out of cheese").await;
    assert!(message.starts_with("the guest panicked or aborted: "), "{message}");
    assert!(message.contains("actions.rs"), "{message}");
    assert!(message.contains("out of cheese"), "{message}");
    assert!(trace.contains("contract_guest"), "{trace}");
}

#[tokio::test]
async fn an_exit_is_a_failure() {
    let (message, _) = fails("exit").await;
    assert!(message.contains("instead of returning"), "{message}");
}

#[tokio::test]
async fn a_thread_that_sleeps_is_told_of_durable_sleep() {
    let (message, trace) = fails("sleep").await;
    assert!(message.starts_with("a workflow must not block its thread"), "{message}");
    assert!(message.contains("durable `sleep`"), "{message}");
    assert!(trace.contains("sleep"), "{trace}");
}

#[tokio::test]
async fn a_tainted_instance_does_not_run_on() {
    let mut story = Story::of("start => panic").await;
    story.fails();
    let again = story.fails();
    assert_eq!(
        again.failure.message,
        "the instance is tainted by a query or a failure; drop it and replay the history"
    );
    let answer = story.instance.query("transcript", None, None);
    assert_eq!(
        answer.unwrap_err().failure.message,
        "the instance trapped before; drop it and replay the history"
    );
}

#[tokio::test]
async fn a_failed_task_can_be_tried_again_on_a_new_instance() {
    let mut story = Story::of("start => timer 1\nsignal x => panic").await;
    story.go();
    story.signal("x", "");
    story.fails();
    let seen = story.events.len() - 2;
    let mut instance = story.module.instantiate(identity()).unwrap();
    instance.replay(&story.events[..seen]).unwrap();
    assert!(!instance.is_tainted());
    instance.activate(&story.events[seen..], Vec::new()).unwrap_err();
}

/// The busy guest takes the only thread, and the other one ends first.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_busy_guest_lets_others_run() {
    let mut busy = Story::of("start => loop").await;
    let mut other = Story::of("start => timer 1").await;
    let (begun, begins) = oneshot::channel();
    let busy = tokio::spawn(async move {
        begun.send(()).unwrap();
        busy.fails()
    });
    begins.await.unwrap();
    let commands = tokio::spawn(async move { other.go() }).await.unwrap();
    assert_eq!(show(&commands), ["timer 1 1s"]);
    assert!(!busy.is_finished());
    busy.await.unwrap();
}
