//! `wrt workflow start`, and what every verb that starts a workflow takes.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use uuid::Uuid;
use wrt_model::proto::{
    Memo, SearchAttributes, TaskQueue, WorkflowExecution, WorkflowType,
    enums::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy},
    workflowservice::StartWorkflowExecutionRequest,
};

use super::diagnosis;
use crate::{
    client::{Client, answer, identity},
    context::Context,
    exit::Exit,
    output::{self, card, heading},
    payload::{self, InputArgs},
    proto::wrt::{ComponentKind, ListDeploymentsRequest, list_deployments_response::Entry},
    time,
};

/// Start a workflow and return at once
#[derive(Debug, Args)]
pub(crate) struct StartCommand {
    #[command(flatten)]
    start: StartArgs,
}

/// How a workflow is started.
#[derive(Debug, Args)]
pub(super) struct StartArgs {
    #[command(flatten)]
    workflow: WorkflowArgs,
    /// Wait this long before the first workflow task
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    start_delay: Option<Duration>,
    /// When a closed run has the same id
    #[arg(long, value_enum, ignore_case = true, value_name = "POLICY")]
    id_reuse_policy: Option<ReusePolicy>,
    /// When an open run has the same id
    #[arg(long, value_enum, ignore_case = true, value_name = "POLICY")]
    id_conflict_policy: Option<ConflictPolicy>,
}

/// What is started, by whomever.
#[derive(Debug, Args)]
pub(crate) struct WorkflowArgs {
    /// The workflow type
    #[arg(long = "type", value_name = "NAME")]
    workflow_type: String,
    /// The task queue; needed only when no deployed component, or more than one, defines the type
    #[arg(long, short, value_name = "NAME")]
    task_queue: Option<String>,
    /// The workflow's id; a random one if it is left out
    #[arg(long, short, value_name = "ID")]
    workflow_id: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    /// The longest time for all runs together
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    execution_timeout: Option<Duration>,
    /// The longest time for one run
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    run_timeout: Option<Duration>,
    /// The longest time for one workflow task
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    task_timeout: Option<Duration>,
    /// A note that is kept beside the workflow; the value is JSON. Repeatable
    #[arg(long, value_parser = payload::key_value, value_name = "KEY=JSON")]
    memo: Vec<(String, String)>,
    /// A value to find the workflow by, such as `Color='"red"'` or `Amount=7`; the value is JSON. Repeatable
    #[arg(long, value_parser = payload::key_value, value_name = "NAME=JSON")]
    search_attribute: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum ReusePolicy {
    AllowDuplicate,
    AllowDuplicateFailedOnly,
    RejectDuplicate,
    TerminateIfRunning,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum ConflictPolicy {
    Fail,
    UseExisting,
    TerminateExisting,
}

/// A run that was started.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) workflow_id: String,
    pub(super) run_id: String,
    pub(super) workflow_type: String,
    pub(super) namespace: String,
    pub(super) task_queue: String,
}

// === impl StartCommand ===

impl StartCommand {
    /// Starts the workflow and prints its ids.
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        let started = self.start.start(&client).await?;
        started.print(context, &client).await?;
        Ok(Exit::Success)
    }
}

// === impl StartArgs ===

impl StartArgs {
    /// Starts the workflow.
    pub(super) async fn start(self, client: &Client) -> anyhow::Result<Started> {
        let request = self.request(client).await?;
        let mut started = Started::from_request(&request);
        let outcome = client.workflows().start_workflow_execution(request).await;
        started.run_id = answer("start workflow", outcome)?.run_id;
        Ok(started)
    }

    /// The request to start the workflow, with a new request id.
    pub(super) async fn request(self, client: &Client) -> anyhow::Result<StartWorkflowExecutionRequest> {
        let reuse = self
            .id_reuse_policy
            .map_or(WorkflowIdReusePolicy::Unspecified, Into::into);
        let conflict = self
            .id_conflict_policy
            .map_or(WorkflowIdConflictPolicy::Unspecified, Into::into);
        Ok(StartWorkflowExecutionRequest {
            workflow_start_delay: self.start_delay.map(time::proto).transpose()?,
            identity: identity(),
            request_id: Uuid::new_v4().to_string(),
            workflow_id_reuse_policy: reuse as i32,
            workflow_id_conflict_policy: conflict as i32,
            ..self.workflow.request(client).await?
        })
    }
}

// === impl WorkflowArgs ===

