//! Timers.

use wrt_machine::{Rejection, next_deadline};
use wrt_model::proto::enums::WorkflowTaskFailedCause as Cause;

use crate::story::{Story, cancel_timer, seconds, timer};

#[test]
fn timers_fire_in_the_order_of_their_times() {
    let mut story = Story::after(vec![
        timer("late", seconds(3)),
        timer("soon", seconds(1)),
        timer("middle", seconds(2)),
    ]);
    assert_eq!(next_deadline(&story.run), Some(story.now.plus(seconds(1))));
    story.wait(seconds(3));
    story.check_from(
        8,
        &[
            "8 TimerFired soon of 6",
            "9 WorkflowTaskScheduled",
            "10 TimerFired middle of 7",
            "11 TimerFired late of 5",
        ],
    );
    assert_eq!(story.run.timers.len(), 0);
}

#[test]
fn a_timer_does_not_fire_before_its_time() {
    let mut story = Story::after(vec![timer("t", seconds(10))]);
    story.wait(seconds(9));
    story.check_from(6, &[]);
    story.wait(seconds(1));
    story.check_from(6, &["6 TimerFired t of 5", "7 WorkflowTaskScheduled"]);
}

#[test]
fn a_canceled_timer_does_not_fire() {
    let mut story = Story::after(vec![
        timer("t", seconds(10)),
        cancel_timer("t"),
        timer("t", seconds(20)),
    ]);
    story.check_from(5, &["5 TimerStarted", "6 TimerCanceled t of 5", "7 TimerStarted"]);
    story.wait(seconds(15));
    story.check_from(8, &[]);
    story.wait(seconds(5));
    story.check_from(8, &["8 TimerFired t of 7", "9 WorkflowTaskScheduled"]);
}

#[test]
fn cancel_wins_over_a_firing_that_the_worker_has_not_seen() {
    let mut story = Story::after(vec![timer("t", seconds(1))]);
    story.signal("go").take_task();
    story.wait(seconds(1));
    story
        .complete_task(vec![cancel_timer("t")])
        .expect("the firing is buffered");
    story.check_from(
        8,
        &[
            "8 WorkflowTaskStarted of 7",
            "9 WorkflowTaskCompleted of 7, 8",
            "10 TimerCanceled t of 5",
        ],
    );
}

#[test]
fn wrong_timer_commands_are_turned_away() {
    let cases = [
        (
            vec![timer("t", seconds(1)), timer("t", seconds(1))],
            Cause::StartTimerDuplicateId,
        ),
        (vec![timer("", seconds(1))], Cause::BadStartTimerAttributes),
        (vec![cancel_timer("unknown")], Cause::BadCancelTimerAttributes),
        (
            vec![timer("t", seconds(1)), cancel_timer("t"), cancel_timer("t")],
            Cause::BadCancelTimerAttributes,
        ),
    ];
    for (commands, expected) in cases {
        let mut story = Story::begin();
        story.take_task();
        match story.complete_task(commands) {
            Err(Rejection::BadCommands { cause, .. }) => assert_eq!(cause, expected),
            other => panic!("{other:?}"),
        }
        assert!(story.last.events.is_empty(), "a rejection changes nothing");
    }
}
