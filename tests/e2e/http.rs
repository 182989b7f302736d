//! The HTTP/JSON API, by a client that knows no more than HTTP.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wrt_tests::{Options, Server, with_server};

use crate::with_contract;

const SHOP: &str = "/api/v1/namespaces/default";

/// `start => timer 3600`, `signal go => random`, `signal end => complete`: the guest reads its input as it is, without quotes.
const SCRIPT: &str = "c3RhcnQgPT4gdGltZXIgMzYwMApzaWduYWwgZ28gPT4gcmFuZG9tCnNpZ25hbCBlbmQgPT4gY29tcGxldGU=";

/// What the server takes, in bytes.
const BODY_LIMIT: usize = 4 << 20;

/// A response, with a body of JSON.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Answer {
    /// Checks that the request was refused with this status, this gRPC code and these words.
    #[track_caller]
    fn assert_refused(&self, status: u16, code: i32, words: &str) {
        let message = self.body["message"].as_str().unwrap_or_default();
        assert!(
            self.status == status && self.body["code"] == code && message.contains(words),
            "{} {} is not {status}, {code}: {words}",
            self.status,
            self.body
        );
    }
}

/// Sends a request on a connection of its own. `headers` are lines that end with a line break.
async fn send(server: &Server, request_line: &str, headers: &str, body: &[u8]) -> Result<Answer> {
    let address = server.address();
    let length = body.len();
    let head =
        format!("{request_line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    let mut stream = TcpStream::connect(address).await.context("connect to the server")?;
    stream.write_all(format!("{head}{headers}\r\n").as_bytes()).await?;
    stream.write_all(body).await?;
    let mut response = String::new();
    stream
        .read_to_string(&mut response)
        .await
        .context("read the response")?;
    let (head, body) = response
        .split_once("\r\n\r\n")
        .with_context(|| format!("find the body of {response}"))?;
    let status = head
        .split(' ')
        .nth(1)
        .with_context(|| format!("find the status in {head}"))?;
    Ok(Answer {
        status: status.parse()?,
        head: head.to_owned(),
        body: serde_json::from_str(body).with_context(|| format!("read {body} as JSON"))?,
    })
}

async fn get(server: &Server, path: &str) -> Result<Answer> {
    send(server, &format!("GET {path}"), "", b"").await
}

async fn post(server: &Server, path: &str, body: Value) -> Result<Answer> {
    send(
        server,
        &format!("POST {path}"),
        "content-type: application/json\r\n",
        body.to_string().as_bytes(),
    )
    .await
}

/// The body of an answer that is no refusal.
#[track_caller]
fn ok(answer: Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Starts the scripted workflow of the guest `contract`.
async fn start(server: &Server, workflow_id: &str, input: Value) -> Result<Answer> {
    let start = json!({
        "workflowType": {"name": "Scripted"},
        "taskQueue": {"name": "contract"},
        "input": input,
        "memo": {"fields": {"why": {"because": ["of", "this"]}}},
    });
    post(server, &format!("{SHOP}/workflows/{workflow_id}"), start).await
}

#[tokio::test]
async fn a_workflow_lives_over_http() -> Result<()> {
    with_contract(async |server| {
        let input = json!({"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": SCRIPT}]});
        let started = ok(start(server, "a%2Fb", input).await?);
        let workflow = format!("{SHOP}/workflows/a%2Fb");
        ok(post(server, &format!("{workflow}/signal/go"), json!({"input": ["x"]})).await?);

        let query = json!({"query": {"queryArgs": [[1, {"a": null}]]}});
        let answer = ok(post(server, &format!("{workflow}/query/echo"), query).await?);
        assert_eq!(
            answer,
            json!({"queryResult": [[1, {"a": null}]]}),
            "payloads are the JSON that they hold"
        );

        let described = ok(get(server, &workflow).await?);
        let info = &described["workflowExecutionInfo"];
        assert_eq!(
            info["execution"],
            json!({"workflowId": "a/b", "runId": started["runId"]})
        );
        assert_eq!(info["status"], "WORKFLOW_EXECUTION_STATUS_RUNNING");
        assert_eq!(info["memo"]["fields"]["why"], json!({"because": ["of", "this"]}));

        let listed = ok(get(server, &format!("{SHOP}/workflows?pageSize=1&query=WorkflowId%3D'a/b'")).await?);
        assert_eq!(listed["executions"][0]["execution"]["runId"], started["runId"]);
        let counted = ok(get(
            server,
            &format!("{SHOP}/workflow-count?query=ExecutionStatus+%3D+'Running'"),
        )
        .await?);
        assert_eq!(counted["count"], "1");

        ok(post(server, &format!("{workflow}/signal/end"), json!({})).await?);
        let last = "history?waitNewEvent=true&historyEventFilterType=HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT";
        let history = ok(get(server, &format!("{workflow}/{last}")).await?);
        assert_eq!(
            history["history"]["events"][0]["eventType"],
            "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_workflow_is_terminated_over_http() -> Result<()> {
    with_contract(async |server| {
        ok(start(server, "w", json!(["idle"])).await?);
        let body = json!({"reason": "stale", "details": [{"by": "test"}]});
        ok(post(server, "/namespaces/default/workflows/w/terminate", body).await?);
        let history = ok(get(server, &format!("{SHOP}/workflows/w/history-reverse?maximumPageSize=1")).await?);
        let attributes = &history["history"]["events"][0]["workflowExecutionTerminatedEventAttributes"];
        assert_eq!(
            (&attributes["reason"], &attributes["details"]),
            (&json!("stale"), &json!([{"by": "test"}]))
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn payloads_are_written_out_for_those_who_ask() -> Result<()> {
    with_contract(async |server| {
        let input = json!({"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "InN0YXJ0ID0+IHRpbWVyIDM2MDAi"}]});
        let body = json!({"workflowType": {"name": "Scripted"}, "taskQueue": {"name": "contract"}, "input": input});
        let plain = "content-type: application/json+no-payload-shorthand\r\n";
        let path = format!("{SHOP}/workflows/w");
        ok(send(server, &format!("POST {path}"), plain, body.to_string().as_bytes()).await?);
        let first_input = |history: &Value| {
            history["history"]["events"][0]["workflowExecutionStartedEventAttributes"]["input"].clone()
        };
        let history = format!("GET {path}/history");
        let accept = "accept: application/json+pretty+no-payload-shorthand\r\n";
        assert_eq!(first_input(&ok(send(server, &history, accept, b"").await?)), input);
        assert_eq!(first_input(&ok(send(server, &format!("{history}?noPayloadShorthand"), "", b"").await?)), input);
        assert_eq!(first_input(&ok(send(server, &history, "", b"").await?)), json!(["start => timer 3600"]));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_schedule_is_kept_over_http() -> Result<()> {
    with_contract(async |server| {
        let path = format!("{SHOP}/schedules/nightly");
        let schedule = json!({"schedule": {
            "spec": {"cronString": ["0 3 * * *"], "jitter": "1.500s"},
            "action": {"startWorkflow": {
                "workflowId": "night",
                "workflowType": {"name": "Scripted"},
                "taskQueue": {"name": "contract"},
                "input": ["start => complete"],
            }},
            "policies": {"overlapPolicy": "SCHEDULE_OVERLAP_POLICY_SKIP"},
        }});
        ok(post(server, &path, schedule.clone()).await?);
        let described = ok(get(server, &path).await?);
        assert_eq!(described["schedule"]["spec"]["jitter"], "1.500s");
        assert_eq!(
            described["schedule"]["action"]["startWorkflow"]["input"],
            json!(["start => complete"])
        );
        let times = "matching-times?startTime=2026-01-01T00:00:00Z&endTime=2026-01-03T00:00:00Z";
        let times = ok(get(server, &format!("{path}/{times}")).await?);
        assert_eq!(times["startTime"].as_array().map(Vec::len), Some(2));
        post(server, &path, schedule)
            .await?
            .assert_refused(409, 6, r#"schedule "nightly" is already registered"#);
        ok(send(server, &format!("DELETE {path}"), "", b"").await?);
        get(server, &path).await?.assert_refused(404, 5, "nightly");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() -> Result<()> {
    with_server(Options::default(), async |server| {
        let missing = get(server, "/api/v1/namespaces/nowhere").await?;
        missing.assert_refused(404, 5, "nowhere");
        let kind = "type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure";
        assert_eq!(
            missing.body["details"],
            json!([{"@type": kind, "namespace": "nowhere"}])
        );

        get(server, "/api/v1/nothing")
            .await?
            .assert_refused(404, 5, "nothing at /api/v1/nothing");
        let wrong = send(server, &format!("PUT {SHOP}"), "", b"").await?;
        wrong.assert_refused(405, 12, "does not take PUT");
        assert!(wrong.head.to_lowercase().contains("allow: get"), "{}", wrong.head);

        let path = format!("POST {SHOP}/workflows/w");
        send(server, &path, "", b"{")
            .await?
            .assert_refused(400, 3, "the body is no JSON");
        let body = br#"{"workflowType": {"nam": "A"}}"#;
        send(server, &path, "", body)
            .await?
            .assert_refused(400, 3, "unrecognized field name 'nam'");
        let body = vec![b' '; BODY_LIMIT + 1];
        send(server, &path, "", &body)
            .await?
            .assert_refused(413, 8, "larger than 4194304 bytes");
        let foreign = "origin: http://evil.example\r\n";
        send(server, &path, foreign, b"{}")
            .await?
            .assert_refused(403, 7, "a page of another site");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_wait_ends_with_its_deadline() -> Result<()> {
    with_contract(async |server| {
        ok(start(server, "w", json!(["idle"])).await?);
        let wait = format!("GET {SHOP}/workflows/w/history?waitNewEvent=true&historyEventFilterType=2");
        let history = ok(send(server, &wait, "grpc-timeout: 100m\r\n", b"").await?);
        assert_eq!(history["history"], json!({}), "nothing has happened");
        assert!(
            history["nextPageToken"].is_string(),
            "the caller can ask again: {history}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_server_speaks_of_itself() -> Result<()> {
    with_contract(async |server| {
        assert_eq!(ok(get(server, "/healthz").await?), json!({"status": "SERVING"}));
        assert_eq!(ok(get(server, "/api/v1/me").await?), json!({}));
        assert_eq!(
            ok(get(server, "/api/v1/settings").await?)["DefaultNamespace"],
            "default"
        );
        let capabilities = &ok(get(server, "/system-info").await?)["capabilities"];
        assert_eq!(capabilities["supportsSchedules"], true);
        let path = "/api/v1/wrt.v1.ComponentService/ListDeployments";
        let deployments = ok(post(server, path, json!({"namespace": "default"})).await?);
        assert_eq!(deployments["deployments"][0]["deployment"]["taskQueue"], "contract");
        Ok(())
    })
    .await
}
