//! Attempts of activities.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};
use wrt_host::{ActivityControl, ActivityModule, Host, HostOptions};
use wrt_model::{
    component::Grants,
    proto::{
        ActivityType, Failure, FailureInfo, Payloads, WorkflowExecution, workflowservice::PollActivityTaskQueueResponse,
    },
    task::ActivityToken,
};

use crate::support::{self, HOST, guest, show, text};

struct Bench {
    module: ActivityModule,
    grants: Grants,
    heartbeats: watch::Receiver<Option<Payloads>>,
    heartbeat: watch::Sender<Option<Payloads>>,
    cancel: watch::Sender<bool>,
}

impl Bench {
    async fn new(grants: Grants) -> Bench {
        let (heartbeat, heartbeats) = watch::channel(None);
        Bench {
            module: support::activity(&HOST, &guest("worker-guest")).await,
            grants,
            heartbeats,
            heartbeat,
            cancel: watch::channel(false).0,
        }
    }

    fn control(&self) -> ActivityControl {
        ActivityControl {
            heartbeat: self.heartbeat.clone(),
            cancel: self.cancel.subscribe(),
        }
    }

    async fn execute(&self, activity_type: &str, input: &str) -> Result<String, Failure> {
        let task = task(activity_type, input);
        let output = self
            .module
            .execute(&task, "payments", &self.grants, self.control())
            .await?;
        Ok(show(output.as_ref()))
    }
}

fn task(activity_type: &str, input: &str) -> PollActivityTaskQueueResponse {
    PollActivityTaskQueueResponse {
        task_token: ActivityToken {
            namespace_id: "n".to_owned(),
            workflow_id: "order-1".to_owned(),
            run_id: "run-1".to_owned(),
            scheduled_event_id: 5,
            attempt: 2,
            ..Default::default()
        }
        .to_bytes(),
        workflow_execution: Some(WorkflowExecution {
            workflow_id: "order-1".to_owned(),
            run_id: "run-1".to_owned(),
        }),
        activity_type: Some(ActivityType {
            name: activity_type.to_owned(),
        }),
        activity_id: "charge".to_owned(),
        workflow_namespace: "default".to_owned(),
        input: text(input),
        heartbeat_details: text("half"),
        attempt: 2,
        ..Default::default()
    }
}

#[tokio::test]
async fn an_attempt_gets_its_task_and_gives_its_output() {
    let bench = Bench::new(Grants::default()).await;
    assert_eq!(bench.execute("echo", "hello").await.unwrap(), "hello");
    assert_eq!(
        bench.execute("describe-task", "").await.unwrap(),
        "describe-task charge of default/order-1/run-1 () on payments attempt 2 key run-1/5 after [\"half\"]"
    );
}

#[tokio::test]
async fn an_attempt_sees_the_granted_environment_and_the_time() {
    let bench = Bench::new(Grants {
        environment: vec![("MODE".to_owned(), "test".to_owned())],
        ..Grants::default()
    })
    .await;
    assert_eq!(bench.execute("environment", "").await.unwrap(), "MODE=test");
    assert_eq!(bench.execute("time", "").await.unwrap(), "true");
    // Sockets would go past the granted hosts.
    assert_eq!(bench.execute("tcp", "127.0.0.1:1").await.unwrap(), "refused");
}

