//! Taking connections in, also when the process is at its limit of open files.

use std::{fs::File, io, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::{connection::Connection, entry::Entry};

/// How long nothing is taken in when that has failed: an error that lasts would keep a processor busy.
const PAUSE: Duration = Duration::from_millis(50);

/// Connections that wait to be served. The system's own queue is before it.
const QUEUE: usize = 16;

/// What opens everywhere, and takes one descriptor.
const ANYTHING: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// The connections that come to `listeners`, until `shutdown` is cancelled; then the listeners are closed. Those that are
/// too many are closed at once.
pub(crate) fn incoming(
    listeners: Vec<TcpListener>,
    entry: &Entry,
    shutdown: &CancellationToken,
) -> ReceiverStream<io::Result<Connection>> {
    let (connections, incoming) = mpsc::channel(QUEUE);
    for listener in listeners {
        let (entry, shutdown, connections) = (entry.clone(), shutdown.clone(), connections.clone());
        tokio::spawn(async move {
            shutdown
                .run_until_cancelled(accept_all(listener, entry, connections))
                .await
        });
    }
    ReceiverStream::new(incoming)
}

async fn accept_all(listener: TcpListener, entry: Entry, connections: mpsc::Sender<io::Result<Connection>>) {
    let mut reserve = Reserve::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(place) = entry.enter(peer.ip()) else { continue };
                // An answer is not to wait until more can be sent with it.
                let _ = stream.set_nodelay(true);
                let connection = Connection::new(stream, place, entry.limits());
                if connections.send(Ok(connection)).await.is_err() {
                    return;
                }
            }
            Err(error) if is_exhausted(&error) => {
                entry.refuse_for_descriptors();
                if reserve.shed(&listener).await.is_none() {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            // The caller went away before it was taken in, or something that passes.
            Err(error) => {
                tracing::debug!(%error, "take a connection in");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether the process, or the whole system, has no descriptor left.
fn is_exhausted(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    cfg!(unix) && matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

/// A descriptor to spare. A caller for whom there is none would wait in the system's queue until its patience ends; with
/// this one it is taken in and told at once.
struct Reserve(Option<File>);

impl Reserve {
    fn new() -> Self {
        Reserve(File::open(ANYTHING).ok())
    }

    /// Closes the next connection that waits; `None` when that cannot be done now.
    async fn shed(&mut self, listener: &TcpListener) -> Option<()> {
        drop(self.0.take().or_else(|| File::open(ANYTHING).ok())?);
        let taken: io::Result<(TcpStream, _)> = listener.accept().await;
        let taken = taken.ok().map(drop);
        *self = Reserve::new();
        taken
    }
}
