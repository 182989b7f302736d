//! What can be deployed: finds out what a file is, makes a component of it, and refuses what its world does not allow.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::{ComponentEncoder, DecodedWasm};
use wrt_model::{Component, ComponentKind};

use crate::{CONTRACT_VERSION, PrepareError};

/// A component that can be deployed.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What it is and contains.
    pub component: Component,
    /// The bytes to store. The digest is of these; they differ from what was given when that was a core module.
    pub bytes: Vec<u8>,
}

/// The component of a file: itself, or what a core module becomes with the adapter for WASI preview 1.
pub(crate) fn componentize(file: &[u8]) -> Result<Vec<u8>, PrepareError> {
    match file.first_chunk() {
        Some(b"\0asm\x01\0\0\0") => encode(file).map_err(|error| PrepareError::Componentize(format!("{error:#}"))),
        Some([b'\0', b'a', b's', b'm', ..]) => Ok(file.to_vec()),
        _ => Err(PrepareError::NotWasm),
    }
}

fn encode(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .adapter(
            WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
        )?
        .encode()
}

/// What a guest of Temporal's own crate exports.
pub(crate) const TEMPORAL_GUEST: &str = "temporal:workflow-runtime/workflow-guest@0.1.0";

/// The contract that a component is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// `wrt:workflow`.
    Workflow,
    /// `temporal:workflow-runtime`.
    TemporalWorkflow,
    /// `wrt:activity`.
    Activity,
    /// `wrt:module`.
    Module,
}

impl World {
    pub(crate) fn kind(self) -> ComponentKind {
        match self {
            World::Workflow | World::TemporalWorkflow => ComponentKind::Workflow,
            World::Activity => ComponentKind::Activity,
            World::Module => ComponentKind::Module,
        }
    }
}

/// The names that a component imports and exports.
pub(crate) struct Interfaces {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

/// Reads the names without compiling anything.
pub(crate) fn interfaces(component: &[u8]) -> Result<Interfaces, PrepareError> {
    let invalid = |what: String| PrepareError::Invalid(what);
    match wit_component::decode(component).map_err(|error| invalid(format!("{error:#}")))? {
        DecodedWasm::Component(resolve, world) => {
            let world = &resolve.worlds[world];
            let imports = world.imports.keys();
            let exports = world.exports.keys();
            Ok(Interfaces {
                imports: imports.map(|key| resolve.name_world_key(key)).collect(),
                exports: exports.map(|key| resolve.name_world_key(key)).collect(),
            })
        }
        DecodedWasm::WitPackage(..) => Err(invalid("it is a WIT package, which has no code".to_owned())),
    }
}

impl Interfaces {
    /// The world that the component is made for.
    pub(crate) fn world(&self) -> Result<World, PrepareError> {
        let exports = |name: &str| self.exports.iter().any(|export| export == name);
        let workflows = exports(&format!("wrt:workflow/guest@{CONTRACT_VERSION}"));
        let activities = exports(&format!("wrt:activity/guest@{CONTRACT_VERSION}"));
        match (workflows, activities) {
            (true, true) => Ok(World::Module),
            (true, false) => Ok(World::Workflow),
            (false, _) if exports(TEMPORAL_GUEST) => Ok(World::TemporalWorkflow),
            (false, true) => Ok(World::Activity),
            (false, false) => Err(PrepareError::NoWorld {
                exports: list(&self.exports),
            }),
        }
    }

    /// Refuses the first import that a component of this world may not have.
    pub(crate) fn check_imports(&self, world: World) -> Result<(), PrepareError> {
        match self.imports.iter().find(|import| !allowed(world, import)) {
            None => Ok(()),
            Some(import) => Err(PrepareError::ForbiddenImport {
                kind: world.kind(),
                import: import.clone(),
                why: match world.kind() {
                    ComponentKind::Workflow => {
                        "which a workflow may not have: it would not be the same on replay. Move what needs it into an \
                         activity"
                    }
                    ComponentKind::Activity | ComponentKind::Module => "which this server does not offer",
                },
            }),
        }
    }
}

/// Packages of WASI that every component may import.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

fn allowed(world: World, import: &str) -> bool {
    let Some((package, _)) = import.split_once('/') else {
        return false;
    };
    match (world, package.split_once(':')) {
        (World::Workflow | World::Module, Some(("wrt", "workflow"))) => true,
        (World::TemporalWorkflow, Some(("temporal", "workflow-runtime"))) => true,
        (World::Activity | World::Module, Some(("wrt", "activity") | ("wasi", "http"))) => true,
        (_, Some(("wasi", package))) => WASI.contains(&package),
        _ => false,
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_world_has_its_imports() {
        use World::{Activity, Module, TemporalWorkflow, Workflow};
        for (world, import, expected) in [
            (Workflow, "wrt:workflow/timer@0.1.0", true),
            (Workflow, "wasi:clocks/wall-clock@0.2.12", true),
            (Workflow, "wasi:sockets/tcp@0.2.9", true),
            (Workflow, "wasi:http/outgoing-handler@0.2.10", false),
            (Workflow, "wrt:activity/context@0.1.0", false),
            (Workflow, "temporal:workflow-runtime/workflow-host@0.1.0", false),
            (Workflow, "acme:db/query", false),
            (Workflow, "print", false),
            (TemporalWorkflow, "temporal:workflow-runtime/workflow-host@0.1.0", true),
            (TemporalWorkflow, "wasi:clocks/wall-clock@0.2.12", true),
            (TemporalWorkflow, "wasi:http/outgoing-handler@0.2.10", false),
            (TemporalWorkflow, "wrt:workflow/timer@0.1.0", false),
            (Activity, "wasi:http/outgoing-handler@0.2.10", true),
            (Activity, "wrt:activity/context@0.1.0", true),
            (Activity, "wrt:workflow/timer@0.1.0", false),
            (Activity, "wasi:keyvalue/store@0.2.0", false),
            (Module, "wrt:workflow/timer@0.1.0", true),
            (Module, "wrt:activity/context@0.1.0", true),
            (Module, "wasi:http/outgoing-handler@0.2.10", true),
            (Module, "temporal:workflow-runtime/workflow-host@0.1.0", false),
        ] {
            assert_eq!(allowed(world, import), expected, "{world:?} {import}");
        }
    }

    #[test]
    fn what_is_not_webassembly_is_refused() {
        for file in [&b""[..], b"\0as", b"#!/bin/sh\nexit 0", b"PK\x03\x04 a zip file"] {
            assert!(matches!(componentize(file), Err(PrepareError::NotWasm)));
        }
    }
}
