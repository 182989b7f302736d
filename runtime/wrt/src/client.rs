//! The connection to a server, and what its refusals mean.

use std::{error::Error, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use prost::{Message, Name};
use temporalio_protos::{
    google::rpc::Status as RpcStatus,
    temporal::api::errordetails::v1::{NamespaceNotFoundFailure, WorkflowExecutionAlreadyStartedFailure},
};
use tonic::{Code, Response, Status, codec::CompressionEncoding, transport::Endpoint};

use crate::{
    codec::{Codec, CodecChannel},
    proto::{
        ComponentServiceClient, NamespaceServiceClient, OperatorServiceClient, RunServiceClient, WorkflowServiceClient,
    },
};

/// Answers may be as large as the Go client takes them.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// Knows the server, and the namespace to work in.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    channel: CodecChannel,
    namespace: String,
}

impl Client {
    /// Connects to a server at `host:port`, with a codec server in between if there is one.
    pub(crate) async fn connect(address: &str, namespace: &str, codec: Option<Arc<Codec>>) -> anyhow::Result<Self> {
        let endpoint = endpoint(address)?;
        let channel = endpoint.connect().await.map_err(|error| {
            anyhow!(
                "cannot reach a server at {address}: {}; start one with `wrt server start-dev`, or name another with \
                 --address",
                root_cause(&error)
            )
        })?;
        Ok(Client {
            channel: CodecChannel::new(channel, codec),
            namespace: namespace.to_owned(),
        })
    }

    /// The namespace to work in, as requests name it.
    pub(crate) fn namespace(&self) -> String {
        self.namespace.clone()
    }

    /// Temporal's service.
    pub(crate) fn workflows(&self) -> WorkflowServiceClient<CodecChannel> {
        WorkflowServiceClient::new(self.channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// Temporal's service for operators.
    pub(crate) fn operator(&self) -> OperatorServiceClient<CodecChannel> {
        OperatorServiceClient::new(self.channel.clone()).accept_compressed(CompressionEncoding::Gzip)
    }

    /// The service of what a namespace has beside Temporal's words.
    pub(crate) fn namespaces(&self) -> NamespaceServiceClient<CodecChannel> {
        NamespaceServiceClient::new(self.channel.clone()).accept_compressed(CompressionEncoding::Gzip)
    }

    /// The service of what is known of a run beside Temporal's words.
    pub(crate) fn runs(&self) -> RunServiceClient<CodecChannel> {
        RunServiceClient::new(self.channel.clone()).accept_compressed(CompressionEncoding::Gzip)
    }

    /// The service of deployed components.
    pub(crate) fn components(&self) -> ComponentServiceClient<CodecChannel> {
        ComponentServiceClient::new(self.channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_ANSWER_BYTES)
    }
}

/// How a server at `host:port` is connected to.
pub(crate) fn endpoint(address: &str) -> anyhow::Result<Endpoint> {
    let url = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    Ok(Endpoint::from_shared(url)
        .with_context(|| format!("--address `{address}` has not the form HOST:PORT"))?
        .user_agent(concat!("wrt/", env!("CARGO_PKG_VERSION")))?
        .connect_timeout(Duration::from_secs(10))
        .tcp_nodelay(true)
        // Notices a server that is gone while a long poll waits for it.
        .http2_keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(15)))
}

/// Who asks, as histories record it.
pub(crate) fn identity() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    format!("wrt-cli:{user}")
}

/// The message of an answer, or an error that says which action was refused, why, and what to do next.
pub(crate) fn answer<T>(action: &str, outcome: Result<Response<T>, Status>) -> anyhow::Result<T> {
    outcome
        .map(Response::into_inner)
        .map_err(|status| anyhow!("{action}: {}", explain(action, &status)))
}

/// True when the server did not answer at all: it is down, or went down while it was asked.
pub(crate) fn is_gone(status: &Status) -> bool {
    // What the server itself says has no source; only this side's transport leaves one.
    status.code() == Code::Unavailable || status.source().is_some()
}

fn explain(action: &str, status: &Status) -> String {
    if let Some(source) = status.source() {
        return format!("lost the server: {}; is it still running?", root_cause(source));
    }
    let message = match status.message() {
        "" => format!("the server answers {:?}", status.code()),
        message => in_own_words(message),
    };
    match next_step(action, status) {
        Some(next_step) => format!("{}; {next_step}", message.trim_end_matches('.')),
        None => message,
    }
}

/// What stands for a schedule in Temporal's words, in which it is a workflow.
const SCHEDULE_NOT_FOUND: &str = "workflow not found for ID: temporal-sys-scheduler:";

/// The server speaks as Temporal's, for the sake of other clients.
fn in_own_words(message: &str) -> String {
    match message.strip_prefix(SCHEDULE_NOT_FOUND) {
        Some(schedule_id) => format!("schedule {schedule_id} is not found"),
        None => message.to_owned(),
    }
}

