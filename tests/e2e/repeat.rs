//! Calls that come twice, because their answer was lost: each call, with the request that comes again or another one, and
//! where its run is by then. Whatever the answer is, nothing happens twice.

mod chains;
mod others;
mod starts;
mod updates;

use anyhow::{Context as _, Result};
use tonic::{Code, Status};
use wrt_model::proto::{
    ActivityType, CommandAttributes, TaskQueue, WorkflowExecution,
    command::ScheduleActivityTaskCommandAttributes,
    enums::EventType,
    workflowservice::{
        DeleteWorkflowExecutionRequest, PauseActivityRequest, PauseWorkflowExecutionRequest,
        RequestCancelWorkflowExecutionRequest, RespondActivityTaskCompletedByIdRequest, SignalWorkflowExecutionRequest,
        TerminateWorkflowExecutionRequest, UnpauseActivityRequest, UnpauseWorkflowExecutionRequest,
        pause_activity_request, unpause_activity_request,
    },
};
use wrt_tests::{Client, Options, Run, Worker, WorkflowWorker, with_server};

/// The calls about one run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Signal,
    Cancel,
    Terminate,
    Pause,
    Unpause,
    PauseActivity,
    UnpauseActivity,
    CompleteActivity,
}

/// What has happened to the run between the two calls.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meanwhile {
    Nothing,
    /// It has closed.
    Closed,
    /// It has closed, and another one has the workflow's id. The second call names the first run.
    Replaced,
    /// The same; the second call is for whichever run there is.
    ReplacedByWhoever,
    /// It was removed.
    Deleted,
}

/// The request of the second call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Request {
    Same,
    Another,
}

use Meanwhile::{Closed, Deleted, Nothing, Replaced, ReplacedByWhoever};
use Request::{Another, Same};

/// The answers to the second call, of the same request and of another one, and how many events both calls have left in all
/// runs together.
type Row = (Meanwhile, [(Answer, usize); 2]);

type Answer = Result<(), Code>;

const DONE: Answer = Ok(());
const GONE: Answer = Err(Code::NotFound);
const NOT_NOW: Answer = Err(Code::FailedPrecondition);

impl Call {
    /// The event that it leaves, if it leaves one.
    fn event(self) -> Option<EventType> {
        Some(match self {
            Call::Signal => EventType::WorkflowExecutionSignaled,
            Call::Cancel => EventType::WorkflowExecutionCancelRequested,
            Call::Terminate => EventType::WorkflowExecutionTerminated,
            Call::Pause => EventType::WorkflowExecutionPaused,
            Call::Unpause => EventType::WorkflowExecutionUnpaused,
            Call::CompleteActivity => EventType::ActivityTaskCompleted,
            Call::PauseActivity | Call::UnpauseActivity => return None,
        })
    }

    async fn make(self, client: &Client, execution: WorkflowExecution, request: &str) -> Result<(), Status> {
        let mut temporal = client.temporal();
        let (namespace, request_id, identity) = (client.namespace(), request.to_owned(), "me".to_owned());
        let WorkflowExecution { workflow_id, run_id } = execution.clone();
        let workflow_execution = Some(execution.clone());
        match self {
            Call::Signal => {
                let request = SignalWorkflowExecutionRequest {
                    namespace,
                    workflow_execution,
                    signal_name: "go".to_owned(),
                    request_id,
                    ..Default::default()
                };
                temporal.signal_workflow_execution(request).await.map(drop)
            }
            Call::Cancel => {
                let request = RequestCancelWorkflowExecutionRequest {
                    namespace,
                    workflow_execution,
                    request_id,
                    ..Default::default()
                };
                temporal.request_cancel_workflow_execution(request).await.map(drop)
            }
            Call::Terminate => {
                let request = TerminateWorkflowExecutionRequest {
                    namespace,
                    workflow_execution,
                    ..Default::default()
                };
                temporal.terminate_workflow_execution(request).await.map(drop)
            }
            Call::Pause => {
                let request = PauseWorkflowExecutionRequest {
                    namespace,
                    workflow_id,
                    run_id,
                    identity,
                    request_id,
                    ..Default::default()
                };
                temporal.pause_workflow_execution(request).await.map(drop)
            }
            Call::Unpause => {
                let request = UnpauseWorkflowExecutionRequest {
                    namespace,
                    workflow_id,
                    run_id,
                    identity,
                    request_id,
                    ..Default::default()
                };
                temporal.unpause_workflow_execution(request).await.map(drop)
            }
            Call::PauseActivity => {
                let request = PauseActivityRequest {
                    namespace,
                    execution: Some(execution),
                    request_id,
                    activity: Some(pause_activity_request::Activity::Id("a1".to_owned())),
                    ..Default::default()
                };
                temporal.pause_activity(request).await.map(drop)
            }
            Call::UnpauseActivity => {
                let request = UnpauseActivityRequest {
                    namespace,
                    execution: Some(execution),
                    activity: Some(unpause_activity_request::Activity::Id("a1".to_owned())),
                    ..Default::default()
                };
                temporal.unpause_activity(request).await.map(drop)
            }
            Call::CompleteActivity => {
                let request = RespondActivityTaskCompletedByIdRequest {
                    namespace,
                    workflow_id,
                    run_id,
                    activity_id: "a1".to_owned(),
                    ..Default::default()
                };
                temporal.respond_activity_task_completed_by_id(request).await.map(drop)
            }
        }
    }
}

