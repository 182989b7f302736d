//! Waiting, which a workflow does not do: what it asks for is there at once, or nothing would ever wake it.
//!
//! WASI's streams and polls are made for guests that wait. Those of a workflow are a console that takes all, an input that is
//! closed, and clocks that stand still; so a call that would wait is an error of the guest. wasmtime's own functions would
//! block the thread of the server instead. None of the others that block can be reached: they need a file or a socket.

use std::pin::pin;

use wasmtime::{Result, bail, component::Resource};
use wasmtime_wasi::{
    p2::{
        DynInputStream, DynOutputStream, DynPollable, SocketError, SocketResult, StreamError, StreamResult, UdpSocket,
        bindings::{
            sockets::network::{self, ErrorCode, IpAddressFamily, Network},
            sync::{
                io::{poll, streams},
                sockets::udp_create_socket,
            },
        },
    },
    runtime::poll_noop,
    sockets::WasiSocketsView,
};
use wasmtime_wasi_io::bindings::wasi::io::{poll as waiting_poll, streams as waiting_streams};

use super::state::RunState;

const WOULD_BLOCK: &str = "a workflow must not block its thread (`std::thread::sleep`, `time.sleep`, a blocking poll): \
                           nothing would wake it. Wait with the durable `sleep` of the SDK, which starts a timer";

/// The outcome of what does not have to wait.
fn at_once<T>(outcome: impl Future<Output = T>) -> Result<T> {
    match poll_noop(pin!(outcome)) {
        Some(outcome) => Ok(outcome),
        None => bail!(WOULD_BLOCK),
    }
}

/// As [`at_once`], for streams, whose errors are not all traps.
fn streamed<T>(outcome: impl Future<Output = StreamResult<T>>) -> StreamResult<T> {
    at_once(outcome).map_err(StreamError::Trap)?
}

// === Polls ===

impl poll::Host for RunState {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        let mut ready = Vec::new();
        for (index, pollable) in (0u32..).zip(&pollables) {
            if poll::HostPollable::ready(self, Resource::new_borrow(pollable.rep()))? {
                ready.push(index);
            }
        }
        if ready.is_empty() {
            bail!(WOULD_BLOCK);
        }
        Ok(ready)
    }
}

impl poll::HostPollable for RunState {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        at_once(waiting_poll::HostPollable::ready(&mut self.table, pollable))?
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        at_once(waiting_poll::HostPollable::block(&mut self.table, pollable))?
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        waiting_poll::HostPollable::drop(&mut self.table, pollable)
    }
}

// === Streams ===

type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;

impl streams::Host for RunState {
    fn convert_stream_error(&mut self, error: StreamError) -> Result<streams::StreamError> {
        streams::Host::convert_stream_error(&mut self.table, error)
    }
}

impl streams::HostInputStream for RunState {
    fn read(&mut self, stream: Input, len: u64) -> StreamResult<Vec<u8>> {
        streams::HostInputStream::read(&mut self.table, stream, len)
    }

    fn blocking_read(&mut self, stream: Input, len: u64) -> StreamResult<Vec<u8>> {
        streamed(waiting_streams::HostInputStream::blocking_read(
            &mut self.table,
            stream,
            len,
        ))
    }

    fn skip(&mut self, stream: Input, len: u64) -> StreamResult<u64> {
        streams::HostInputStream::skip(&mut self.table, stream, len)
    }

    fn blocking_skip(&mut self, stream: Input, len: u64) -> StreamResult<u64> {
        streamed(waiting_streams::HostInputStream::blocking_skip(
            &mut self.table,
            stream,
            len,
        ))
    }

    fn subscribe(&mut self, stream: Input) -> Result<Resource<DynPollable>> {
        streams::HostInputStream::subscribe(&mut self.table, stream)
    }

    fn drop(&mut self, stream: Input) -> Result<()> {
        at_once(waiting_streams::HostInputStream::drop(&mut self.table, stream))?
    }
}

impl streams::HostOutputStream for RunState {
    fn check_write(&mut self, stream: Output) -> StreamResult<u64> {
        streams::HostOutputStream::check_write(&mut self.table, stream)
    }

    fn write(&mut self, stream: Output, bytes: Vec<u8>) -> StreamResult<()> {
        streams::HostOutputStream::write(&mut self.table, stream, bytes)
    }

    fn blocking_write_and_flush(&mut self, stream: Output, bytes: Vec<u8>) -> StreamResult<()> {
        streamed(waiting_streams::HostOutputStream::blocking_write_and_flush(
            &mut self.table,
            stream,
            bytes,
        ))
    }

    fn write_zeroes(&mut self, stream: Output, len: u64) -> StreamResult<()> {
        streams::HostOutputStream::write_zeroes(&mut self.table, stream, len)
    }

    fn blocking_write_zeroes_and_flush(&mut self, stream: Output, len: u64) -> StreamResult<()> {
        streamed(waiting_streams::HostOutputStream::blocking_write_zeroes_and_flush(
            &mut self.table,
            stream,
            len,
        ))
    }

    fn flush(&mut self, stream: Output) -> StreamResult<()> {
        streams::HostOutputStream::flush(&mut self.table, stream)
    }

    fn blocking_flush(&mut self, stream: Output) -> StreamResult<()> {
        streamed(waiting_streams::HostOutputStream::blocking_flush(
            &mut self.table,
            stream,
        ))
    }

    fn splice(&mut self, target: Output, source: Input, len: u64) -> StreamResult<u64> {
        streams::HostOutputStream::splice(&mut self.table, target, source, len)
    }

    fn blocking_splice(&mut self, target: Output, source: Input, len: u64) -> StreamResult<u64> {
        streamed(waiting_streams::HostOutputStream::blocking_splice(
            &mut self.table,
            target,
            source,
            len,
        ))
    }

    fn subscribe(&mut self, stream: Output) -> Result<Resource<DynPollable>> {
        streams::HostOutputStream::subscribe(&mut self.table, stream)
    }

    fn drop(&mut self, stream: Output) -> Result<()> {
        at_once(waiting_streams::HostOutputStream::drop(&mut self.table, stream))?
    }
}

// === Sockets ===

impl udp_create_socket::Host for RunState {
    fn create_udp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        Err(ErrorCode::AccessDenied.into())
    }
}

impl network::Host for RunState {
    fn convert_error_code(&mut self, error: SocketError) -> Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> Result<Option<ErrorCode>> {
        network::Host::network_error_code(&mut self.sockets(), error)
    }
}

impl network::HostNetwork for RunState {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        network::HostNetwork::drop(&mut self.sockets(), network)
    }
}
