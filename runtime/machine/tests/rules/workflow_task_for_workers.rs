//! Workflow tasks of runs that workers run: offering, sticky queues, heartbeats, speculative tasks.

use wrt_machine::{Rejection, WorkflowTaskCompletion, WorkflowTaskEnd, next_deadline};
use wrt_model::{
    proto::{
        Command, CommandAttributes, command::UpsertWorkflowSearchAttributesCommandAttributes,
        enums::WorkflowTaskFailedCause as Cause, protocol,
    },
    run::Sticky,
    task::WorkflowTaskToken,
    time::{proto_span, span_nanos},
};

use crate::{
    story::{Story, command, complete, completion, oops, seconds},
    update::{accept, reject, respond},
};

/// What a worker says that keeps the run in its cache.
fn cached(commands: Vec<Command>, messages: Vec<protocol::Message>) -> WorkflowTaskCompletion {
    WorkflowTaskCompletion {
        sticky: Some(Sticky {
            task_queue: "worker-1".into(),
            schedule_to_start_ns: span_nanos(seconds(10)),
        }),
        discards_speculative_task_with_events: true,
        ..completion(commands, messages)
    }
}

/// A run that a worker has in its cache.
fn kept() -> Story {
    let mut story = Story::begin_for_workers();
    story.take_task();
    story
        .decide(|turn| turn.complete_workflow_task(cached(Vec::new(), Vec::new())))
        .expect("a started task");
    story
}

fn fail_task(story: &mut Story) {
    story
        .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, Some(oops("Panic")), "worker"))
        .expect("a started task");
}

#[test]
fn a_task_is_offered_once_and_waits_without_a_deadline() {
    let mut story = Story::begin_for_workers();
    assert!(story.last.offers_workflow_task);
    assert_eq!(next_deadline(&story.run), None);
    story.signal("go");
    assert!(!story.last.offers_workflow_task);
    story.decide(|turn| turn.recover());
    assert!(story.last.offers_workflow_task, "after a crash it is offered again");
}

#[test]
fn a_component_takes_its_task_itself() {
    assert!(!Story::begin().last.offers_workflow_task);
}

#[test]
fn a_token_names_one_attempt() {
    let mut story = Story::begin_for_workers();
    story.take_task();
    let token = WorkflowTaskToken::of(&story.run, story.run.workflow_task.as_ref().unwrap());
    let token = WorkflowTaskToken::from_bytes(&token.to_bytes()).unwrap();
    assert_eq!(story.decide(|turn| turn.check_workflow_task_token(&token)), Ok(()));
    fail_task(&mut story);
    story.take_task();
    assert_eq!(
        story.decide(|turn| turn.check_workflow_task_token(&token)),
        Err(Rejection::WorkflowTaskNotFound)
    );
}

#[test]
fn further_tasks_go_to_the_worker_that_has_the_run_in_its_cache() {
    let mut story = kept();
    story.signal("go");
    let task = story.run.workflow_task.clone().unwrap();
    assert_eq!(task.sticky.unwrap().task_queue, "worker-1");
    assert_eq!(next_deadline(&story.run), Some(story.now.plus(seconds(10))));
}

#[test]
fn a_worker_that_is_gone_loses_its_task_to_the_others() {
    let mut story = kept();
    story.signal("go").wait(seconds(10));
    assert!(story.last.offers_workflow_task);
    assert!(story.run.sticky.is_none());
    story.check_from(
        6,
        &[
            "6 WorkflowTaskScheduled",
            "7 WorkflowTaskTimedOut",
            "8 WorkflowTaskScheduled",
        ],
    );
    assert_eq!(story.run.workflow_task.as_ref().unwrap().sticky, None);
}

#[test]
fn a_failure_empties_the_cache_and_is_tried_again_at_once() {
    let mut story = kept();
    story.signal("go").take_task();
    fail_task(&mut story);
    assert!(story.last.offers_workflow_task);
    assert!(story.run.sticky.is_none());
    assert!(story.decide(|turn| turn.wants_workflow_task()));
}

#[test]
fn a_task_that_fails_again_is_offered_at_once() {
    let mut story = Story::begin_for_workers();
    for _ in 0..5 {
        story.take_task();
        story.wait(seconds(1));
        fail_task(&mut story);
        assert!(story.last.offers_workflow_task);
    }
    assert_eq!(story.history().lines().count(), 4, "one failure is told");
}

#[test]
fn an_attempt_that_finds_news_is_a_task_of_its_own() {
    let mut story = Story::begin_for_workers();
    story.take_task();
    fail_task(&mut story);
    story.signal("news");
    story.take_task();
    let task = story.run.workflow_task.clone().unwrap();
    assert_eq!(
        (task.attempt, task.scheduled_event_id, task.started_event_id),
        (1, 6, 7)
    );
    fail_task(&mut story);
    assert_eq!(story.run.history_length(), 8, "its failure is told");
}

