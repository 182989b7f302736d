//! What a schedule does by itself, and what becomes of its workflows.

use std::time::Duration;

use wrt_model::{
    Time,
    payload::{json, payloads},
    proto::{
        Failure,
        enums::{ScheduleOverlapPolicy as Policy, WorkflowExecutionStatus as Status, WorkflowIdReusePolicy},
        schedule::{Schedule as Definition, SchedulePolicies, ScheduleState},
    },
    time::proto_span,
};

use super::{
    time,
    world::{World, definition, pause, trigger, unpause, wake_up, with_policies, with_state},
};
use crate::schedule::{StartOutcome, describe};

// === Acting by itself ===

#[test]
fn a_schedule_acts_when_its_time_has_come() {
    let mut world = World::every_minute(Policy::AllowAll);
    assert_eq!(wake_up(&world).as_deref(), Some("00:01:00"));
    assert_eq!(world.wait(59), [] as [&str; 0]);
    assert_eq!(world.wait(61), ["start 00:01:00", "start 00:02:00"]);
    let info = &world.schedule.info;
    assert_eq!((info.action_count, info.recent_actions.len()), (2, 2));
    let described = describe(&world.schedule, world.now).info.unwrap();
    assert_eq!(described.running_workflows.len(), 2);
    assert_eq!(described.future_action_times.len(), 10);
    assert_eq!(described.future_action_times[0], time("2024-01-01T00:03:00Z").into());
}

#[test]
fn a_start_says_whose_it_is() {
    let mut world = World::every_minute(Policy::Skip);
    world.wait(60);
    let start = &world.starts[0];
    assert_eq!(start.workflow_id, "w-2024-01-01T00:01:00Z");
    assert_eq!(start.workflow_id_reuse_policy(), WorkflowIdReusePolicy::RejectDuplicate);
    let fields = &start.search_attributes.as_ref().unwrap().indexed_fields;
    assert_eq!(fields["TemporalScheduledById"].data, b"\"s\"");
    assert_eq!(fields["TemporalScheduledStartTime"].data, b"\"2024-01-01T00:01:00Z\"");
    assert_eq!(fields["TemporalScheduledStartTime"].metadata["type"], b"Datetime");
}

#[test]
fn the_original_id_can_be_kept() {
    let mut world = World::new(with_policies(SchedulePolicies {
        keep_original_workflow_id: true,
        ..Default::default()
    }));
    assert_eq!(world.wait(60), ["start w"]);
    assert_eq!(
        world.starts[0].workflow_id_reuse_policy(),
        WorkflowIdReusePolicy::AllowDuplicate
    );
    // Two workflows of one id cannot run beside each other.
    assert_eq!(world.patch(trigger(Policy::AllowAll)), ["start 00:01:00"]);
}

#[test]
fn jitter_moves_the_action_and_not_its_name() {
    let mut definition = definition("@hourly", Policy::Skip);
    definition.spec.as_mut().unwrap().jitter = Some(proto_span(Duration::from_secs(1800)));
    let mut world = World::new(definition);
    let actual = world.wake_up.unwrap();
    assert!(actual > time("2024-01-01T01:00:00Z"));
    let seconds = actual.since(world.now).as_secs();
    assert_eq!(world.wait(seconds), [] as [&str; 0]);
    // Being looked at between the nominal and the actual time loses nothing.
    assert_eq!(world.sleep(0), [] as [&str; 0]);
    assert_eq!(world.wait(1), ["start 01:00:00"]);
    let action = &world.schedule.info.recent_actions[0];
    assert_eq!(action.schedule_time, Some(actual.into()));
}

#[test]
fn a_schedule_without_an_action_does_nothing() {
    let mut world = World::new(Definition {
        action: None,
        ..definition("@every 1m", Policy::Skip)
    });
    assert_eq!(world.wait(180), [] as [&str; 0]);
    assert_eq!(world.schedule.buffered, []);
}

// === Overlapping ===

