//! Answers: compressed only where that pays.

use std::future::Future;

use prost::Message;
use tonic::{Response, Status};

use crate::error::ApiError;

/// From here on, in bytes, an answer is compressed for clients that take it. Below, gzip costs more time than the bytes
/// that it saves.
pub(crate) const COMPRESS_FROM: usize = 4096;

/// The empty response to what has been done, once it has.
pub(crate) async fn done<M: Message + Default>(
    work: impl Future<Output = Result<(), ApiError>>,
) -> Result<Response<M>, Status> {
    work.await?;
    Ok(reply(M::default()))
}

/// The response that carries this message.
pub(crate) fn reply<M: Message>(message: M) -> Response<M> {
    let small = message.encoded_len() < COMPRESS_FROM;
    let mut response = Response::new(message);
    if small {
        response.disable_compression();
    }
    response
}
