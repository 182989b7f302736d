//! Components and what they are deployed as.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The sha-256 of a component's bytes, in lower-case hex: its name for ever, and the build id of its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(String);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use fmt::Write;
        let hash = Sha256::digest(bytes);
        Digest(hash.iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes every write");
            hex
        }))
    }

    /// Reads a digest back; `None` unless it is 64 lower-case hex digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let valid = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        valid.then(|| Digest(hex.to_owned()))
    }

    /// The 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The world that a component is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    /// `wrt:workflow`.
    Workflow,
    /// `wrt:activity`.
    Activity,
    /// `wrt:module`: both in one component.
    Module,
}

impl ComponentKind {
    /// The word for it in errors and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            ComponentKind::Workflow => "workflow",
            ComponentKind::Activity => "activity",
            ComponentKind::Module => "module",
        }
    }

    /// Whether components of this kind define types of that kind.
    pub fn has(self, kind: ComponentKind) -> bool {
        self == kind || self == ComponentKind::Module
    }
}

/// A signal, query or update of a workflow, as its component describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HandlerDefinition {
    /// The name that callers use.
    pub name: String,
    /// Words for people.
    #[serde(default)]
    pub description: String,
    /// A JSON schema of the argument.
    #[serde(default)]
    pub input_schema: Option<String>,
    /// A JSON schema of the answer.
    #[serde(default)]
    pub output_schema: Option<String>,
}

/// A workflow type or an activity type, as its component describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypeDefinition {
    /// The name that callers use.
    pub name: String,
    /// Words for people.
    #[serde(default)]
    pub description: String,
    /// A JSON schema of the argument.
    #[serde(default)]
    pub input_schema: Option<String>,
    /// A JSON schema of the result.
    #[serde(default)]
    pub output_schema: Option<String>,
    /// Signals that it handles; activities have none.
    #[serde(default)]
    pub signals: Vec<HandlerDefinition>,
    /// Queries that it answers; activities have none.
    #[serde(default)]
    pub queries: Vec<HandlerDefinition>,
    /// Updates that it takes; activities have none.
    #[serde(default)]
    pub updates: Vec<HandlerDefinition>,
}

/// What a component says about itself, kept beside its bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The world that it is made for.
    pub kind: ComponentKind,
    /// The SDK it was written with.
    pub sdk_name: String,
    /// The version of that SDK.
    pub sdk_version: String,
    /// Its workflow types; the activity types of a component of activities alone.
    pub types: Vec<TypeDefinition>,
    /// The activity types of a module.
    #[serde(default)]
    pub activities: Vec<TypeDefinition>,
    /// Bytes of the component.
    pub size: u64,
}

impl Component {
    /// The workflow types, or the activity types, that it defines.
    pub fn types_of(&self, kind: ComponentKind) -> &[TypeDefinition] {
        match (self.kind, kind) {
            (ComponentKind::Module, ComponentKind::Activity) => &self.activities,
            (own, kind) if own.has(kind) => &self.types,
            _ => &[],
        }
    }

    /// True when it defines this type of this kind.
    pub fn defines(&self, kind: ComponentKind, type_name: &str) -> bool {
        let mut types = self.types_of(kind).iter();
        types.any(|definition| definition.name == type_name)
    }
}

/// What an activity component may touch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grants {
    /// Hosts, as `name` or `name:port`, that outgoing HTTP requests may go to.
    #[serde(default)]
    pub http_hosts: Vec<String>,
    /// The environment that it sees.
    #[serde(default)]
    pub environment: Vec<(String, String)>,
}

/// One version of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentVersion {
    /// The component; its digest is the build id.
    pub digest: Digest,
    /// When it was deployed, in nanoseconds since the epoch.
    pub deployed_ns: i64,
}

/// A name under which versions of a component serve a task queue. New runs start on the current version; a run stays on
/// the one that it started on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// The namespace that it serves.
    pub namespace_id: String,
    /// Unique in the namespace.
    pub name: String,
    /// The task queue that it serves.
    pub task_queue: String,
    /// The world of its current component.
    pub kind: ComponentKind,
    /// The version that new runs start on, and that activities run on.
    pub current: Digest,
    /// All versions, oldest first.
    pub versions: Vec<DeploymentVersion>,
    /// What its activities may touch; nothing for workflows.
    #[serde(default)]
    pub grants: Grants,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_defines_types_of_its_kind() {
        use ComponentKind::{Activity, Module, Workflow};
        let named = |name: &str| TypeDefinition {
            name: name.to_owned(),
            ..Default::default()
        };
        for (kind, workflow, activity) in [
            (Workflow, Some("Order"), None),
            (Activity, None, Some("Order")),
            (Module, Some("Order"), Some("Pay")),
        ] {
            let activities = if kind == Module { vec![named("Pay")] } else { Vec::new() };
            let component = Component {
                digest: Digest::of(b""),
                kind,
                sdk_name: String::new(),
                sdk_version: String::new(),
                types: vec![named("Order")],
                activities,
                size: 0,
            };
            let first = |kind| component.types_of(kind).first().map(|it| it.name.as_str());
            assert_eq!((first(Workflow), first(Activity)), (workflow, activity), "{kind:?}");
            assert!(!component.defines(Workflow, "Pay"));
            assert_eq!(component.defines(Activity, "Pay"), kind == Module);
        }
    }

    #[test]
    fn a_digest_is_the_sha256_in_hex_and_reads_back() {
        let digest = Digest::of(b"abc");
        assert_eq!(
            digest.as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(Digest::parse(digest.as_str()), Some(digest.clone()));
        assert_eq!(Digest::parse(&digest.as_str().to_uppercase()), None);
        assert_eq!(Digest::parse("ba78"), None);
    }
}
