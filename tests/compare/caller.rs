//! Any call of Temporal's services, written as JSON.

use std::time::Duration;

use anyhow::{Context as _, Result};
use prost::{Message as _, bytes::Buf as _};
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions};
use serde_json::{Value, json};
use tokio::time::timeout;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use wrt_api::proto::DESCRIPTORS;

/// Messages of any size are taken: a history is one.
const MESSAGE_BYTES: usize = 64 << 20;

/// How much longer than the deadline a server may take, before it counts as hanging.
const GRACE: Duration = Duration::from_secs(5);

/// The services that calls are looked up in.
const SERVICES: [&str; 2] = [
    "temporal.api.workflowservice.v1.WorkflowService",
    "temporal.api.operatorservice.v1.OperatorService",
];

/// A client of one server.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    channel: Channel,
}

impl Caller {
    /// A client of the server at `host:port`, which is connected to when it is first called.
    pub(crate) fn new(address: &str) -> Result<Self> {
        let channel = Endpoint::from_shared(format!("http://{address}"))?
            .tcp_nodelay(true)
            .connect_lazy();
        Ok(Caller { channel })
    }

    /// Makes a call and returns its answer as `{"status": "OK", "answer": …}`, or the status as
    /// `{"status": code, "message": …, "details": […]}`.
    pub(crate) async fn call(&self, method: &MethodDescriptor, request: Value, within: Duration) -> Result<Value> {
        let name = method.name();
        let request = DynamicMessage::deserialize(method.input(), request).with_context(|| format!("read {name}"))?;
        let path = format!("/{}/{name}", method.parent_service().full_name());
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES);
        let mut request = Request::new(request);
        request.set_timeout(within);
        let calling = async {
            grpc.ready()
                .await
                .map_err(|error| Status::unavailable(error.to_string()))?;
            let path = PathAndQuery::try_from(path).expect("names are paths");
            grpc.unary(request, path, Dynamic(method.output())).await
        };
        let answered = timeout(within + GRACE, calling)
            .await
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer after the deadline")));
        match answered {
            Ok(answer) => Ok(json!({"status": "OK", "answer": json(&answer.into_inner())?})),
            Err(status) => refusal(&status),
        }
    }
}

/// The call of this name.
pub(crate) fn method(name: &str) -> Option<MethodDescriptor> {
    let services = SERVICES
        .iter()
        .filter_map(|service| DESCRIPTORS.get_service_by_name(service));
    services
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .find(|method| method.name() == name)
}

fn json(message: &DynamicMessage) -> Result<Value> {
    let options = SerializeOptions::new();
    Ok(message.serialize_with_options(serde_json::value::Serializer, &options)?)
}

fn refusal(status: &Status) -> Result<Value> {
    let descriptor = DESCRIPTORS
        .get_message_by_name("google.rpc.Status")
        .context("find the message of statuses")?;
    let whole = DynamicMessage::decode(descriptor, status.details()).context("read the details of a status")?;
    // Details whose type nobody here knows are compared as they were encoded.
    let details = json(&whole).map_or_else(
        |_| json!(whole.encode_to_vec()),
        |mut whole| whole.get_mut("details").map(Value::take).unwrap_or_else(|| json!([])),
    );
    Ok(json!({"status": code(status.code()), "message": status.message(), "details": details}))
}

/// `NOT_FOUND` for `NotFound`.
fn code(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// Messages that are known by their descriptors alone.
struct Dynamic(MessageDescriptor);

struct Writer;

struct Reader(MessageDescriptor);

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Writer;
    type Decoder = Reader;

    fn encoder(&mut self) -> Writer {
        Writer
    }

    fn decoder(&mut self) -> Reader {
        Reader(self.0.clone())
    }
}

impl Encoder for Writer {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message
            .encode(into)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Reader {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        let message = DynamicMessage::decode(self.0.clone(), bytes);
        message.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
