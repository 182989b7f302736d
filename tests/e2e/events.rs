//! What workers and clients of other SDKs need in events and in answers.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;
use tonic::Request;
use wrt_model::{
    payload,
    proto::{
        Command, CommandAttributes, EventAttributes, Header, TaskQueue, WorkflowType,
        command::{
            RequestCancelExternalWorkflowExecutionCommandAttributes, SignalExternalWorkflowExecutionCommandAttributes,
            StartChildWorkflowExecutionCommandAttributes,
        },
        common::{Link, link},
        enums::{
            CancelExternalWorkflowExecutionFailedCause as CancelFailed, CommandType, EventType, IndexedValueType,
            SignalExternalWorkflowExecutionFailedCause as SignalFailed,
            StartChildWorkflowExecutionFailedCause as StartFailed, WorkflowIdReusePolicy as Reuse,
        },
        schedule::{Schedule, ScheduleAction, schedule_action::Action},
        workflow::NewWorkflowExecutionInfo,
        workflowservice::{
            CreateScheduleRequest, DescribeScheduleRequest, PollNexusTaskQueueRequest, PollWorkflowTaskQueueRequest,
            RespondWorkflowTaskCompletedRequest, ShutdownWorkerRequest, SignalWorkflowExecutionRequest,
        },
    },
};
use wrt_tests::{Client, Options, Run, with_server};

const QUEUE: &str = "orders";

/// The longest wait for something that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes the next workflow task, and answers with these commands.
async fn work(client: &Client, commands: Vec<Command>) -> Result<()> {
    let polling = async {
        loop {
            let mut request = Request::new(PollWorkflowTaskQueueRequest {
                namespace: client.namespace(),
                task_queue: queue(),
                ..Default::default()
            });
            request.set_timeout(PATIENCE);
            let task = client.temporal().poll_workflow_task_queue(request).await?.into_inner();
            if !task.task_token.is_empty() {
                return Ok::<_, tonic::Status>(task);
            }
        }
    };
    let task = timeout(PATIENCE, polling).await.context("wait for a workflow task")??;
    let request = RespondWorkflowTaskCompletedRequest {
        namespace: client.namespace(),
        task_token: task.task_token,
        commands,
        ..Default::default()
    };
    client.temporal().respond_workflow_task_completed(request).await?;
    Ok(())
}

fn queue() -> Option<TaskQueue> {
    Some(TaskQueue {
        name: QUEUE.to_owned(),
        ..Default::default()
    })
}

async fn start(client: &Client, workflow_id: &str) -> Result<Run> {
    Ok(client.start(client.starting("Order", QUEUE, workflow_id, "")).await?)
}

fn command(kind: CommandType, attributes: CommandAttributes) -> Command {
    Command {
        command_type: kind as i32,
        attributes: Some(attributes),
        ..Default::default()
    }
}

#[expect(deprecated, reason = "SDKs still send the namespace")]
fn child(
    client: &Client,
    workflow_id: &str,
    change: impl FnOnce(&mut StartChildWorkflowExecutionCommandAttributes),
) -> Command {
    let mut attributes = StartChildWorkflowExecutionCommandAttributes {
        namespace: client.namespace(),
        workflow_id: workflow_id.to_owned(),
        workflow_type: Some(WorkflowType {
            name: "Ship".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: "nobody".to_owned(),
            ..Default::default()
        }),
        control: "command-7".to_owned(),
        header: Some(header()),
        ..Default::default()
    };
    change(&mut attributes);
    command(
        CommandType::StartChildWorkflowExecution,
        CommandAttributes::StartChildWorkflowExecutionCommandAttributes(attributes),
    )
}

fn header() -> Header {
    Header {
        fields: [("trace".to_owned(), payload::json("7"))].into(),
    }
}

#[expect(deprecated, reason = "SDKs find their command by the control")]
fn signal(namespace: &str, workflow_id: &str) -> Command {
    let execution = wrt_model::proto::WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: String::new(),
    };
    command(
        CommandType::SignalExternalWorkflowExecution,
        CommandAttributes::SignalExternalWorkflowExecutionCommandAttributes(
            SignalExternalWorkflowExecutionCommandAttributes {
                namespace: namespace.to_owned(),
                execution: Some(execution),
                signal_name: "go".to_owned(),
                control: "command-7".to_owned(),
                ..Default::default()
            },
        ),
    )
}

#[expect(deprecated, reason = "SDKs find their command by the control")]
fn cancel(namespace: &str, workflow_id: &str) -> Command {
    command(
        CommandType::RequestCancelExternalWorkflowExecution,
        CommandAttributes::RequestCancelExternalWorkflowExecutionCommandAttributes(
            RequestCancelExternalWorkflowExecutionCommandAttributes {
                namespace: namespace.to_owned(),
                workflow_id: workflow_id.to_owned(),
                control: "command-7".to_owned(),
                ..Default::default()
            },
        ),
    )
}

