//! The database file: what a crash leaves, and what happens to files that cannot be used.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sqlx::Connection as _;
use tempfile::TempDir;
use wrt_store::{Commit, Store, StoreError, StoreOptions};

use crate::fixture::{NAMESPACE, about, open_run, put, write_with_events};

async fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(StoreOptions {
        path: Some(path.to_owned()),
        readers: 2,
    })
    .await
}

/// The error of a file that must not open.
async fn refusal(path: &Path) -> StoreError {
    match open(path).await {
        Ok(_) => panic!("{} opens", path.display()),
        Err(error) => error,
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrt.db");
    (folder, path)
}

/// Two runs with a history each: a commit of four rows.
fn pair(number: u32) -> Commit {
    let runs = ["left", "right"].map(|side| open_run(&format!("{side}-{number:04}"), 1));
    runs.iter().map(|run| write_with_events(run, 0, 1, 5)).collect()
}

/// Commits a pair and returns its number.
async fn commit_pair(store: Store, number: u32) -> Result<u32, StoreError> {
    store.commit(pair(number)).await.map(|()| number)
}

/// Numbers of the pairs that are stored. Fails when one is stored in part.
async fn stored_pairs(store: &Store) -> Vec<u32> {
    let mut numbers = Vec::new();
    for stored in store.open_runs(None, 10_000).await.unwrap() {
        let events = store.history(&stored.run.key(), 1, usize::MAX).await.unwrap();
        assert_eq!(events.len(), 1, "history of {}", stored.run.run_id);
        let (side, number) = stored.run.workflow_id.split_once('-').unwrap();
        if side == "left" {
            numbers.push(number.parse().unwrap());
        } else {
            assert!(numbers.contains(&number.parse().unwrap()), "the left one of {number}");
        }
    }
    let count = store.count(&about(NAMESPACE, "")).await.unwrap().total;
    assert_eq!(count as usize, numbers.len() * 2, "a pair is stored in part");
    numbers
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let (_folder, path) = folder();
    let store = open(&path).await.unwrap();
    store.commit(pair(1)).await.unwrap();
    store.close().await;
    assert!(!path.with_extension("db-wal").exists(), "closing leaves no log behind");

    let store = open(&path).await.unwrap();
    assert_eq!(stored_pairs(&store).await, [1]);
}

/// The files of a living server are what a killed one leaves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_nothing_acknowledged_and_leaves_nothing_half() {
    let (folder, path) = folder();
    let store = open(&path).await.unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..20 {
        let mut under_way: Vec<_> = (round * 10..(round + 1) * 10)
            .map(|number| tokio::spawn(commit_pair(store.clone(), number)))
            .collect();
        for task in under_way.drain(..5) {
            acknowledged.push(task.await.unwrap().unwrap());
        }

        // The file itself is copied first: the log, which only grows, completes it.
        let copy = folder.path().join(format!("copy-{round}.db"));
        fs::copy(&path, &copy).unwrap();
        fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
        let survivor = open(&copy).await.unwrap();
        let survived = stored_pairs(&survivor).await;
        for number in &acknowledged {
            assert!(survived.contains(number), "round {round}: {number} is lost");
        }
        survivor.close().await;

        for task in under_way {
            acknowledged.push(task.await.unwrap().unwrap());
        }
    }
}

#[test]
fn a_store_that_is_dropped_in_the_middle_opens_again() {
    let (_folder, path) = folder();
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    };
    let acknowledged = {
        let runtime = runtime();
        let store = runtime.block_on(open(&path)).unwrap();
        let tasks: Vec<_> = (0..200)
            .map(|number| runtime.spawn(commit_pair(store.clone(), number)))
            .collect();
        let (first, _, _) = runtime.block_on(futures::future::select_all(tasks));
        first.unwrap().unwrap()
        // The runtime is dropped here, with all tasks.
    };
    let numbers = runtime().block_on(async { stored_pairs(&open(&path).await.unwrap()).await });
    assert!(numbers.contains(&acknowledged));
}

#[tokio::test]
async fn a_second_server_is_kept_away() {
    let (_folder, path) = folder();
    let store = open(&path).await.unwrap();
    let error = refusal(&path).await;
    assert_eq!(
        error,
        StoreError::InUse {
            database: path.display().to_string()
        }
    );
    assert_eq!(
        error.to_string(),
        format!(
            "the database {} is in use by another wrt server; stop that one or choose another file",
            path.display()
        )
    );
    // The first one does not notice.
    put(&store, &open_run("a", 1), 0).await;
    store.close().await;
    open(&path).await.unwrap();
}

