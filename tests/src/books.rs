//! The order story: its two components, and the service outside that counts what really happens.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};
use wrt_api::proto::wrt::v1::{DeployOptions, Grants};

use crate::{Server, guest, program};

/// The longest wait for the service to come up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running service. It is killed when it is dropped.
pub struct Books {
    address: String,
    _process: Child,
}

/// Something that happened, once.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Effect {
    /// The activity type, for instance `CreateOrder`.
    #[serde(rename = "type")]
    pub activity_type: String,
    /// What made it happen once.
    pub idempotency_key: String,
    /// The order.
    pub workflow_id: String,
    /// How often it was asked for.
    pub requests: u64,
}

#[derive(Deserialize)]
struct Ledger {
    effects: Vec<Effect>,
}

/// A server on which orders can be placed, on the task queue `orders`.
pub struct Orders {
    /// What really happens.
    pub books: Books,
}

// === impl Books ===

impl Books {
    /// Starts the service on a free port.
    ///
    /// # Errors
    /// The program is missing, or does not come up.
    pub async fn start() -> Result<Self> {
        let mut process = Command::new(program("order-saga-books")?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start the books")?;
        let output = process.stdout.take().context("read the output of the books")?;
        let mut greeting = String::new();
        timeout(PATIENCE, BufReader::new(output).read_line(&mut greeting))
            .await
            .context("wait until the books listen")??;
        let address = greeting
            .trim()
            .rsplit(' ')
            .next()
            .context("find the address of the books")?;
        Ok(Books {
            address: address.to_owned(),
            _process: process,
        })
    }

    /// As `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What happened, in order.
    ///
    /// # Errors
    /// The service does not answer with its ledger.
    pub async fn effects(&self) -> Result<Vec<Effect>> {
        let ledger: Ledger = serde_json::from_str(&self.get("/effects").await?).context("read the ledger")?;
        Ok(ledger.effects)
    }

    /// The types of what happened for an order, in order.
    ///
    /// # Errors
    /// The service does not answer with its ledger.
    pub async fn effects_of(&self, workflow_id: &str) -> Result<Vec<String>> {
        let effects = self.effects().await?.into_iter();
        let of_order = effects.filter(|effect| effect.workflow_id == workflow_id);
        Ok(of_order.map(|effect| effect.activity_type).collect())
    }

    /// A single request needs no HTTP library: version 1.0 ends the answer by closing the connection.
    async fn get(&self, path: &str) -> Result<String> {
        let mut connection = TcpStream::connect(&self.address)
            .await
            .context("connect to the books")?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("find the end of the head")?;
        ensure!(head.contains(" 200 "), "the books answer {head}");
        Ok(body.to_owned())
    }
}

// === impl Orders ===

impl Orders {
    /// Starts the books and deploys the components of the order, of which the activities may talk to the books alone.
    ///
    /// # Errors
    /// Something does not start, or the server refuses a component.
    pub async fn deploy(server: &mut Server) -> Result<Self> {
        let books = Books::start().await?;
        server.deploy("order-saga-workflow", "orders").await?;
        let url = format!("http://{}", books.address());
        let options = DeployOptions {
            name: "order-saga-activities".to_owned(),
            task_queue: "orders".to_owned(),
            grants: Some(Grants {
                http_hosts: vec![books.address().to_owned()],
                environment: [("BOOKS_URL".to_owned(), url)].into(),
            }),
            ..Default::default()
        };
        let client = server.client();
        client
            .deploy(options, &guest("order-saga-activities")?)
            .await
            .context("deploy the activities")?;
        Ok(Orders { books })
    }

    /// The input of an order, with this pause between its steps.
    pub fn input(pause_ms: u32) -> Value {
        serde_json::json!({ "user_id": "ada", "items": ["cable", "keyboard"], "amount": 4_200, "pause_ms": pause_ms })
    }
}
