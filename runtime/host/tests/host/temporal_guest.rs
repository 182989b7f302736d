//! A guest that is written with Temporal's own crate: the same host, the same histories.

use wrt_host::{LocalActivityEnd, WorkflowInstance};
use wrt_model::{
    ComponentKind,
    proto::{ActivityType, EventAttributes, enums::WorkflowTaskFailedCause, history as h, update},
};

use crate::{
    story::{Story, identity, show},
    support::{self, HOST, guest, text},
};

const PLAN: &str = r#"{"currency":"EUR","price":5,"period_ms":60000,"periods":2}"#;

async fn subscription() -> Story {
    let module = support::workflow(&HOST, &guest("subscription")).await;
    Story::begin(module, "Subscription", PLAN)
}

/// The mailbox is made, the first invoice is with its child, and the exchange rate came from a local activity.
async fn billing() -> Story {
    let mut story = subscription().await;
    assert_eq!(show(&story.go()), [r#"schedule 1 CreateResource on orders "mailbox""#]);
    story.complete("1", text(r#"{"kind":"mailbox","id":"m-1"}"#));
    let rate = LocalActivityEnd {
        seq: 2,
        attempt: 1,
        outcome: Ok(text("100")),
    };
    assert_eq!(
        show(&story.task_with([rate])),
        [
            "marker core_local_activity",
            r#"child order-1-invoice-1 {"number":1,"cents":500}"#
        ]
    );
    story
}

fn invoices(instance: &mut WorkflowInstance) -> String {
    let answer = instance.query("invoices", None, None).unwrap();
    support::show(answer.as_ref())
}

fn child_ends(story: &mut Story, result: &str) {
    let initiated = story.events.iter().rev().find_map(|event| match &event.attributes {
        Some(EventAttributes::StartChildWorkflowExecutionInitiatedEventAttributes(_)) => Some(event.event_id),
        _ => None,
    });
    let initiated_event_id = initiated.unwrap();
    story.push(EventAttributes::ChildWorkflowExecutionStartedEventAttributes(
        h::ChildWorkflowExecutionStartedEventAttributes {
            initiated_event_id,
            ..Default::default()
        },
    ));
    story.push(EventAttributes::ChildWorkflowExecutionCompletedEventAttributes(
        h::ChildWorkflowExecutionCompletedEventAttributes {
            initiated_event_id,
            result: text(result),
            ..Default::default()
        },
    ));
}

#[tokio::test]
async fn it_tells_its_workflows() {
    let prepared = HOST.prepare(&guest("subscription")).await.unwrap();
    let component = prepared.component;
    assert_eq!(component.kind, ComponentKind::Workflow);
    assert_eq!(component.sdk_name, "temporal:workflow-runtime");
    let types: Vec<_> = component.types.iter().map(|kind| kind.name.as_str()).collect();
    assert_eq!(types, ["Subscription", "Invoice"]);
    let names = |handlers: &[wrt_model::component::HandlerDefinition]| -> Vec<_> {
        handlers.iter().map(|handler| handler.name.clone()).collect()
    };
    assert_eq!(names(&component.types[0].signals), ["cancel"]);
    assert_eq!(names(&component.types[0].queries), ["invoices"]);
    assert_eq!(names(&component.types[0].updates), ["change_price"]);
}

#[tokio::test]
async fn a_run_leads_to_its_end_and_replays() {
    let mut story = billing().await;
    child_ends(&mut story, r#""invoice 1: 5.00 EUR""#);
    assert_eq!(show(&story.go()), ["timer 1 60s"]);
    story.signal("cancel", "null");
    assert_eq!(
        show(&story.go()),
        [r#"schedule 3 DeleteResource on orders {"kind":"mailbox","id":"m-1"}"#]
    );
    let mut replayed = story.replayed().unwrap();
    assert_eq!(invoices(&mut replayed), r#"["invoice 1: 5.00 EUR"]"#);
    story.complete("3", text("null"));
    assert_eq!(show(&story.go()), [r#"complete ["invoice 1: 5.00 EUR"]"#]);
    let lived = invoices(&mut story.instance);
    assert_eq!(invoices(&mut story.replayed().unwrap()), lived);
}

#[tokio::test]
async fn a_run_goes_on_where_its_replay_ends() {
    let mut story = billing().await;
    story.instance = story.replayed().unwrap();
    child_ends(&mut story, r#""invoice 1: 5.00 EUR""#);
    assert_eq!(show(&story.go()), ["timer 1 60s"]);
}

#[tokio::test]
async fn a_divergence_names_the_event_and_the_command() {
    let story = &mut billing().await;
    for event in &mut story.events {
        if let Some(EventAttributes::ActivityTaskScheduledEventAttributes(activity)) = &mut event.attributes {
            activity.activity_type = Some(ActivityType {
                name: "Charge".to_owned(),
            });
        }
    }
    let failed = story.diverges();
    assert_eq!(failed.cause, WorkflowTaskFailedCause::NonDeterministicError);
    assert_eq!(
        failed.failure.message,
        "the workflow diverges from its history: it issued ScheduleActivityTask (activity `1` of type `CreateResource`), \
         which does not fit event 5 ActivityTaskScheduled (activity `1` of type `Charge`): its activity type is \
         Some(\"Charge\") in the history and Some(\"CreateResource\") in the workflow"
    );
}

#[tokio::test]
async fn updates_are_validated_and_answered() {
    let mut story = billing().await;
    story.start_task();
    let request = |id: &str, price: &str| update::Request {
        meta: Some(update::Meta {
            update_id: id.to_owned(),
            ..Default::default()
        }),
        input: Some(update::Input {
            name: "change_price".to_owned(),
            args: text(price),
            ..Default::default()
        }),
        ..Default::default()
    };
    let seen = usize::try_from(story.instance.last_event_id()).unwrap();
    let updates = vec![request("u1", "0"), request("u2", "7")];
    let completion = story.instance.activate(&story.events[seen..], updates).unwrap();
    let ids = |messages: &[wrt_model::proto::protocol::Message]| -> Vec<_> {
        messages.iter().map(|message| message.id.clone()).collect()
    };
    assert_eq!(ids(&completion.rejections), ["u1/reject"]);
    assert_eq!(ids(&completion.messages), ["u2/accept", "u2/complete"]);
    assert_eq!(completion.commands.len(), 2);
    // Nothing may be left of what was done for the one that was rejected.
    assert!(story.instance.is_tainted());
}

#[tokio::test]
async fn a_query_comes_after_the_start_and_issues_nothing() {
    let story = subscription().await;
    let mut fresh = story.module.instantiate(identity()).unwrap();
    let early = fresh.query("invoices", None, None).unwrap_err();
    assert!(early.failure.message.contains("has not begun"), "{early}");
    let mut story = billing().await;
    assert_eq!(invoices(&mut story.instance), "[]");
    let unknown = story.instance.query("colors", None, None).unwrap_err();
    assert!(
        unknown.failure.message.contains("No query handler for 'colors'"),
        "{unknown}"
    );
    assert!(story.instance.is_tainted());
}

#[tokio::test]
async fn input_of_another_shape_fails_the_task() {
    let module = support::workflow(&HOST, &guest("subscription")).await;
    let mut story = Story::begin(module, "Subscription", "5");
    let failed = story.fails();
    assert!(failed.failure.message.contains("deserialization failed"), "{failed}");
}
