//! Links to what a call has led to, for the event of whoever has made it.

use wrt_model::{
    Namespace,
    proto::{
        common::{
            Link,
            link::{
                Variant, WorkflowEvent,
                workflow_event::{EventReference, Reference, RequestIdReference},
            },
        },
        enums::EventType,
    },
};

/// To the first event of a run.
pub(crate) fn to_start(namespace: &Namespace, workflow_id: String, run_id: String) -> Link {
    let reference = Reference::EventRef(EventReference {
        event_id: 1,
        event_type: EventType::WorkflowExecutionStarted as i32,
    });
    to_event(namespace, workflow_id, run_id, reference)
}

/// To the signal that a request has brought. Its event has no number before the workflow task that is under way has ended.
pub(crate) fn to_signal(namespace: &Namespace, workflow_id: String, run_id: String, request_id: String) -> Link {
    let reference = Reference::RequestIdRef(RequestIdReference {
        request_id,
        event_type: EventType::WorkflowExecutionSignaled as i32,
    });
    to_event(namespace, workflow_id, run_id, reference)
}

fn to_event(namespace: &Namespace, workflow_id: String, run_id: String, reference: Reference) -> Link {
    Link {
        variant: Some(Variant::WorkflowEvent(WorkflowEvent {
            namespace: namespace.name.clone(),
            workflow_id,
            run_id,
            reference: Some(reference),
        })),
    }
}
