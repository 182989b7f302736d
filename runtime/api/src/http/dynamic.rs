//! A call of a service in this process, with messages whose types are known by their descriptors alone.

use http::{HeaderMap, Uri, header, uri::PathAndQuery};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::{
    Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
};

use super::{DESCRIPTORS, GrpcService};

/// How headers begin that are meant for the call: the rest of their name is the name of the metadata.
const METADATA_PREFIX: &str = "grpc-metadata-";

/// The message of this name that these bytes are.
pub(super) fn decoded(name: &str, bytes: &[u8]) -> Option<DynamicMessage> {
    DynamicMessage::decode(DESCRIPTORS.get_message_by_name(name)?, bytes).ok()
}

/// Makes a call. Of the HTTP request's headers it gets those that are meant for it.
pub(super) async fn call(
    grpc: impl GrpcService,
    method: &MethodDescriptor,
    message: DynamicMessage,
    headers: &HeaderMap,
) -> Result<DynamicMessage, Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = PathAndQuery::try_from(path).expect("the names of services are letters and dots");
    let mut request = tonic::Request::new(message);
    *request.metadata_mut() = MetadataMap::from_headers(metadata(headers));
    let mut client = Grpc::with_origin(grpc, Uri::default()).max_decoding_message_size(usize::MAX);
    let response = client.unary(request, path, DynamicCodec(method.output())).await?;
    Ok(response.into_inner())
}

fn metadata(headers: &HeaderMap) -> HeaderMap {
    let meant = headers.iter().filter_map(|(name, value)| {
        let name = match name.as_str().strip_prefix(METADATA_PREFIX) {
            Some(rest) => rest.parse().ok()?,
            None if *name == header::AUTHORIZATION || name.as_str() == "grpc-timeout" => name.clone(),
            None => return None,
        };
        Some((name, value.clone()))
    });
    meant.collect()
}

/// Encodes any message, and decodes those of one type.
struct DynamicCodec(MessageDescriptor);

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        DynamicCodec(self.0.clone())
    }

    fn decoder(&mut self) -> Self {
        DynamicCodec(self.0.clone())
    }
}

impl Encoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).expect("the buffer grows");
        Ok(())
    }
}

impl Decoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let decoded = DynamicMessage::decode(self.0.clone(), buffer);
        decoded
            .map(Some)
            .map_err(|error| Status::internal(format!("decode the answer of the service: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_for_the_call_becomes_metadata() {
        let given = [
            ("grpc-timeout", "5S"),
            ("authorization", "Bearer x"),
            ("grpc-metadata-client-name", "shell"),
            ("content-length", "3"),
            ("grpc-encoding", "gzip"),
        ];
        let headers = given.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let metadata = metadata(&HeaderMap::from_iter(headers));
        let mut names: Vec<_> = metadata.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "client-name", "grpc-timeout"]);
    }
}
