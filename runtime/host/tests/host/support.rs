//! Guests and the host that the tests share.

use std::{env, fs, path::PathBuf, sync::LazyLock, time::Duration};

use wrt_host::{ActivityLimits, ActivityModule, Host, HostOptions, WorkflowLimits, WorkflowModule};
use wrt_model::{
    Digest, payload,
    proto::{Payload, Payloads},
};

/// The bytes of a guest, by the name of its package.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let folder = env::var_os("WRT_GUESTS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/guests")),
        PathBuf::from,
    );
    let file = folder.join(format!("{name}.wasm"));
    fs::read(&file).unwrap_or_else(|error| {
        panic!(
            "read the guest {}: {error}. Build the guests with `cargo xtask guests`",
            file.display()
        )
    })
}

/// Limits that hostile guests reach soon.
pub(crate) fn options() -> HostOptions {
    HostOptions {
        workflow: WorkflowLimits {
            memory_bytes: 16 << 20,
            activation_time: Duration::from_millis(300),
            command_bytes: 1 << 20,
            ..WorkflowLimits::default()
        },
        activity: ActivityLimits {
            memory_bytes: 16 << 20,
            ..ActivityLimits::default()
        },
        instances: 200,
        activities: 20,
        ..HostOptions::default()
    }
}

/// One host for all tests that need no other options: code is compiled once.
pub(crate) static HOST: LazyLock<Host> = LazyLock::new(|| Host::new(options()).unwrap());

pub(crate) async fn workflow(host: &Host, bytes: &[u8]) -> WorkflowModule {
    let prepared = host.prepare(bytes).await.unwrap();
    host.workflow(&prepared.component.digest, || async { Ok(prepared.bytes) })
        .await
        .unwrap()
}

pub(crate) async fn activity(host: &Host, bytes: &[u8]) -> ActivityModule {
    let prepared = host.prepare(bytes).await.unwrap();
    host.activity(&prepared.component.digest, || async { Ok(prepared.bytes) })
        .await
        .unwrap()
}

pub(crate) fn digest() -> Digest {
    Digest::of(b"a component that nobody has")
}

/// One payload of text.
pub(crate) fn text(text: &str) -> Option<Payloads> {
    payload::payloads(vec![payload::json(text)])
}

/// The text of the first payload.
pub(crate) fn show(payloads: Option<&Payloads>) -> String {
    payloads
        .and_then(|payloads| payloads.payloads.first())
        .map(|Payload { data, .. }| String::from_utf8_lossy(data).into_owned())
        .unwrap_or_default()
}
