//! The one mapping from what went wrong to what a gRPC caller is told: code, message, and the details of
//! `temporal.api.errordetails.v1` that SDKs turn into their own exceptions.

use prost::{Message, Name};
use prost_types::Any;
use temporalio_protos::{google::rpc, temporal::api::errordetails::v1 as details};
use tonic::{Code, Status};
use wrt_engine::{EngineError, HostError, Rejection, StoreError, WorkerDeploymentRejection};
use wrt_model::proto::{
    Failure,
    enums::{ResourceExhaustedCause, ResourceExhaustedScope},
};

/// The longest message of a status, in bytes. Message and details travel in HTTP/2 headers, which clients bound, some at
/// 16 KiB; user code can raise longer ones.
const MESSAGE_BYTES: usize = 2048;

/// Why a call is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request is wrong in itself.
    #[error("{0}")]
    InvalidArgument(String),

    /// The request asks for something that this server does not do.
    #[error("{0}")]
    Unimplemented(String),

    /// Nobody may ask for it.
    #[error("{0}")]
    PermissionDenied(String),

    /// The engine says no.
    #[error(transparent)]
    Engine(#[from] EngineError),

    /// One operation of several has failed.
    #[error(transparent)]
    MultiOperation(Box<MultiOperationError>),
}

/// Which operation has failed, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(crate) struct MultiOperationError {
    pub(crate) error: ApiError,
    /// Its place among the operations.
    pub(crate) failed: usize,
    /// The other one has been done, and stays so.
    pub(crate) other_stands: bool,
}

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Status {
        let message = shortened(error.to_string());
        match error {
            ApiError::InvalidArgument(_) => Status::invalid_argument(message),
            ApiError::Unimplemented(_) => Status::unimplemented(message),
            ApiError::PermissionDenied(_) => Status::permission_denied(message),
            ApiError::Engine(error) => engine_status(&error, message),
            ApiError::MultiOperation(error) => multi_operation_status(*error),
        }
    }
}

fn multi_operation_status(error: MultiOperationError) -> Status {
    let MultiOperationError {
        error,
        failed,
        other_stands,
    } = error;
    let status = Status::from(error);
    let rich = rpc::Status::decode(status.details()).unwrap_or_default();
    let detail = MultiOperationError::details(status.code(), status.message(), rich.details, (failed, other_stands));
    let message = format!("Update-with-Start could not be executed: {}", status.message());
    detailed(status.code(), shortened(message), &detail)
}

fn engine_status(error: &EngineError, message: String) -> Status {
    use EngineError as E;
    match error {
        E::Rejected(rejection) => rejection_status(rejection, message),
        E::WorkflowNotFound { .. }
        | E::DeploymentNotFound(_)
        | E::ScheduleNotFound(_)
        | E::WorkerNotFound(_)
        | E::BatchOperationNotFound(_)
        | E::BatchOperationOver(_)
        | E::WorkerDeploymentNotFound(_)
        | E::WorkerDeployment(WorkerDeploymentRejection::VersionNotFound(_))
        | E::UpdateNotFound(_)
        | E::WorkflowTaskHeartbeatTimeout => not_found(message),
        E::NamespaceNotFound(namespace) => {
            let namespace = namespace.clone();
            detailed(
                Code::NotFound,
                message,
                &details::NamespaceNotFoundFailure { namespace },
            )
        }
        E::NamespaceAlreadyExists(_) => {
            detailed(Code::AlreadyExists, message, &details::NamespaceAlreadyExistsFailure {})
        }
        // Clients know a schedule that exists by the words for a workflow that does: in Temporal it is one.
        E::ScheduleAlreadyExists { create_request_id, .. } => {
            let start_request_id = create_request_id.clone();
            let detail = details::WorkflowExecutionAlreadyStartedFailure {
                start_request_id,
                ..Default::default()
            };
            detailed(Code::AlreadyExists, message, &detail)
        }
        E::SearchAttributeAlreadyExists(_)
        | E::BatchOperationAlreadyExists(_)
        | E::WorkerDeploymentAlreadyExists(_) => Status::already_exists(message),
        E::InvalidArgument(_) | E::Prepare(_) => Status::invalid_argument(message),
        E::FailedPrecondition(_)
        | E::InvalidVersioningOverride(_)
        | E::WorkerDeployment(WorkerDeploymentRejection::FailedPrecondition(_)) => Status::failed_precondition(message),
        E::Aborted(_) => Status::aborted(message),
        E::ResourceExhausted(_) => exhausted(message, ResourceExhaustedCause::SystemOverloaded),
        E::WorkerDeployment(WorkerDeploymentRejection::LimitExceeded(_)) => {
            exhausted(message, ResourceExhaustedCause::WorkerDeploymentLimits)
        }
        E::QueryFailed(failure) => query_failed(message, failure),
        // Not to be sent again alone: the client has to begin with the first page.
        E::WorkflowTaskPagesLost => detailed(
            Code::Aborted,
            message,
            &details::WorkflowTaskCompletionBufferLostFailure {},
        ),
        E::QueryTimedOut(_) => Status::deadline_exceeded(message),
        E::WorkflowNotReady(_) => detailed(Code::FailedPrecondition, message, &details::WorkflowNotReadyFailure {}),
        E::ShuttingDown => Status::unavailable(message),
        E::Store(error) => store_status(error, message),
        E::Host(error) => host_status(error, message),
        E::Corrupt { what, cause } => {
            tracing::error!(what, %cause, "a call met stored data that cannot be read");
            Status::data_loss(message)
        }
    }
}

