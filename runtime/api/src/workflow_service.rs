//! Temporal's `WorkflowService`: decode, call, encode. A call that is missing here answers UNIMPLEMENTED.

use temporalio_protos::temporal::api::workflowservice::v1::*;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use wrt_engine::Engine;

use crate::{
    activity::{self, Outcome},
    delete, history, long_poll, namespace,
    proto::temporal::workflow_service_server,
    reply::reply,
    reset, schedule, system, update, visibility, workflow,
};

/// Serves Temporal's API from an engine.
pub(crate) struct WorkflowService {
    engine: Engine,
    cluster_id: String,
    store: String,
    /// Ends long polls early, so that a shutdown does not wait for them.
    shutdown: CancellationToken,
}

impl WorkflowService {
    pub(crate) fn new(engine: Engine, cluster_id: String, store: String, shutdown: CancellationToken) -> Self {
        WorkflowService {
            engine,
            cluster_id,
            store,
            shutdown,
        }
    }
}

/// The answer to a call.
type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl workflow_service_server::WorkflowService for WorkflowService {
    // === The system ===

    async fn get_system_info(&self, _: Request<GetSystemInfoRequest>) -> Answer<GetSystemInfoResponse> {
        Ok(reply(system::system_info()))
    }

    async fn get_cluster_info(&self, _: Request<GetClusterInfoRequest>) -> Answer<GetClusterInfoResponse> {
        Ok(reply(system::cluster_info(&self.cluster_id, &self.store)))
    }

    async fn get_search_attributes(
        &self,
        _: Request<GetSearchAttributesRequest>,
    ) -> Answer<GetSearchAttributesResponse> {
        Ok(reply(visibility::search_attributes(&self.engine).await?))
    }

    // === Namespaces ===

    async fn register_namespace(
        &self,
        request: Request<RegisterNamespaceRequest>,
    ) -> Answer<RegisterNamespaceResponse> {
        namespace::register(&self.engine, request.into_inner()).await?;
        Ok(reply(RegisterNamespaceResponse::default()))
    }

    async fn describe_namespace(
        &self,
        request: Request<DescribeNamespaceRequest>,
    ) -> Answer<DescribeNamespaceResponse> {
        Ok(reply(namespace::describe(&self.engine, request.into_inner()).await?))
    }

    async fn list_namespaces(&self, request: Request<ListNamespacesRequest>) -> Answer<ListNamespacesResponse> {
        Ok(reply(namespace::list(&self.engine, request.into_inner()).await?))
    }

    async fn update_namespace(&self, request: Request<UpdateNamespaceRequest>) -> Answer<UpdateNamespaceResponse> {
        Ok(reply(namespace::update(&self.engine, request.into_inner()).await?))
    }

    // === Workflows ===

    async fn start_workflow_execution(
        &self,
        request: Request<StartWorkflowExecutionRequest>,
    ) -> Answer<StartWorkflowExecutionResponse> {
        Ok(reply(workflow::start(&self.engine, request.into_inner()).await?))
    }

    async fn signal_workflow_execution(
        &self,
        request: Request<SignalWorkflowExecutionRequest>,
    ) -> Answer<SignalWorkflowExecutionResponse> {
        workflow::signal(&self.engine, request.into_inner()).await?;
        Ok(reply(SignalWorkflowExecutionResponse::default()))
    }

    async fn signal_with_start_workflow_execution(
        &self,
        request: Request<SignalWithStartWorkflowExecutionRequest>,
    ) -> Answer<SignalWithStartWorkflowExecutionResponse> {
        Ok(reply(
            workflow::signal_with_start(&self.engine, request.into_inner()).await?,
        ))
    }

    async fn update_workflow_execution(
        &self,
        request: Request<UpdateWorkflowExecutionRequest>,
    ) -> Answer<UpdateWorkflowExecutionResponse> {
        Ok(reply(update::update(&self.engine, request.into_inner()).await?))
    }

    async fn poll_workflow_execution_update(
        &self,
        request: Request<PollWorkflowExecutionUpdateRequest>,
    ) -> Answer<PollWorkflowExecutionUpdateResponse> {
        Ok(reply(update::poll(&self.engine, request.into_inner()).await?))
    }

    async fn execute_multi_operation(
        &self,
        request: Request<ExecuteMultiOperationRequest>,
    ) -> Answer<ExecuteMultiOperationResponse> {
        Ok(reply(
            update::update_with_start(&self.engine, request.into_inner()).await?,
        ))
    }

    async fn query_workflow(&self, request: Request<QueryWorkflowRequest>) -> Answer<QueryWorkflowResponse> {
        Ok(reply(workflow::query(&self.engine, request.into_inner()).await?))
    }

    async fn describe_workflow_execution(
        &self,
        request: Request<DescribeWorkflowExecutionRequest>,
    ) -> Answer<DescribeWorkflowExecutionResponse> {
        Ok(reply(workflow::describe(&self.engine, request.into_inner()).await?))
    }

    async fn get_workflow_execution_history(
        &self,
        request: Request<GetWorkflowExecutionHistoryRequest>,
    ) -> Answer<GetWorkflowExecutionHistoryResponse> {
        let wait = long_poll::wait(request.metadata(), history::LONGEST_WAIT);
        Ok(reply(
            history::get(&self.engine, request.into_inner(), wait, &self.shutdown).await?,
        ))
    }

    async fn request_cancel_workflow_execution(
        &self,
        request: Request<RequestCancelWorkflowExecutionRequest>,
    ) -> Answer<RequestCancelWorkflowExecutionResponse> {
        workflow::request_cancel(&self.engine, request.into_inner()).await?;
        Ok(reply(RequestCancelWorkflowExecutionResponse::default()))
    }

    async fn terminate_workflow_execution(
        &self,
        request: Request<TerminateWorkflowExecutionRequest>,
    ) -> Answer<TerminateWorkflowExecutionResponse> {
        workflow::terminate(&self.engine, request.into_inner()).await?;
        Ok(reply(TerminateWorkflowExecutionResponse::default()))
    }

    async fn reset_workflow_execution(
        &self,
        request: Request<ResetWorkflowExecutionRequest>,
    ) -> Answer<ResetWorkflowExecutionResponse> {
        Ok(reply(reset::reset(&self.engine, request.into_inner()).await?))
    }

    async fn delete_workflow_execution(
        &self,
        request: Request<DeleteWorkflowExecutionRequest>,
    ) -> Answer<DeleteWorkflowExecutionResponse> {
        delete::delete(&self.engine, request.into_inner()).await?;
        Ok(reply(DeleteWorkflowExecutionResponse::default()))
    }

    async fn list_workflow_executions(
        &self,
        request: Request<ListWorkflowExecutionsRequest>,
    ) -> Answer<ListWorkflowExecutionsResponse> {
        Ok(reply(visibility::list(&self.engine, request.into_inner()).await?))
    }

    async fn count_workflow_executions(
        &self,
        request: Request<CountWorkflowExecutionsRequest>,
    ) -> Answer<CountWorkflowExecutionsResponse> {
        Ok(reply(visibility::count(&self.engine, request.into_inner()).await?))
    }

    // === Schedules ===

    async fn create_schedule(&self, request: Request<CreateScheduleRequest>) -> Answer<CreateScheduleResponse> {
        Ok(reply(schedule::create(&self.engine, request.into_inner()).await?))
    }

    async fn describe_schedule(&self, request: Request<DescribeScheduleRequest>) -> Answer<DescribeScheduleResponse> {
        Ok(reply(schedule::describe(&self.engine, request.into_inner()).await?))
    }

    async fn update_schedule(&self, request: Request<UpdateScheduleRequest>) -> Answer<UpdateScheduleResponse> {
        schedule::update(&self.engine, request.into_inner()).await?;
        Ok(reply(UpdateScheduleResponse::default()))
    }

    async fn patch_schedule(&self, request: Request<PatchScheduleRequest>) -> Answer<PatchScheduleResponse> {
        schedule::patch(&self.engine, request.into_inner()).await?;
        Ok(reply(PatchScheduleResponse::default()))
    }

    async fn delete_schedule(&self, request: Request<DeleteScheduleRequest>) -> Answer<DeleteScheduleResponse> {
        schedule::delete(&self.engine, request.into_inner()).await?;
        Ok(reply(DeleteScheduleResponse::default()))
    }

    async fn list_schedule_matching_times(
        &self,
        request: Request<ListScheduleMatchingTimesRequest>,
    ) -> Answer<ListScheduleMatchingTimesResponse> {
        Ok(reply(
            schedule::matching_times(&self.engine, request.into_inner()).await?,
        ))
    }

    async fn list_schedules(&self, request: Request<ListSchedulesRequest>) -> Answer<ListSchedulesResponse> {
        Ok(reply(schedule::list(&self.engine, request.into_inner()).await?))
    }

    async fn count_schedules(&self, request: Request<CountSchedulesRequest>) -> Answer<CountSchedulesResponse> {
        Ok(reply(schedule::count(&self.engine, request.into_inner()).await?))
    }

    // === Activities ===

    async fn poll_activity_task_queue(
        &self,
        request: Request<PollActivityTaskQueueRequest>,
    ) -> Answer<PollActivityTaskQueueResponse> {
        let wait = long_poll::wait(request.metadata(), activity::LONGEST_WAIT);
        Ok(reply(
            activity::poll(&self.engine, request.into_inner(), wait, &self.shutdown).await?,
        ))
    }

    async fn respond_activity_task_completed(
        &self,
        request: Request<RespondActivityTaskCompletedRequest>,
    ) -> Answer<RespondActivityTaskCompletedResponse> {
        let r = request.into_inner();
        let which = activity::by_token(&self.engine, &r.namespace, &r.task_token).await?;
        activity::resolve(&self.engine, which, Outcome::Completed(r.result), r.identity).await?;
        Ok(reply(RespondActivityTaskCompletedResponse::default()))
    }

    async fn respond_activity_task_completed_by_id(
        &self,
        request: Request<RespondActivityTaskCompletedByIdRequest>,
    ) -> Answer<RespondActivityTaskCompletedByIdResponse> {
        let r = request.into_inner();
        let which = activity::by_id(&self.engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
        activity::resolve(&self.engine, which, Outcome::Completed(r.result), r.identity).await?;
        Ok(reply(RespondActivityTaskCompletedByIdResponse::default()))
    }

    async fn respond_activity_task_failed(
        &self,
        request: Request<RespondActivityTaskFailedRequest>,
    ) -> Answer<RespondActivityTaskFailedResponse> {
        let r = request.into_inner();
        let which = activity::by_token(&self.engine, &r.namespace, &r.task_token).await?;
        let outcome = Outcome::Failed {
            failure: r.failure,
            last_heartbeat_details: r.last_heartbeat_details,
        };
        activity::resolve(&self.engine, which, outcome, r.identity).await?;
        Ok(reply(RespondActivityTaskFailedResponse::default()))
    }

    async fn respond_activity_task_failed_by_id(
        &self,
        request: Request<RespondActivityTaskFailedByIdRequest>,
    ) -> Answer<RespondActivityTaskFailedByIdResponse> {
        let r = request.into_inner();
        let which = activity::by_id(&self.engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
        let outcome = Outcome::Failed {
            failure: r.failure,
            last_heartbeat_details: r.last_heartbeat_details,
        };
        activity::resolve(&self.engine, which, outcome, r.identity).await?;
        Ok(reply(RespondActivityTaskFailedByIdResponse::default()))
    }

    async fn respond_activity_task_canceled(
        &self,
        request: Request<RespondActivityTaskCanceledRequest>,
    ) -> Answer<RespondActivityTaskCanceledResponse> {
        let r = request.into_inner();
        let which = activity::by_token(&self.engine, &r.namespace, &r.task_token).await?;
        activity::resolve(&self.engine, which, Outcome::Canceled(r.details), r.identity).await?;
        Ok(reply(RespondActivityTaskCanceledResponse::default()))
    }

    async fn respond_activity_task_canceled_by_id(
        &self,
        request: Request<RespondActivityTaskCanceledByIdRequest>,
    ) -> Answer<RespondActivityTaskCanceledByIdResponse> {
        let r = request.into_inner();
        let which = activity::by_id(&self.engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
        activity::resolve(&self.engine, which, Outcome::Canceled(r.details), r.identity).await?;
        Ok(reply(RespondActivityTaskCanceledByIdResponse::default()))
    }

    async fn record_activity_task_heartbeat(
        &self,
        request: Request<RecordActivityTaskHeartbeatRequest>,
    ) -> Answer<RecordActivityTaskHeartbeatResponse> {
        let r = request.into_inner();
        let which = activity::by_token(&self.engine, &r.namespace, &r.task_token).await?;
        let cancel_requested = activity::heartbeat(&self.engine, which, r.details, r.identity).await?;
        Ok(reply(RecordActivityTaskHeartbeatResponse {
            cancel_requested,
            ..Default::default()
        }))
    }

    async fn record_activity_task_heartbeat_by_id(
        &self,
        request: Request<RecordActivityTaskHeartbeatByIdRequest>,
    ) -> Answer<RecordActivityTaskHeartbeatByIdResponse> {
        let r = request.into_inner();
        let which = activity::by_id(&self.engine, &r.namespace, r.workflow_id, r.run_id, r.activity_id).await?;
        let cancel_requested = activity::heartbeat(&self.engine, which, r.details, r.identity).await?;
        Ok(reply(RecordActivityTaskHeartbeatByIdResponse {
            cancel_requested,
            ..Default::default()
        }))
    }

    // === Workers ===

    /// A worker says goodbye. Its polls end with its connection, so there is nothing to do.
    async fn shutdown_worker(&self, _: Request<ShutdownWorkerRequest>) -> Answer<ShutdownWorkerResponse> {
        Ok(reply(ShutdownWorkerResponse::default()))
    }
}
