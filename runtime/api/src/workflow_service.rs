//! Temporal's `WorkflowService`: decode, call, encode. A call that is missing here answers UNIMPLEMENTED.

use std::time::Duration;

use temporalio_protos::temporal::api::workflowservice::v1::*;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use wrt_engine::Engine;

use crate::{
    activity, activity_control, batch, delete, history, long_poll, namespace, pause,
    proto::temporal::workflow_service_server,
    reply::{done, reply},
    reset, schedule,
    server::ServeOptions,
    system, task_queue, update, visibility, worker, worker_deployment, workflow, workflow_options, workflow_task,
};

/// Serves Temporal's API from an engine.
pub(crate) struct WorkflowService {
    engine: Engine,
    cluster_id: String,
    store: String,
    /// The longest wait for a task. Workers ask again upon the empty answer.
    longest_poll: Duration,
    /// Ends long polls early, so that a shutdown does not wait for them.
    shutdown: CancellationToken,
}

impl WorkflowService {
    pub(crate) fn new(engine: Engine, options: ServeOptions, shutdown: CancellationToken) -> Self {
        WorkflowService {
            engine,
            cluster_id: options.cluster_id,
            store: options.store,
            longest_poll: options.longest_poll,
            shutdown,
        }
    }
}

/// The answer to a call.
type Answer<T> = Result<Response<T>, Status>;

/// Implements the service. Most calls pass the request on to a function of this crate, whose answer is the response
/// (`reply`), or which has nothing to say (`done`).
macro_rules! calls {
    ({ $($kind:ident $name:ident($request:ident) -> $response:ident = $call:path;)* } { $($other:tt)* }) => {
        #[tonic::async_trait]
        impl workflow_service_server::WorkflowService for WorkflowService {
            $(async fn $name(&self, request: Request<$request>) -> Answer<$response> {
                answer!($kind $call(&self.engine, request.into_inner()))
            })*
            $($other)*
        }
    };
}

macro_rules! answer {
    (reply $work:expr) => {
        Ok(reply($work.await?))
    };
    (done $work:expr) => {
        done($work).await
    };
}

