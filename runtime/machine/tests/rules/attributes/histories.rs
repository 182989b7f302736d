//! Histories that have everything in them.

use std::time::Duration;

use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use wrt_machine::{
    ActivityClose, ChildClose, ExternalAnswer, ExternalOutcome, Inheritance, Signal, StartRun, StartedBy,
    WorkflowOptionsChange, WorkflowTaskCompletion,
};
use wrt_model::{
    payload,
    proto::{
        Command, Header, HistoryEvent, Payloads, WorkflowExecution,
        deployment::InheritedAutoUpgradeInfo,
        enums::{
            ParentClosePolicy, RetryState, StartChildWorkflowExecutionFailedCause as NotStarted, VersioningBehavior,
            WorkflowTaskFailedCause as Cause,
        },
        protocol, update,
        workflow::{VersioningOverride, WorkflowExecutionOptions},
        workflowservice::StartWorkflowExecutionRequest,
    },
    run::Parent,
    time::proto_span,
};

use super::{
    commands::{COMMANDS, Fate},
    descriptor,
    filled::{filled, message, words},
};
use crate::{
    continuation::{continue_as_new, next, next_on},
    external_workflow,
    reset::reset,
    story::{
        Story, activity, activity_with, cancel_activity, cancel_timer, complete, completion, fail, oops, seconds, timer,
    },
    update::{accept, message as protocol_message, refer, respond},
    versioning::{completed_by, on_first, take, version},
};

fn details() -> Option<Payloads> {
    payload::payloads(vec![payload::json("7")])
}

fn other() -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: "other".into(),
        run_id: "other-run".into(),
    }
}

// === Starts ===

pub(super) fn started() -> Vec<HistoryEvent> {
    let name = "workflowservice.v1.StartWorkflowExecutionRequest";
    let request: StartWorkflowExecutionRequest = message(name);
    Story::begin_for_workers_with(|given| *given = request).events
}

pub(super) fn eager() -> Vec<HistoryEvent> {
    Story::begin_for_workers_with(|request| request.request_eager_execution = true).events
}

fn child_of(inherited: Inheritance) -> Vec<HistoryEvent> {
    let parent = Parent {
        namespace_id: "ns".into(),
        execution: Some(other()),
        initiated_event_id: 5,
        ..Default::default()
    };
    let started_by = StartedBy {
        parent,
        namespace: "shop".into(),
        root: other(),
        inherited,
    };
    let as_child = |start| StartRun {
        started_by: Some(started_by),
        component: String::new(),
        ..start
    };
    Story::begin_as(as_child).events
}

pub(super) fn run_of_a_child() -> Vec<HistoryEvent> {
    child_of(Inheritance {
        auto_upgrade: Some(InheritedAutoUpgradeInfo {
            source_deployment_version: Some(version("1")),
            source_deployment_revision_number: 3,
            ..Default::default()
        }),
        ..Default::default()
    })
}

pub(super) fn child_of_a_pinned_parent() -> Vec<HistoryEvent> {
    child_of(Inheritance {
        pinned_version: Some(version("1")),
        ..Default::default()
    })
}

pub(super) fn continued() -> Vec<HistoryEvent> {
    let mut story = on_first(VersioningBehavior::Pinned, Vec::new());
    story.signal("go");
    take(&mut story, "1", "2");
    story
        .complete_task(vec![continue_as_new(|_| ())])
        .expect("good commands");
    next_on(&mut story, "").events
}

// === Commands ===

/// A command of this name with every field filled, and the history that it stands in, with the run that follows.
pub(super) fn of_command(name: &str) -> (DynamicMessage, Vec<HistoryEvent>) {
    let mut attributes = filled(&format!("command.v1.{name}"));
    let mut story = Story::begin();
    let mut messages = Vec::new();
    match name {
        "ScheduleNexusOperationCommandAttributes" | "RequestCancelNexusOperationCommandAttributes" => {
            return (attributes, Vec::new());
        }
        "RequestCancelActivityTaskCommandAttributes" => {
            story.task(vec![activity("a")]).signal("stop");
            attributes.set_field_by_name("scheduled_event_id", Value::I64(5));
        }
        "CancelTimerCommandAttributes" => {
            story.task(vec![timer("timer_id", seconds(60))]).signal("stop");
        }
        "ProtocolMessageCommandAttributes" => {
            let accepted = accept("u");
            attributes.set_field_by_name("message_id", Value::String(accepted.id.clone()));
            messages.push(accepted);
        }
        _ => {}
    }
    story.take_task();
    let completion = completion(vec![with_words(&attributes)], messages);
    story
        .decide(|turn| turn.complete_workflow_task(completion))
        .expect("a filled command is a good one");
    let mut history = story.events.clone();
    if story.last.continuation.is_some() {
        history.extend(next(&mut story).events);
    }
    (attributes, history)
}

