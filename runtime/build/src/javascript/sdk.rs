//! The SDK, which every program can import without installing it.

/// Its files, by their paths within the package.
pub(super) static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// What stacks call its files, so that they can be told from the user's.
pub(super) const PREFIX: &str = "wrt:";

/// The module that sets the exports of the component up, before anything of the user is evaluated.
pub(super) const PRELUDE: &str = "engine.ts";

/// The names of packages that stand for the SDK. Temporal's own are among them, so that a file need not change.
const PACKAGES: [(&str, &str); 7] = [
    ("@wrt/sdk", "index.ts"),
    ("@wrt/sdk/workflow", "workflow/index.ts"),
    ("@wrt/sdk/activity", "activity/index.ts"),
    ("@wrt/sdk/common", "common/index.ts"),
    ("@temporalio/workflow", "workflow/index.ts"),
    ("@temporalio/activity", "activity/index.ts"),
    ("@temporalio/common", "common/index.ts"),
];

/// The file that a specifier of the SDK stands for.
pub(super) fn file(specifier: &str) -> Option<&'static str> {
    let mut packages = PACKAGES.iter();
    packages
        .find(|(package, _)| *package == specifier)
        .map(|(_, file)| *file)
}

/// The file that a relative import in another one leads to.
pub(super) fn relative(importer: &str, specifier: &str) -> Option<String> {
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let file = parts.join("/");
    let stem = file
        .strip_suffix(".js")
        .or_else(|| file.strip_suffix(".ts"))
        .unwrap_or(&file);
    Some(format!("{stem}.ts"))
}
