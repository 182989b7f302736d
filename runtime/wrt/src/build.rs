//! `wrt build`: makes a component of sources; and how `deploy` and `run` take sources in place of a component.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use crate::{
    context::Context,
    exit::Exit,
    output::{Output, card, heading},
    progress::Progress,
    server::cache_dir,
};

/// Build a component of a file of TypeScript or JavaScript
///
/// Needs nothing else: the engine, the SDK and the transpiler are in this program. What the file imports comes along: other files,
/// packages in `node_modules`, and `@wrt/sdk`, which need not be installed.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where to write the component; beside the source if it is left out
    #[arg(long = "out", value_name = "FILE.wasm")]
    out: Option<PathBuf>,
}

/// A component, or what it can be built of.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// The component, or a file of TypeScript or JavaScript
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// A module of TypeScript or JavaScript whose exported functions are activities
    #[arg(long, value_name = "FILE")]
    activities: Option<PathBuf>,
}

impl BuildArgs {
    /// Builds the component and writes it.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let Some(component) = self.source.build(&context.output).await? else {
            bail!(
                "{} is a component already; `wrt deploy` takes it",
                self.source.file.display()
            );
        };
        let out = self.out.unwrap_or_else(|| self.source.file.with_extension("wasm"));
        std::fs::write(&out, &component).with_context(|| format!("write {}", out.display()))?;
        let text = || {
            let lines = card(&[
                ("File", out.display().to_string()),
                ("Size", format!("{} KiB", component.len().div_ceil(1024))),
            ]);
            format!("{}\n{lines}", heading("Built:"))
        };
        context
            .output
            .one(text, || json!({"file": out, "sizeBytes": component.len()}))?;
        Ok(Exit::Success)
    }
}

impl SourceArgs {
    /// The component: read, or built.
    pub(crate) async fn component(&self, output: &Output) -> anyhow::Result<Vec<u8>> {
        match self.build(output).await? {
            Some(component) => Ok(component),
            None => std::fs::read(&self.file).with_context(|| format!("read component {}", self.file.display())),
        }
    }

    /// Builds what is given as sources; `None` for what is none.
    #[cfg(feature = "javascript")]
    async fn build(&self, output: &Output) -> anyhow::Result<Option<Vec<u8>>> {
        use wrt_build::javascript::{self, Project};
        if !javascript::is_source(&self.file) {
            self.refuse_activities()?;
            return Ok(None);
        }
        let _progress = Progress::new(output, format!("building {}", self.file.display()));
        let project = Project {
            entry: self.file.clone(),
            activities: self.activities.clone(),
            cache_dir: cache_dir().map(|folder| folder.join("engine")),
        };
        let built = tokio::task::spawn_blocking(move || javascript::build(&project)).await??;
        Ok(Some(built.component))
    }

    #[cfg(not(feature = "javascript"))]
    async fn build(&self, _output: &Output) -> anyhow::Result<Option<Vec<u8>>> {
        self.refuse_activities()?;
        let extension = self.file.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|it| ["ts", "mts", "js", "mjs"].contains(&it)) {
            bail!(
                "this program was built without the feature `javascript`, which builds {}",
                self.file.display()
            );
        }
        Ok(None)
    }

    fn refuse_activities(&self) -> anyhow::Result<()> {
        match &self.activities {
            None => Ok(()),
            Some(_) => bail!(
                "--activities belongs to a file of TypeScript or JavaScript, which {} is not",
                self.file.display()
            ),
        }
    }

    /// A name for the deployment of a file: `order-saga` for `target/order_saga.wasm`, since compilers write underscores.
    pub(crate) fn name(&self) -> String {
        name_of(&self.file)
    }
}

fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.trim_end_matches(".component").replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_named_after_its_file() {
        for (file, name) in [
            ("target/wasm32-wasip2/release/order_saga.wasm", "order-saga"),
            ("orders.component.wasm", "orders"),
            ("src/flow.ts", "flow"),
            ("x", "x"),
        ] {
            assert_eq!(name_of(Path::new(file)), name);
        }
    }
}