impl WorkflowArgs {
    /// What a request to start the workflow says about the workflow itself.
    pub(crate) async fn request(self, client: &Client) -> anyhow::Result<StartWorkflowExecutionRequest> {
        // What can be wrong here is found before anything is asked of the server.
        let input = self.input.payloads()?;
        let memo = memo("--memo", self.memo)?;
        let search_attributes = search_attributes("--search-attribute", self.search_attribute)?;
        let task_queue = match self.task_queue {
            Some(name) => name,
            None => find_task_queue(client, &self.workflow_type).await?,
        };
        Ok(StartWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_id: self.workflow_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            workflow_type: Some(WorkflowType {
                name: self.workflow_type,
            }),
            task_queue: Some(TaskQueue {
                name: task_queue,
                ..Default::default()
            }),
            input,
            workflow_execution_timeout: self.execution_timeout.map(time::proto).transpose()?,
            workflow_run_timeout: self.run_timeout.map(time::proto).transpose()?,
            workflow_task_timeout: self.task_timeout.map(time::proto).transpose()?,
            memo,
            search_attributes,
            ..Default::default()
        })
    }
}

/// The memo of these pairs of key and JSON; `None` without any. `flag` says in errors where they stood.
pub(crate) fn memo(flag: &str, pairs: Vec<(String, String)>) -> anyhow::Result<Option<Memo>> {
    let fields = payload::fields(flag, pairs)?;
    Ok((!fields.is_empty()).then_some(Memo { fields }))
}

/// The search attributes of these pairs of name and JSON; `None` without any. `flag` says in errors where they stood.
pub(crate) fn search_attributes(flag: &str, pairs: Vec<(String, String)>) -> anyhow::Result<Option<SearchAttributes>> {
    let indexed_fields = payload::fields(flag, pairs)?;
    Ok((!indexed_fields.is_empty()).then_some(SearchAttributes { indexed_fields }))
}

/// The task queue on which a deployed component serves the workflow type.
async fn find_task_queue(client: &Client, workflow_type: &str) -> anyhow::Result<String> {
    let request = ListDeploymentsRequest {
        namespace: client.namespace(),
    };
    let outcome = client.components().list_deployments(request).await;
    let deployments = answer("find a deployment for the workflow type", outcome)
        .context("without --task-queue the server's deployments are asked for")?
        .deployments;
    only_task_queue(&deployments, workflow_type)
}

fn only_task_queue(deployments: &[Entry], workflow_type: &str) -> anyhow::Result<String> {
    let mut queues = BTreeSet::new();
    let mut types = BTreeSet::new();
    for entry in deployments {
        let (Some(deployment), Some(component)) = (&entry.deployment, &entry.component) else {
            continue;
        };
        if component.kind() == ComponentKind::Activity {
            continue;
        }
        types.extend(component.types.iter().map(|definition| definition.name.as_str()));
        if component
            .types
            .iter()
            .any(|definition| definition.name == workflow_type)
        {
            queues.insert(deployment.task_queue.as_str());
        }
    }
    match Vec::from_iter(queues).as_slice() {
        [queue] => Ok((*queue).to_owned()),
        [] if types.is_empty() => bail!(
            "no workflow component is deployed; deploy one with `wrt deploy FILE.wasm`, or name the workers' queue \
             with --task-queue"
        ),
        [] => bail!(
            "no deployed component defines the workflow type `{workflow_type}`, only {}; deploy one that does, or \
             name the workers' queue with --task-queue",
            Vec::from_iter(types).join(", ")
        ),
        several => bail!(
            "the workflow type `{workflow_type}` is served on the task queues {}; say which with --task-queue",
            several.join(", ")
        ),
    }
}

// === impl Started ===

impl Started {
    /// What is known before the server has answered: everything but the run's id.
    pub(super) fn from_request(request: &StartWorkflowExecutionRequest) -> Self {
        let workflow_type = request.workflow_type.as_ref().map(|kind| kind.name.clone());
        let task_queue = request.task_queue.as_ref().map(|queue| queue.name.clone());
        Started {
            workflow_id: request.workflow_id.clone(),
            run_id: String::new(),
            workflow_type: workflow_type.unwrap_or_default(),
            namespace: request.namespace.clone(),
            task_queue: task_queue.unwrap_or_default(),
        }
    }

    /// Prints what was started, with a warning when nobody can run it.
    pub(super) async fn print(&self, context: &Context, client: &Client) -> anyhow::Result<()> {
        let hints = self.hints(client).await;
        if context.output.is_text() {
            hints.iter().for_each(|hint| output::warning(hint));
        }
        let fields = || {
            let mut fields = self.fields();
            fields.extend(diagnosis::hint_fields(&hints));
            Value::Object(fields)
        };
        context.output.one(|| self.text(), fields)?;
        Ok(())
    }

