//! `wasi:http` in a workflow: linked, because modules import it for their activities. Sending a request traps.

use wasmtime::{Result, bail, component::Linker};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView, default_hooks};

use super::state::RunState;

/// Adds the interfaces of outgoing HTTP to a linker.
pub(crate) fn add_to_linker(linker: &mut Linker<RunState>) -> Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    let mut handler = linker.instance("wasi:http/outgoing-handler@0.2.12")?;
    handler.func_new("handle", |_, _, _, _| {
        bail!(
            "a workflow sends no HTTP requests: their answers would not be the same on replay. Move the request into an activity"
        )
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

impl WasiHttpView for RunState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: default_hooks(),
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
