//! The service `wrt.v1.RunService`: decode, call, encode.

use tonic::{Request, Response, Status};
use wrt_engine::{Engine, RunDescription, Unserved, workflow_task_cause};
use wrt_model::{ComponentKind, Run, Time, proto::WorkflowExecution};

use crate::{
    error::ApiError,
    namespace,
    proto::wrt::v1::{self, DescribeRunRequest, DescribeRunResponse, WorkflowTaskProblem, run_service_server},
    reply::reply,
    validate,
};

/// Serves `wrt.v1.RunService` from an engine.
pub(crate) struct RunService {
    engine: Engine,
}

impl RunService {
    pub(crate) fn new(engine: Engine) -> Self {
        RunService { engine }
    }
}

#[tonic::async_trait]
impl run_service_server::RunService for RunService {
    async fn describe_run(
        &self,
        request: Request<DescribeRunRequest>,
    ) -> Result<Response<DescribeRunResponse>, Status> {
        Ok(reply(describe(&self.engine, request.into_inner()).await?))
    }
}

async fn describe(engine: &Engine, request: DescribeRunRequest) -> Result<DescribeRunResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let execution = validate::execution(Some(WorkflowExecution {
        workflow_id: request.workflow_id,
        run_id: request.run_id,
    }))?;
    let RunDescription { run, unserved } = engine.describe_run(&namespace, execution).await?;
    Ok(DescribeRunResponse {
        workflow_task_problem: workflow_task_problem(&run),
        unserved: unserved.into_iter().map(unserved_to_proto).collect(),
        workflow_id: run.workflow_id,
        run_id: run.run_id,
        component: run.component,
    })
}

/// That of an open run: one that has closed has no attempts to come.
fn workflow_task_problem(run: &Run) -> Option<WorkflowTaskProblem> {
    let problems = run.workflow_task_problems.as_ref().filter(|_| run.is_open())?;
    let failure = problems.failure.clone().unwrap_or_default();
    let task = run.workflow_task.as_ref();
    let next = task.filter(|task| !task.is_started() && task.backing_off);
    Some(WorkflowTaskProblem {
        cause: workflow_task_cause(problems.cause()),
        message: failure.message,
        stack_trace: failure.stack_trace,
        identity: problems.identity.clone(),
        time: Some(Time::from_nanos(problems.time_ns).into()),
        attempt: task.map_or(0, |task| task.attempt),
        next_attempt_time: next.map(|task| Time::from_nanos(task.not_before_ns).into()),
    })
}

fn unserved_to_proto(unserved: Unserved) -> v1::Unserved {
    v1::Unserved {
        message: unserved.to_string(),
        r#type: unserved.type_name,
        task_queue: unserved.task_queue,
        is_activity: unserved.kind == ComponentKind::Activity,
    }
}
