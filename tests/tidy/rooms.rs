//! The rooms of the runtime, and which one may know which.

use cargo_metadata::{DependencyKind, Package};

use crate::{assert_none, metadata};

/// Each room with the rooms that it may know. Below the engine they do not know each other.
const ROOMS: [(&str, &[&str]); 9] = [
    ("wrt-model", &[]),
    ("wrt-machine", &["wrt-model"]),
    ("wrt-store", &["wrt-model"]),
    ("wrt-host", &["wrt-model"]),
    ("wrt-engine", &["wrt-model", "wrt-machine", "wrt-store", "wrt-host"]),
    ("wrt-api", &["wrt-model", "wrt-engine"]),
    ("wrt-ui", &["wrt-model", "wrt-engine"]),
    ("wrt-build", &["wrt-host"]),
    // Wires the others together, so it has to name those that it opens.
    (
        "wrt",
        &[
            "wrt-model",
            "wrt-store",
            "wrt-host",
            "wrt-engine",
            "wrt-api",
            "wrt-ui",
            "wrt-build",
        ],
    ),
];

/// The rooms that a package knows and may not, tests aside.
fn trespasses(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == name) else {
        return vec![format!("{name} lies in runtime/ and is not in the table of rooms")];
    };
    let known = package.dependencies.iter().filter(|dependency| {
        dependency.kind != DependencyKind::Development && ROOMS.iter().any(|(room, _)| *room == dependency.name)
    });
    known
        .filter(|dependency| !allowed.contains(&dependency.name.as_str()))
        .map(|dependency| format!("{name} → {}", dependency.name))
        .collect()
}

#[test]
fn rooms_know_only_the_rooms_below() {
    let metadata = metadata();
    let runtime = wrt_tests::root().join("runtime");
    let rooms: Vec<_> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| {
            package
                .manifest_path
                .starts_with(runtime.to_str().expect("the path is UTF-8"))
        })
        .collect();
    assert!(rooms.len() >= 7, "the rooms of runtime/ are members of the workspace");
    assert_none("a room may not know this one", rooms.into_iter().flat_map(trespasses));
}

#[test]
fn guests_do_not_know_the_runtime() {
    let metadata = metadata();
    let members = metadata.workspace_packages();
    let guests = members.iter().filter(|package| package.name.starts_with("wrt-sdk"));
    let known = guests.flat_map(|guest| guest.dependencies.iter().map(|known| (&guest.name, &known.name)));
    let offenders = known.filter(|(_, known)| ROOMS.iter().any(|(room, _)| room == known));
    assert_none(
        "a guest knows the contract alone",
        offenders.map(|(guest, known)| format!("{guest} → {known}")),
    );
}
