//! What a command decides, and what its event says that it has decided: the same words for both, to be compared.

use std::{collections::BTreeMap, fmt};

use super::history::Event;
use crate::{Failure, Payload};

/// What was decided. Timeouts, policies and words for people, which the server completes, are not part of it.
pub(super) struct Decision {
    /// The kind of the event.
    kind: String,
    facts: Vec<(&'static str, Fact)>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Fact {
    Text(String),
    Payloads(Vec<Payload>),
    Fields(BTreeMap<String, Payload>),
    Failure(Box<Failure>),
}

impl Fact {
    pub(super) fn text(text: impl ToString) -> Self {
        Fact::Text(text.to_string())
    }

    /// Metadata has no order.
    pub(super) fn payloads(payloads: impl IntoIterator<Item = Payload>) -> Self {
        Fact::Payloads(payloads.into_iter().map(sorted).collect())
    }

    pub(super) fn fields(fields: BTreeMap<String, Payload>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name, sorted(value)));
        Fact::Fields(fields.collect())
    }

    /// Search attributes without their types, which the server tells in histories.
    pub(super) fn search_attributes(mut attributes: BTreeMap<String, Payload>) -> Self {
        for value in attributes.values_mut() {
            value.metadata.retain(|(key, _)| key != "type");
        }
        Fact::fields(attributes)
    }

    pub(super) fn failure(failure: Failure) -> Self {
        Fact::Failure(Box::new(failure))
    }

    pub(super) fn outcome(outcome: Result<Vec<Payload>, Failure>) -> Self {
        outcome.map_or_else(Fact::failure, Fact::payloads)
    }
}

fn sorted(mut payload: Payload) -> Payload {
    payload.metadata.sort();
    payload
}

impl Decision {
    pub(super) fn new(kind: &str, facts: impl IntoIterator<Item = (&'static str, Fact)>) -> Self {
        Decision {
            kind: kind.to_owned(),
            facts: facts.into_iter().collect(),
        }
    }

    /// What the event of a command says.
    pub(super) fn of_event(event: &Event) -> Self {
        let text = |path: &str| Fact::text(event.text(path));
        let payloads = |path: &str| Fact::payloads(event.payloads(path));
        let facts = match event.kind.as_str() {
            "ACTIVITY_TASK_SCHEDULED" => vec![
                ("activity id", text("activityId")),
                ("activity type", text("activityType.name")),
                ("task queue", text("taskQueue.name")),
                ("input", payloads("input")),
            ],
            "ACTIVITY_TASK_CANCEL_REQUESTED" => vec![("activity", Fact::text(event.number("scheduledEventId")))],
            "TIMER_STARTED" => {
                let timeout = event.duration("startToFireTimeout").unwrap_or_default();
                vec![
                    ("timer id", text("timerId")),
                    ("start-to-fire timeout", Fact::text(format!("{timeout:?}"))),
                ]
            }
            "TIMER_CANCELED" => vec![("timer id", text("timerId"))],
            "START_CHILD_WORKFLOW_EXECUTION_INITIATED" => vec![
                ("workflow id", text("workflowId")),
                ("workflow type", text("workflowType.name")),
                ("input", payloads("input")),
            ],
            "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED" => vec![
                ("workflow id", text("workflowExecution.workflowId")),
                ("run id", text("workflowExecution.runId")),
                ("signal", text("signalName")),
                ("input", payloads("input")),
            ],
            "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED" => {
                vec![("workflow id", text("workflowExecution.workflowId"))]
            }
            "MARKER_RECORDED" => {
                let patch = Mark::of(event).map_or_else(|| event.text("markerName").to_owned(), |mark| mark.id);
                vec![("patch", Fact::text(patch))]
            }
            "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES" => {
                vec![(
                    "search attributes",
                    Fact::search_attributes(event.fields("searchAttributes.indexedFields")),
                )]
            }
            "WORKFLOW_PROPERTIES_MODIFIED" => vec![("memo", Fact::fields(event.fields("upsertedMemo.fields")))],
            "WORKFLOW_EXECUTION_UPDATE_ACCEPTED" => vec![("update", text("protocolInstanceId"))],
            "WORKFLOW_EXECUTION_UPDATE_COMPLETED" => {
                let failed = event.field("outcome.failure").is_object();
                let outcome = if failed {
                    Err(event.failure("outcome.failure"))
                } else {
                    Ok(event.payloads("outcome.success"))
                };
                vec![("update", text("meta.updateId")), ("outcome", Fact::outcome(outcome))]
            }
            "WORKFLOW_EXECUTION_COMPLETED" => vec![("result", payloads("result"))],
            "WORKFLOW_EXECUTION_FAILED" => vec![("failure", Fact::failure(event.failure("failure")))],
            "WORKFLOW_EXECUTION_CANCELED" => vec![("details", payloads("details"))],
            "WORKFLOW_EXECUTION_CONTINUED_AS_NEW" => vec![("input", payloads("input"))],
            _ => Vec::new(),
        };
        Decision::new(&event.kind, facts)
    }

    pub(super) fn is_same_kind(&self, other: &Decision) -> bool {
        self.kind == other.kind
    }

    /// The first fact that the history, which is this one, has in another way than the workflow.
    pub(super) fn difference(&self, workflow: &Decision) -> Option<String> {
        let facts = self.facts.iter().zip(&workflow.facts);
        let ((field, history), (_, workflow)) = facts.into_iter().find(|(ours, theirs)| ours != theirs)?;
        Some(format!(
            "its {field} is {history} in the history and {workflow} in the workflow"
        ))
    }
}

impl fmt::Display for Decision {
    /// The kind, with what tells it apart from others of its kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.facts.iter().filter_map(|(field, fact)| match fact {
            Fact::Text(text) if !text.is_empty() => Some(format!("{field} `{text}`")),
            _ => None,
        });
        let texts: Vec<_> = texts.collect();
        if texts.is_empty() {
            f.write_str(&self.kind)
        } else {
            write!(f, "{} ({})", self.kind, texts.join(", "))
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Text(text) => write!(f, "`{text}`"),
            Fact::Payloads(payloads) => show(f, payloads.iter().map(|payload| (None, payload))),
            Fact::Fields(fields) => show(f, fields.iter().map(|(name, payload)| (Some(name), payload))),
            Fact::Failure(failure) => {
                let links: Vec<_> = failure.chain().map(ToString::to_string).collect();
                f.write_str(&links.join(", because of "))
            }
        }
    }
}

