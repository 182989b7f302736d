//! The door, by callers that no client would be: pages, half requests, and too many at a time.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::{Code, Request, metadata::MetadataValue, transport::Endpoint};
use wrt_model::proto::{TaskQueue, workflowservice::*};
use wrt_tests::{Options, Server, with_server};

/// Longer than any limit of these tests, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

const START: &str = "POST /temporal.api.workflowservice.v1.WorkflowService/StartWorkflowExecution";
const START_JSON: &str = "POST /api/v1/namespaces/default/workflows/w";
const GET: &str = "GET /api/v1/namespaces/default/workflows";

/// The status of the response to a request with these headers, which end with line breaks.
async fn status(server: &Server, request: &str, headers: &str) -> Result<u16> {
    let mut stream = TcpStream::connect(server.address()).await?;
    let body = r#"{"workflowType": {"name": "Scripted"}, "taskQueue": {"name": "contract"}}"#;
    let length = body.len();
    let head = format!("{request} HTTP/1.1\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).await?;
    read_status(&mut stream).await
}

/// Reads a response to its end.
async fn read_status(stream: &mut TcpStream) -> Result<u16> {
    let mut response = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut response))
        .await
        .context("wait for the response")??;
    let response = String::from_utf8_lossy(&response);
    let status = response.split(' ').nth(1);
    let status = status.with_context(|| format!("find the status of {response:?}"))?;
    Ok(status.parse()?)
}

