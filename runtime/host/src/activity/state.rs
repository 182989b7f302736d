//! What the host keeps for one attempt beside the guest's memory.

use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use wrt_model::{component::Grants, proto::workflowservice::PollActivityTaskQueueResponse};

use super::{ActivityControl, http::GrantedHosts};
use crate::{
    ActivityLimits,
    console::{Console, Sink},
    limits::MemoryLimit,
};

/// Whose attempt it is, for the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttemptIdentity {
    namespace: String,
    workflow_id: String,
    run_id: String,
    activity_id: String,
    attempt: i32,
}

/// The state of an attempt, as imports see it.
pub(crate) struct AttemptState {
    pub(crate) console: Console,
    pub(crate) memory: MemoryLimit,
    /// Absent while no attempt runs.
    pub(crate) control: Option<ActivityControl>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hosts: GrantedHosts,
}

impl AttemptIdentity {
    pub(crate) fn of(task: &PollActivityTaskQueueResponse) -> Self {
        let execution = task.workflow_execution.clone().unwrap_or_default();
        AttemptIdentity {
            namespace: task.workflow_namespace.clone(),
            workflow_id: execution.workflow_id,
            run_id: execution.run_id,
            activity_id: task.activity_id.clone(),
            attempt: task.attempt,
        }
    }
}

impl AttemptState {
    pub(crate) fn new(
        identity: AttemptIdentity,
        grants: &Grants,
        control: Option<ActivityControl>,
        limits: &ActivityLimits,
    ) -> Self {
        let console = Console::new(sink(identity));
        // Sockets would go past the granted hosts.
        let wasi = WasiCtx::builder()
            .envs(&grants.environment)
            .stdout(console.stdout())
            .stderr(console.stderr())
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        AttemptState {
            console,
            memory: MemoryLimit::new(limits.memory_bytes),
            control,
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            hosts: GrantedHosts::new(&grants.http_hosts),
        }
    }

    /// Begins another attempt.
    pub(crate) fn begin(&mut self, identity: AttemptIdentity, control: ActivityControl) {
        self.console.redirect(sink(identity));
        self.memory.begin();
        self.control = Some(control);
    }

    /// Ends an attempt.
    pub(crate) fn end(&mut self) {
        self.console.end();
        self.control = None;
    }
}

fn sink(identity: AttemptIdentity) -> Sink {
    Box::new(move |stream, line| {
        tracing::info!(
            target: "wrt::activity",
            namespace = identity.namespace,
            workflow_id = identity.workflow_id,
            run_id = identity.run_id,
            activity_id = identity.activity_id,
            attempt = identity.attempt,
            fields = stream,
            "{line}"
        );
    })
}

impl WasiView for AttemptState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for AttemptState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hosts,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