#[test]
fn what_overlaps_is_skipped() {
    let mut world = World::every_minute(Policy::Skip);
    assert_eq!(world.wait(180), ["start 00:01:00"]);
    assert_eq!(world.schedule.info.overlap_skipped, 2);
    assert_eq!(world.close(Status::Completed), [] as [&str; 0]);
    assert_eq!(world.wait(60), ["start 00:04:00"]);
}

#[test]
fn one_that_overlaps_waits() {
    let mut world = World::every_minute(Policy::BufferOne);
    assert_eq!(world.wait(240), ["start 00:01:00"]);
    assert_eq!(
        (world.schedule.buffered.len(), world.schedule.info.overlap_skipped),
        (1, 2)
    );
    assert_eq!(world.close(Status::Completed), ["start 00:02:00"]);
    assert_eq!(world.close(Status::Completed), [] as [&str; 0]);
}

#[test]
fn all_that_overlap_wait() {
    let mut world = World::every_minute(Policy::BufferAll);
    assert_eq!(world.wait(180), ["start 00:01:00"]);
    assert_eq!(world.close(Status::Failed), ["start 00:02:00"]);
    assert_eq!(world.close(Status::Terminated), ["start 00:03:00"]);
}

#[test]
fn the_buffer_has_an_end() {
    let mut world = World::every_minute(Policy::BufferAll);
    world.wait(60 * 1002);
    assert_eq!(world.schedule.buffered.len(), 1000);
    assert_eq!(world.schedule.info.buffer_dropped, 1);
    let described = describe(&world.schedule, world.now).info.unwrap();
    assert_eq!(described.buffer_size, 1000);
}

#[test]
fn the_other_is_canceled_or_terminated() {
    for (policy, word) in [(Policy::CancelOther, "cancel"), (Policy::TerminateOther, "terminate")] {
        let mut world = World::every_minute(policy);
        assert_eq!(
            world.wait(120),
            ["start 00:01:00".to_owned(), format!("{word} 00:01:00")]
        );
        assert_eq!(world.close(Status::Canceled), ["start 00:02:00"]);
    }
}

#[test]
fn what_runs_beside_others_holds_nobody_back() {
    let mut world = World::every_minute(Policy::Skip);
    assert_eq!(world.patch(trigger(Policy::AllowAll)), ["start 00:00:00"]);
    assert_eq!(world.patch(trigger(Policy::AllowAll)), ["start 00:00:00Z-2"]);
    assert_eq!(world.wait(60), ["start 00:01:00"]);
    assert_ne!(world.starts[0].request_id, world.starts[1].request_id);
}

// === Being late ===

#[test]
fn what_was_missed_is_caught_up_with() {
    let mut world = World::every_minute(Policy::BufferAll);
    assert_eq!(world.sleep(150), ["start 00:01:00"]);
    assert_eq!(world.close(Status::Completed), ["start 00:02:00"]);
    assert_eq!(world.schedule.info.missed_catchup_window, 0);
}

#[test]
fn what_is_too_late_is_counted_once() {
    let window = |seconds| {
        with_policies(SchedulePolicies {
            overlap_policy: Policy::AllowAll as i32,
            catchup_window: Some(proto_span(Duration::from_secs(seconds))),
            ..Default::default()
        })
    };
    let mut world = World::new(window(90));
    assert_eq!(world.sleep(300), ["start 00:04:00", "start 00:05:00"]);
    assert_eq!(world.schedule.info.missed_catchup_window, 3);
    assert_eq!(world.sleep(0), [] as [&str; 0]);
    assert_eq!(world.schedule.info.missed_catchup_window, 3);

    // Ten seconds are the least.
    let mut world = World::new(window(1));
    assert_eq!(world.sleep(70), ["start 00:01:00"]);
}

