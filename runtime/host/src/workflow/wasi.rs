//! WASI for workflows: everything that could differ between two runs of the same history is taken from the history.
//!
//! Clocks, randomness and waiting are ours, in the files beside this one. The rest is wasmtime's, with nothing to touch:
//! no environment, no arguments, closed input, no directories, no sockets.

use wasmtime::{
    Result,
    component::{HasSelf, Linker},
};
use wasmtime_wasi::{
    WasiCtx,
    p2::bindings::{
        clocks::{monotonic_clock, wall_clock},
        random::{insecure, insecure_seed, random},
        sync::{
            io::{poll, streams},
            sockets::udp_create_socket,
        },
    },
};

use super::state::RunState;
use crate::console::Console;

/// Adds all of WASI 0.2's command line world to a linker.
pub(crate) fn add_to_linker(linker: &mut Linker<RunState>) -> Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    wall_clock::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    monotonic_clock::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    random::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    insecure::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    insecure_seed::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    poll::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    streams::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    udp_create_socket::add_to_linker::<_, HasSelf<RunState>>(linker, |state| state)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The state behind the parts of WASI that are wasmtime's.
pub(crate) fn context(console: &Console) -> WasiCtx {
    WasiCtx::builder()
        .stdout(console.stdout())
        .stderr(console.stderr())
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}
