//! The world in which modules are evaluated: nothing to touch, a clock that stands still, and no randomness, so that the same
//! sources give the same component.

use std::time::Duration;

use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, ResourceTable, WasiCtx, WasiCtxView, WasiView, p2::pipe::MemoryOutputPipe,
    random,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView, default_hooks};

/// Bytes that modules may print while they are evaluated.
const PRINTED_BYTES: usize = 64 * 1024;

pub(super) struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    output: MemoryOutputPipe,
}

impl State {
    pub(super) fn new() -> Self {
        let output = MemoryOutputPipe::new(PRINTED_BYTES);
        let wasi = WasiCtx::builder()
            .stdout(output.clone())
            .stderr(output.clone())
            .wall_clock(Still)
            .monotonic_clock(Still)
            .secure_random(random::Deterministic::new(vec![0]))
            .insecure_random(random::Deterministic::new(vec![0]))
            .insecure_random_seed(0)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        State {
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            output,
        }
    }

    /// What the modules have printed.
    pub(super) fn printed(&self) -> String {
        String::from_utf8_lossy(&self.output.contents()).into_owned()
    }
}

/// A clock at the beginning of 1970.
struct Still;

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Still {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: default_hooks(),
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