#[test]
fn a_worker_shows_that_it_is_alive_by_asking_for_another_task() {
    let beat = || WorkflowTaskCompletion {
        forces_new_task: true,
        ..cached(Vec::new(), Vec::new())
    };
    let mut story = Story::begin_for_workers();
    story.take_task();
    assert_eq!(
        story.decide(|turn| turn.complete_workflow_task(beat())),
        Ok(WorkflowTaskEnd::Recorded)
    );
    for _ in 0..225 {
        story.take_task();
        story.wait(seconds(8));
        assert_eq!(
            story.decide(|turn| turn.complete_workflow_task(beat())),
            Ok(WorkflowTaskEnd::Recorded)
        );
        if story.now.since(story.run.started()) > seconds(1790) {
            break;
        }
    }
    story.take_task();
    story.wait(seconds(9)).decide(|turn| turn.run_deadlines());
    story.wait(seconds(0));
    let end = story.decide(|turn| turn.complete_workflow_task(beat()));
    assert_eq!(end, Ok(WorkflowTaskEnd::HeartbeatsTimedOut));
    assert!(story.history().lines().last().unwrap().contains("WorkflowTaskTimedOut"));
}

#[test]
fn an_update_waits_in_a_task_that_is_not_written() {
    let mut story = kept();
    let before = story.run.clone();
    assert!(story.decide(|turn| turn.schedule_speculative_workflow_task()));
    assert!(story.last.offers_workflow_task && !story.last.durable);
    story.take_task();
    assert!(!story.last.durable);
    let end = story.decide(|turn| turn.complete_workflow_task(cached(Vec::new(), vec![reject("u")])));
    assert_eq!(end, Ok(WorkflowTaskEnd::Discarded));
    assert_eq!(story.run, before);
}

#[test]
fn an_update_does_not_wait_for_the_end_of_a_start_delay() {
    let mut story = Story::begin_for_workers_with(|request| {
        request.workflow_start_delay = Some(proto_span(seconds(60)));
    });
    assert!(story.decide(|turn| turn.schedule_speculative_workflow_task()));
    assert!(story.last.offers_workflow_task && story.last.events.is_empty());
    story.take_task();
    let end = story.decide(|turn| turn.complete_workflow_task(cached(Vec::new(), vec![reject("u")])));
    assert_eq!(
        end,
        Ok(WorkflowTaskEnd::Recorded),
        "the first task is written in any case"
    );
}

#[test]
fn what_happens_before_a_worker_takes_it_makes_it_a_task_like_others() {
    let mut story = kept();
    story.decide(|turn| turn.schedule_speculative_workflow_task());
    story.signal("go");
    assert!(story.last.offers_workflow_task);
    story.check_from(5, &["5 WorkflowTaskScheduled", "6 WorkflowExecutionSignaled go"]);
    story.take_task();
    story.check_from(7, &["7 WorkflowTaskStarted of 5"]);
}

#[test]
fn nobody_takes_it_for_a_while() {
    let mut story = kept();
    story.decide(|turn| turn.schedule_speculative_workflow_task());
    story.wait(seconds(5));
    story.check_from(5, &["5 WorkflowTaskScheduled"]);
    assert!(story.last.offers_workflow_task);
}

#[test]
fn a_worker_that_cannot_forget_events_has_them_written() {
    let mut story = Story::begin_for_workers();
    story.take_task();
    let commands = vec![crate::story::timer("t", seconds(100))];
    story
        .decide(|turn| turn.complete_workflow_task(completion(commands, Vec::new())))
        .unwrap();
    story.decide(|turn| turn.schedule_speculative_workflow_task());
    story.take_task();
    let end = story.decide(|turn| turn.complete_workflow_task(completion(Vec::new(), vec![reject("u")])));
    assert_eq!(end, Ok(WorkflowTaskEnd::Recorded));
    story.check_from(
        6,
        &[
            "6 WorkflowTaskScheduled",
            "7 WorkflowTaskStarted of 6",
            "8 WorkflowTaskCompleted of 6, 7",
        ],
    );
}

#[test]
fn answers_take_effect_without_a_command() {
    let mut story = kept();
    story.decide(|turn| turn.schedule_speculative_workflow_task());
    story.take_task();
    let messages = vec![accept("u"), respond("u")];
    story
        .decide(|turn| turn.complete_workflow_task(cached(vec![complete()], messages)))
        .unwrap();
    story.check_from(
        7,
        &[
            "7 WorkflowTaskCompleted of 5, 6",
            "8 WorkflowExecutionUpdateAccepted u",
            "9 WorkflowExecutionUpdateCompleted of 8",
            "10 WorkflowExecutionCompleted",
        ],
    );
}

#[test]
fn a_paused_run_offers_its_task_when_it_goes_on() {
    let mut story = Story::begin_for_workers();
    story
        .decide(|turn| turn.pause_workflow(String::new(), String::new(), String::new()))
        .unwrap();
    story.decide(|turn| turn.recover());
    assert!(!story.last.offers_workflow_task);
    story
        .decide(|turn| turn.unpause_workflow(String::new(), String::new(), String::new()))
        .unwrap();
    assert!(story.last.offers_workflow_task);
}

#[test]
fn a_worker_that_upserts_nothing_is_told_so() {
    let upsert = || {
        command(CommandAttributes::UpsertWorkflowSearchAttributesCommandAttributes(
            UpsertWorkflowSearchAttributesCommandAttributes::default(),
        ))
    };
    let mut story = Story::begin_for_workers();
    story.take_task();
    let refused = story.decide(|turn| turn.complete_workflow_task(cached(vec![upsert()], Vec::new())));
    assert!(matches!(
        refused,
        Err(Rejection::BadCommands {
            cause: Cause::BadSearchAttributes,
            ..
        })
    ));
    Story::begin().task(vec![upsert()]);
}
