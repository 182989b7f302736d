//! The connection to a server, and what its refusals mean.

use std::{error::Error, time::Duration};

use anyhow::{Context as _, anyhow};
use prost::{Message, Name};
use temporalio_protos::{
    google::rpc::Status as RpcStatus, temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure,
};
use tonic::{
    Code, Response, Status,
    codec::CompressionEncoding,
    transport::{Channel, Endpoint},
};

use crate::proto::{ComponentServiceClient, WorkflowServiceClient};

/// Answers may be as large as the Go client takes them.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// Knows the server, and the namespace to work in.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    channel: Channel,
    namespace: String,
}

impl Client {
    /// Connects to a server at `host:port`.
    pub(crate) async fn connect(address: &str, namespace: &str) -> anyhow::Result<Self> {
        let url = if address.contains("://") {
            address.to_owned()
        } else {
            format!("http://{address}")
        };
        let endpoint = Endpoint::from_shared(url)
            .with_context(|| format!("--address `{address}` has not the form HOST:PORT"))?
            .user_agent(concat!("wrt/", env!("CARGO_PKG_VERSION")))?
            .connect_timeout(Duration::from_secs(10))
            .tcp_nodelay(true)
            // Notices a server that is gone while a long poll waits for it.
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(15));
        let channel = endpoint.connect().await.map_err(|error| {
            anyhow!(
                "cannot reach a server at {address}: {}; start one with `wrt server start-dev`, or name another with \
                 --address",
                root_cause(&error)
            )
        })?;
        Ok(Client {
            channel,
            namespace: namespace.to_owned(),
        })
    }

    /// The namespace to work in, as requests name it.
    pub(crate) fn namespace(&self) -> String {
        self.namespace.clone()
    }

    /// Temporal's service.
    pub(crate) fn workflows(&self) -> WorkflowServiceClient<Channel> {
        WorkflowServiceClient::new(self.channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    /// The service of deployed components.
    pub(crate) fn components(&self) -> ComponentServiceClient<Channel> {
        ComponentServiceClient::new(self.channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_ANSWER_BYTES)
    }
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
        .map_err(|status| anyhow!("{action}: {}", explain(&status)))
}

fn explain(status: &Status) -> String {
    let message = match status.message() {
        "" => format!("the server answers {:?}", status.code()),
        message => message.to_owned(),
    };
    match next_step(status) {
        Some(next_step) => format!("{message}; {next_step}"),
        None => message,
    }
}

fn next_step(status: &Status) -> Option<String> {
    if let Some(running) = detail::<WorkflowExecutionAlreadyStartedFailure>(status) {
        return Some(format!(
            "its run is {}; give another --workflow-id, or see --id-conflict-policy and --id-reuse-policy",
            running.run_id
        ));
    }
    match status.code() {
        Code::Unavailable => Some("is the server still running?".to_owned()),
        _ => None,
    }
}

/// The detail of this type, if the status carries one.
fn detail<M: Message + Name + Default>(status: &Status) -> Option<M> {
    let details = RpcStatus::decode(status.details()).ok()?.details;
    let suffix = format!("/{}", M::full_name());
    let found = details.iter().find(|any| any.type_url.ends_with(&suffix))?;
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

    use super::*;

    fn refusal(code: Code, message: &str, detail: &(impl Message + Name)) -> String {
        let status = RpcStatus {
            code: code as i32,
            message: message.to_owned(),
            details: vec![Any {
                type_url: type_url(detail),
                value: detail.encode_to_vec(),
            }],
        };
        let status = Status::with_details(code, message, status.encode_to_vec().into());
        answer::<()>("start workflow", Err(status)).unwrap_err().to_string()
    }

    fn type_url<M: Message + Name>(_: &M) -> String {
        format!("type.googleapis.com/{}", M::full_name())
    }

    #[test]
    fn refusals_say_what_to_do_next() {
        let detail = WorkflowExecutionAlreadyStartedFailure {
            run_id: "r1".to_owned(),
            ..Default::default()
        };
        assert_eq!(
            refusal(Code::AlreadyExists, "already running", &detail),
            "start workflow: already running; its run is r1; give another --workflow-id, or see --id-conflict-policy \
             and --id-reuse-policy"
        );
    }

    #[test]
    fn a_refusal_without_words_shows_its_code() {
        let error = answer::<()>("count", Err(Status::internal(""))).unwrap_err();
        assert_eq!(error.to_string(), "count: the server answers Internal");
    }

    #[tokio::test]
    async fn a_missing_server_is_named_with_the_way_to_start_one() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let error = Client::connect(&address, "default").await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot reach a server at {address}: Connection refused")),
            "{error}"
        );
        assert!(error.contains("wrt server start-dev"), "{error}");
    }
}
