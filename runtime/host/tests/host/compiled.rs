//! Compiled components: made once, kept on disk.

use std::{fs, path::Path};

use wrt_host::{BoxError, Host, HostError, HostOptions};

use crate::{
    story::{Story, show},
    support::{self, HOST, digest, guest},
};

fn cached(folder: &Path) -> Host {
    Host::new(HostOptions {
        cache_dir: Some(folder.to_owned()),
        instances: 10,
        activities: 10,
        ..support::options()
    })
    .unwrap()
}

async fn never() -> Result<Vec<u8>, BoxError> {
    Err("nobody should ask for the bytes".into())
}

#[tokio::test]
async fn a_component_is_compiled_once_for_all_starts() {
    let folder = tempfile::tempdir().unwrap();
    let digest = {
        let host = cached(folder.path());
        let prepared = host.prepare(&guest("contract-guest")).await.unwrap();
        // In memory already.
        let digest = prepared.component.digest;
        host.workflow(&digest, never).await.unwrap();
        digest
    };
    let host = cached(folder.path());
    host.workflow(&digest, never).await.unwrap();
    // What it loads runs.
    let mut story = Story::on(&host, "start => timer 1").await;
    assert_eq!(show(&story.go()), ["timer 1 1s"]);
}

#[tokio::test]
async fn code_that_does_not_fit_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = guest("contract-guest");
    let prepared = HOST.prepare(&bytes).await.unwrap();
    let digest = prepared.component.digest;
    let file = folder.path().join("workflow").join(format!("{digest}.cwasm"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, b"not machine code").unwrap();
    let host = cached(folder.path());
    host.workflow(&digest, || async { Ok(prepared.bytes) }).await.unwrap();
    assert!(fs::metadata(&file).unwrap().len() > 10_000);
}

#[tokio::test]
async fn damaged_code_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = cached(folder.path()).prepare(&guest("contract-guest")).await.unwrap();
    let digest = prepared.component.digest;
    let file = folder.path().join("workflow").join(format!("{digest}.cwasm"));
    let whole = fs::read(&file).unwrap();
    // In the code, in what describes it, and at both ends.
    let places = (1..16).map(|part| whole.len() * part / 16).chain([0, whole.len() - 1]);
    for place in places {
        let mut damaged = whole.clone();
        damaged[place] = !damaged[place];
        fs::write(&file, damaged).unwrap();
        let host = cached(folder.path());
        let bytes = prepared.bytes.clone();
        host.workflow(&digest, || async { Ok(bytes) }).await.unwrap();
        let mut story = Story::on(&host, "start => timer 1").await;
        assert_eq!(show(&story.go()), ["timer 1 1s"], "damaged at byte {place}");
        // It has been written anew.
        cached(folder.path()).workflow(&digest, never).await.unwrap();
    }
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let bytes = || async { Ok(prepared.bytes) };
    cached(folder.path()).workflow(&digest, bytes).await.unwrap();
}

#[tokio::test]
async fn bytes_that_cannot_be_had_or_compiled_name_the_component() {
    let failed = HOST.workflow(&digest(), never).await.map(drop).unwrap_err();
    assert_eq!(
        failed.to_string(),
        format!("load component {}: nobody should ask for the bytes", digest())
    );
    let broken = || async { Ok(b"\0asm\x0d\0\x01\0 and no more".to_vec()) };
    let failed = HOST.workflow(&digest(), broken).await.map(drop).unwrap_err();
    assert!(matches!(failed, HostError::Compile { .. }), "{failed}");
}

#[tokio::test]
async fn a_component_of_the_other_world_is_refused() {
    let bytes = guest("worker-guest");
    let prepared = HOST.prepare(&bytes).await.unwrap();
    let digest = prepared.component.digest;
    let failed = HOST
        .workflow(&digest, || async { Ok(prepared.bytes) })
        .await
        .map(drop)
        .unwrap_err();
    assert!(matches!(failed, HostError::Kind { .. }), "{failed}");
}

#[tokio::test]
async fn a_full_pool_says_so_and_frees_its_places() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::new(HostOptions {
        cache_dir: Some(folder.path().to_owned()),
        instances: 2,
        activities: 1,
        ..support::options()
    })
    .unwrap();
    let module = support::workflow(&host, &guest("contract-guest")).await;
    let identity = crate::story::identity;
    let first = module.instantiate(identity()).unwrap();
    let _second = module.instantiate(identity()).unwrap();
    let failed = module.instantiate(identity()).map(drop).unwrap_err();
    assert!(matches!(failed, HostError::Exhausted(_)), "{failed}");
    drop(first);
    module.instantiate(identity()).map(drop).unwrap();
}