#[expect(deprecated, reason = "SDKs may find their command by the control")]
#[tokio::test]
async fn a_child_whose_id_is_taken_fails_and_does_not_fail_the_task() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let parent = start(client, "parent").await?;
        let twice = vec![child(client, "ship", |_| ()), child(client, "ship", |_| ())];
        work(client, twice).await?;
        let started = parent.wait_for(EventType::ChildWorkflowExecutionStarted).await?;
        let Some(EventAttributes::ChildWorkflowExecutionStartedEventAttributes(started)) = started.attributes else {
            panic!("{started:?}");
        };
        assert_eq!(
            (started.namespace, started.header),
            (client.namespace(), Some(header()))
        );
        let failed = parent.wait_for(EventType::StartChildWorkflowExecutionFailed).await?;
        let Some(EventAttributes::StartChildWorkflowExecutionFailedEventAttributes(failed)) = failed.attributes else {
            panic!("{failed:?}");
        };
        assert_eq!(failed.cause(), StartFailed::WorkflowAlreadyExists);
        assert_eq!(
            (failed.control, failed.namespace),
            ("command-7".to_owned(), client.namespace())
        );
        assert_eq!(parent.describe().await?.pending_children.len(), 1);

        #[expect(deprecated, reason = "older SDKs send it")]
        let instead = child(client, "ship", |child| {
            child.set_workflow_id_reuse_policy(Reuse::TerminateIfRunning)
        });
        work(client, vec![instead]).await?;
        parent.wait_for(EventType::ChildWorkflowExecutionTerminated).await?;
        let described = parent.describe().await?;
        let [second] = described.pending_children.as_slice() else {
            panic!("{:?}", described.pending_children);
        };
        let first = started.workflow_execution.unwrap_or_default();
        assert_ne!(second.run_id, first.run_id);
        assert_eq!(
            client.run("ship", &first.run_id).end().await?,
            EventType::WorkflowExecutionTerminated
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn words_between_workflows_are_known_by_their_control() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let other = start(client, "other").await?;
        work(client, vec![]).await?;
        let run = start(client, "w").await?;
        let own = client.namespace();
        let commands = vec![
            signal(&own, "other"),
            cancel(&own, "other"),
            signal("elsewhere", "other"),
            cancel("elsewhere", "other"),
            cancel(&own, "w"),
        ];
        work(client, commands).await?;
        other.wait_for(EventType::WorkflowExecutionCancelRequested).await?;
        for event in other.history().await? {
            match event.attributes {
                Some(EventAttributes::WorkflowExecutionSignaledEventAttributes(signaled)) => {
                    assert_eq!(signaled.external_workflow_execution, Some(run.execution()));
                }
                Some(EventAttributes::WorkflowExecutionCancelRequestedEventAttributes(asked)) => {
                    assert_eq!(asked.external_workflow_execution, Some(run.execution()));
                    assert_eq!(asked.external_initiated_event_id, 6);
                }
                _ => {}
            }
        }
        run.wait_until("the answers to all", |event| {
            matches!(
                &event.attributes,
                Some(EventAttributes::RequestCancelExternalWorkflowExecutionFailedEventAttributes(failed))
                    if failed.initiated_event_id == 9
            )
        })
        .await?;
        let mut answers = Vec::new();
        for event in run.history().await? {
            answers.extend(event.attributes.and_then(answer));
        }
        answers.sort();
        assert_eq!(
            answers,
            [
                "5 command-7",
                "5 signaled command-7",
                "6 cancel requested",
                "6 command-7",
                "7 command-7",
                "7 failed: NamespaceNotFound command-7",
                "8 command-7",
                "8 failed: NamespaceNotFound",
                "9 command-7",
                "9 failed: ExternalWorkflowExecutionNotFound",
            ]
        );
        Ok(())
    })
    .await
}

/// The control of a request, as the event that asks for it and the one that answers it have it.
#[expect(deprecated, reason = "SDKs find their command by the control")]
fn answer(attributes: EventAttributes) -> Option<String> {
    use EventAttributes as A;
    // Events 5 to 9 ask.
    Some(match attributes {
        A::SignalExternalWorkflowExecutionInitiatedEventAttributes(asked) => {
            let id = if asked.namespace == "elsewhere" { 7 } else { 5 };
            format!("{id} {}", asked.control)
        }
        A::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(asked) => {
            let workflow_id = asked.workflow_execution.unwrap_or_default().workflow_id;
            let id = match (asked.namespace.as_str(), workflow_id.as_str()) {
                ("elsewhere", _) => 8,
                (_, "w") => 9,
                _ => 6,
            };
            format!("{id} {}", asked.control)
        }
        A::ExternalWorkflowExecutionSignaledEventAttributes(end) => {
            format!("{} signaled {}", end.initiated_event_id, end.control)
        }
        A::SignalExternalWorkflowExecutionFailedEventAttributes(end) => {
            let cause: SignalFailed = end.cause();
            format!("{} failed: {cause:?} {}", end.initiated_event_id, end.control)
        }
        A::ExternalWorkflowExecutionCancelRequestedEventAttributes(end) => {
            format!("{} cancel requested", end.initiated_event_id)
        }
        A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(end) => {
            let cause: CancelFailed = end.cause();
            format!("{} failed: {cause:?}", end.initiated_event_id)
        }
        _ => return None,
    })
}

