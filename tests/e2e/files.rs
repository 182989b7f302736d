//! What happens to the server's files, and limits that the system sets to them.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tokio::time::timeout;
use tonic::{Code, codec::CompressionEncoding::Gzip, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use wrt_model::proto::workflowservice::RegisterNamespaceRequest;
use wrt_tests::{Client, Options, Server, component_cache, refused_start, with_server};

const PATIENCE: Duration = Duration::from_secs(30);

/// A call that writes.
async fn register(client: &Client, name: &str) -> Result<(), tonic::Status> {
    let request = RegisterNamespaceRequest {
        namespace: name.to_owned(),
        workflow_execution_retention_period: Some(prost_types::Duration {
            seconds: 86_400,
            nanos: 0,
        }),
        ..Default::default()
    };
    client.temporal().register_namespace(request).await.map(drop)
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn cut(file: &Path, bytes: u64) -> Result<()> {
    Ok(File::options().write(true).open(file)?.set_len(bytes)?)
}

async fn wait_until_not_serving(server: &Server) -> Result<()> {
    let channel = Endpoint::from_shared(format!("http://{}", server.address()))?
        .connect()
        .await?;
    let mut health = HealthClient::new(channel).accept_compressed(Gzip).send_compressed(Gzip);
    let mut states = health.watch(HealthCheckRequest::default()).await?.into_inner();
    let ended = async {
        while let Some(state) = states.message().await? {
            if state.status() == ServingStatus::NotServing {
                break;
            }
        }
        Ok(())
    };
    timeout(PATIENCE, ended)
        .await
        .context("wait until the server does not serve")?
}

#[tokio::test]
async fn a_database_that_is_taken_away_is_missed() -> Result<()> {
    type Harm = fn(&Path) -> Result<()>;
    let harms: [(&str, Harm); 9] = [
        ("deleted", |path| Ok(fs::remove_file(path)?)),
        ("moved", |path| Ok(fs::rename(path, beside(path, ".old"))?)),
        ("replaced", |path| {
            fs::copy(path, beside(path, ".copy"))?;
            Ok(fs::rename(beside(path, ".copy"), path)?)
        }),
        ("cut", |path| cut(path, 4096)),
        ("emptied", |path| cut(path, 0)),
        ("overwritten", |path| Ok(fs::write(path, vec![b'x'; 1 << 20])?)),
        ("without its log", |path| Ok(fs::remove_file(beside(path, "-wal"))?)),
        ("with its log cut", |path| cut(&beside(path, "-wal"), 0)),
        ("without its index", |path| Ok(fs::remove_file(beside(path, "-shm"))?)),
    ];
    for (name, harm) in harms {
        let server = Server::start(Options::default()).await?;
        register(server.client(), "before").await?;
        harm(&server.database())?;
        wait_until_not_serving(&server)
            .await
            .with_context(|| format!("a database that is {name}"))?;
        let words = "is not what this server has written";
        crate::assert_refused(register(server.client(), "after").await, Code::Unavailable, words);
        ensure!(server.log().contains(words), "{}", server.log());
    }
    Ok(())
}

/// The next call notices it, whenever it comes.
#[tokio::test]
async fn nothing_is_acknowledged_that_goes_into_a_deleted_file() -> Result<()> {
    let server = Server::start(Options::default()).await?;
    register(server.client(), "before").await?;
    fs::remove_file(server.database())?;
    let refused = register(server.client(), "after").await;
    crate::assert_refused(refused, Code::Unavailable, "has been deleted");
    Ok(())
}

#[tokio::test]
async fn a_start_says_that_the_end_of_the_database_is_missing() -> Result<()> {
    let words = "the end of the database is missing";
    type Harm = fn(&Path) -> Result<()>;
    let harms: [(&str, Harm); 2] = [
        ("its log and index are gone", |path| {
            fs::remove_file(beside(path, "-wal"))?;
            Ok(fs::remove_file(beside(path, "-shm"))?)
        }),
        ("its log is empty", |path| cut(&beside(path, "-wal"), 0)),
    ];
    for (name, harm) in harms {
        let mut server = Server::start(Options::default()).await?;
        register(server.client(), "before").await?;
        server.kill().await?;
        server.restart().await?;
        server.kill().await?;
        ensure!(
            !server.log().contains(words),
            "nothing is missing after a kill: {}",
            server.log()
        );
        harm(&server.database())?;
        server.restart().await?;
        ensure!(
            server.log().contains(words),
            "{name}, and nobody says so: {}",
            server.log()
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_database_whose_end_is_cut_off_is_refused() -> Result<()> {
    let mut server = Server::start(Options::default()).await?;
    server.kill().await?;
    // All is in the file before it is cut.
    let database = server.database();
    cut(&database, fs::metadata(&database)?.len() / 2)?;
    fs::remove_file(beside(&database, "-wal"))?;
    let said = refused(&database, &component_cache(), &[], "").await?;
    ensure!(said.contains("its end is missing"), "{said}");
    Ok(())
}

/// What a server says that does not start on this database.
async fn refused(database: &Path, cache: &Path, more: &[&OsStr], prelude: &str) -> Result<String> {
    let fixed = ["server", "--listen", "127.0.0.1:0", "--db-filename"].map(OsStr::new);
    let rest = [database.as_os_str(), "--cache-dir".as_ref(), cache.as_os_str()];
    refused_start(&[&fixed[..], &rest, more].concat(), prelude).await
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_database_has_one_server_by_whatever_name() -> Result<()> {
    let server = Server::start(Options::default()).await?;
    let folder = tempfile::tempdir_in(server.database().parent().context("it is in a folder")?)?;
    let (symbolic, hard) = (folder.path().join("symbolic.db"), folder.path().join("hard.db"));
    std::os::unix::fs::symlink(server.database(), &symbolic)?;
    fs::hard_link(server.database(), &hard)?;
    for name in [server.database(), symbolic, hard] {
        let said = refused(&name, &component_cache(), &[], "").await?;
        ensure!(
            said.contains("is in use by another wrt server"),
            "{}: {said}",
            name.display()
        );
    }
    register(server.client(), "still-there").await?;
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_cache_that_others_may_write_to_is_refused() -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir()?;
    let cache = folder.path().join("components");
    fs::create_dir(&cache)?;
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777))?;
    let database = folder.path().join("wrt.db");
    let said = refused(&database, &cache, &[], "").await?;
    ensure!(
        said.contains("others may write to the folder of compiled components"),
        "{said}"
    );
    Ok(())
}

/// Sixteen GiB are less than the engines reserve, and more than they need.
const LITTLE_ADDRESS_SPACE: &str = "ulimit -v 16777216";

#[cfg(target_os = "linux")]
#[tokio::test]
async fn little_address_space_names_the_settings_that_need_less() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("wrt.db");
    let cache = component_cache();
    let said = refused(&database, &cache, &[], LITTLE_ADDRESS_SPACE).await?;
    ensure!(
        said.contains("lower limits.instances or limits.workflow_memory_mib"),
        "{said}"
    );
    let configuration = folder.path().join("wrt.toml");
    fs::write(&configuration, "[limits]\ninstances = 10")?;
    let configured = [OsStr::new("--config"), configuration.as_os_str()];
    let said = refused(&database, &cache, &configured, LITTLE_ADDRESS_SPACE).await?;
    ensure!(
        said.contains("lower limits.concurrent_activities or limits.activity_memory_mib"),
        "{said}"
    );

    let options = Options {
        limits: "instances = 10\nconcurrent_activities = 4\nactivity_memory_mib = 64",
        prelude: LITTLE_ADDRESS_SPACE,
        ..Options::default()
    };
    with_server(options, async |server| {
        server.deploy("contract-guest", "contract").await?;
        Ok(())
    })
    .await
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_may_not_grow_are_a_full_disk() -> Result<()> {
    // In units of 512 bytes, as POSIX has it; some shells count KiB.
    let options = Options {
        prelude: "ulimit -f 3000",
        ..Options::default()
    };
    with_server(options, async |server| {
        let client = server.client();
        let refused = async {
            for number in 0..100_000 {
                if let Err(refused) = register(client, &format!("namespace-{number}")).await {
                    return Some(refused);
                }
            }
            None
        };
        let refused = refused.await.context("the files grow for ever")?;
        ensure!(
            refused.code() == Code::Unavailable && refused.message().contains("`ulimit -f`"),
            "{refused:?}"
        );
        // The server has lived through it.
        client.list("").await.context("read from a full disk")?;
        Ok(())
    })
    .await
}
