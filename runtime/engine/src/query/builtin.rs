//! The queries that every tool asks, which the server answers for components, whatever their language: what a workflow takes,
//! and where it waits.

use serde_json::{Value, json};
use wrt_host::{Lines, TEMPORAL_CONTRACT, WorkflowInstance};
use wrt_model::{
    Component, ComponentKind, Digest, Run,
    component::{HandlerDefinition, TypeDefinition},
    payload::{self, ENCODING},
    proto::{Failure, HistoryEvent, Payload, Payloads, query::WorkflowQuery},
};

use super::{
    Refusal,
    stack::{self, Waiting},
    worker::query_failure,
};
use crate::{Engine, EngineError};

/// What has happened to a run that is asked about.
#[derive(Clone, Copy)]
pub(super) struct Past<'r> {
    pub(super) run: &'r Run,
    /// The store has some of its history.
    pub(super) is_stored: bool,
    /// The events that the store does not have yet.
    pub(super) uncommitted: &'r [HistoryEvent],
}

/// A query that the server answers. Temporal's SDKs answer those of these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    StackTrace,
    EnhancedStackTrace,
    WorkflowMetadata,
}

/// The queries with their names, and what people are told of them.
const BUILTINS: [(Builtin, &str, &str); 3] = [
    (
        Builtin::EnhancedStackTrace,
        "__enhanced_stack_trace",
        "Where the workflow waits, with places in its source",
    ),
    (Builtin::StackTrace, "__stack_trace", "Where the workflow waits"),
    (
        Builtin::WorkflowMetadata,
        "__temporal_workflow_metadata",
        "Metadata about the workflow",
    ),
];

impl Builtin {
    pub(super) fn named(query_type: &str) -> Option<Self> {
        let mut known = BUILTINS.into_iter();
        known.find_map(|(builtin, name, _)| (name == query_type).then_some(builtin))
    }
}

impl Engine {
    /// The answer of the server.
    pub(super) async fn answer_builtin(
        &self,
        builtin: Builtin,
        past: Past<'_>,
    ) -> Result<Option<Payloads>, EngineError> {
        let payload = match builtin {
            Builtin::WorkflowMetadata => self.metadata(past).await?,
            Builtin::StackTrace => {
                let waiting = self.waiting(past).await?;
                payload::json(Value::from(stack::text(past.run, &waiting)).to_string())
            }
            Builtin::EnhancedStackTrace => {
                let component = self.component_of(past.run).await?;
                let waiting = self.waiting(past).await?;
                proto_json(
                    "temporal.api.sdk.v1.EnhancedStackTrace",
                    &stack::enhanced(&component, &waiting),
                )
            }
        };
        Ok(payload::payloads(vec![payload]))
    }

    async fn metadata(&self, past: Past<'_>) -> Result<Payload, EngineError> {
        let component = self.component_of(past.run).await?;
        let definition = definition(&component, past.run).map(|it| definition_json(&it));
        // Guests of the other contract have no word for it.
        let current_details = match component.sdk_name == TEMPORAL_CONTRACT {
            true => self.traced(past).await?.current_details().to_owned(),
            false => String::new(),
        };
        Ok(proto_json(
            "temporal.api.sdk.v1.WorkflowMetadata",
            &json!({"definition": definition, "currentDetails": current_details}),
        ))
    }

    /// What the run waits for, each with the stack that has asked for it. The stacks are found by a replay in an instance of
    /// its own.
    async fn waiting(&self, past: Past<'_>) -> Result<Vec<Waiting>, EngineError> {
        if !past.run.is_open() {
            return Ok(Vec::new());
        }
        let mut stacks = self.traced(past).await?.stacks();
        let bytes = match Digest::parse(&past.run.component) {
            Some(digest) => self.inner.store.component_bytes(&digest).await?,
            None => None,
        };
        let bytes = bytes.unwrap_or_default();
        let lines = Lines::of(&bytes);
        let mut waiting = stack::waiting(past.run);
        for one in &mut waiting {
            one.frames = lines.locate(stacks.remove(&one.event_id).unwrap_or_default());
        }
        Ok(waiting)
    }

    /// An instance of its own that has replayed all that has happened, and kept the stacks of what is open.
    async fn traced(&self, past: Past<'_>) -> Result<WorkflowInstance, EngineError> {
        let replayed = match self.rebuild_traced(past.run, past.is_stored).await {
            Ok(mut instance) => instance.replay(past.uncommitted).map(|()| instance),
            Err(failure) => Err(failure),
        };
        replayed.map_err(|failure| super::query_failed(failure.failure.message))
    }