#[test]
fn a_long_absence_is_gone_through_in_pieces() {
    let mut world = World::new(definition("@every 1s", Policy::Skip));
    assert_eq!(world.sleep(25_000), ["start 00:00:01"]);
    assert_eq!(world.wake_up, Some(world.now), "there is more to look at");
    assert_eq!(world.wait(0), [] as [&str; 0]);
    assert_eq!(world.schedule.processed_ns, world.now.nanos());
    let info = &world.schedule.info;
    assert_eq!(info.overlap_skipped + info.buffer_dropped, 24_999);
}

#[test]
fn the_clock_may_go_back() {
    let mut world = World::every_minute(Policy::AllowAll);
    world.wait(180);
    world.now = Time::from_nanos(world.now.nanos() - 120_000_000_000);
    assert_eq!(world.turn(|_| ()), [] as [&str; 0]);
    assert_eq!(wake_up(&world).as_deref(), Some("00:04:00"));
}

// === Limits and pauses ===

#[test]
fn actions_can_be_limited() {
    let mut world = World::new(with_state(ScheduleState {
        limited_actions: true,
        remaining_actions: 2,
        ..Default::default()
    }));
    let future = |world: &World| {
        describe(&world.schedule, world.now)
            .info
            .unwrap()
            .future_action_times
            .len()
    };
    assert_eq!(future(&world), 2);
    assert_eq!(world.wait(60), ["start 00:01:00"]);
    // What is skipped does not count.
    assert_eq!(world.wait(60), [] as [&str; 0]);
    world.close(Status::Completed);
    assert_eq!(world.wait(60), ["start 00:03:00"]);
    world.close(Status::Completed);
    assert_eq!((world.schedule.state.remaining_actions, future(&world)), (0, 0));
    assert_eq!(world.wait(600), [] as [&str; 0]);
    // Asking for one still works.
    assert_eq!(world.patch(trigger(Policy::Unspecified)), ["start 00:13:00"]);
}

#[test]
fn a_paused_schedule_lets_its_times_pass() {
    let mut world = World::every_minute(Policy::AllowAll);
    world.patch(pause("holidays"));
    assert!(world.schedule.state.paused);
    assert_eq!(world.schedule.state.notes, "holidays");
    assert_eq!(world.wake_up, None);
    assert_eq!(world.sleep(150), [] as [&str; 0]);
    assert_eq!(world.patch(trigger(Policy::Unspecified)), ["start 00:02:30"]);
    assert_eq!(world.patch(unpause("back")), [] as [&str; 0]);
    assert_eq!(world.schedule.info.missed_catchup_window, 0);
    assert_eq!(world.wait(30), ["start 00:03:00"]);
}

#[test]
fn a_pause_comes_after_what_was_due_before_it() {
    let mut world = World::every_minute(Policy::AllowAll);
    world.now = world.now.plus(Duration::from_secs(60));
    assert_eq!(
        world.patch(pause("now")),
        [] as [&str; 0],
        "its turn has not come, and will not"
    );
    world.patch(unpause(""));
    assert!(world.schedule.state.paused, "an empty note changes nothing");
}

#[test]
fn what_waits_is_dropped_when_the_schedule_is_paused() {
    let mut world = World::every_minute(Policy::BufferAll);
    world.wait(180);
    world.patch(pause("enough"));
    assert_eq!(world.schedule.buffered.len(), 2);
    assert_eq!(world.close(Status::Completed), [] as [&str; 0]);
    assert_eq!(world.schedule.buffered, []);
}

#[test]
fn a_failure_can_pause() {
    let failure = || {
        Some(Failure {
            message: "no stock".to_owned(),
            ..Default::default()
        })
    };
    let cases = [
        (
            Status::Failed,
            "paused due to workflow failure: w-2024-01-01T00:01:00Z: no stock",
        ),
        (
            Status::TimedOut,
            "paused due to workflow timeout: w-2024-01-01T00:01:00Z",
        ),
        (Status::Canceled, ""),
        (Status::Terminated, ""),
        (Status::Completed, ""),
    ];
    for (status, notes) in cases {
        let mut world = World::new(with_policies(SchedulePolicies {
            pause_on_failure: true,
            ..Default::default()
        }));
        world.wait(60);
        world.close_with(status, None, failure());
        assert_eq!(
            (world.schedule.state.paused, world.schedule.state.notes.as_str()),
            (!notes.is_empty(), notes)
        );
    }
    let mut world = World::every_minute(Policy::Skip);
    world.wait(60);
    world.close_with(Status::Failed, None, failure());
    assert!(!world.schedule.state.paused, "only if it is asked for");
}

