//! What is set for task queues.

use wrt_model::proto::{
    enums::TaskQueueType::{self, Activity, Workflow},
    taskqueue::TaskQueueConfig,
};
use wrt_store::StoredTaskQueue;

use crate::fixture::store;

fn queue(namespace_id: &str, name: &str, kind: TaskQueueType, weight: f32) -> StoredTaskQueue {
    StoredTaskQueue {
        namespace_id: namespace_id.to_owned(),
        name: name.to_owned(),
        kind,
        config: TaskQueueConfig {
            fairness_weight_overrides: [("tenant".to_owned(), weight)].into(),
            ..Default::default()
        },
    }
}

#[tokio::test]
async fn configurations_are_put_replaced_found_and_listed() {
    let store = store().await;
    let nothing = TaskQueueConfig::default();
    assert_eq!(
        store.task_queue_config("1", "orders", Activity).await,
        Ok(nothing.clone())
    );

    let first = queue("1", "orders", Activity, 2.0);
    let second = queue("1", "orders", Activity, 3.0);
    let of_workflows = queue("1", "orders", Workflow, 4.0);
    let elsewhere = queue("2", "orders", Activity, 5.0);
    for queue in [&first, &second, &of_workflows, &elsewhere] {
        store.task_queue_put(queue).await.unwrap();
    }
    assert_eq!(
        store.task_queue_config("1", "orders", Activity).await,
        Ok(second.config.clone())
    );
    assert_eq!(store.task_queue_config("1", "others", Activity).await, Ok(nothing));
    assert_eq!(store.task_queues(Activity).await, Ok(vec![second, elsewhere]));
    assert_eq!(store.task_queues(Workflow).await, Ok(vec![of_workflows]));
}