/// What helps when something is not found, by the noun in the name of the action.
const LISTS: [(&str, &str); 5] = [
    ("schedule", "`wrt schedule list` shows what there is"),
    ("batch operation", "`wrt batch list` shows what there is"),
    ("worker deployment", "`wrt worker deployment list` shows what there is"),
    ("deployment", "`wrt module list` shows what is deployed"),
    ("workflow", "`wrt workflow list` shows what there is"),
];

fn next_step(action: &str, status: &Status) -> Option<String> {
    if has_detail::<WorkflowExecutionAlreadyStartedFailure>(status) {
        return Some("give another --workflow-id, or see --id-conflict-policy and --id-reuse-policy".to_owned());
    }
    if let Some(missing) = detail::<NamespaceNotFoundFailure>(status) {
        return Some(format!("create it with `wrt namespace create {}`", missing.namespace));
    }
    let is_missing = status.code() == Code::NotFound && status.message().contains("not found");
    let mut lists = LISTS
        .into_iter()
        .filter(|(noun, _)| is_missing && action.contains(noun));
    lists.next().map(|(_, list)| list.to_owned())
}

/// True when the status carries a detail of this type.
fn has_detail<M: Name + Default>(status: &Status) -> bool {
    detail::<M>(status).is_some()
}

fn detail<M: Name + Default>(status: &Status) -> Option<M> {
    let suffix = format!("/{}", M::full_name());
    let details = RpcStatus::decode(status.details()).ok()?.details;
    let found = details.into_iter().find(|any| any.type_url.ends_with(&suffix))?;
    M::decode(found.value.as_slice()).ok()
}

/// The innermost reason, which is the one that says something: `Connection refused` rather than `transport error`.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use prost_types::Any;
    use wrt_model::proto::workflowservice::GetSystemInfoRequest;

    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_next() {
        let code = Code::AlreadyExists;
        let status = RpcStatus {
            details: vec![Any {
                type_url: format!(
                    "type.googleapis.com/{}",
                    WorkflowExecutionAlreadyStartedFailure::full_name()
                ),
                value: Vec::new(),
            }],
            ..Default::default()
        };
        let status = Status::with_details(code, "Already running.", status.encode_to_vec().into());
        assert_eq!(
            answer::<()>("start workflow", Err(status)).unwrap_err().to_string(),
            "start workflow: Already running; give another --workflow-id, or see --id-conflict-policy and \
             --id-reuse-policy"
        );
    }

    #[test]
    fn what_is_missing_is_named_with_what_there_is() {
        let told = |action: &str, message: &str| {
            answer::<()>(action, Err(Status::not_found(message)))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            told(
                "describe schedule",
                "workflow not found for ID: temporal-sys-scheduler:nightly"
            ),
            "describe schedule: schedule nightly is not found; `wrt schedule list` shows what there is"
        );
        assert_eq!(
            told("describe deployment", "deployment shop is not found"),
            "describe deployment: deployment shop is not found; `wrt module list` shows what is deployed"
        );
        assert_eq!(
            told("signal workflow", "workflow execution already completed"),
            "signal workflow: workflow execution already completed"
        );
    }

    #[test]
    fn a_namespace_that_is_missing_can_be_created() {
        let detail = NamespaceNotFoundFailure {
            namespace: "shop".to_owned(),
        };
        let status = RpcStatus {
            details: vec![Any {
                type_url: format!("type.googleapis.com/{}", NamespaceNotFoundFailure::full_name()),
                value: detail.encode_to_vec(),
            }],
            ..Default::default()
        };
        let details = status.encode_to_vec().into();
        let status = Status::with_details(Code::NotFound, "Namespace shop is not found.", details);
        assert_eq!(
            answer::<()>("count workflows", Err(status)).unwrap_err().to_string(),
            "count workflows: Namespace shop is not found; create it with `wrt namespace create shop`"
        );
    }

    #[test]
    fn a_refusal_without_words_shows_its_code() {
        let error = answer::<()>("count", Err(Status::internal(""))).unwrap_err();
        assert_eq!(error.to_string(), "count: the server answers Internal");
    }

    #[tokio::test]
    async fn a_server_that_goes_away_is_told_from_one_that_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let client = Client::connect(&address, "default", None).await.unwrap();
        let outcome = client
            .workflows()
            .get_system_info(GetSystemInfoRequest::default())
            .await;
        assert!(is_gone(outcome.as_ref().unwrap_err()), "{outcome:?}");
        let error = answer("ask", outcome).unwrap_err().to_string();
        assert!(error.starts_with("ask: lost the server: "), "{error}");
        assert!(!is_gone(&Status::not_found("no such workflow")));
    }

    #[tokio::test]
    async fn a_missing_server_is_named_with_the_way_to_start_one() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let error = Client::connect(&address, "default", None)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("cannot reach a server at {address}: Connection refused")),
            "{error}"
        );
        assert!(error.contains("wrt server start-dev"), "{error}");
    }
}