#[tokio::test]
async fn a_missing_folder_is_created() {
    let (folder, _) = folder();
    let path = folder.path().join("a/b/wrt.db");
    put(&open(&path).await.unwrap(), &open_run("a", 1), 0).await;
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let (folder, path) = folder();
    // The parent is a file; the path is a folder; and a file system that takes no files, even from root.
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(&path).unwrap();
    for path in [folder.path().join("file/wrt.db"), path, PathBuf::from("/proc/wrt.db")] {
        let error = refusal(&path).await;
        assert!(
            matches!(error, StoreError::NotWritable { .. }),
            "{}: {error:?}",
            path.display()
        );
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let (_folder, path) = folder();
    fs::write(&path, "Dear diary, ".repeat(1000)).unwrap();
    let error = refusal(&path).await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");
    assert!(
        fs::read_to_string(&path).unwrap().starts_with("Dear diary"),
        "the file is left as it was"
    );
}

#[tokio::test]
async fn a_damaged_database_is_named_when_it_is_read() {
    let (_folder, path) = folder();
    let store = open(&path).await.unwrap();
    for number in 0..200 {
        store.commit(pair(number)).await.unwrap();
    }
    store.close().await;

    // Everything but the schema and the list of migrations, which lie at the start.
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let store = open(&path).await.unwrap();
    let mut errors = Vec::new();
    for number in 0..200 {
        let key = open_run(&format!("left-{number:04}"), 1).key();
        errors.extend(store.run(&key).await.err());
        errors.extend(store.history(&key, 1, usize::MAX).await.err());
    }
    assert!(!errors.is_empty());
    for error in errors {
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (_folder, path) = folder();
    open(&path).await.unwrap().close().await;
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();

    let database = path.display().to_string();
    assert_eq!(
        refusal(&path).await,
        StoreError::NewerSchema {
            database,
            version: 9999
        }
    );
}

/// What a store says of calls once its files have been taken away, or `None` when it does not notice.
async fn after(harm: impl FnOnce(&Path)) -> Option<StoreError> {
    let (_folder, path) = folder();
    let store = open(&path).await.unwrap();
    store.commit(pair(1)).await.unwrap();
    harm(&path);
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, store.lost()).await.ok()?;
    let refused = store.commit(pair(2)).await.unwrap_err();
    let key = open_run("left-0001", 1).key();
    assert_eq!(store.run(&key).await.unwrap_err(), refused, "reads are refused, too");
    store.close().await;
    Some(refused)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    path.with_extension(format!("db{suffix}"))
}

fn cut(path: &Path, bytes: u64) {
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(bytes)
        .unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_taken_away_are_missed() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 8] = [
        ("wrt.db has been deleted", |path| fs::remove_file(path).unwrap()),
        ("wrt.db has been moved", |path| {
            fs::rename(path, beside(path, ".old")).unwrap()
        }),
        ("wrt.db has been deleted or replaced", |path| {
            fs::copy(path, beside(path, ".copy")).unwrap();
            fs::rename(beside(path, ".copy"), path).unwrap();
        }),
        ("wrt.db has been cut", |path| cut(path, 0)),
        ("something else has been written", |path| {
            use std::os::unix::fs::FileExt as _;
            let file = fs::File::options().write(true).open(path).unwrap();
            file.write_all_at(&[0; 100], 0).unwrap();
        }),
        ("wrt.db-wal has been deleted", |path| {
            fs::remove_file(beside(path, "-wal")).unwrap()
        }),
        ("wrt.db-wal has been cut", |path| {
            let log = beside(path, "-wal");
            cut(&log, fs::metadata(&log).unwrap().len() - 1);
        }),
        ("wrt.db-shm has been moved or deleted", |path| {
            fs::remove_file(beside(path, "-shm")).unwrap()
        }),
    ];
    for (words, harm) in harms {
        let error = after(harm).await.expect(words);
        assert!(matches!(error, StoreError::Lost { .. }), "{words}: {error:?}");
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_commit_into_a_deleted_file_is_not_acknowledged() {
    let (_folder, path) = folder();
    let store = open(&path).await.unwrap();
    fs::remove_file(&path).unwrap();
    let error = store.commit(pair(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Lost { .. }), "{error:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_sqlite_to_tidy_up_does_no_harm() {
    let (_folder, path) = folder();
    let store = open(&path).await.unwrap();
    for number in 0..200 {
        store.commit(pair(number)).await.unwrap();
    }
    // In a process of its own, as whoever does this would; SQLite's locks are those of a process.
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
                  c.execute('DELETE FROM history'); c.commit(); c.execute('VACUUM'); \
                  print(c.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall())";
    let done = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(said.trim(), "[(0, 0, 0)]", "the log is emptied");
    store.commit(pair(200)).await.unwrap();
    store.close().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_name_of_a_file_leads_to_one_lock() {
    let (folder, path) = folder();
    let _store = open(&path).await.unwrap();
    let (symbolic, hard) = (folder.path().join("symbolic.db"), folder.path().join("hard.db"));
    std::os::unix::fs::symlink(&path, &symbolic).unwrap();
    fs::hard_link(&path, &hard).unwrap();
    for name in [
        symbolic,
        hard,
        folder
            .path()
            .join("../")
            .join(folder.path().file_name().unwrap())
            .join("wrt.db"),
    ] {
        let error = refusal(&name).await;
        assert!(
            matches!(error, StoreError::InUse { .. }),
            "{}: {error:?}",
            name.display()
        );
    }
}

#[tokio::test]
async fn a_file_whose_end_is_cut_off_is_refused() {
    let (folder, path) = folder();
    let store = open(&path).await.unwrap();
    store.commit(pair(1)).await.unwrap();
    store.close().await;
    let bytes = fs::metadata(&path).unwrap().len();
    for left in [bytes - 1, bytes - 4096, bytes / 2, 4096] {
        let copy = folder.path().join(format!("{left}.db"));
        fs::copy(&path, &copy).unwrap();
        cut(&copy, left);
        let error = refusal(&copy).await;
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains("its end is missing"), "{error}");
    }
}
