//! The way: receive, decide, commit, release.