    /// What keeps it from being run, if something does.
    pub(super) async fn hints(&self, client: &Client) -> Vec<String> {
        let execution = WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
        };
        diagnosis::hints(diagnosis::ask(client, &execution).await.as_ref())
    }

    /// The card for people.
    pub(super) fn text(&self) -> String {
        let lines = card(&[
            ("WorkflowId", self.workflow_id.clone()),
            ("RunId", self.run_id.clone()),
            ("Type", self.workflow_type.clone()),
            ("Namespace", self.namespace.clone()),
            ("TaskQueue", self.task_queue.clone()),
        ]);
        format!("{}\n{lines}", heading("Running execution:"))
    }

    /// The same for programs.
    pub(super) fn fields(&self) -> Map<String, Value> {
        [
            ("workflowId", &self.workflow_id),
            ("runId", &self.run_id),
            ("type", &self.workflow_type),
            ("namespace", &self.namespace),
            ("taskQueue", &self.task_queue),
        ]
        .map(|(name, value)| (name.to_owned(), Value::from(value.as_str())))
        .into_iter()
        .collect()
    }
}

// === impl policies ===

impl From<ReusePolicy> for WorkflowIdReusePolicy {
    #[expect(deprecated, reason = "Temporal's command line still takes TerminateIfRunning")]
    fn from(policy: ReusePolicy) -> Self {
        match policy {
            ReusePolicy::AllowDuplicate => WorkflowIdReusePolicy::AllowDuplicate,
            ReusePolicy::AllowDuplicateFailedOnly => WorkflowIdReusePolicy::AllowDuplicateFailedOnly,
            ReusePolicy::RejectDuplicate => WorkflowIdReusePolicy::RejectDuplicate,
            ReusePolicy::TerminateIfRunning => WorkflowIdReusePolicy::TerminateIfRunning,
        }
    }
}

impl From<ConflictPolicy> for WorkflowIdConflictPolicy {
    fn from(policy: ConflictPolicy) -> Self {
        match policy {
            ConflictPolicy::Fail => WorkflowIdConflictPolicy::Fail,
            ConflictPolicy::UseExisting => WorkflowIdConflictPolicy::UseExisting,
            ConflictPolicy::TerminateExisting => WorkflowIdConflictPolicy::TerminateExisting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::wrt::{Component, Deployment, TypeDefinition};

    fn entry(kind: ComponentKind, task_queue: &str, types: &[&str]) -> Entry {
        let definition = |name: &&str| TypeDefinition {
            name: (*name).to_owned(),
            ..Default::default()
        };
        Entry {
            deployment: Some(Deployment {
                task_queue: task_queue.to_owned(),
                ..Default::default()
            }),
            component: Some(Component {
                kind: kind as i32,
                types: types.iter().map(definition).collect(),
                ..Default::default()
            }),
        }
    }

    fn found(deployments: &[Entry]) -> String {
        only_task_queue(deployments, "Order").unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn the_task_queue_is_that_of_the_one_deployment_that_defines_the_type() {
        use ComponentKind::{Activity, Workflow};
        let orders = || entry(Workflow, "orders", &["Order", "Refund"]);
        let others = || entry(Workflow, "others", &["Ship"]);
        // An activity may bear the name of a workflow.
        assert_eq!(
            found(&[others(), orders(), entry(Activity, "work", &["Order"])]),
            "orders"
        );
        // Two deployments may serve one queue.
        assert_eq!(found(&[orders(), orders()]), "orders");
        assert_eq!(
            found(&[orders(), entry(Workflow, "b", &["Order"])]),
            "the workflow type `Order` is served on the task queues b, orders; say which with --task-queue"
        );
        assert!(found(&[others()]).contains("defines the workflow type `Order`, only Ship;"));
        assert!(found(&[]).starts_with("no workflow component is deployed"));
    }

    #[test]
    fn memo_values_are_json() {
        let field = |text: &str| vec![("note".to_owned(), text.to_owned())];
        let kept = memo("--memo", field("\"x\"")).unwrap().unwrap();
        assert_eq!(kept.fields["note"], wrt_model::payload::json("\"x\""));
        let error = memo("--memo", field("x")).unwrap_err().to_string();
        assert!(error.starts_with("--memo note `x` is not JSON"), "{error}");
    }
}
