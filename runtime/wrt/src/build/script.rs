//! TypeScript and JavaScript, which this program builds by itself, unless it was built without that.

use std::path::PathBuf;

#[cfg(feature = "javascript")]
pub(super) async fn build(entry: PathBuf, activities: Option<PathBuf>) -> anyhow::Result<Vec<u8>> {
    use wrt_build::javascript::{Project, build};
    let project = Project {
        entry,
        activities,
        cache_dir: crate::server::cache_dir().map(|folder| folder.join("engine")),
    };
    let built = tokio::task::spawn_blocking(move || build(&project)).await??;
    Ok(built.component)
}

#[cfg(not(feature = "javascript"))]
pub(super) async fn build(entry: PathBuf, _activities: Option<PathBuf>) -> anyhow::Result<Vec<u8>> {
    anyhow::bail!(
        "this program was built without the feature `javascript`, which builds {}",
        entry.display()
    )
}