#[tokio::test]
async fn what_was_not_set_is_not_there_and_what_clients_look_into_is() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let links = vec![Link {
            variant: Some(link::Variant::BatchJob(link::BatchJob {
                job_id: "job".to_owned(),
            })),
        }];
        let mut request = client.starting("Order", QUEUE, "w", "");
        request.request_id = "start-1".to_owned();
        request.links.clone_from(&links);
        let run = client.start(request).await?;
        let signal = SignalWorkflowExecutionRequest {
            namespace: client.namespace(),
            workflow_execution: Some(run.execution()),
            signal_name: "go".to_owned(),
            links: links.clone(),
            ..Default::default()
        };
        client.temporal().signal_workflow_execution(signal).await?;
        let history = run.history().await?;
        assert!(
            history.iter().filter(|event| event.links == links).count() == 2,
            "{history:?}"
        );
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &history[0].attributes else {
            panic!("{history:?}");
        };
        assert_eq!(started.workflow_execution_timeout, None);
        assert_eq!(started.workflow_run_timeout, None);
        assert_eq!(started.root_workflow_execution, None);

        let described = run.describe().await?;
        let info = described.workflow_execution_info.context("it is described")?;
        assert_eq!(info.search_attributes, Some(Default::default()));
        assert_eq!(info.memo, Some(Default::default()));
        assert_eq!(info.root_execution, Some(run.execution()));
        let config = described.execution_config.context("it is described")?;
        assert_eq!(
            (config.workflow_execution_timeout, config.workflow_run_timeout),
            (None, None)
        );
        let extended = described.workflow_extended_info.context("it is described")?;
        assert_eq!(extended.request_id_infos["start-1"].event_id, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_schedule_says_of_which_types_its_search_attributes_are() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        client
            .add_search_attributes(&[("Colour", IndexedValueType::Keyword)])
            .await?;
        let action = NewWorkflowExecutionInfo {
            workflow_id: "w".to_owned(),
            workflow_type: Some(WorkflowType {
                name: "Order".to_owned(),
            }),
            task_queue: queue(),
            search_attributes: Some(wrt_model::proto::SearchAttributes {
                indexed_fields: [("Colour".to_owned(), payload::json("\"red\""))].into(),
            }),
            ..Default::default()
        };
        let create = CreateScheduleRequest {
            namespace: client.namespace(),
            schedule_id: "s".to_owned(),
            schedule: Some(Schedule {
                action: Some(ScheduleAction {
                    action: Some(Action::StartWorkflow(action)),
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        client.temporal().create_schedule(create).await?;
        let describe = DescribeScheduleRequest {
            namespace: client.namespace(),
            schedule_id: "s".to_owned(),
        };
        let described = client.temporal().describe_schedule(describe).await?.into_inner();
        let action = described.schedule.and_then(|schedule| schedule.action);
        let Some(Action::StartWorkflow(start)) = action.and_then(|action| action.action) else {
            panic!("it has an action");
        };
        let fields = start
            .search_attributes
            .context("it has search attributes")?
            .indexed_fields;
        assert_eq!(fields["Colour"].metadata["type"], b"Keyword");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_worker_with_nexus_handlers_can_say_goodbye() -> Result<()> {
    with_server(Options::default(), async |server| {
        let client = server.client();
        let polling = |key: &str| {
            let mut request = Request::new(PollNexusTaskQueueRequest {
                namespace: client.namespace(),
                task_queue: queue(),
                worker_instance_key: key.to_owned(),
                ..Default::default()
            });
            request.set_timeout(PATIENCE);
            let mut temporal = client.temporal();
            async move { temporal.poll_nexus_task_queue(request).await }
        };
        let mut other = Box::pin(polling("other"));
        let goodbye = ShutdownWorkerRequest {
            namespace: client.namespace(),
            worker_instance_key: "leaving".to_owned(),
            ..Default::default()
        };
        let leaving = async {
            tokio::join!(polling("leaving"), async {
                client.temporal().shutdown_worker(goodbye).await
            })
        };
        // Whichever comes first at the server, the poll of the one that leaves ends, and the other one goes on.
        let (ended, said) = tokio::select! {
            both = leaving => both,
            answer = &mut other => panic!("it has nothing to hear: {answer:?}"),
        };
        said?;
        assert!(ended?.into_inner().task_token.is_empty());
        let late = polling("leaving").await?.into_inner();
        assert!(late.task_token.is_empty(), "a poll that is late is answered at once");
        Ok(())
    })
    .await
}