fn rejection_status(rejection: &Rejection, message: String) -> Status {
    use Rejection as R;
    match rejection {
        R::InvalidArgument(_) | R::SignalsLimitExceeded | R::BadCommands { .. } => Status::invalid_argument(message),
        R::FailedPrecondition(_) => Status::failed_precondition(message),
        R::WorkflowClosed | R::UpdateAborted | R::OtherChain | R::ActivityNotFound(_) | R::WorkflowTaskNotFound => {
            not_found(message)
        }
        R::AlreadyStarted {
            start_request_id,
            run_id,
            first_execution_run_id,
            ..
        } => {
            let detail = details::WorkflowExecutionAlreadyStartedFailure {
                start_request_id: start_request_id.clone(),
                run_id: run_id.clone(),
                first_execution_run_id: first_execution_run_id.clone(),
            };
            detailed(Code::AlreadyExists, message, &detail)
        }
    }
}

/// A caller can mend its query; what the operator can mend, or what passes, is worth another try.
fn store_status(error: &StoreError, message: String) -> Status {
    use StoreError as S;
    match error {
        S::InvalidQuery(_) | S::InvalidPageToken => Status::invalid_argument(message),
        S::AlreadyExists { .. } => Status::already_exists(message),
        S::NotFound { .. } => not_found(message),
        // What was lost is in the log already.
        S::Conflict { .. } | S::Closed | S::Lost { .. } => Status::unavailable(message),
        S::Corrupt { .. } | S::Unreadable { .. } => {
            tracing::error!(%error, "a call met stored data that cannot be read");
            Status::data_loss(message)
        }
        S::InUse { .. }
        | S::Full { .. }
        | S::NotWritable { .. }
        | S::NewerSchema { .. }
        | S::Io { .. }
        | S::Refused { .. } => {
            tracing::error!(%error, "a call failed in the store");
            Status::unavailable(message)
        }
    }
}

fn host_status(error: &HostError, message: String) -> Status {
    match error {
        HostError::Exhausted(_) => exhausted(message, ResourceExhaustedCause::SystemOverloaded),
        _ => {
            tracing::error!(%error, "a call failed in the host");
            Status::internal(message)
        }
    }
}

fn not_found(message: String) -> Status {
    detailed(Code::NotFound, message, &details::NotFoundFailure::default())
}

fn exhausted(message: String, cause: ResourceExhaustedCause) -> Status {
    let scope = match cause {
        ResourceExhaustedCause::WorkerDeploymentLimits => ResourceExhaustedScope::Namespace,
        _ => ResourceExhaustedScope::System,
    };
    let detail = details::ResourceExhaustedFailure {
        cause: cause as i32,
        scope: scope as i32,
    };
    detailed(Code::ResourceExhausted, message, &detail)
}

fn query_failed(message: String, failure: &Failure) -> Status {
    let detail = details::QueryFailedFailure {
        failure: Some(failure.clone()),
    };
    detailed(Code::InvalidArgument, message, &detail)
}

/// A status with one detail, in the form that `grpc-status-details-bin` carries.
fn detailed<D: Message + Name>(code: Code, message: String, detail: &D) -> Status {
    let rich = rpc::Status {
        code: code as i32,
        message: message.clone(),
        details: vec![any(detail)],
    };
    Status::with_details(code, message, rich.encode_to_vec().into())
}

/// A message of any type, with its type.
pub(crate) fn any<D: Message + Name>(message: &D) -> Any {
    Any {
        type_url: format!("type.googleapis.com/{}", D::full_name()),
        value: message.encode_to_vec(),
    }
}

fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_BYTES {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES - '…'.len_utf8()));
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_model::{failure, proto::WorkflowExecution};

    fn query_failure(message: &str) -> EngineError {
        EngineError::QueryFailed(Box::new(failure::application(message, "QueryFailed", true)))
    }

    /// The detail of a status, and its type.
    fn detail(status: &Status) -> Option<(String, Vec<u8>)> {
        let rich = rpc::Status::decode(status.details()).unwrap();
        assert_eq!(rich.code, status.code() as i32, "details repeat the code");
        assert_eq!(rich.message, status.message(), "details repeat the message");
        rich.details.into_iter().next().map(|any| (any.type_url, any.value))
    }

    #[track_caller]
    fn check(error: impl Into<EngineError>, code: Code, message: &str, detail_type: &str) {
        let status = Status::from(ApiError::from(error.into()));
        assert_eq!((status.code(), status.message()), (code, message));
        let expected = format!("type.googleapis.com/temporal.api.errordetails.v1.{detail_type}");
        assert_eq!(detail(&status).unwrap().0, expected);
    }

    #[track_caller]
    fn check_plain(error: impl Into<ApiError>, code: Code) {
        let status = Status::from(error.into());
        assert_eq!(status.code(), code);
        assert!(status.details().is_empty());
    }

    #[test]
    fn errors_that_clients_tell_apart_carry_details() {
        let not_found = EngineError::WorkflowNotFound {
            namespace: "default".into(),
            workflow_id: "order-1".into(),
            run_id: String::new(),
        };
        check(
            not_found,
            Code::NotFound,
            "workflow not found for ID: order-1",
            "NotFoundFailure",
        );
        check(
            Rejection::WorkflowClosed,
            Code::NotFound,
            "workflow execution already completed",
            "NotFoundFailure",
        );
        check(
            EngineError::NamespaceNotFound("shop".into()),
            Code::NotFound,
            "Namespace shop is not found.",
            "NamespaceNotFoundFailure",
        );
        check(
            EngineError::NamespaceAlreadyExists("shop".into()),
            Code::AlreadyExists,
            "namespace shop already exists",
            "NamespaceAlreadyExistsFailure",
        );
        check(
            Rejection::OtherChain,
            Code::NotFound,
            "workflow execution not found",
            "NotFoundFailure",
        );
        check(
            EngineError::ResourceExhausted("busy".into()),
            Code::ResourceExhausted,
            "busy",
            "ResourceExhaustedFailure",
        );
        check(
            EngineError::WorkflowNotReady("not yet".into()),
            Code::FailedPrecondition,
            "not yet",
            "WorkflowNotReadyFailure",
        );
        check(query_failure("no"), Code::InvalidArgument, "no", "QueryFailedFailure");
    }

    #[test]
    fn a_start_that_is_refused_says_which_run_is_in_the_way() {
        let refused = Rejection::AlreadyStarted {
            message: "already running".into(),
            start_request_id: "request".into(),
            run_id: "run".into(),
            first_execution_run_id: "first".into(),
        };
        let status = Status::from(ApiError::from(EngineError::from(refused)));
        let (_, bytes) = detail(&status).unwrap();
        let detail = details::WorkflowExecutionAlreadyStartedFailure::decode(bytes.as_slice()).unwrap();
        let said = [detail.start_request_id, detail.run_id, detail.first_execution_run_id];
        assert_eq!(said, ["request", "run", "first"]);
    }

    #[test]
    fn a_failed_query_carries_its_failure() {
        let status = Status::from(ApiError::from(query_failure("unknown query x")));
        let (_, bytes) = detail(&status).unwrap();
        let failure = details::QueryFailedFailure::decode(bytes.as_slice())
            .unwrap()
            .failure
            .unwrap();
        assert_eq!(failure.message, "unknown query x");
    }

    #[test]
    fn other_errors_are_a_code_and_a_message() {
        let query = StoreError::InvalidQuery("no such attribute".into());
        check_plain(ApiError::InvalidArgument("no".into()), Code::InvalidArgument);
        check_plain(ApiError::Unimplemented("no".into()), Code::Unimplemented);
        check_plain(EngineError::InvalidArgument("no".into()), Code::InvalidArgument);
        check_plain(EngineError::FailedPrecondition("no".into()), Code::FailedPrecondition);
        check_plain(EngineError::ShuttingDown, Code::Unavailable);
        check_plain(EngineError::Store(query), Code::InvalidArgument);
        check_plain(EngineError::Store(StoreError::Closed), Code::Unavailable);
        let cause = WorkflowExecution::decode(&[0xff][..]).unwrap_err();
        check_plain(
            EngineError::Corrupt {
                what: "a run".into(),
                cause,
            },
            Code::DataLoss,
        );
    }

    #[test]
    fn messages_fit_a_header() {
        let status = Status::from(ApiError::InvalidArgument("é".repeat(5000)));
        assert!(status.message().len() <= MESSAGE_BYTES);
        assert!(status.message().ends_with("é…"));
        assert_eq!(shortened("short".into()), "short");
    }
}
