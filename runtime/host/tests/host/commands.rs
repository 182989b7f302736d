//! What goes in as jobs and comes out as commands.

use wrt_model::{failure, proto::enums::CommandType};

use crate::{
    story::{Story, show},
    support::text,
};

#[tokio::test]
async fn a_run_from_start_to_end() {
    let mut story = Story::of(
        "start => schedule Charge 5 EUR; timer 60\n\
         resolved 1 => schedule Ship; cancel-timer 2\n\
         resolved 3 => complete shipped",
    )
    .await;
    assert_eq!(show(&story.go()), ["schedule 1 Charge on orders 5 EUR", "timer 2 60s"]);
    story.complete("1", text("receipt"));
    assert_eq!(show(&story.go()), ["schedule 3 Ship on orders", "cancel timer 2"]);
    story.complete("3", None);
    assert_eq!(show(&story.go()), ["complete shipped"]);
    assert_eq!(
        story.transcript(),
        "Scripted of default/order-1/run-1 on orders attempt 1 with {} and memo {}\n\
         scheduled activity 1\n\
         started timer 2\n\
         activity 1 gave [receipt]\n\
         scheduled activity 3\n\
         activity 3 gave []\n"
    );
}

#[tokio::test]
async fn every_option_of_an_activity_reaches_the_command() {
    let mut story = Story::of("start => schedule-with charge-1 payments Charge").await;
    let commands = story.go();
    assert_eq!(commands[0].command_type(), CommandType::ScheduleActivityTask);
    insta::assert_debug_snapshot!(commands[0]);
}

#[tokio::test]
async fn a_timer_carries_its_line_for_people() {
    let mut story = Story::of("start => timer 5").await;
    let commands = story.go();
    let summary = commands[0].user_metadata.as_ref().unwrap().summary.clone();
    assert_eq!(summary.unwrap().data, br#""a nap""#);
}

#[tokio::test]
async fn jobs_come_in_the_order_of_their_events() {
    let mut story = Story::of("start => timer 1; schedule A; schedule B\ncancel => canceled").await;
    story.signal("before", "1");
    story.go();
    story.signal("x", "2");
    story.complete("3", text("b"));
    story.fire("1");
    story.signal("y", "3");
    story.request_cancel("no longer needed");
    assert_eq!(show(&story.go()), ["canceled"]);
    let transcript = story.transcript();
    let told: Vec<_> = transcript
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with("sta") && !line.starts_with("sch"))
        .collect();
    assert_eq!(
        told,
        [
            "signal before [1] from tester with {}",
            "signal x [2] from tester with {}",
            "activity 3 gave [b]",
            "timer 1 fired",
            "signal y [3] from tester with {}",
            "cancel requested: no longer needed",
        ]
    );
}

#[tokio::test]
async fn failures_arrive_as_chains() {
    let mut story = Story::of("start => schedule A; schedule B; schedule C").await;
    story.go();
    story.fail("1", failure::application("no funds", "Payment", true));
    story.time_out("2");
    story.cancel_activity("3", "was idle");
    story.go();
    let transcript = story.transcript();
    let told: Vec<_> = transcript.lines().filter(|line| line.contains("failed")).collect();
    assert_eq!(
        told,
        [
            "activity 1 failed: activity error (activity 1 of A at worker-7 RetryState::MaximumAttemptsReached) <- no \
             funds (application Payment true)",
            "activity 2 failed: activity error (activity 2 of B at  RetryState::Timeout) <- activity Heartbeat timeout \
             (TimeoutType::Heartbeat after [half])",
            "activity 3 failed: activity error (activity 3 of C at  RetryState::CancelRequested) <- canceled (canceled \
             [was idle])",
        ]
    );
}

#[tokio::test]
async fn an_activity_can_be_canceled_in_the_task_that_scheduled_it_or_later() {
    let mut story = Story::of(
        "start => schedule A; schedule B; cancel-activity 2\n\
         signal stop => cancel-activity 1; cancel-activity 2",
    )
    .await;
    // Events 1 to 3 are the start and the task, 4 its completion: the activities are events 5 and 6.
    assert_eq!(show(&story.go())[2..], ["cancel activity of event 6"]);
    story.signal("stop", "");
    // The second request for activity 2 is none.
    assert_eq!(show(&story.go()), ["cancel activity of event 5"]);
    story.replayed().unwrap();
}

#[tokio::test]
async fn canceling_what_is_over_does_nothing() {
    let mut story = Story::of(
        "start => timer 1; schedule A\n\
         signal late => cancel-timer 1; cancel-activity 2",
    )
    .await;
    story.go();
    story.fire("1");
    story.complete("2", None);
    story.go();
    story.signal("late", "");
    assert_eq!(show(&story.go()), [""; 0]);
}

#[tokio::test]
async fn a_timer_that_fires_while_it_is_canceled_stays_canceled() {
    let mut story = Story::of("start => timer 1\nsignal stop => cancel-timer 1").await;
    story.go();
    story.signal("stop", "");
    story.go();
    story.fire("1");
    story.go();
    assert!(!story.transcript().contains("fired"));
}

#[tokio::test]
async fn a_failed_run_keeps_its_failure() {
    let mut story = Story::of("start => fail out of stock").await;
    assert_eq!(show(&story.go()), ["fail out of stock"]);
    story.replayed().unwrap();
}

#[tokio::test]
async fn misuse_of_commands_names_the_mistake() {
    for (script, expected) in [
        (
            "start => complete; timer 1",
            "StartTimer (timer `1`) was issued after `execution.complete`, which has to be the last command of a run",
        ),
        (
            "start => fail-empty",
            "execution.fail: a failure needs at least one link",
        ),
        (
            "start => cancel-timer 1",
            "no command of this run has the sequence number 1",
        ),
        (
            "start => schedule A; cancel-timer 1",
            "timer.cancel: command 1 is not a timer",
        ),
        (
            "start => timer 1; cancel-activity 1",
            "activity.request-cancel: command 1 is not an activity",
        ),
        ("start => error not now", "not now"),
    ] {
        let failed = Story::of(script).await.fails();
        assert_eq!(failed.failure.message, expected, "{script}");
    }
}
