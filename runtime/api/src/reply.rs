//! Answers: compressed only where that pays.

use prost::Message;
use tonic::Response;

/// From here on, in bytes, an answer is compressed for clients that take it. Below, gzip costs more time than the bytes
/// that it saves.
const COMPRESS_FROM: usize = 4096;

/// The response that carries this message.
pub(crate) fn reply<M: Message>(message: M) -> Response<M> {
    let small = message.encoded_len() < COMPRESS_FROM;
    let mut response = Response::new(message);
    if small {
        response.disable_compression();
    }
    response
}