    async fn component_of(&self, run: &Run) -> Result<Component, EngineError> {
        let digest = Digest::parse(&run.component);
        let digest = digest.ok_or_else(|| EngineError::FailedPrecondition("workers run the workflow".to_owned()))?;
        self.component(&digest).await
    }

    /// What the caller is told when a workflow has not answered: for a query that it does not know, in the words that tools
    /// take the names of the others from.
    pub(super) async fn explain_refusal(&self, run: &Run, query: &WorkflowQuery, refusal: Refusal) -> EngineError {
        let Refusal { failure, has_trapped } = refusal;
        let component = self.component_of(run).await.ok();
        let definition = component.and_then(|component| definition(&component, run));
        let is_unknown =
            |it: &TypeDefinition| !has_trapped && it.queries.iter().all(|known| known.name != query.query_type);
        let Some(definition) = definition.filter(is_unknown) else {
            return EngineError::QueryFailed(failure);
        };
        let known: Vec<String> = queries(&definition).into_iter().map(|known| known.name).collect();
        EngineError::QueryFailed(Box::new(Failure {
            cause: Some(failure),
            ..query_failure(format!(
                "unknown queryType {}. KnownQueryTypes=[{}]",
                query.query_type,
                known.join(" ")
            ))
        }))
    }
}

fn definition(component: &Component, run: &Run) -> Option<TypeDefinition> {
    let mut types = component.types_of(ComponentKind::Workflow).iter();
    types.find(|definition| definition.name == run.workflow_type).cloned()
}

/// The queries of a workflow, with those that the server answers, by their names.
fn queries(definition: &TypeDefinition) -> Vec<HandlerDefinition> {
    let builtins = BUILTINS.map(|(_, name, description)| HandlerDefinition {
        name: name.to_owned(),
        description: description.to_owned(),
        ..Default::default()
    });
    sorted(builtins.into_iter().chain(definition.queries.iter().cloned()).collect())
}

fn sorted(mut handlers: Vec<HandlerDefinition>) -> Vec<HandlerDefinition> {
    handlers.sort_by(|one, other| one.name.cmp(&other.name));
    handlers.dedup_by(|one, other| one.name == other.name);
    handlers
}

fn definition_json(definition: &TypeDefinition) -> Value {
    let handlers = |handlers: Vec<HandlerDefinition>| -> Vec<Value> {
        let shown = handlers.into_iter();
        shown
            .map(|handler| json!({"name": handler.name, "description": handler.description}))
            .collect()
    };
    json!({
        "type": definition.name,
        "queryDefinitions": handlers(queries(definition)),
        "signalDefinitions": handlers(sorted(definition.signals.clone())),
        "updateDefinitions": handlers(sorted(definition.updates.clone())),
    })
}

/// A protobuf message as JSON, as SDKs write one.
fn proto_json(message_type: &str, message: &Value) -> Payload {
    Payload {
        metadata: [
            (ENCODING.to_owned(), b"json/protobuf".to_vec()),
            ("messageType".to_owned(), message_type.as_bytes().to_vec()),
        ]
        .into(),
        data: message.to_string().into_bytes(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(name: &str) -> HandlerDefinition {
        HandlerDefinition {
            name: name.to_owned(),
            description: format!("about {name}"),
            ..Default::default()
        }
    }

    #[test]
    fn the_queries_of_tools_have_names() {
        assert_eq!(Builtin::named("__stack_trace"), Some(Builtin::StackTrace));
        assert_eq!(
            Builtin::named("__temporal_workflow_metadata"),
            Some(Builtin::WorkflowMetadata)
        );
        assert_eq!(Builtin::named("state"), None);
    }

    #[test]
    fn definitions_are_sorted_and_have_the_queries_of_the_server() {
        let definition = TypeDefinition {
            name: "Order".into(),
            queries: vec![handler("state"), handler("items")],
            signals: vec![handler("pay")],
            ..Default::default()
        };
        let shown = definition_json(&definition);
        let names: Vec<&str> = shown["queryDefinitions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|query| query["name"].as_str())
            .collect();
        assert_eq!(
            names,
            [
                "__enhanced_stack_trace",
                "__stack_trace",
                "__temporal_workflow_metadata",
                "items",
                "state"
            ]
        );
        assert_eq!(
            shown["signalDefinitions"],
            json!([{"name": "pay", "description": "about pay"}])
        );
        assert_eq!(shown["updateDefinitions"], json!([]));
    }
}