calls! {
    {
        // === Namespaces ===
        done register_namespace(RegisterNamespaceRequest) -> RegisterNamespaceResponse = namespace::register;
        reply describe_namespace(DescribeNamespaceRequest) -> DescribeNamespaceResponse = namespace::describe;
        reply list_namespaces(ListNamespacesRequest) -> ListNamespacesResponse = namespace::list;
        reply update_namespace(UpdateNamespaceRequest) -> UpdateNamespaceResponse = namespace::update;

        // === Workflows ===
        reply start_workflow_execution(StartWorkflowExecutionRequest)
            -> StartWorkflowExecutionResponse = workflow::start;
        reply signal_workflow_execution(SignalWorkflowExecutionRequest)
            -> SignalWorkflowExecutionResponse = workflow::signal;
        reply signal_with_start_workflow_execution(SignalWithStartWorkflowExecutionRequest)
            -> SignalWithStartWorkflowExecutionResponse = workflow::signal_with_start;
        reply update_workflow_execution(UpdateWorkflowExecutionRequest)
            -> UpdateWorkflowExecutionResponse = update::update;
        reply poll_workflow_execution_update(PollWorkflowExecutionUpdateRequest)
            -> PollWorkflowExecutionUpdateResponse = update::poll;
        reply execute_multi_operation(ExecuteMultiOperationRequest)
            -> ExecuteMultiOperationResponse = update::update_with_start;
        reply describe_workflow_execution(DescribeWorkflowExecutionRequest)
            -> DescribeWorkflowExecutionResponse = workflow::describe;
        reply get_workflow_execution_history_reverse(GetWorkflowExecutionHistoryReverseRequest)
            -> GetWorkflowExecutionHistoryReverseResponse = history::reverse;
        done request_cancel_workflow_execution(RequestCancelWorkflowExecutionRequest)
            -> RequestCancelWorkflowExecutionResponse = workflow::request_cancel;
        done terminate_workflow_execution(TerminateWorkflowExecutionRequest)
            -> TerminateWorkflowExecutionResponse = workflow::terminate;
        reply reset_workflow_execution(ResetWorkflowExecutionRequest) -> ResetWorkflowExecutionResponse = reset::reset;
        reply update_workflow_execution_options(UpdateWorkflowExecutionOptionsRequest)
            -> UpdateWorkflowExecutionOptionsResponse = workflow_options::update;
        done pause_workflow_execution(PauseWorkflowExecutionRequest) -> PauseWorkflowExecutionResponse = pause::pause;
        done unpause_workflow_execution(UnpauseWorkflowExecutionRequest)
            -> UnpauseWorkflowExecutionResponse = pause::unpause;
        done delete_workflow_execution(DeleteWorkflowExecutionRequest)
            -> DeleteWorkflowExecutionResponse = delete::delete;
        reply list_workflow_executions(ListWorkflowExecutionsRequest)
            -> ListWorkflowExecutionsResponse = visibility::list;
        reply count_workflow_executions(CountWorkflowExecutionsRequest)
            -> CountWorkflowExecutionsResponse = visibility::count;
        reply list_open_workflow_executions(ListOpenWorkflowExecutionsRequest)
            -> ListOpenWorkflowExecutionsResponse = visibility::filters::list_open;
        reply list_closed_workflow_executions(ListClosedWorkflowExecutionsRequest)
            -> ListClosedWorkflowExecutionsResponse = visibility::filters::list_closed;
        reply scan_workflow_executions(ScanWorkflowExecutionsRequest)
            -> ScanWorkflowExecutionsResponse = visibility::filters::scan;

        // === Schedules ===
        reply create_schedule(CreateScheduleRequest) -> CreateScheduleResponse = schedule::create;
        reply describe_schedule(DescribeScheduleRequest) -> DescribeScheduleResponse = schedule::describe;
        done update_schedule(UpdateScheduleRequest) -> UpdateScheduleResponse = schedule::update;
        done patch_schedule(PatchScheduleRequest) -> PatchScheduleResponse = schedule::patch;
        done delete_schedule(DeleteScheduleRequest) -> DeleteScheduleResponse = schedule::delete;
        reply list_schedule_matching_times(ListScheduleMatchingTimesRequest)
            -> ListScheduleMatchingTimesResponse = schedule::matching_times;
        reply list_schedules(ListSchedulesRequest) -> ListSchedulesResponse = schedule::list;
        reply count_schedules(CountSchedulesRequest) -> CountSchedulesResponse = schedule::count;

        // === Task queues ===
        reply describe_task_queue(DescribeTaskQueueRequest) -> DescribeTaskQueueResponse = task_queue::describe;
        reply update_task_queue_config(UpdateTaskQueueConfigRequest)
            -> UpdateTaskQueueConfigResponse = task_queue::update_config;
        reply list_task_queue_partitions(ListTaskQueuePartitionsRequest)
            -> ListTaskQueuePartitionsResponse = task_queue::list_partitions;

        // === Batch operations ===
        done start_batch_operation(StartBatchOperationRequest) -> StartBatchOperationResponse = batch::start;
        done stop_batch_operation(StopBatchOperationRequest) -> StopBatchOperationResponse = batch::stop;
        reply describe_batch_operation(DescribeBatchOperationRequest)
            -> DescribeBatchOperationResponse = batch::describe;
        reply list_batch_operations(ListBatchOperationsRequest) -> ListBatchOperationsResponse = batch::list;

        // === Activities ===
        done respond_activity_task_completed(RespondActivityTaskCompletedRequest)
            -> RespondActivityTaskCompletedResponse = activity::completed;
        done respond_activity_task_completed_by_id(RespondActivityTaskCompletedByIdRequest)
            -> RespondActivityTaskCompletedByIdResponse = activity::completed_by_id;
        done respond_activity_task_failed(RespondActivityTaskFailedRequest)
            -> RespondActivityTaskFailedResponse = activity::failed;
        done respond_activity_task_failed_by_id(RespondActivityTaskFailedByIdRequest)
            -> RespondActivityTaskFailedByIdResponse = activity::failed_by_id;
        done respond_activity_task_canceled(RespondActivityTaskCanceledRequest)
            -> RespondActivityTaskCanceledResponse = activity::canceled;
        done respond_activity_task_canceled_by_id(RespondActivityTaskCanceledByIdRequest)
            -> RespondActivityTaskCanceledByIdResponse = activity::canceled_by_id;
        reply record_activity_task_heartbeat(RecordActivityTaskHeartbeatRequest)
            -> RecordActivityTaskHeartbeatResponse = activity::heartbeat;
        reply record_activity_task_heartbeat_by_id(RecordActivityTaskHeartbeatByIdRequest)
            -> RecordActivityTaskHeartbeatByIdResponse = activity::heartbeat_by_id;

        // === Control of pending activities ===
        done pause_activity(PauseActivityRequest) -> PauseActivityResponse = activity_control::pause;
        done unpause_activity(UnpauseActivityRequest) -> UnpauseActivityResponse = activity_control::unpause;
        done reset_activity(ResetActivityRequest) -> ResetActivityResponse = activity_control::reset;

        // === Workflow tasks ===
        reply respond_workflow_task_completed(RespondWorkflowTaskCompletedRequest)
            -> RespondWorkflowTaskCompletedResponse = workflow_task::completed;
        done respond_workflow_task_failed(RespondWorkflowTaskFailedRequest)
            -> RespondWorkflowTaskFailedResponse = workflow_task::failed;
        done respond_query_task_completed(RespondQueryTaskCompletedRequest)
            -> RespondQueryTaskCompletedResponse = workflow_task::query_completed;
        done reset_sticky_task_queue(ResetStickyTaskQueueRequest)
            -> ResetStickyTaskQueueResponse = workflow_task::reset_sticky;

        // === Worker deployments ===
        reply describe_worker_deployment(DescribeWorkerDeploymentRequest)
            -> DescribeWorkerDeploymentResponse = worker_deployment::describe;
        reply describe_worker_deployment_version(DescribeWorkerDeploymentVersionRequest)
            -> DescribeWorkerDeploymentVersionResponse = worker_deployment::describe_version;
        reply list_worker_deployments(ListWorkerDeploymentsRequest)
            -> ListWorkerDeploymentsResponse = worker_deployment::list;
        reply create_worker_deployment(CreateWorkerDeploymentRequest)
            -> CreateWorkerDeploymentResponse = worker_deployment::create;
        done create_worker_deployment_version(CreateWorkerDeploymentVersionRequest)
            -> CreateWorkerDeploymentVersionResponse = worker_deployment::create_version;
        done delete_worker_deployment(DeleteWorkerDeploymentRequest)
            -> DeleteWorkerDeploymentResponse = worker_deployment::delete;
        done delete_worker_deployment_version(DeleteWorkerDeploymentVersionRequest)
            -> DeleteWorkerDeploymentVersionResponse = worker_deployment::delete_version;
        reply set_worker_deployment_current_version(SetWorkerDeploymentCurrentVersionRequest)
            -> SetWorkerDeploymentCurrentVersionResponse = worker_deployment::set_current;
        reply set_worker_deployment_ramping_version(SetWorkerDeploymentRampingVersionRequest)
            -> SetWorkerDeploymentRampingVersionResponse = worker_deployment::set_ramping;
        reply set_worker_deployment_manager(SetWorkerDeploymentManagerRequest)
            -> SetWorkerDeploymentManagerResponse = worker_deployment::set_manager;
        reply update_worker_deployment_version_metadata(UpdateWorkerDeploymentVersionMetadataRequest)
            -> UpdateWorkerDeploymentVersionMetadataResponse = worker_deployment::update_metadata;

        // === Workers ===
        done record_worker_heartbeat(RecordWorkerHeartbeatRequest)
            -> RecordWorkerHeartbeatResponse = worker::record_heartbeat;
        reply list_workers(ListWorkersRequest) -> ListWorkersResponse = worker::list;
        reply count_workers(CountWorkersRequest) -> CountWorkersResponse = worker::count;
        reply describe_worker(DescribeWorkerRequest) -> DescribeWorkerResponse = worker::describe;
        done shutdown_worker(ShutdownWorkerRequest) -> ShutdownWorkerResponse = worker::shutdown;
    }
    {
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

        async fn query_workflow(&self, request: Request<QueryWorkflowRequest>) -> Answer<QueryWorkflowResponse> {
            let wait = long_poll::wait(request.metadata(), workflow::LONGEST_QUERY);
            Ok(reply(workflow::query(&self.engine, request.into_inner(), wait).await?))
        }

        async fn get_workflow_execution_history(
            &self,
            request: Request<GetWorkflowExecutionHistoryRequest>,
        ) -> Answer<GetWorkflowExecutionHistoryResponse> {
            let manner = history::Manner::of(request.metadata());
            Ok(reply(
                history::get(&self.engine, request.into_inner(), manner, &self.shutdown).await?,
            ))
        }

        async fn poll_activity_task_queue(
            &self,
            request: Request<PollActivityTaskQueueRequest>,
        ) -> Answer<PollActivityTaskQueueResponse> {
            let wait = long_poll::poll_wait(request.metadata(), self.longest_poll)?;
            Ok(reply(
                activity::poll(&self.engine, request.into_inner(), wait, &self.shutdown).await?,
            ))
        }

        async fn poll_nexus_task_queue(
            &self,
            request: Request<PollNexusTaskQueueRequest>,
        ) -> Answer<PollNexusTaskQueueResponse> {
            let wait = long_poll::wait(request.metadata(), self.longest_poll);
            Ok(reply(
                worker::poll_nexus(&self.engine, request.into_inner(), wait, &self.shutdown).await?,
            ))
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

        async fn poll_workflow_task_queue(
            &self,
            request: Request<PollWorkflowTaskQueueRequest>,
        ) -> Answer<PollWorkflowTaskQueueResponse> {
            let wait = long_poll::poll_wait(request.metadata(), self.longest_poll)?;
            Ok(reply(
                workflow_task::poll(&self.engine, request.into_inner(), wait, &self.shutdown).await?,
            ))
        }
    }
}