#[tokio::test]
async fn a_failure_comes_back_as_the_guest_gave_it() {
    let failed = Bench::new(Grants::default())
        .await
        .execute("fail", "no funds")
        .await
        .unwrap_err();
    assert_eq!(failed.message, "no funds");
    assert_eq!(failed.stack_trace, "at worker");
    let Some(FailureInfo::ApplicationFailureInfo(info)) = failed.failure_info else {
        panic!("no application failure");
    };
    assert_eq!((info.r#type.as_str(), info.non_retryable), ("Scripted", true));
    assert_eq!(info.details, text("detail"));
}

#[tokio::test]
async fn a_trap_is_a_failure_that_another_attempt_may_cure() {
    let bench = Bench::new(Grants::default()).await;
    for (activity_type, expected) in [
        ("panic", "out of cheese"),
        ("bomb", "the memory limit of 16 MiB is reached"),
    ] {
        let failed = bench.execute(activity_type, "out of cheese").await.unwrap_err();
        assert!(failed.message.contains(expected), "{}", failed.message);
        assert!(failed.stack_trace.contains("worker_guest"), "{}", failed.stack_trace);
        let Some(FailureInfo::ApplicationFailureInfo(info)) = failed.failure_info else {
            panic!("no application failure");
        };
        assert!(!info.non_retryable);
        assert_eq!(info.r#type, "ActivityTrapped");
    }
}

#[tokio::test]
async fn heartbeats_go_out_and_a_request_to_stop_comes_in() {
    let mut bench = Bench::new(Grants::default()).await;
    let module = bench.module.clone();
    let control = bench.control();
    let attempt = tokio::spawn(async move {
        let task = task("wait-for-cancel", "");
        module.execute(&task, "payments", &Grants::default(), control).await
    });
    // Each one that is seen is later than the one before; in between, the last one counts.
    let mut seen = 0;
    while seen < 3 {
        bench.heartbeats.changed().await.unwrap();
        let beat: u32 = show(bench.heartbeats.borrow_and_update().as_ref()).parse().unwrap();
        assert!(beat > seen, "{beat} comes after {seen}");
        seen = beat;
    }
    bench.cancel.send(true).unwrap();
    let failed = attempt.await.unwrap().unwrap_err();
    assert_eq!(failed.message, "canceled");
    let Some(FailureInfo::CanceledFailureInfo(info)) = failed.failure_info else {
        panic!("not canceled");
    };
    assert_eq!(info.details, text("stopped"));
}

/// On one thread: an attempt that computes makes room for others, and can be given up.
#[tokio::test(flavor = "current_thread")]
async fn a_busy_attempt_can_be_dropped() {
    let bench = Arc::new(Bench::new(Grants::default()).await);
    let busy = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.execute("spin", "").await }
    });
    tokio::task::yield_now().await;
    assert_eq!(bench.execute("echo", "still here").await.unwrap(), "still here");
    busy.abort();
    assert!(busy.await.unwrap_err().is_cancelled());
}

/// Answers one request.
async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nbooks")
            .await
            .unwrap();
    });
    address
}

#[tokio::test]
async fn http_goes_to_granted_hosts_only() {
    let address = server().await;
    let url = format!("http://{address}/books");
    let failed = Bench::new(Grants::default())
        .await
        .execute("get", &url)
        .await
        .unwrap_err();
    assert!(
        failed.message.contains(&format!("`--allow-http {address}`")),
        "{}",
        failed.message
    );
    let granted = Grants {
        http_hosts: vec![address],
        ..Grants::default()
    };
    assert_eq!(Bench::new(granted).await.execute("get", &url).await.unwrap(), "books");
}

/// One place: the second attempt waits for the first one, which waits for a request to stop.
#[tokio::test]
async fn attempts_wait_for_a_place() {
    let host = Host::new(HostOptions {
        instances: 1,
        activities: 1,
        ..support::options()
    })
    .unwrap();
    let module = support::activity(&host, &guest("worker-guest")).await;
    let mut bench = Bench {
        module: module.clone(),
        ..Bench::new(Grants::default()).await
    };
    let control = bench.control();
    let first = tokio::spawn(async move {
        let task = task("wait-for-cancel", "");
        module.execute(&task, "payments", &Grants::default(), control).await
    });
    bench.heartbeats.changed().await.unwrap();
    let second = bench.execute("echo", "at last");
    futures::pin_mut!(second);
    assert!(futures::poll!(second.as_mut()).is_pending());
    bench.cancel.send(true).unwrap();
    first.await.unwrap().unwrap_err();
    assert_eq!(second.await.unwrap(), "at last");
}

#[tokio::test]
async fn an_instance_goes_on_with_the_next_attempt_of_its_realm() {
    let mut bench = Bench::new(Grants {
        environment: vec![("REALM".to_owned(), "warm".to_owned())],
        ..Grants::default()
    })
    .await;
    assert_eq!(bench.execute("count", "").await.unwrap(), "1");
    assert_eq!(bench.execute("count", "").await.unwrap(), "2");

    // Other grants, another namespace: other realms.
    bench.grants.environment.push(("MODE".to_owned(), "other".to_owned()));
    assert_eq!(bench.execute("count", "").await.unwrap(), "1");
    bench.grants.environment.pop();
    let mut elsewhere = task("count", "");
    elsewhere.workflow_namespace = "another".to_owned();
    let output = bench
        .module
        .execute(&elsewhere, "payments", &bench.grants, bench.control())
        .await;
    assert_eq!(show(output.unwrap().as_ref()), "1");

    // One that failed by itself goes on; one that trapped does not.
    assert!(bench.execute("fail", "no").await.is_err());
    assert_eq!(bench.execute("count", "").await.unwrap(), "3");
    assert!(bench.execute("panic", "oh").await.is_err());
    assert_eq!(bench.execute("count", "").await.unwrap(), "1");
}