impl Meanwhile {
    async fn happen(self, client: &Client, run: &Run) -> Result<()> {
        if self == Nothing {
            return Ok(());
        }
        // A call may have ended it.
        drop(run.terminate("enough").await);
        match self {
            Nothing | Closed => {}
            Replaced | ReplacedByWhoever => drop(begin(client, &run.workflow_id).await?),
            Deleted => {
                let request = DeleteWorkflowExecutionRequest {
                    namespace: client.namespace(),
                    workflow_execution: Some(run.execution()),
                };
                client.temporal().delete_workflow_execution(request).await?;
            }
        }
        Ok(())
    }
}

/// Makes the call twice, on a workflow of its own for each cell.
async fn check(call: Call, rows: [Row; 5]) -> Result<()> {
    with_server(Options::default(), async |server| {
        for (meanwhile, cells) in rows {
            for (request, (answer, events)) in [Same, Another].into_iter().zip(cells) {
                let cell = format!("{call:?}, {meanwhile:?}, {request:?} request");
                let (answered, left) = twice(server.client(), call, meanwhile, request)
                    .await
                    .context(cell.clone())?;
                assert_eq!(answered.map_err(|status| status.code()), answer, "{cell}");
                assert_eq!(left, events, "{cell}: events");
            }
        }
        Ok(())
    })
    .await
}

/// The answer to the second call, and the events that are there then.
async fn twice(
    client: &Client,
    call: Call,
    meanwhile: Meanwhile,
    request: Request,
) -> Result<(Result<(), Status>, usize)> {
    let workflow_id = format!("{meanwhile:?}-{request:?}");
    let run = begin(client, &workflow_id).await?;
    if call == Call::Unpause {
        Call::Pause.make(client, run.execution(), "before").await?;
    }
    call.make(client, run.execution(), "one").await?;
    meanwhile.happen(client, &run).await?;
    let mut execution = run.execution();
    if meanwhile == ReplacedByWhoever {
        execution.run_id.clear();
    }
    let request_id = if request == Same { "one" } else { "two" };
    let answered = call.make(client, execution, request_id).await;
    let left = match call.event() {
        Some(event) => count(client, &workflow_id, event).await?,
        None => 0,
    };
    Ok((answered, left))
}

/// An open run with an activity that a worker has taken, on a queue of its own.
async fn begin(client: &Client, workflow_id: &str) -> Result<Run> {
    let worker = WorkflowWorker::new(client, workflow_id);
    let run = client.start(worker.starting(workflow_id)).await?;
    worker.work(vec![schedule("a1", workflow_id)]).await?;
    Worker::new(client, workflow_id).poll().await?;
    Ok(run)
}

