//! Time, randomness and the rest of WASI: the run's own, and the same on replay.

use crate::story::{Story, identity};

/// Runs the actions in two tasks and returns what was noted, which replay confirms.
async fn noted(actions: &str) -> Vec<String> {
    let script = format!("start => {actions}\nsignal again => {actions}");
    let mut story = Story::of(&script).await;
    story.go();
    story.signal("again", "");
    story.go();
    let transcript = story.transcript();
    transcript
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with("signal"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn clocks_show_the_time_of_the_activation() {
    // The first task starts with event 3, two seconds after the run; the second one with event 7.
    assert_eq!(noted("now").await, ["Ok(1700000002s)", "Ok(1700000006s)"]);
    assert_eq!(noted("elapsed").await, ["0ns", "4s"]);
}

#[tokio::test]
async fn randomness_is_a_sequence_of_the_run() {
    let noted = noted("random; random").await;
    let distinct: std::collections::HashSet<_> = noted.iter().collect();
    assert_eq!(distinct.len(), 4, "{noted:?}");

    let mut story = Story::of("start => random").await;
    story.go();
    let mine = story.transcript();
    let mut other = identity();
    other.original_execution_run_id = "run-2".to_owned();
    let mut instance = story.module.instantiate(other).unwrap();
    match story.events[0].attributes.as_mut().unwrap() {
        wrt_model::proto::EventAttributes::WorkflowExecutionStartedEventAttributes(started) => {
            started.original_execution_run_id = "run-2".to_owned();
        }
        other => panic!("not the event: {other:?}"),
    }
    instance.replay(&story.events).unwrap();
    assert_ne!(crate::story::transcript(&mut instance), mine);
}

#[tokio::test]
async fn hash_maps_iterate_the_same_on_replay() {
    // `noted` compares with the replay; the order itself is any.
    assert_eq!(noted("hash").await.len(), 2);
}

#[tokio::test]
async fn there_is_nothing_to_touch() {
    assert_eq!(noted("env").await[0], "0 variables, 0 arguments");
    // True stands for an error.
    assert_eq!(noted("file").await[0], "true");
    assert_eq!(noted("tcp").await[0], "true");
    assert_eq!(noted("udp").await[0], "true");
    assert_eq!(noted("lookup").await[0], "true");
    assert_eq!(noted("input").await[0], "0");
}
