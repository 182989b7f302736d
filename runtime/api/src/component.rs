//! Components and deployments as `wrt.v1` shows them.

use wrt_model::{
    Time,
    component::{Component, ComponentKind, Deployment, DeploymentVersion, Grants, HandlerDefinition, TypeDefinition},
};

use crate::{
    proto::wrt::v1,
    validate::{self, Checked},
};

/// Hex digits of a whole digest.
const DIGEST_DIGITS: usize = 64;

/// A digest, or as many of its first digits as a caller likes.
pub(crate) fn check_digest_prefix(prefix: &str) -> Checked {
    validate::required("DigestPrefix", prefix)?;
    let hex = prefix
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if hex && prefix.len() <= DIGEST_DIGITS {
        Ok(())
    } else {
        validate::invalid(format!(
            "DigestPrefix has to be up to {DIGEST_DIGITS} lower-case hex digits: {prefix}"
        ))
    }
}

pub(crate) fn grants(grants: v1::Grants) -> Grants {
    let mut environment: Vec<_> = grants.environment.into_iter().collect();
    // A map of the wire has no order; what is stored has one.
    environment.sort();
    Grants {
        http_hosts: grants.http_hosts,
        environment,
    }
}

pub(crate) fn deployment(deployment: Deployment) -> v1::Deployment {
    v1::Deployment {
        name: deployment.name,
        task_queue: deployment.task_queue,
        kind: kind(deployment.kind) as i32,
        current_digest: deployment.current.to_string(),
        versions: deployment.versions.into_iter().map(version).collect(),
        http_hosts: deployment.grants.http_hosts,
        environment_names: deployment
            .grants
            .environment
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
    }
}

pub(crate) fn component(component: Component) -> v1::Component {
    v1::Component {
        digest: component.digest.to_string(),
        kind: kind(component.kind) as i32,
        sdk_name: component.sdk_name,
        sdk_version: component.sdk_version,
        types: component.types.into_iter().map(type_definition).collect(),
        activities: component.activities.into_iter().map(type_definition).collect(),
        size_bytes: component.size,
    }
}

fn kind(kind: ComponentKind) -> v1::ComponentKind {
    match kind {
        ComponentKind::Workflow => v1::ComponentKind::Workflow,
        ComponentKind::Activity => v1::ComponentKind::Activity,
        ComponentKind::Module => v1::ComponentKind::Module,
    }
}

fn version(version: DeploymentVersion) -> v1::DeploymentVersion {
    v1::DeploymentVersion {
        digest: version.digest.to_string(),
        deploy_time: Some(Time::from_nanos(version.deployed_ns).into()),
    }
}

fn type_definition(definition: TypeDefinition) -> v1::TypeDefinition {
    let handlers = |handlers: Vec<HandlerDefinition>| handlers.into_iter().map(handler).collect();
    v1::TypeDefinition {
        name: definition.name,
        description: definition.description,
        input_schema: definition.input_schema,
        output_schema: definition.output_schema,
        signals: handlers(definition.signals),
        queries: handlers(definition.queries),
        updates: handlers(definition.updates),
    }
}

fn handler(definition: HandlerDefinition) -> v1::HandlerDefinition {
    v1::HandlerDefinition {
        name: definition.name,
        description: definition.description,
        input_schema: definition.input_schema,
        output_schema: definition.output_schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wrt_model::Digest;

    #[test]
    fn digest_prefixes() {
        let digest = Digest::of(b"abc");
        for valid in ["b", digest.short(), digest.as_str()] {
            assert!(check_digest_prefix(valid).is_ok(), "{valid}");
        }
        for invalid in ["", "BA78", "xyz", "../..", &format!("{digest}0")] {
            assert!(check_digest_prefix(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn deployments_show_the_names_of_the_environment_and_no_values() {
        let shown = deployment(Deployment {
            namespace_id: String::new(),
            name: "shop".into(),
            task_queue: "orders".into(),
            kind: ComponentKind::Activity,
            current: Digest::of(b"abc"),
            versions: vec![DeploymentVersion {
                digest: Digest::of(b"abc"),
                deployed_ns: 1_500_000_000,
            }],
            grants: grants(v1::Grants {
                http_hosts: vec!["localhost:8080".into()],
                environment: [
                    ("TOKEN".to_owned(), "secret".to_owned()),
                    ("MODE".to_owned(), "test".to_owned()),
                ]
                .into(),
            }),
        });
        assert_eq!(shown.environment_names, ["MODE", "TOKEN"]);
        assert_eq!(shown.http_hosts, ["localhost:8080"]);
        assert_eq!(shown.kind, v1::ComponentKind::Activity as i32);
        assert_eq!(
            shown.versions[0].deploy_time,
            Some(prost_types::Timestamp {
                seconds: 1,
                nanos: 500_000_000
            })
        );
        assert!(!format!("{shown:?}").contains("secret"));
    }
}
