use super::*;

fn hours(hours: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration {
        seconds: hours * 3600,
        nanos: 0,
    })
}

fn valid() -> RegisterNamespaceRequest {
    RegisterNamespaceRequest {
        namespace: "shop".into(),
        workflow_execution_retention_period: hours(72),
        ..Default::default()
    }
}

fn shop() -> Namespace {
    registered(valid()).unwrap()
}

#[track_caller]
fn check_register(change: impl FnOnce(&mut RegisterNamespaceRequest), expected: &str) {
    let mut request = valid();
    change(&mut request);
    let said = registered(request).map_or_else(|error| error.to_string(), |_| "ok".to_owned());
    assert!(said.starts_with(expected), "{said:?} does not start with {expected:?}");
}

#[track_caller]
fn check_update(change: impl FnOnce(&mut UpdateNamespaceRequest), expected: Result<Namespace, &str>) {
    let mut request = UpdateNamespaceRequest::default();
    change(&mut request);
    let outcome = updated(shop(), request).map_err(|error| error.to_string());
    match (outcome, expected) {
        (Ok(namespace), Ok(expected)) => assert_eq!(namespace, expected),
        (Err(said), Err(expected)) => assert!(said.starts_with(expected), "{said}"),
        (outcome, expected) => panic!("{outcome:?} is not {expected:?}"),
    }
}

#[test]
fn registering() {
    check_register(|_| {}, "ok");
    check_register(|r| r.namespace.clear(), "Namespace is not set on request.");
    check_register(
        |r| r.namespace = "x".repeat(1001),
        "Namespace exceeds maximum allowed length",
    );
    check_register(
        |r| r.workflow_execution_retention_period = None,
        "A valid retention period is not set",
    );
    check_register(
        |r| r.workflow_execution_retention_period = hours(0),
        "A minimal retention of one hour",
    );
    check_register(|r| r.workflow_execution_retention_period = hours(1), "ok");
    check_register(
        |r| r.workflow_execution_retention_period = hours(-1),
        "An invalid WorkflowExecutionRetentionPeriod is set on request. cause: negative duration",
    );
    check_register(|r| r.is_global_namespace = true, "is_global_namespace is not supported");
    check_register(|r| r.active_cluster_name = CLUSTER_NAME.into(), "ok");
    check_register(
        |r| r.active_cluster_name = "west".into(),
        "active_cluster_name is not supported",
    );
    check_register(
        |r| r.history_archival_state = 2,
        "history_archival_state is not supported",
    );
    check_register(|r| r.history_archival_state = 1, "ok");
    check_register(
        |r| r.visibility_archival_state = 7,
        "Unknown visibility_archival_state value: 7.",
    );
}

#[test]
fn updating_changes_what_is_set() {
    check_update(|_| {}, Ok(shop()));
    check_update(
        |r| {
            r.update_info = Some(UpdateNamespaceInfo {
                description: "orders".into(),
                data: [("team".to_owned(), "blue".to_owned())].into(),
                ..Default::default()
            });
        },
        Ok(Namespace {
            description: "orders".into(),
            data: [("team".to_owned(), "blue".to_owned())].into(),
            ..shop()
        }),
    );
    check_update(
        |r| {
            r.config = Some(NamespaceConfig {
                workflow_execution_retention_ttl: hours(2),
                ..Default::default()
            });
        },
        Ok(Namespace {
            retention_ns: 7_200_000_000_000,
            ..shop()
        }),
    );
}

#[test]
fn what_a_description_says_can_be_sent_back() {
    let described = described(&shop(), &Limits::default());
    let info = described.namespace_info.unwrap();
    check_update(
        |r| {
            r.update_info = Some(UpdateNamespaceInfo {
                description: info.description,
                owner_email: info.owner_email,
                data: info.data,
                state: info.state,
            });
            r.config = described.config;
            r.replication_config = described.replication_config;
        },
        Ok(shop()),
    );
    check_update(|r| r.replication_config = Some(Default::default()), Ok(shop()));
}

#[test]
fn updating_refuses_what_the_server_cannot_do() {
    check_update(
        |r| r.promote_namespace = true,
        Err("promote_namespace is not supported"),
    );
    check_update(
        |r| r.delete_bad_binary = "x".into(),
        Err("delete_bad_binary is not supported"),
    );
    let replication = |change: fn(&mut NamespaceReplicationConfig)| {
        let mut asked = replication_config();
        change(&mut asked);
        move |r: &mut UpdateNamespaceRequest| r.replication_config = Some(asked)
    };
    check_update(
        replication(|asked| asked.active_cluster_name = "west".into()),
        Err("replication_config of other clusters is not supported"),
    );
    check_update(
        replication(|asked| {
            asked.clusters.push(ClusterReplicationConfig {
                cluster_name: "west".into(),
                ..Default::default()
            });
        }),
        Err("replication_config of other clusters is not supported"),
    );
    check_update(
        replication(|asked| asked.state = ReplicationState::Handover as i32),
        Err("replication_config.state is not supported"),
    );
    check_update(
        replication(|asked| asked.state = 9),
        Err("Unknown ReplicationState value: 9."),
    );
    check_update(
        |r| {
            r.update_info = Some(UpdateNamespaceInfo {
                state: NamespaceState::Deprecated as i32,
                ..Default::default()
            });
        },
        Err("update_info.state is not supported"),
    );
}

#[test]
fn pages_end_without_a_token() {
    let named = |name: &str| Namespace {
        name: name.into(),
        ..shop()
    };
    let namespaces = [named("a"), named("b"), named("c")];
    for (page_size, shown, token) in [(1, 1, "a"), (2, 2, "b"), (3, 3, ""), (9, 3, "")] {
        // The engine returns at most one more than the page.
        let found = &namespaces[..namespaces.len().min(page_size as usize + 1)];
        let response = page(found, page_size, |_| Limits::default());
        assert_eq!(response.namespaces.len(), shown);
        assert_eq!(response.next_page_token, token.as_bytes());
    }
}
