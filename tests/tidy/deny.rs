//! The rules of deny.toml: what may be a dependency, and whose. The same that `cargo deny check licenses bans sources`
//! looks at, for those who do not have it.

use std::collections::BTreeMap;

use cargo_metadata::{Metadata, Package};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use crate::{assert_none, metadata};

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
    clarify: Vec<Clarification>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Clarification {
    #[serde(rename = "crate")]
    name: String,
    expression: String,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

impl Deny {
    fn load() -> Self {
        let text = std::fs::read_to_string(wrt_tests::root().join("deny.toml")).expect("deny.toml is there");
        toml::from_str(&text).expect("deny.toml has the form that cargo-deny wants")
    }

    /// What is wrong with the licence of a package.
    fn licence_fault(&self, package: &Package) -> Option<String> {
        let name = package.name.as_str();
        let clarified = self
            .licenses
            .clarify
            .iter()
            .find(|clarification| clarification.name == name);
        let licence = clarified
            .map(|clarification| &clarification.expression)
            .or(package.license.as_ref());
        let Some(licence) = licence else {
            return Some(format!("{name} has no licence"));
        };
        let exceptions = self
            .licenses
            .exceptions
            .iter()
            .filter(|exception| exception.name == name);
        let allowed = self
            .licenses
            .allow
            .iter()
            .chain(exceptions.flat_map(|exception| &exception.allow));
        (!permits(licence, allowed)).then(|| format!("{name}: {licence}"))
    }
}

/// Whether these licences are enough for an expression like `MIT OR Apache-2.0`.
fn permits<'a>(expression: &str, allowed: impl IntoIterator<Item = &'a String>) -> bool {
    let allowed: Vec<_> = allowed
        .into_iter()
        .map(|licence| Licensee::parse(licence).unwrap_or_else(|error| panic!("{licence}: {error}")))
        .collect();
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|required| allowed.iter().any(|licence| licence.satisfies(required)))
    })
}

/// For each package, by name, the names of those that depend on it directly.
fn dependents(metadata: &Metadata) -> BTreeMap<&str, Vec<&str>> {
    let resolve = metadata.resolve.as_ref().expect("metadata holds the graph");
    let mut dependents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in &resolve.nodes {
        for dependency in &node.dependencies {
            dependents
                .entry(&metadata[dependency].name)
                .or_default()
                .push(&metadata[&node.id].name);
        }
    }
    dependents
}

#[test]
fn licences_are_allowed() {
    let deny = Deny::load();
    let metadata = metadata();
    assert_none(
        "deny.toml does not allow this licence",
        metadata
            .packages
            .iter()
            .filter_map(|package| deny.licence_fault(package)),
    );
}

#[test]
fn foreign_words_stay_at_home() {
    let deny = Deny::load();
    let metadata = metadata();
    let dependents = dependents(&metadata);
    let offenders = deny.bans.deny.iter().flat_map(|ban| {
        let users = dependents.get(ban.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        let strangers = users
            .iter()
            .filter(|user| !ban.wrappers.iter().any(|wrapper| wrapper == *user));
        strangers.map(|user| format!("{user} → {}: {}", ban.name, ban.reason))
    });
    assert_none("deny.toml bans this dependency", offenders);
}

#[test]
fn sources_are_allowed() {
    let deny = Deny::load();
    let metadata = metadata();
    let registries: Vec<_> = deny
        .sources
        .allow_registry
        .iter()
        .map(|registry| format!("registry+{registry}"))
        .collect();
    let foreign = metadata
        .packages
        .iter()
        .filter_map(|package| Some((&package.name, package.source.as_ref()?)));
    let offenders = foreign.filter(|(_, source)| !registries.contains(&source.repr));
    assert_none(
        "deny.toml does not allow this source",
        offenders.map(|(name, source)| format!("{name} from {}", source.repr)),
    );
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    let cases = [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("Apache-2.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("(MIT OR ISC) AND Zlib", false),
        ("no licence", false),
    ];
    for (expression, expected) in cases {
        assert_eq!(permits(expression, &allowed), expected, "{expression}");
    }
}
