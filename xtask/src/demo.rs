//! `cargo xtask demo`: the order story, played against a real server that is killed in the middle.

mod books;
mod wrt;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use self::books::Books;
use self::wrt::Wrt;
use crate::stage::{Actor, Stage};
use crate::{guests, page, shell};

const TASK_QUEUE: &str = "orders";

/// The packages whose components are deployed.
const ACTIVITIES: &str = "order-saga-activities";
const WORKFLOW: &str = "order-saga-workflow";

/// Long enough to kill a server in it, and to start it again.
const PAUSE_MS: u32 = 8_000;

/// What each order has to have done in the end, and nothing besides.
const EFFECTS: [(&str, &[&str]); 2] = [
    ("order-1", &["CreateOrder", "ReserveInventory", "FreezePayment"]),
    (
        "order-2",
        &["CreateOrder", "ReserveInventory", "ReleaseInventory", "CancelOrder"],
    ),
];

/// Sets up, builds and plays the story. Whatever it starts ends with it.
///
/// # Errors
/// Something does not build, or the story takes another course than it should.
pub(crate) fn run() -> Result<()> {
    guests::named(&[ACTIVITIES, WORKFLOW])?;
    page::run()?;
    shell::say("server and books (the first time, this takes some minutes)");
    let [wrt, books] = shell::programs(["wrt", "order-saga-books"])?;
    let mut story = Story::prepare(&wrt, &books, &fresh_folder()?)?;
    story.deploy()?;
    story.survive_a_crash()?;
    story.cancel_an_order()?;
    story.count_effects()?;
    shell::say("the end: nothing is left running; the logs and the database lie in target/demo");
    Ok(())
}

fn fresh_folder() -> Result<PathBuf> {
    let folder = shell::target().join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

/// What the story is played with.
struct Story {
    stage: Stage,
    server: Actor,
    books: Books,
    wrt: Wrt,
    /// Starts the server once more, on the same port and database.
    restart: Command,
}

impl Story {
    fn prepare(wrt: &Path, books: &Path, folder: &Path) -> Result<Self> {
        let stage = Stage::new(folder);
        stage.end_on_interrupt()?;
        shell::say("the books: a small service outside, which counts what really happens");
        let books = stage.start("books", &mut Command::new(books), "127.0.0.1:")?;
        shell::say("a server, with its database in a fresh folder");
        let database = folder.join("wrt.db");
        let server = stage.start("server", &mut server_command(wrt, &database, "0"), "listening on")?;
        let address = server.address()?;
        let port = address.rsplit(':').next().unwrap_or_default();
        Ok(Self {
            restart: server_command(wrt, &database, port),
            books: Books::new(books.address()?),
            wrt: Wrt::new(wrt, &address),
            stage,
            server,
        })
    }

    /// Gives the server the code: what an order does, and the work on the books, which may talk to them and nobody else.
    fn deploy(&self) -> Result<()> {
        shell::say("deploy both components");
        let url = format!("BOOKS_URL=http://{}", self.books.address());
        let granted = ["--allow-http", self.books.address(), "--env", &url];
        self.wrt.show(
            &[
                &["deploy", &guest(ACTIVITIES), "--task-queue", TASK_QUEUE],
                granted.as_slice(),
            ]
            .concat(),
        )?;
        self.wrt.show(&["deploy", &guest(WORKFLOW), "--task-queue", TASK_QUEUE])
    }

    /// The first order: the server dies while it sleeps, and it goes on where it was.
    fn survive_a_crash(&mut self) -> Result<()> {
        shell::say("the first order");
        self.start_order("order-1")?;
        self.wrt.wait_for_event("order-1", "EVENT_TYPE_TIMER_STARTED")?;
        shell::say("it sleeps now, which takes no thread: the server knows when to wake it");
        self.status("order-1")?;
        shell::say("kill -9 the server");
        self.stage.kill(&self.server);
        shell::say("start it again, on the same database");
        self.server = self.stage.start("server", &mut self.restart, "listening on")?;
        self.status("order-1")?;
        shell::say("wait for the result");
        self.wrt.show(&["workflow", "result", "--workflow-id", "order-1"])?;
        self.status("order-1")?;
        self.wrt.show(&["workflow", "show", "--workflow-id", "order-1"])
    }

    /// The second order: a signal comes while it sleeps, and what was done is undone, last thing first.
    fn cancel_an_order(&self) -> Result<()> {
        shell::say("the second order, which is canceled while it sleeps");
        self.start_order("order-2")?;
        self.wrt.wait_for_event("order-2", "EVENT_TYPE_TIMER_STARTED")?;
        let signal = [
            "workflow",
            "signal",
            "--name",
            "cancel-order",
            "--workflow-id",
            "order-2",
        ];
        self.wrt
            .show(&[signal.as_slice(), &["--input", "\"changed my mind\""]].concat())?;
        self.wrt
            .show_failure(&["workflow", "result", "--workflow-id", "order-2"])?;
        self.status("order-2")?;
        self.wrt.show(&["workflow", "show", "--workflow-id", "order-2"])
    }

    /// Whatever was tried how often, across the crash: each effect is in the books once.
    fn count_effects(&self) -> Result<()> {
        shell::say("what the books outside have counted: each effect once, and those of the second order undone");
        let effects = self.books.effects()?;
        for effect in &effects {
            println!("{effect}");
        }
        for (workflow_id, expected) in EFFECTS {
            let mine = effects.iter().filter(|effect| effect.workflow_id == workflow_id);
            let happened: Vec<_> = mine.map(|effect| effect.kind.as_str()).collect();
            ensure!(
                happened == expected,
                "the effects of {workflow_id} are {happened:?} instead of {expected:?}"
            );
        }
        Ok(())
    }

    fn start_order(&self, workflow_id: &str) -> Result<()> {
        let order = json!({ "user_id": "ada", "items": ["keyboard", "cable"], "amount": 4_200, "pause_ms": PAUSE_MS });
        let start = [
            "workflow",
            "start",
            "--type",
            "OrderWorkflow",
            "--workflow-id",
            workflow_id,
        ];
        self.wrt.show(
            &[
                start.as_slice(),
                &["--task-queue", TASK_QUEUE, "--input", &order.to_string()],
            ]
            .concat(),
        )
    }

    fn status(&self, workflow_id: &str) -> Result<()> {
        self.wrt
            .show(&["workflow", "query", "--name", "status", "--workflow-id", workflow_id])
    }
}

/// The command that starts the server.
fn server_command(wrt: &Path, database: &Path, port: &str) -> Command {
    let mut command = Command::new(wrt);
    command
        .args(["server", "start-dev", "--port", port, "--db-filename"])
        .arg(database);
    command
}

/// The file of a guest, from the root of the repository.
fn guest(name: &str) -> String {
    format!("target/guests/{name}.wasm")
}