fn show<'p>(
    f: &mut fmt::Formatter<'_>,
    payloads: impl Iterator<Item = (Option<&'p String>, &'p Payload)>,
) -> fmt::Result {
    let shown = payloads.map(|(name, payload)| {
        let data = String::from_utf8_lossy(&payload.data);
        name.map_or_else(|| data.to_string(), |name| format!("{name}: {data}"))
    });
    write!(f, "[{}]", shown.collect::<Vec<_>>().join(", "))
}

// === Patches ===

/// What the marker of a patch says.
#[derive(serde::Deserialize)]
pub(super) struct Mark {
    pub(super) id: String,
    #[serde(default)]
    pub(super) deprecated: bool,
}

impl Mark {
    /// The mark of an event that marks a patch, as Temporal's SDKs write it.
    pub(super) fn of(event: &Event) -> Option<Self> {
        if event.kind != "MARKER_RECORDED" || event.text("markerName") != "core_patch" {
            return None;
        }
        let data = event.payloads("details.patch-data").into_iter().next()?;
        serde_json::from_slice(&data.data).ok()
    }
}

// === Local activities ===

/// The number and the end of a local activity, if the event records one, as Temporal's SDKs write it.
pub(super) fn local_activity(event: &Event) -> Option<(u32, Result<Vec<Payload>, Failure>)> {
    #[derive(serde::Deserialize)]
    struct Data {
        seq: u32,
    }
    if event.kind != "MARKER_RECORDED" || event.text("markerName") != "core_local_activity" {
        return None;
    }
    let data = event.payloads("details.data").into_iter().next()?;
    let data: Data = serde_json::from_slice(&data.data).ok()?;
    let outcome = match event.field("failure").is_object() {
        true => Err(event.failure("failure")),
        false => Ok(event.payloads("details.result")),
    };
    Some((data.seq, outcome))
}