fn with_words(attributes: &DynamicMessage) -> Command {
    let mut command = DynamicMessage::new(descriptor("command.v1.Command"));
    command.transcode_from(&words()).expect("the same message");
    let kind = attributes.descriptor();
    let mut fields = command.descriptor().fields().collect::<Vec<_>>().into_iter();
    let field = fields.find(|field| field.kind().as_message() == Some(&kind));
    command.set_field(
        &field.expect("a command may have them"),
        Value::Message(attributes.clone()),
    );
    let mut command: Command = command.transcode_to().expect("the same message");
    let attributes = command.attributes.as_ref().expect("they were set above");
    command.command_type = wrt_model::command::command_type(attributes) as i32;
    command
}

/// The histories of all commands.
pub(super) fn commands() -> Vec<HistoryEvent> {
    let served = COMMANDS
        .iter()
        .filter(|(_, rows)| !rows.iter().all(|row| matches!(row, Fate::LeftOut(..))));
    served.flat_map(|(name, _)| of_command(name).1).collect()
}

// === Workflow tasks ===

pub(super) fn tasks() -> Vec<HistoryEvent> {
    let mut story = on_first(VersioningBehavior::Pinned, Vec::new());
    story.limits.history_count_suggest_continue_as_new = 1;
    story.signal("go");
    take(&mut story, "1", "2");
    let completion = WorkflowTaskCompletion {
        sdk_metadata: Some(message("sdk.v1.WorkflowTaskCompletedMetadata")),
        metering_metadata: Some(message("common.v1.MeteringMetadata")),
        worker_version: Some(message("common.v1.WorkerVersionStamp")),
        ..completed_by("1", VersioningBehavior::Pinned, Vec::new())
    };
    story
        .decide(|turn| turn.complete_workflow_task(completion))
        .expect("good commands");
    story.events
}

pub(super) fn timed_out_task() -> Vec<HistoryEvent> {
    let mut story = Story::begin_for_workers();
    story.take_task();
    story.wait(seconds(10));
    story.events
}

pub(super) fn failed_task() -> Vec<HistoryEvent> {
    let mut story = Story::begin();
    story.take_task();
    story
        .decide(|turn| turn.fail_workflow_task(Cause::WorkflowWorkerUnhandledFailure, Some(oops("Panic")), "worker"))
        .expect("a started task");
    story.events
}

/// A run that a reset has begun, with an update that it is asked anew.
pub(super) fn reset_run() -> Vec<HistoryEvent> {
    let mut base = Story::begin();
    let accepted = accept("u");
    base.take_task();
    let completion = completion(vec![refer(&accepted)], vec![accepted]);
    base.decide(|turn| turn.complete_workflow_task(completion))
        .expect("good commands");
    reset(&base, 4).expect("the end of a task").events
}

// === Activities and timers ===

pub(super) fn activities() -> Vec<HistoryEvent> {
    let timed = activity_with("c", |command| {
        command.schedule_to_close_timeout = Some(proto_span(seconds(100)));
    });
    let mut story = Story::after(vec![activity("a"), activity("b"), timed, activity("d")]);
    story.take_activity(5).fail_activity(5, oops("Oops")).wait(seconds(1));
    story
        .take_activity(5)
        .close_activity(5, ActivityClose::Completed(details()));
    for wait in [1, 2, 0] {
        story
            .take_activity(6)
            .fail_activity(6, oops("Oops"))
            .wait(seconds(wait));
    }
    story.task(vec![cancel_activity(8)]);
    let mut canceled = Story::after(vec![activity("d")]);
    canceled.take_activity(5).signal("stop").task(vec![cancel_activity(5)]);
    canceled.close_activity(5, ActivityClose::Canceled(details()));
    for _ in 0..3 {
        story.take_activity(7).wait(seconds(60));
        story.wait(Duration::from_secs(2));
        if !story.run.activities.contains_key(&7) {
            break;
        }
    }
    [story.events, canceled.events].concat()
}

pub(super) fn canceled_before_its_start() -> Vec<HistoryEvent> {
    Story::after(vec![activity("a"), cancel_activity(5)]).events
}

pub(super) fn timers() -> Vec<HistoryEvent> {
    let mut story = Story::after(vec![timer("t", seconds(1)), timer("u", seconds(60))]);
    story.wait(seconds(1));
    story.task(vec![cancel_timer("u")]);
    story.events
}

// === Requests and their answers ===

pub(super) fn requests() -> Vec<HistoryEvent> {
    let signal = Signal {
        name: "go".into(),
        input: details(),
        identity: "me".into(),
        header: Some(message("common.v1.Header")),
        request_id: "signal-1".into(),
    };
    let mut story = Story::begin();
    story
        .decide(|turn| turn.asked_by(other(), 7).signal(signal))
        .expect("an open run");
    let (reason, identity) = ("enough".to_owned(), "me".to_owned());
    story.decide(|turn| {
        turn.asked_by(other(), 7)
            .request_cancel(reason, identity, "cancel-1".into())
    });
    story.events
}

