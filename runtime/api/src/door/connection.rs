//! One connection: what it owes the server before its first call, and when it has been idle for too long.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tonic::transport::server::Connected;

use super::{ConnectionLimits, entry::Place};

/// What a client of HTTP/2 sends first; behind it comes a frame of settings.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The bytes before what a frame of HTTP/2 carries; the first three are its length.
const FRAME_HEAD: usize = 9;

/// A connection, with its place among all of them.
pub(crate) struct Connection {
    stream: TcpStream,
    info: ConnectionInfo,
    greeting: Greeting,
    /// When the connection is looked at next: has the caller greeted, has it called?
    timer: Pin<Box<Sleep>>,
    idle: Duration,
    /// How many calls there had been when it was looked at last.
    calls_seen: u64,
    _place: Place,
}

/// What is known about a connection to the calls that it carries.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionInfo(Arc<Info>);

#[derive(Debug)]
struct Info {
    /// The address of the server that the caller has found.
    local: Option<IpAddr>,
    /// Calls that have begun.
    begun: AtomicU64,
    /// Calls that have not ended.
    under_way: AtomicUsize,
}

/// A call that has not ended.
pub(super) struct Call(ConnectionInfo);

/// What the caller has said so far.
///
/// Which protocol it speaks is known by the first bytes. A client of HTTP/2 has greeted once its settings have come, and
/// may then be silent: the server asks it now and then whether it lives. A client of HTTP/1 has when its first request
/// has; for the head of each later one HTTP's own limit counts.
enum Greeting {
    Begun { start: Vec<u8>, length: usize },
    Http1,
    Http2,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, place: Place, limits: &ConnectionLimits) -> Self {
        let info = Info {
            local: stream.local_addr().ok().map(|address| address.ip()),
            begun: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
        };
        Connection {
            stream,
            info: ConnectionInfo(Arc::new(info)),
            greeting: Greeting::default(),
            timer: Box::pin(sleep(limits.greeting)),
            idle: limits.idle,
            calls_seen: 0,
            _place: place,
        }
    }

    /// True when the caller has had its time.
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        while self.timer.as_mut().poll(context).is_ready() {
            let begun = self.info.0.begun.load(Ordering::Relaxed);
            let is_used = begun != self.calls_seen || self.info.0.under_way.load(Ordering::Relaxed) > 0;
            if !is_used {
                return true;
            }
            self.calls_seen = begun;
            self.timer.set(sleep(self.idle));
        }
        false
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if let Greeting::Begun { .. } = this.greeting {
            this.greeting.hear(&buffer.filled()[before..]);
            if let Greeting::Http2 = this.greeting {
                this.timer.set(sleep(this.idle));
            }
        }
        if read.is_pending() && this.is_overdue(context) {
            // As if the caller had closed it: that is how it ends in order, with what has been sent.
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(ready!(read))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected for Connection {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

// === impl ConnectionInfo ===

impl ConnectionInfo {
    /// The address of the server that the caller has found.
    pub(super) fn local(&self) -> Option<IpAddr> {
        self.0.local
    }

    /// Keeps the connection from being idle until the call is dropped.
    pub(super) fn begin(self) -> Call {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        Call(self)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Call(ConnectionInfo(info)) = self;
        info.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl Greeting ===

impl Default for Greeting {
    fn default() -> Self {
        let start = Vec::with_capacity(PREFACE.len() + FRAME_HEAD);
        Greeting::Begun { start, length: 0 }
    }
}

impl Greeting {
    /// Takes in what has come.
    fn hear(&mut self, bytes: &[u8]) {
        let Greeting::Begun { start, length } = self else {
            return;
        };
        *length += bytes.len();
        let missing = PREFACE.len() + FRAME_HEAD - start.len();
        start.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        if !start.iter().zip(PREFACE).all(|(byte, expected)| byte == expected) {
            *self = Greeting::Http1;
        } else if let Some([a, b, c, ..]) = start.get(PREFACE.len()..).filter(|head| head.len() == FRAME_HEAD) {
            let settings = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            if *length >= PREFACE.len() + FRAME_HEAD + settings {
                *self = Greeting::Http2;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many bytes it is known what is spoken, and that a client of HTTP/2 has greeted; they come one by one.
    fn known_after(text: &[u8]) -> Option<(usize, &'static str)> {
        let mut greeting = Greeting::default();
        for (index, byte) in text.iter().enumerate() {
            greeting.hear(&[*byte]);
            match greeting {
                Greeting::Begun { .. } => {}
                Greeting::Http1 => return Some((index + 1, "HTTP/1")),
                Greeting::Http2 => return Some((index + 1, "HTTP/2")),
            }
        }
        None
    }

    #[test]
    fn http_1_is_known_by_what_is_no_preface() {
        assert_eq!(known_after(b"GET / HTTP/1.1"), Some((1, "HTTP/1")));
        assert_eq!(known_after(b"POST / HTTP/1.1"), Some((2, "HTTP/1")));
        assert_eq!(known_after(b"PRI"), None);
        assert_eq!(known_after(b"PRI * HTTP/1.1"), Some((12, "HTTP/1")));
    }

    #[test]
    fn http_2_greets_with_its_settings() {
        let settings = [&PREFACE[..], &[0, 0, 6, 4, 0, 0, 0, 0, 0], &[0, 3, 0, 0, 0, 100]].concat();
        assert_eq!(known_after(&settings), Some((settings.len(), "HTTP/2")));
        assert_eq!(known_after(&settings[..settings.len() - 1]), None);
        let empty = [&PREFACE[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
        assert_eq!(known_after(&empty), Some((empty.len(), "HTTP/2")));
        let mut at_once = Greeting::default();
        at_once.hear(&settings);
        assert!(matches!(at_once, Greeting::Http2));
    }
}