fn schedule(activity_id: &str, task_queue: &str) -> CommandAttributes {
    CommandAttributes::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
        activity_id: activity_id.to_owned(),
        activity_type: Some(ActivityType { name: "Pay".to_owned() }),
        task_queue: Some(TaskQueue {
            name: task_queue.to_owned(),
            ..Default::default()
        }),
        start_to_close_timeout: Some(prost_types::Duration {
            seconds: 3600,
            nanos: 0,
        }),
        ..Default::default()
    })
}

/// Events of a type in all runs of a workflow.
async fn count(client: &Client, workflow_id: &str, event_type: EventType) -> Result<usize> {
    let mut count = 0;
    for run in client.list(&format!("WorkflowId = '{workflow_id}'")).await? {
        let types = run.event_types().await?.into_iter();
        count += types.filter(|found| *found == event_type).count();
    }
    Ok(count)
}

#[tokio::test]
async fn signals() -> Result<()> {
    check(
        Call::Signal,
        [
            (Nothing, [(DONE, 1), (DONE, 2)]),
            (Closed, [(DONE, 1), (GONE, 1)]),
            (Replaced, [(DONE, 1), (GONE, 1)]),
            (ReplacedByWhoever, [(DONE, 2), (DONE, 2)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}

#[tokio::test]
async fn requests_to_cancel() -> Result<()> {
    check(
        Call::Cancel,
        [
            (Nothing, [(DONE, 1), (DONE, 1)]),
            (Closed, [(DONE, 1), (DONE, 1)]),
            (Replaced, [(DONE, 1), (DONE, 1)]),
            (ReplacedByWhoever, [(DONE, 2), (DONE, 2)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}

#[tokio::test]
async fn terminations() -> Result<()> {
    check(
        Call::Terminate,
        [
            (Nothing, [(GONE, 1), (GONE, 1)]),
            (Closed, [(GONE, 1), (GONE, 1)]),
            (Replaced, [(GONE, 1), (GONE, 1)]),
            (ReplacedByWhoever, [(DONE, 2), (DONE, 2)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}

#[tokio::test]
async fn pauses() -> Result<()> {
    check(
        Call::Pause,
        [
            (Nothing, [(DONE, 1), (NOT_NOW, 1)]),
            (Closed, [(GONE, 1), (GONE, 1)]),
            (Replaced, [(GONE, 1), (GONE, 1)]),
            (ReplacedByWhoever, [(DONE, 2), (DONE, 2)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}

#[tokio::test]
async fn ends_of_pauses() -> Result<()> {
    check(
        Call::Unpause,
        [
            (Nothing, [(NOT_NOW, 1), (NOT_NOW, 1)]),
            (Closed, [(GONE, 1), (GONE, 1)]),
            (Replaced, [(GONE, 1), (GONE, 1)]),
            (ReplacedByWhoever, [(NOT_NOW, 1), (NOT_NOW, 1)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}

#[tokio::test]
async fn pauses_of_activities() -> Result<()> {
    check(
        Call::PauseActivity,
        [
            (Nothing, [(DONE, 0), (NOT_NOW, 0)]),
            (Closed, [(GONE, 0), (GONE, 0)]),
            (Replaced, [(GONE, 0), (GONE, 0)]),
            (ReplacedByWhoever, [(DONE, 0), (DONE, 0)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}

#[tokio::test]
async fn ends_of_pauses_of_activities() -> Result<()> {
    check(
        Call::UnpauseActivity,
        [
            (Nothing, [(DONE, 0), (DONE, 0)]),
            (Closed, [(GONE, 0), (GONE, 0)]),
            (Replaced, [(GONE, 0), (GONE, 0)]),
            (ReplacedByWhoever, [(DONE, 0), (DONE, 0)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}

#[tokio::test]
async fn outcomes_of_activities() -> Result<()> {
    check(
        Call::CompleteActivity,
        [
            (Nothing, [(GONE, 1), (GONE, 1)]),
            (Closed, [(GONE, 1), (GONE, 1)]),
            (Replaced, [(GONE, 1), (GONE, 1)]),
            (ReplacedByWhoever, [(DONE, 2), (DONE, 2)]),
            (Deleted, [(GONE, 0), (GONE, 0)]),
        ],
    )
    .await
}
