//! Deployments.

use wrt_model::{
    ComponentKind, Deployment, Digest,
    component::{DeploymentVersion, Grants},
};

use crate::fixture::store;

fn deployment(namespace_id: &str, name: &str) -> Deployment {
    let digest = Digest::of(name.as_bytes());
    Deployment {
        namespace_id: namespace_id.to_owned(),
        name: name.to_owned(),
        task_queue: "orders".to_owned(),
        kind: ComponentKind::Activity,
        current: digest.clone(),
        versions: vec![DeploymentVersion {
            digest,
            deployed_ns: i64::MAX,
        }],
        grants: Grants {
            http_hosts: vec!["books.example:8080".to_owned()],
            environment: vec![("MODE".to_owned(), "test".to_owned())],
        },
    }
}

#[tokio::test]
async fn deployments_are_put_replaced_listed_and_deleted() {
    let store = store().await;
    let (a, b, c) = (deployment("1", "b"), deployment("1", "a"), deployment("2", "a"));
    for deployment in [&a, &b, &c] {
        store.deployment_put(deployment).await.unwrap();
    }
    assert_eq!(store.deployments().await, Ok(vec![b.clone(), a.clone(), c.clone()]));

    let moved = Deployment {
        task_queue: "new".to_owned(),
        ..a
    };
    store.deployment_put(&moved).await.unwrap();
    assert_eq!(store.deployment("1", "b").await, Ok(Some(moved.clone())));
    assert_eq!(store.deployment("2", "b").await, Ok(None));

    assert_eq!(store.deployment_delete("1", "a").await, Ok(true));
    assert_eq!(store.deployment_delete("1", "a").await, Ok(false));
    assert_eq!(store.deployments().await, Ok(vec![moved, c]));
}
