//! Temporal's `WorkflowService`: decode, call, encode. A call that is missing here answers UNIMPLEMENTED.

use temporalio_protos::temporal::api::workflowservice::v1::*;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use wrt_engine::Engine;

use crate::{
    activity, activity_control, batch, delete, history, long_poll, namespace, pause,
    proto::temporal::workflow_service_server,
    reply::{done, reply},
    reset, schedule, system, task_queue, update, visibility, workflow, workflow_options,
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
        done(namespace::register(&self.engine, request.into_inner())).await
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
        done(workflow::signal(&self.engine, request.into_inner())).await
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
        done(workflow::request_cancel(&self.engine, request.into_inner())).await
    }

    async fn terminate_workflow_execution(
        &self,
        request: Request<TerminateWorkflowExecutionRequest>,
    ) -> Answer<TerminateWorkflowExecutionResponse> {
        done(workflow::terminate(&self.engine, request.into_inner())).await
    }

    async fn reset_workflow_execution(
        &self,
        request: Request<ResetWorkflowExecutionRequest>,
    ) -> Answer<ResetWorkflowExecutionResponse> {
        Ok(reply(reset::reset(&self.engine, request.into_inner()).await?))
    }

    async fn update_workflow_execution_options(
        &self,
        request: Request<UpdateWorkflowExecutionOptionsRequest>,
    ) -> Answer<UpdateWorkflowExecutionOptionsResponse> {
        let updated = workflow_options::update(&self.engine, request.into_inner());
        Ok(reply(updated.await?))
    }

    async fn pause_workflow_execution(
        &self,
        request: Request<PauseWorkflowExecutionRequest>,
    ) -> Answer<PauseWorkflowExecutionResponse> {
        done(pause::pause(&self.engine, request.into_inner())).await
    }

    async fn unpause_workflow_execution(
        &self,
        request: Request<UnpauseWorkflowExecutionRequest>,
    ) -> Answer<UnpauseWorkflowExecutionResponse> {
        done(pause::unpause(&self.engine, request.into_inner())).await
    }

    async fn delete_workflow_execution(
        &self,
        request: Request<DeleteWorkflowExecutionRequest>,
    ) -> Answer<DeleteWorkflowExecutionResponse> {
        done(delete::delete(&self.engine, request.into_inner())).await
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
        done(schedule::update(&self.engine, request.into_inner())).await
    }

    async fn patch_schedule(&self, request: Request<PatchScheduleRequest>) -> Answer<PatchScheduleResponse> {
        done(schedule::patch(&self.engine, request.into_inner())).await
    }

    async fn delete_schedule(&self, request: Request<DeleteScheduleRequest>) -> Answer<DeleteScheduleResponse> {
        done(schedule::delete(&self.engine, request.into_inner())).await
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

    // === Task queues ===

    async fn describe_task_queue(
        &self,
        request: Request<DescribeTaskQueueRequest>,
    ) -> Answer<DescribeTaskQueueResponse> {
        Ok(reply(task_queue::describe(&self.engine, request.into_inner()).await?))
    }

    async fn update_task_queue_config(
        &self,
        request: Request<UpdateTaskQueueConfigRequest>,
    ) -> Answer<UpdateTaskQueueConfigResponse> {
        Ok(reply(
            task_queue::update_config(&self.engine, request.into_inner()).await?,
        ))
    }

    async fn list_task_queue_partitions(
        &self,
        request: Request<ListTaskQueuePartitionsRequest>,
    ) -> Answer<ListTaskQueuePartitionsResponse> {
        Ok(reply(
            task_queue::list_partitions(&self.engine, request.into_inner()).await?,
        ))
    }

    // === Batch operations ===

    async fn start_batch_operation(
        &self,
        request: Request<StartBatchOperationRequest>,
    ) -> Answer<StartBatchOperationResponse> {
        done(batch::start(&self.engine, request.into_inner())).await
    }

    async fn stop_batch_operation(
        &self,
        request: Request<StopBatchOperationRequest>,
    ) -> Answer<StopBatchOperationResponse> {
        done(batch::stop(&self.engine, request.into_inner())).await
    }

    async fn describe_batch_operation(
        &self,
        request: Request<DescribeBatchOperationRequest>,
    ) -> Answer<DescribeBatchOperationResponse> {
        Ok(reply(batch::describe(&self.engine, request.into_inner()).await?))
    }

    async fn list_batch_operations(
        &self,
        request: Request<ListBatchOperationsRequest>,
    ) -> Answer<ListBatchOperationsResponse> {
        Ok(reply(batch::list(&self.engine, request.into_inner()).await?))
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
        done(activity::completed(&self.engine, request.into_inner())).await
    }

    async fn respond_activity_task_completed_by_id(
        &self,
        request: Request<RespondActivityTaskCompletedByIdRequest>,
    ) -> Answer<RespondActivityTaskCompletedByIdResponse> {
        done(activity::completed_by_id(&self.engine, request.into_inner())).await
    }

    async fn respond_activity_task_failed(
        &self,
        request: Request<RespondActivityTaskFailedRequest>,
    ) -> Answer<RespondActivityTaskFailedResponse> {
        done(activity::failed(&self.engine, request.into_inner())).await
    }

    async fn respond_activity_task_failed_by_id(
        &self,
        request: Request<RespondActivityTaskFailedByIdRequest>,
    ) -> Answer<RespondActivityTaskFailedByIdResponse> {
        done(activity::failed_by_id(&self.engine, request.into_inner())).await
    }

    async fn respond_activity_task_canceled(
        &self,
        request: Request<RespondActivityTaskCanceledRequest>,
    ) -> Answer<RespondActivityTaskCanceledResponse> {
        done(activity::canceled(&self.engine, request.into_inner())).await
    }

    async fn respond_activity_task_canceled_by_id(
        &self,
        request: Request<RespondActivityTaskCanceledByIdRequest>,
    ) -> Answer<RespondActivityTaskCanceledByIdResponse> {
        done(activity::canceled_by_id(&self.engine, request.into_inner())).await
    }

    async fn record_activity_task_heartbeat(
        &self,
        request: Request<RecordActivityTaskHeartbeatRequest>,
    ) -> Answer<RecordActivityTaskHeartbeatResponse> {
        Ok(reply(activity::heartbeat(&self.engine, request.into_inner()).await?))
    }

    async fn record_activity_task_heartbeat_by_id(
        &self,
        request: Request<RecordActivityTaskHeartbeatByIdRequest>,
    ) -> Answer<RecordActivityTaskHeartbeatByIdResponse> {
        Ok(reply(
            activity::heartbeat_by_id(&self.engine, request.into_inner()).await?,
        ))
    }

    // === Control of pending activities ===

    async fn pause_activity(&self, request: Request<PauseActivityRequest>) -> Answer<PauseActivityResponse> {
        done(activity_control::pause(&self.engine, request.into_inner())).await
    }

    async fn unpause_activity(&self, request: Request<UnpauseActivityRequest>) -> Answer<UnpauseActivityResponse> {
        done(activity_control::unpause(&self.engine, request.into_inner())).await
    }

    async fn reset_activity(&self, request: Request<ResetActivityRequest>) -> Answer<ResetActivityResponse> {
        done(activity_control::reset(&self.engine, request.into_inner())).await
    }

    async fn update_activity_options(
        &self,
        request: Request<UpdateActivityOptionsRequest>,
    ) -> Answer<UpdateActivityOptionsResponse> {
        let options = activity_control::update_options(&self.engine, request.into_inner()).await?;
        Ok(reply(UpdateActivityOptionsResponse {
            activity_options: Some(options),
        }))
    }

    async fn pause_activity_execution(
        &self,
        request: Request<PauseActivityExecutionRequest>,
    ) -> Answer<PauseActivityExecutionResponse> {
        let request = activity_control::older_pause(request.into_inner())?;
        activity_control::pause(&self.engine, request).await?;
        Ok(reply(PauseActivityExecutionResponse::default()))
    }

    async fn unpause_activity_execution(
        &self,
        request: Request<UnpauseActivityExecutionRequest>,
    ) -> Answer<UnpauseActivityExecutionResponse> {
        let request = activity_control::older_unpause(request.into_inner())?;
        activity_control::unpause(&self.engine, request).await?;
        Ok(reply(UnpauseActivityExecutionResponse::default()))
    }

    async fn reset_activity_execution(
        &self,
        request: Request<ResetActivityExecutionRequest>,
    ) -> Answer<ResetActivityExecutionResponse> {
        let request = activity_control::older_reset(request.into_inner())?;
        activity_control::reset(&self.engine, request).await?;
        Ok(reply(ResetActivityExecutionResponse::default()))
    }

    async fn update_activity_execution_options(
        &self,
        request: Request<UpdateActivityExecutionOptionsRequest>,
    ) -> Answer<UpdateActivityExecutionOptionsResponse> {
        let request = activity_control::older_update(request.into_inner())?;
        let options = activity_control::update_options(&self.engine, request).await?;
        Ok(reply(UpdateActivityExecutionOptionsResponse {
            activity_options: Some(options),
        }))
    }

    // === Workers ===

    /// A worker says goodbye. Its polls end with its connection, so there is nothing to do.
    async fn shutdown_worker(&self, _: Request<ShutdownWorkerRequest>) -> Answer<ShutdownWorkerResponse> {
        Ok(reply(ShutdownWorkerResponse::default()))
    }
}
