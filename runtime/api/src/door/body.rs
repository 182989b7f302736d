//! Bodies of requests that have to come, and bodies of answers that keep a connection in use.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::{Status, body::Body};

use super::connection::Call;

/// Calls that a client keeps open, to send more when it likes.
const CONVERSATIONS: &str = "/grpc.reflection.";

/// The body of a request, which ends with an error when nothing more of it comes for so long.
pub(super) fn bounded(path: &str, body: Body, patience: Duration) -> Body {
    match body.is_end_stream() || path.starts_with(CONVERSATIONS) {
        true => body,
        false => Body::new(Bounded {
            body,
            patience,
            timer: None,
        }),
    }
}

/// The body of an answer, which holds a call until it has been sent or dropped.
pub(super) fn held(body: Body, call: Option<Call>) -> Body {
    match call {
        Some(call) if !body.is_end_stream() => Body::new(Held { body, _call: call }),
        _ => body,
    }
}

struct Bounded {
    body: Body,
    patience: Duration,
    /// Runs while more is waited for.
    timer: Option<Pin<Box<Sleep>>>,
}

struct Held {
    body: Body,
    _call: Call,
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.body).poll_frame(context);
        if frame.is_ready() {
            this.timer = None;
            return frame;
        }
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(this.patience)));
        timer.as_mut().poll(context).map(|()| Some(Err(overdue(this.patience))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn overdue(patience: Duration) -> Status {
    Status::deadline_exceeded(format!("nothing more of the request's body has come for {patience:?}"))
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full, StreamBody};
    use tokio_stream::StreamExt as _;

    use super::*;

    const CALL: &str = "/a.B/C";
    const TALK: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

    /// A body of some pieces, which then stays open.
    fn unfinished(pieces: usize) -> Body {
        let piece = || Ok::<_, Status>(Frame::data(Bytes::from_static(b"piece")));
        let pieces = tokio_stream::iter((0..pieces).map(move |_| piece()));
        Body::new(StreamBody::new(pieces.chain(tokio_stream::pending())))
    }

    #[tokio::test]
    async fn a_body_has_to_go_on() {
        let mut body = bounded(CALL, unfinished(3), Duration::from_millis(1));
        for _ in 0..3 {
            assert!(body.frame().await.unwrap().is_ok());
        }
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(error.code(), tonic::Code::DeadlineExceeded);
        assert!(error.message().contains("has come for 1ms"), "{error}");
    }

    #[tokio::test]
    async fn a_body_that_has_come_is_as_it_was() {
        let whole = bounded(CALL, Body::new(Full::from("whole")), Duration::ZERO);
        assert_eq!(whole.collect().await.unwrap().to_bytes(), "whole");
        assert!(bounded(CALL, Body::default(), Duration::ZERO).is_end_stream());
    }

    #[tokio::test]
    async fn a_conversation_may_pause() {
        let mut talk = bounded(TALK, unfinished(1), Duration::ZERO);
        assert!(talk.frame().await.unwrap().is_ok());
        let more = tokio::time::timeout(Duration::from_millis(20), talk.frame());
        assert!(more.await.is_err(), "it waits");
    }
}
