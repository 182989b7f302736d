//! Triggers: each has its run, or is refused.

use wrt_model::proto::enums::{ScheduleOverlapPolicy as Policy, WorkflowExecutionStatus as Status};

use super::{
    time,
    world::{World, definition, trigger},
};
use crate::schedule::ScheduleRejection;

/// The workflow ids of all starts so far.
fn ids(world: &World) -> Vec<&str> {
    world.starts.iter().map(|start| start.workflow_id.as_str()).collect()
}

#[test]
fn those_of_one_second_have_workflows_of_their_own() {
    let mut world = World::new(definition("", Policy::AllowAll));
    for _ in 0..3 {
        world.patch(trigger(Policy::Unspecified));
    }
    world.wait(1);
    world.patch(trigger(Policy::Unspecified));
    assert_eq!(
        ids(&world),
        [
            "w-2024-01-01T00:00:00Z",
            "w-2024-01-01T00:00:00Z-2",
            "w-2024-01-01T00:00:00Z-3",
            "w-2024-01-01T00:00:01Z",
        ]
    );
}

#[test]
fn what_the_schedule_does_by_itself_counts_too() {
    let mut world = World::every_minute(Policy::AllowAll);
    world.wait(60);
    world.patch(trigger(Policy::Unspecified));
    // Also when the workflow of that second has closed.
    world.close(Status::Completed);
    world.patch(trigger(Policy::Unspecified));
    assert_eq!(
        ids(&world),
        [
            "w-2024-01-01T00:01:00Z",
            "w-2024-01-01T00:01:00Z-2",
            "w-2024-01-01T00:01:00Z-3",
        ]
    );
}

#[test]
fn those_that_wait_for_their_turn_keep_their_names() {
    let mut world = World::new(definition("", Policy::BufferAll));
    for _ in 0..3 {
        world.patch(trigger(Policy::Unspecified));
    }
    world.wait(5);
    world.close(Status::Completed);
    world.close(Status::Completed);
    assert_eq!(
        ids(&world),
        [
            "w-2024-01-01T00:00:00Z",
            "w-2024-01-01T00:00:00Z-2",
            "w-2024-01-01T00:00:00Z-3",
        ]
    );
}

#[test]
fn who_names_the_time_names_the_workflow() {
    let mut world = World::new(definition("", Policy::AllowAll));
    let mut named = trigger(Policy::Unspecified);
    named.trigger_immediately.as_mut().unwrap().scheduled_time = Some(time("2020-02-02T02:02:02Z").into());
    for _ in 0..2 {
        world.patch(named.clone());
    }
    assert_eq!(ids(&world), ["w-2020-02-02T02:02:02Z"; 2]);
}

#[test]
fn one_that_does_not_fit_is_refused_and_may_come_again() {
    let mut world = World::every_minute(Policy::BufferAll);
    world.wait(60 * 1_001);
    assert_eq!(world.schedule.buffered.len(), 1_000);
    let before = world.schedule.clone();
    world.turn(|turn| {
        assert_eq!(
            turn.patch(trigger(Policy::Unspecified), "one"),
            Err(ScheduleRejection::Full)
        )
    });
    assert_eq!(world.schedule, before);
    world.close(Status::Completed);
    world.turn(|turn| assert_eq!(turn.patch(trigger(Policy::Unspecified), "one"), Ok(())));
    assert_eq!(world.schedule.buffered.len(), 1_000);
}
