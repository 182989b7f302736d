//! The WIT contracts as Rust types. Imports are plain functions that may trap. So are the exports of workflows, which only
//! compute; those of activities, which wait for others, run on fibers.

#[allow(missing_docs, unreachable_pub, clippy::unwrap_used)]
pub(crate) mod workflow {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "workflow",
        imports: { default: trappable },
    });

    pub(crate) use exports::wrt::workflow::guest;
    pub(crate) use wrt::workflow as imports;
}

#[allow(missing_docs, unreachable_pub, clippy::unwrap_used)]
pub(crate) mod activity {
    wasmtime::component::bindgen!({
        path: "../../wit/activity",
        world: "activity",
        imports: { default: trappable },
        exports: { default: async },
    });

    pub(crate) use exports::wrt::activity::guest;
    pub(crate) use wrt::activity as imports;
}

#[allow(missing_docs, unreachable_pub, clippy::unwrap_used)]
pub(crate) mod temporal {
    wasmtime::component::bindgen!({
        path: "../../wit/temporal",
        world: "workflow-module",
        imports: { default: trappable },
    });

    pub(crate) use exports::temporal::workflow_runtime::workflow_guest as guest;
    pub(crate) use temporal::workflow_runtime as imports;
}