pub(super) fn external() -> Vec<HistoryEvent> {
    let mut history = Vec::new();
    for command in [external_workflow::signal("other"), external_workflow::cancel("other")] {
        for outcome in [ExternalOutcome::Taken, ExternalOutcome::NotFound] {
            let mut story = Story::after(vec![command.clone()]);
            let answer = ExternalAnswer {
                outcome,
                namespace: "shop".into(),
                control: "control".into(),
            };
            story.decide(|turn| turn.external_request_resolved(5, answer));
            history.extend(story.events);
        }
    }
    history
}

pub(super) fn children() -> Vec<HistoryEvent> {
    let header: Header = message("common.v1.Header");
    let mut child = crate::child_workflow::child_with("ship-1", ParentClosePolicy::Terminate);
    if let Some(wrt_model::proto::CommandAttributes::StartChildWorkflowExecutionCommandAttributes(start)) =
        &mut child.attributes
    {
        named(start);
    }
    let mut history = Vec::new();
    for close in [
        ChildClose::Completed(details()),
        ChildClose::Failed(Box::new(oops("Oops")), RetryState::MaximumAttemptsReached),
        ChildClose::Canceled(details()),
        ChildClose::TimedOut(RetryState::Timeout),
        ChildClose::Terminated,
    ] {
        let mut story = Story::after(vec![child.clone()]);
        story.decide(|turn| turn.child_started(5, "child-run".into(), Some(header.clone())));
        story.decide(|turn| turn.child_closed(5, "child-run".into(), close));
        history.extend(story.events);
    }
    let mut story = Story::after(vec![child]);
    story.decide(|turn| turn.child_start_failed(5, NotStarted::WorkflowAlreadyExists, "control".into()));
    history.extend(story.events);
    history
}

#[expect(deprecated, reason = "SDKs still send the namespace")]
fn named(start: &mut wrt_model::proto::command::StartChildWorkflowExecutionCommandAttributes) {
    start.namespace = "shop".into();
}

pub(super) fn updates() -> Vec<HistoryEvent> {
    let mut acceptance: update::Acceptance = message("update.v1.Acceptance");
    let meta = acceptance
        .accepted_request
        .get_or_insert_default()
        .meta
        .get_or_insert_default();
    meta.update_id = "u".into();
    let messages: Vec<protocol::Message> = vec![protocol_message("u", "accept", &acceptance), respond("u")];
    let mut story = Story::begin();
    story.take_task();
    let completion = completion(messages.iter().map(refer).collect(), messages);
    story
        .decide(|turn| turn.complete_workflow_task(completion))
        .expect("good commands");
    story.events
}

// === Operators ===

pub(super) fn options() -> Vec<HistoryEvent> {
    let pin: VersioningOverride = crate::versioning::pinned_to("1");
    let change = |versioning_override: Option<VersioningOverride>, path: &str| WorkflowOptionsChange {
        options: WorkflowExecutionOptions {
            versioning_override,
            priority: Some(message("common.v1.Priority")),
            ..Default::default()
        },
        paths: vec![path.to_owned()],
        identity: "me".into(),
    };
    let mut story = Story::begin_for_workers();
    for change in [
        change(Some(pin), "versioning_override"),
        change(None, "versioning_override"),
        change(None, "priority"),
    ] {
        story
            .decide(|turn| turn.update_workflow_options(&change))
            .expect("an open run");
    }
    story
        .decide(|turn| turn.attach_request("start-2".into(), "me".into()))
        .expect("an open run");
    story.events
}

pub(super) fn pauses() -> Vec<HistoryEvent> {
    let mut story = Story::begin();
    story
        .decide(|turn| turn.pause_workflow("me".into(), "lunch".into(), "pause-1".into()))
        .expect("an open run");
    story
        .decide(|turn| turn.unpause_workflow("me".into(), "work".into(), "unpause-1".into()))
        .expect("a paused run");
    story.events
}

// === Ends ===

pub(super) fn closes() -> Vec<HistoryEvent> {
    let cron = || {
        let mut story = Story::begin_with(|request| request.cron_schedule = "@every 10m".into());
        story.wait(seconds(600));
        story
    };
    let mut completed = cron();
    let mut end = complete();
    if let Some(wrt_model::proto::CommandAttributes::CompleteWorkflowExecutionCommandAttributes(end)) =
        &mut end.attributes
    {
        end.result = details();
    }
    completed.task(vec![end]);
    let mut failed = cron();
    failed.task(vec![fail("Oops")]);
    let mut timed_out = Story::begin_with(|request| {
        request.workflow_run_timeout = Some(proto_span(seconds(30)));
        request.retry_policy = Some(Default::default());
    });
    timed_out.wait(seconds(30));
    let mut terminated = Story::begin();
    terminated.take_task();
    let links = vec![message::<wrt_model::proto::common::Link>("common.v1.Link")];
    terminated
        .decide(|turn| {
            let turn = turn.with_links(links.clone());
            turn.terminate("enough".into(), details(), "me".into())
        })
        .expect("an open run");
    let end = terminated.events.last().expect("a history");
    assert_eq!(end.links, links, "the end of the task has none of them");
    [completed.events, failed.events, timed_out.events, terminated.events].concat()
}
