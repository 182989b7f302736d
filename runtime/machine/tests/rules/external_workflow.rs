//! Signals and requests to cancel that go to other workflows.

use wrt_machine::{ExternalAnswer, ExternalOutcome, Outgoing, unanswered};
use wrt_model::proto::{
    Command, CommandAttributes, WorkflowExecution,
    command::{
        RequestCancelExternalWorkflowExecutionCommandAttributes, SignalExternalWorkflowExecutionCommandAttributes,
    },
    enums::WorkflowTaskFailedCause as Cause,
};

use crate::story::{Story, check_bad_commands, command, complete};

pub(crate) fn signal(workflow_id: &str) -> Command {
    command(CommandAttributes::SignalExternalWorkflowExecutionCommandAttributes(
        SignalExternalWorkflowExecutionCommandAttributes {
            execution: Some(WorkflowExecution {
                workflow_id: workflow_id.into(),
                run_id: String::new(),
            }),
            signal_name: "wake".into(),
            ..Default::default()
        },
    ))
}

pub(crate) fn cancel(workflow_id: &str) -> Command {
    command(
        CommandAttributes::RequestCancelExternalWorkflowExecutionCommandAttributes(
            RequestCancelExternalWorkflowExecutionCommandAttributes {
                workflow_id: workflow_id.into(),
                ..Default::default()
            },
        ),
    )
}

/// The answer to a request whose command named no namespace.
pub(crate) fn answer(found: bool) -> ExternalAnswer {
    let outcome = match found {
        true => ExternalOutcome::Taken,
        false => ExternalOutcome::NotFound,
    };
    ExternalAnswer {
        outcome,
        namespace: String::new(),
        control: String::new(),
    }
}

#[test]
fn each_request_is_answered_once() {
    for (command, found, line) in [
        (signal("other"), true, "6 ExternalWorkflowExecutionSignaled of 5"),
        (signal("other"), false, "6 SignalExternalWorkflowExecutionFailed of 5"),
        (cancel("other"), true, "6 ExternalWorkflowExecutionCancelRequested of 5"),
        (
            cancel("other"),
            false,
            "6 RequestCancelExternalWorkflowExecutionFailed of 5",
        ),
    ] {
        let mut story = Story::after(vec![command]);
        assert_eq!(story.last.outgoing, [Outgoing::External(5)]);
        story.decide(|turn| turn.external_request_resolved(5, answer(found)));
        story.check_from(6, &[line, "7 WorkflowTaskScheduled"]);
        story.decide(|turn| turn.external_request_resolved(5, answer(found)));
        story.check_from(8, &[]);
    }
}

#[test]
fn the_last_words_of_a_run_still_go_out() {
    let mut story = Story::after(vec![signal("other"), complete()]);
    assert_eq!(story.last.outgoing, [Outgoing::External(5)]);
    assert_eq!(unanswered(&story.run), [Outgoing::External(5)]);
    story.decide(|turn| turn.external_request_resolved(5, answer(true)));
    assert!(story.last.durable && story.last.events.is_empty());
    assert!(!story.run.has_outgoing());
}

#[test]
fn bad_requests_fail_the_task() {
    check_bad_commands(vec![signal("")], Cause::BadSignalWorkflowExecutionAttributes);
    check_bad_commands(
        vec![cancel("")],
        Cause::BadRequestCancelExternalWorkflowExecutionAttributes,
    );
}
