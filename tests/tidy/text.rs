//! Rules about the text of files.

use std::path::Path;
use std::process::Command;

use crate::assert_none;

/// The longest file of code, in lines, not counting the tests at its end.
const LONGEST_FILE: usize = 450;

/// Written in halves, so that this file does not offend.
const UNFINISHED: [&str; 5] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X "),
];

struct File {
    /// From the root of the repository.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the file is nothing but tests.
    fn is_test(&self) -> bool {
        let folders: Vec<_> = Path::new(&self.path).iter().collect();
        folders.iter().any(|folder| *folder == "tests") || self.path.ends_with("tests.rs")
    }
}

/// The files of the repository, and those that would be once they are added. Files that are not text are left out.
fn files() -> Vec<File> {
    let git = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(wrt_tests::root())
        .output()
        .expect("git is there");
    assert!(git.status.success(), "the repository is git's");
    let paths = String::from_utf8(git.stdout).expect("paths are UTF-8");
    let read = |path: &str| {
        let text = std::fs::read_to_string(wrt_tests::root().join(path)).ok()?;
        Some(File {
            path: path.to_owned(),
            text,
        })
    };
    let files: Vec<_> = paths.lines().filter_map(read).collect();
    assert!(files.len() > 50, "git lists the files");
    files
}

/// The lines of code before the tests at the end of a file.
fn lines_of_code(text: &str) -> usize {
    let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().count()
}

/// The numbers, from 1, of the lines that hold one of these words.
fn lines_with<'a>(text: &'a str, words: &'a [impl AsRef<str>]) -> impl Iterator<Item = usize> + 'a {
    let numbered = text.lines().zip(1..);
    let found = numbered.filter(|(line, _)| words.iter().any(|word| line.contains(word.as_ref())));
    found.map(|(_, number)| number)
}

#[track_caller]
fn assert_without(rule: &str, files: impl Iterator<Item = File>, words: &[impl AsRef<str>]) {
    let offenders = files.flat_map(|file| {
        let lines: Vec<_> = lines_with(&file.text, words).collect();
        lines.into_iter().map(move |line| format!("{}:{line}", file.path))
    });
    assert_none(rule, offenders.collect::<Vec<_>>());
}

#[test]
fn files_are_short() {
    let code = files().into_iter().filter(|file| file.is_rust() && !file.is_test());
    let long = code.filter(|file| lines_of_code(&file.text) > LONGEST_FILE);
    let offenders = long.map(|file| format!("{} ({} lines)", file.path, lines_of_code(&file.text)));
    assert_none("a file has more lines of code than one can keep in mind", offenders);
}

#[test]
fn files_say_what_they_are() {
    // A file `tests.rs` beside the code that it tests has said it with its name.
    let files = files()
        .into_iter()
        .filter(|file| file.is_rust() && !file.path.ends_with("/tests.rs"));
    let silent = files.filter(|file| !file.text.starts_with("//!"));
    assert_none("a file does not begin with `//!`", silent.map(|file| file.path));
}

#[test]
fn modules_are_named_after_themselves() {
    let offenders = files().into_iter().filter(|file| file.path.ends_with("/mod.rs"));
    assert_none("a module `foo` lies in `foo.rs`", offenders.map(|file| file.path));
}

#[test]
fn nothing_is_unfinished() {
    assert_without(
        "something is unfinished",
        files().into_iter().filter(File::is_rust),
        &UNFINISHED,
    );
}

#[test]
fn no_test_is_ignored() {
    let words = [concat!("#[ign", "ore")];
    assert_without("a test is never run", files().into_iter().filter(File::is_rust), &words);
}

/// What is true on one machine only: where it keeps the repository and its user's files.
#[test]
fn no_file_names_this_machine() {
    let mut places = vec![wrt_tests::root().display().to_string()];
    places.extend(
        std::env::var("HOME")
            .ok()
            .filter(|home| home.len() > 1)
            .map(|home| format!("{home}/")),
    );
    assert_without("a file names a folder of this machine", files().into_iter(), &places);
}

/// A lock file that says where a package was fetched from ties everybody to one machine's mirror.
#[test]
fn lock_files_name_no_mirror() {
    let npm = files()
        .into_iter()
        .filter(|file| file.path.ends_with("package-lock.json"));
    assert_without("a lock file names a registry", npm, &["\"resolved\": \"http"]);
    let words = ["--index-url", "--find-links", "--extra-index-url", "registry="];
    let python = files()
        .into_iter()
        .filter(|file| file.path.ends_with("requirements.txt") || file.path.ends_with(".npmrc"));
    assert_without("a list of packages names a registry", python, &words);
}

#[test]
fn rules_find_their_offenders() {
    let cases = [
        ("a\nb\n", 2),
        ("a\n#[cfg(test)]\nmod tests {\n}\n", 1),
        ("#[cfg(test)]\nuse a;\nb\n", 3),
    ];
    for (text, lines) in cases {
        assert_eq!(lines_of_code(text), lines, "{text:?}");
    }
    let text = "fine\nwill do\n// FIX this ME\n";
    assert_eq!(lines_with(text, &["do", "ME"]).collect::<Vec<_>>(), [2, 3]);
}