#[tokio::test]
async fn pages_of_others_are_turned_away_before_anything_else() -> Result<()> {
    let options = Options {
        settings: "allowed_hosts = [\"wrt.example\", \"*.shop.example\"]",
        ..Options::default()
    };
    with_server(options, async |server| {
        let own = server.address().to_owned();
        let own = own.as_str();
        let port = own.rsplit(':').next().context("an address has a port")?;
        let (local, evil) = (format!("localhost:{port}"), format!("evil.example:{port}"));
        let foreign = "origin: http://evil.example\r\n";
        let grpc = "content-type: application/grpc\r\n";
        let hidden = "content-type: text/plain;x=application/grpc\r\n";
        for (request, host, headers, expected) in [
            (START, own, format!("{hidden}{foreign}"), 403),
            (START, own, format!("{grpc}{foreign}"), 403),
            (START, own, format!("{grpc}sec-fetch-site: cross-site\r\n"), 403),
            (START, own, format!("{hidden}origin: null\r\n"), 403),
            (START, "evil.example", grpc.to_owned(), 421),
            (START, "evil.example", hidden.to_owned(), 421),
            // This is not gRPC, and there is no such path.
            (START, own, hidden.to_owned(), 404),
            (START_JSON, own, foreign.to_owned(), 403),
            (START_JSON, own, "origin: http://localhost:1\r\n".to_owned(), 403),
            (
                START_JSON,
                "evil.example",
                "origin: http://evil.example\r\n".to_owned(),
                421,
            ),
            (GET, evil.as_str(), String::new(), 421),
            (GET, own, foreign.to_owned(), 403),
            ("GET /healthz", "evil.example", String::new(), 421),
            (GET, own, format!("origin: http://{own}\r\n"), 200),
            (GET, own, "sec-fetch-site: same-origin\r\n".to_owned(), 200),
            (GET, local.as_str(), String::new(), 200),
            (GET, "wrt.example", String::new(), 200),
            (
                GET,
                "a.shop.example:80",
                "origin: http://a.shop.example:80\r\n".to_owned(),
                200,
            ),
        ] {
            let headers = format!("host: {host}\r\n{headers}");
            let status = status(server, request, &headers).await?;
            ensure!(
                status == expected,
                "{request} with {headers:?}: {status} is not {expected}"
            );
        }
        ensure!(server.client().list("").await?.is_empty(), "nothing was started");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn clients_of_grpc_may_call_by_any_name_unless_they_are_pages() -> Result<()> {
    with_server(Options::default(), async |server| {
        let mut client = server.client().temporal();
        for (name, value) in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let mut request = Request::new(GetSystemInfoRequest::default());
            request.metadata_mut().insert(name, MetadataValue::from_static(value));
            let refused = client.get_system_info(request).await;
            crate::assert_refused(refused, Code::PermissionDenied, "a page of another site");
        }
        let elsewhere = Endpoint::from_shared(format!("http://{}", server.address()))?
            .origin("http://temporal.svc.example:7233".parse()?)
            .connect()
            .await?;
        let mut client = wrt_api::proto::workflow_service_client::WorkflowServiceClient::new(elsewhere);
        client.get_system_info(GetSystemInfoRequest::default()).await?;
        Ok(())
    })
    .await
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A connection that has sent this, and no more.
async fn half(server: &Server, bytes: &[u8]) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(server.address()).await?;
    stream.write_all(bytes).await?;
    Ok(stream)
}

/// Waits until the server closes the connection.
async fn closed(mut stream: TcpStream) -> Result<()> {
    let mut rest = Vec::new();
    match timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .context("wait until it is closed")?
    {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error.into()),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn half_requests_are_given_up() -> Result<()> {
    let options = Options {
        settings: "[connections]\ngreeting = \"300ms\"\nbody = \"300ms\"",
        ..Options::default()
    };
    with_server(options, async |server| {
        let settings = [PREFACE, &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3]].concat();
        for start in [
            &b""[..],
            b"P",
            b"PRI * HTTP/2.0\r\n",
            PREFACE,
            &settings,
            b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n",
        ] {
            let stream = half(server, start).await?;
            closed(stream)
                .await
                .with_context(|| format!("{:?}", String::from_utf8_lossy(start)))?;
        }
        let head = format!("{START_JSON} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{{");
        let mut unfinished = half(server, head.as_bytes()).await?;
        ensure!(read_status(&mut unfinished).await? == 408, "a body has to come");
        let head = format!(
            "{START} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/grpc\r\ncontent-length: 100\r\n\r\n1234"
        );
        closed(half(server, head.as_bytes()).await?).await?;

        // One that has greeted may be silent for longer, and so may one that waits for a task.
        let mut idle = half(server, &[PREFACE, SETTINGS].concat()).await?;
        let poll = PollActivityTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: Some(TaskQueue {
                name: "nobody".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mut poll = Request::new(poll);
        poll.set_timeout(Duration::from_secs(3));
        let task = server
            .client()
            .temporal()
            .poll_activity_task_queue(poll)
            .await?
            .into_inner();
        ensure!(task.task_token.is_empty(), "there is no task");
        let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        idle.write_all(&[&SETTINGS[..4], &[1], &SETTINGS[5..], &ping].concat())
            .await?;
        let mut heard = Vec::<u8>::new();
        let pong = [0, 0, 8, 6, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        while !heard.windows(pong.len()).any(|part| part == pong) {
            let mut more = [0; 256];
            let count = timeout(PATIENCE, idle.read(&mut more))
                .await
                .context("wait for the answer")??;
            ensure!(count > 0, "the connection was closed after {heard:?}");
            heard.extend_from_slice(&more[..count]);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn connections_without_calls_are_closed_in_the_end() -> Result<()> {
    let options = Options {
        settings: "[connections]\nidle = \"2s\"",
        ..Options::default()
    };
    with_server(options, async |server| {
        closed(half(server, &[PREFACE, SETTINGS].concat()).await?).await?;
        // The client opens another one.
        for _ in 0..2 {
            server.client().list("").await?;
        }
        Ok(())
    })
    .await
}

/// Opens connections until the server closes one, or there are `most`.
async fn open_until_refused(server: &Server, most: usize) -> Result<Vec<TcpStream>> {
    let mut open = Vec::new();
    while open.len() < most {
        let mut stream = half(server, &[PREFACE, SETTINGS].concat()).await?;
        let mut first = [0; 1];
        match timeout(PATIENCE, stream.read(&mut first))
            .await
            .context("wait for a first word")?
        {
            Ok(1..) => open.push(stream),
            Ok(0) | Err(_) => return Ok(open),
        }
    }
    Ok(open)
}

async fn wait_for_log(server: &Server, words: &str) -> Result<()> {
    let found = async {
        while !server.log().contains(words) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, found)
        .await
        .with_context(|| format!("find {words:?} in the log"))
}

#[tokio::test]
async fn too_many_connections_are_refused_and_said() -> Result<()> {
    for (settings, words) in [
        ("[connections]\nper_address = 12", "one address has as many"),
        (
            "[connections]\ntotal = 12\nper_address = 100",
            "as many as connections.total allows",
        ),
    ] {
        let options = Options {
            settings,
            ..Options::default()
        };
        with_server(options, async |server| {
            let open = open_until_refused(server, 100).await?;
            ensure!((1..=12).contains(&open.len()), "{} are open", open.len());
            wait_for_log(server, words).await?;
            drop(open);
            // As soon as the server has seen them go, others come in.
            while server.client().list("").await.is_err() {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_process_without_descriptors_refuses_and_says_so() -> Result<()> {
    let options = Options {
        settings: "[connections]\ntotal = 10000",
        prelude: "ulimit -n 100",
        ..Options::default()
    };
    with_server(options, async |server| {
        server.client().list("").await?;
        let open = open_until_refused(server, 200).await?;
        ensure!((1..100).contains(&open.len()), "{} are open", open.len());
        wait_for_log(server, "may not open more files").await?;
        // Those that are there are served, and so is whoever comes when others have gone.
        server.client().list("").await?;
        drop(open);
        Ok(())
    })
    .await
}
