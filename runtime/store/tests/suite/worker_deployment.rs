//! Worker deployments.

use wrt_model::{WorkerDeployment, worker_deployment::DeployedVersion};

use crate::fixture::store;

fn deployment(namespace_id: &str, name: &str, build_ids: &[&str]) -> WorkerDeployment {
    let versions = build_ids
        .iter()
        .map(|build_id| ((*build_id).to_owned(), DeployedVersion::default()));
    WorkerDeployment {
        namespace_id: namespace_id.to_owned(),
        name: name.to_owned(),
        versions: versions.collect(),
        ..Default::default()
    }
}

#[tokio::test]
async fn deployments_are_put_replaced_listed_and_removed() {
    let store = store().await;
    let first = deployment("1", "shop", &["a"]);
    let second = deployment("1", "shop", &["a", "b"]);
    let elsewhere = deployment("2", "shop", &["c"]);
    for deployment in [&first, &elsewhere, &second] {
        store.worker_deployment_put(deployment).await.unwrap();
    }
    assert_eq!(
        store.worker_deployments().await,
        Ok(vec![second.clone(), elsewhere.clone()])
    );
    assert_eq!(store.worker_deployment_delete(&second.key()).await, Ok(true));
    assert_eq!(store.worker_deployment_delete(&second.key()).await, Ok(false));
    assert_eq!(store.worker_deployments().await, Ok(vec![elsewhere]));
}
