//! Updates.

use prost::Name;
use wrt_model::proto::{
    Command, CommandAttributes,
    command::ProtocolMessageCommandAttributes,
    enums::WorkflowTaskFailedCause as Cause,
    protocol,
    update::{Acceptance, Meta, Outcome, Rejection, Request, Response},
};

use crate::story::{Story, command, complete, completion, oops};

pub(crate) fn message<M: Name>(update_id: &str, verb: &str, body: &M) -> protocol::Message {
    protocol::Message {
        id: format!("{update_id}/{verb}"),
        protocol_instance_id: update_id.to_owned(),
        body: Some(prost_types::Any {
            type_url: M::type_url(),
            value: body.encode_to_vec(),
        }),
        ..Default::default()
    }
}

fn request(update_id: &str) -> Request {
    Request {
        meta: Some(Meta {
            update_id: update_id.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(crate) fn accept(update_id: &str) -> protocol::Message {
    let acceptance = Acceptance {
        accepted_request: Some(request(update_id)),
        ..Default::default()
    };
    message(update_id, "accept", &acceptance)
}

pub(crate) fn respond(update_id: &str) -> protocol::Message {
    let response = Response {
        meta: request(update_id).meta,
        outcome: Some(Outcome::default()),
    };
    message(update_id, "complete", &response)
}

pub(crate) fn reject(update_id: &str) -> protocol::Message {
    let rejection = Rejection {
        failure: Some(oops("No")),
        ..Default::default()
    };
    message(update_id, "reject", &rejection)
}

pub(crate) fn refer(message: &protocol::Message) -> Command {
    command(CommandAttributes::ProtocolMessageCommandAttributes(
        ProtocolMessageCommandAttributes {
            message_id: message.id.clone(),
        },
    ))
}

/// A task that was begun for an update alone, and its end.
pub(crate) fn speculative(story: &mut Story, messages: Vec<protocol::Message>, commands: Vec<Command>) {
    assert!(story.decide(|turn| turn.start_speculative_workflow_task("worker")));
    story
        .decide(|turn| turn.complete_workflow_task(completion(commands, messages)))
        .expect("good commands");
}

#[test]
fn an_accepted_update_writes_the_task_and_itself() {
    let mut story = Story::after(Vec::new());
    let (accepted, responded) = (accept("u"), respond("u"));
    let commands = vec![refer(&accepted), refer(&responded)];
    speculative(&mut story, vec![accepted, responded], commands);
    story.check_from(
        5,
        &[
            "5 WorkflowTaskScheduled",
            "6 WorkflowTaskStarted of 5",
            "7 WorkflowTaskCompleted of 5, 6",
            "8 WorkflowExecutionUpdateAccepted u",
            "9 WorkflowExecutionUpdateCompleted of 8",
        ],
    );
    let update = &story.run.updates["u"];
    assert_eq!((update.accepted_event_id, update.completed_event_id), (8, 9));
}

#[test]
fn a_rejected_update_leaves_nothing() {
    let mut story = Story::after(Vec::new());
    let before = story.run.clone();
    speculative(&mut story, vec![reject("u")], Vec::new());
    assert_eq!(story.run, before);
    assert!(!story.last.durable);
    assert_eq!(story.last.rejected_updates, [("u".to_owned(), oops("No"))]);
}

#[test]
fn an_update_is_completed_by_a_later_task() {
    let mut story = Story::after(Vec::new());
    let accepted = accept("u");
    let commands = vec![refer(&accepted)];
    speculative(&mut story, vec![accepted], commands);
    story.signal("go").take_task();
    let responded = respond("u");
    let commands = vec![refer(&responded), complete()];
    story
        .decide(|turn| turn.complete_workflow_task(completion(commands, vec![responded])))
        .expect("good commands");
    story.check_from(
        13,
        &[
            "13 WorkflowExecutionUpdateCompleted of 8",
            "14 WorkflowExecutionCompleted",
        ],
    );
}

#[test]
fn a_task_for_updates_that_fails_is_written_down() {
    let mut story = Story::after(Vec::new());
    assert!(story.decide(|turn| turn.start_speculative_workflow_task("worker")));
    story
        .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, None, "worker"))
        .expect("it was started");
    story.check_from(
        5,
        &[
            "5 WorkflowTaskScheduled",
            "6 WorkflowTaskStarted of 5",
            "7 WorkflowTaskFailed workflow_task_failed_cause_workflow_worker_unhandled_failure",
        ],
    );
}

#[test]
fn answers_that_do_not_fit_fail_the_task() {
    let lone = |messages: Vec<protocol::Message>| {
        let mut story = Story::after(Vec::new());
        assert!(story.decide(|turn| turn.start_speculative_workflow_task("worker")));
        let commands = messages.iter().map(refer).collect();
        story
            .decide(|turn| turn.complete_workflow_task(completion(commands, messages)))
            .map_err(|rejection| rejection.to_string())
    };
    assert_eq!(lone(vec![respond("u")]).unwrap_err(), "update u was not accepted");
    assert_eq!(
        lone(vec![accept("u"), accept("u")]).unwrap_err(),
        "update u was accepted before"
    );
    assert_eq!(
        lone(vec![message("u", "accept", &Acceptance::default())]).unwrap_err(),
        "the acceptance of update u does not repeat the request"
    );
    assert!(
        lone(vec![protocol::Message::default()])
            .unwrap_err()
            .contains("has no body")
    );
}

#[test]
fn nobody_begins_a_task_for_updates_while_another_one_is_open() {
    let mut story = Story::begin();
    assert!(!story.decide(|turn| turn.start_speculative_workflow_task("worker")));
    story.task(vec![complete()]);
    assert!(!story.decide(|turn| turn.start_speculative_workflow_task("worker")));
}