// === Starts and ends ===

#[test]
fn results_and_failures_are_passed_on() {
    let result = |text: &str| payloads(vec![json(text)]);
    let failure = Failure {
        message: "no".to_owned(),
        ..Default::default()
    };
    let mut world = World::every_minute(Policy::Skip);
    world.wait(60);
    world.close_with(Status::Completed, result("1"), None);
    world.wait(60);
    world.close_with(Status::Failed, None, Some(failure.clone()));
    world.wait(60);
    world.close_with(Status::Completed, result("2"), None);
    world.wait(60);
    let carried: Vec<_> = world
        .starts
        .iter()
        .map(|start| (start.last_completion_result.clone(), start.continued_failure.clone()))
        .collect();
    let expected = [
        (None, None),
        (result("1"), None),
        (result("1"), Some(failure)),
        (result("2"), None),
    ];
    assert_eq!(carried, expected);

    // Not to those that run beside others, and not from them.
    world.close(Status::Completed);
    world.patch(trigger(Policy::AllowAll));
    assert_eq!(world.starts.last().unwrap().last_completion_result, None);
    world.close_with(Status::Completed, result("3"), None);
    assert_eq!(world.schedule.last_completion_result, result("2"));
}

#[test]
fn the_status_of_an_action_follows_its_workflow() {
    let mut world = World::every_minute(Policy::Skip);
    world.wait(60);
    let status = |world: &World| world.schedule.info.recent_actions[0].start_workflow_status();
    assert_eq!(status(&world), Status::Running);
    world.close(Status::TimedOut);
    assert_eq!(status(&world), Status::TimedOut);
}

#[test]
fn a_start_that_is_lost_is_made_again_with_the_same_request() {
    let mut world = World::every_minute(Policy::BufferAll);
    world.outcome = |_| None;
    assert_eq!(world.wait(60), ["start 00:01:00"]);
    assert_eq!(world.wait(60), [] as [&str; 0], "it counts as running");
    world.outcome = |execution| Some(StartOutcome::Started(execution));
    assert_eq!(world.turn(|turn| turn.recover()), ["start 00:01:00"]);
    assert_eq!(world.starts[0], world.starts[1]);
    assert_eq!(world.schedule.info.action_count, 1);
    // The report may come twice.
    assert_eq!(
        world.turn(|turn| turn.started(0, StartOutcome::Refused)),
        [] as [&str; 0]
    );
    assert_eq!(world.schedule.info.running_workflows.len(), 1);
}

#[test]
fn a_start_that_fails_is_tried_again_with_growing_waits() {
    let mut world = World::new(definition("", Policy::BufferAll));
    world.outcome = |_| Some(StartOutcome::Failed);
    let mut attempts = world.patch(trigger(Policy::Unspecified));
    // After 1, 3, 7, 15 and 31 seconds; the next one would come after the minute that a trigger has.
    attempts.extend(world.wait(120));
    assert_eq!(attempts, ["start 00:00:00"; 6]);
    assert_eq!(
        (world.schedule.starting.len(), world.schedule.info.action_count),
        (0, 0)
    );

    world.outcome = |_| Some(StartOutcome::Refused);
    assert_eq!(world.patch(trigger(Policy::Unspecified)).len(), 1);
    assert_eq!(world.wait(120), [] as [&str; 0]);
}

#[test]
fn the_next_one_does_not_wait_for_a_start_that_is_refused() {
    let mut world = World::every_minute(Policy::BufferAll);
    world.outcome = |_| Some(StartOutcome::Refused);
    assert_eq!(world.wait(120), ["start 00:01:00", "start 00:02:00"]);
}
