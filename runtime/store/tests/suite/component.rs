//! Components.

use wrt_model::{
    Component, ComponentKind, Digest,
    component::{HandlerDefinition, TypeDefinition},
};

use crate::fixture::store;

#[tokio::test]
async fn a_component_is_added_once_and_removed_once() {
    let store = store().await;
    let bytes = vec![7; 100_000];
    let component = Component {
        digest: Digest::of(&bytes),
        kind: ComponentKind::Workflow,
        sdk_name: "wrt-sdk-rust".to_owned(),
        sdk_version: "0.1.0".to_owned(),
        types: vec![TypeDefinition {
            name: "Order".to_owned(),
            input_schema: Some("{\"type\":\"object\"}".to_owned()),
            signals: vec![HandlerDefinition {
                name: "cancel-order".to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        }],
        activities: Vec::new(),
        size: 100_000,
    };
    let digest = &component.digest;
    assert_eq!(store.component(digest).await, Ok(None));
    assert_eq!(store.component_bytes(digest).await, Ok(None));

    for _ in 0..2 {
        store.component_insert(&component, &bytes).await.unwrap();
        assert_eq!(store.component(digest).await, Ok(Some(component.clone())));
        assert_eq!(store.component_bytes(digest).await, Ok(Some(bytes.clone())));
    }
    assert_eq!(store.component_delete(digest).await, Ok(true));
    assert_eq!(store.component_delete(digest).await, Ok(false));
    assert_eq!(store.component(digest).await, Ok(None));
}
