//! What a schedule does as it is told: backfills, triggers and updates.

use wrt_model::{
    payload::json,
    proto::{
        Memo,
        enums::{ScheduleOverlapPolicy as Policy, WorkflowExecutionStatus as Status, WorkflowIdReusePolicy},
    },
};

use super::{
    time,
    world::{World, backfill, definition, pause, trigger},
};
use crate::schedule::{ScheduleRejection, ScheduleUpdate};

#[test]
fn a_backfill_goes_through_the_past() {
    let mut world = World::every_minute(Policy::Skip);
    // Both ends count.
    let effects = world.patch(backfill(
        "2023-12-31T23:00:00Z",
        "2023-12-31T23:02:00Z",
        Policy::BufferAll,
    ));
    assert_eq!(effects, ["start 23:00:00"]);
    assert_eq!(world.starts[0].workflow_id, "w-2023-12-31T23:00:00Z");
    assert_eq!(
        world.starts[0].workflow_id_reuse_policy(),
        WorkflowIdReusePolicy::AllowDuplicate
    );
    assert_eq!(world.close(Status::Completed), ["start 23:01:00"]);
    assert_eq!(world.close(Status::Completed), ["start 23:02:00"]);
    assert_eq!((world.schedule.buffered.len(), world.schedule.backfills.len()), (0, 0));
}

#[test]
fn backfills_without_overlap_policy_are_paced() {
    let mut world = World::new(definition("@every 1m", Policy::AllowAll));
    world.patch(pause("only the past"));
    let first = world.patch(backfill(
        "2023-12-31T23:00:00Z",
        "2023-12-31T23:24:00Z",
        Policy::Unspecified,
    ));
    assert_eq!(first.len(), 10);
    assert_eq!(world.wait(1).len(), 10);
    assert_eq!(
        world.wait(1),
        [
            "start 23:20:00",
            "start 23:21:00",
            "start 23:22:00",
            "start 23:23:00",
            "start 23:24:00"
        ]
    );
    assert_eq!(world.wait(600), [] as [&str; 0]);
}

#[test]
fn backfills_leave_half_of_the_buffer() {
    let mut world = World::new(definition("@every 1s", Policy::Skip));
    world.patch(pause("only the past"));
    let effects = world.patch(backfill(
        "2023-12-31T23:00:00Z",
        "2023-12-31T23:30:00Z",
        Policy::BufferAll,
    ));
    assert_eq!((effects.len(), world.schedule.buffered.len()), (1, 500));
    let mut total = 1;
    while world.schedule.running().next().is_some() {
        total += world.close(Status::Completed).len();
    }
    assert_eq!(total, 1801);
}

#[test]
fn a_trigger_can_name_its_time() {
    let mut world = World::every_minute(Policy::Skip);
    let mut patch = trigger(Policy::Unspecified);
    patch.trigger_immediately.as_mut().unwrap().scheduled_time = Some(time("2020-02-02T02:02:02Z").into());
    world.patch(patch);
    assert_eq!(world.starts[0].workflow_id, "w-2020-02-02T02:02:02Z");
}

#[test]
fn an_update_counts_from_now_on() {
    let mut world = World::new(definition("0 12 * * *", Policy::Skip));
    world.wait(3600);
    let effects = world.update(definition("*/10 * * * *", Policy::Skip));
    assert_eq!(effects, [] as [&str; 0], "the times before the update are nobody's");
    assert_eq!(world.wait(600), ["start 01:10:00"]);
    assert_eq!(
        world.schedule.info.update_time,
        Some(time("2024-01-01T01:00:00Z").into())
    );
}

#[test]
fn an_update_must_know_what_it_overwrites() {
    let mut world = World::every_minute(Policy::Skip);
    let token = world.schedule.conflict_token;
    world.patch(pause("a while"));
    let update = |conflict_token| ScheduleUpdate {
        definition: definition("@every 2m", Policy::Skip),
        conflict_token,
        ..Default::default()
    };
    world.turn(|turn| assert_eq!(turn.update(update(token)), Err(ScheduleRejection::Conflict)));
    assert!(world.schedule.state.paused);
    let token = world.schedule.conflict_token;
    world.turn(|turn| assert_eq!(turn.update(update(token)), Ok(())));
    assert!(!world.schedule.state.paused, "the state is replaced");
    assert_ne!(world.schedule.conflict_token, token);
    world.turn(|turn| assert_eq!(turn.update(update(0)), Ok(())));

    let wrong = ScheduleUpdate {
        definition: definition("nonsense", Policy::Skip),
        ..Default::default()
    };
    let before = world.schedule.clone();
    world.turn(|turn| assert!(matches!(turn.update(wrong), Err(ScheduleRejection::InvalidSpec(_)))));
    assert_eq!(world.schedule, before);
}

#[test]
fn the_same_request_is_carried_out_once() {
    let mut world = World::every_minute(Policy::AllowAll);
    let mut twice = |request: &str| {
        let mut effects = world.turn(|turn| turn.patch(trigger(Policy::Unspecified), request).unwrap());
        effects.extend(world.turn(|turn| turn.patch(trigger(Policy::Unspecified), request).unwrap()));
        effects.len()
    };
    assert_eq!(twice("request"), 1);
    assert_eq!(twice(""), 2);
}

#[test]
fn memo_and_search_attributes_stay_unless_they_are_given() {
    let memo = |text: &str| Memo {
        fields: [("note".to_owned(), json(text))].into(),
    };
    let mut world = World::every_minute(Policy::Skip);
    world.schedule.memo = Some(memo("1"));
    world.update(definition("@every 2m", Policy::Skip));
    assert_eq!(world.schedule.memo, Some(memo("1")));
    let update = ScheduleUpdate {
        definition: definition("@every 2m", Policy::Skip),
        memo: Some(Memo::default()),
        ..Default::default()
    };
    world.turn(|turn| turn.update(update).unwrap());
    assert_eq!(world.schedule.memo, None, "an empty one removes it");
}

#[test]
fn a_schedule_that_is_done_goes_away_after_a_week() {
    let week = 7 * 24 * 3600;
    let mut world = World::new(definition("0 12 1 1 * 2024", Policy::Skip));
    assert_eq!(world.wait(12 * 3600), ["start 12:00:00"]);
    assert_eq!(world.wait(2 * week), [] as [&str; 0], "its workflow is open");
    assert_eq!(world.close(Status::Completed), ["delete"]);

    let mut world = World::new(definition("", Policy::Skip));
    assert_eq!(world.wait(week - 1), [] as [&str; 0]);
    assert_eq!(world.wait(1), ["delete"]);

    let mut world = World::new(definition("", Policy::Skip));
    world.patch(pause("for later"));
    assert_eq!(world.wait(2 * week), [] as [&str; 0]);
}
