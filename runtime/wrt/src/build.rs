//! `wrt build`: makes a component of sources; and how `deploy` and `run` take sources in place of a component.

mod script;
mod tool;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::json;

use self::tool::Language;
use crate::{
    context::Context,
    exit::Exit,
    output::{Output, card, heading},
    progress::Progress,
};

/// Build a component of a file or a project
///
/// TypeScript and JavaScript need nothing else: the engine, the SDK and the transpiler are in this program. What the file imports
/// comes along: other files, packages in `node_modules`, and `@wrt/sdk`, which need not be installed. Of a folder,
/// `workflows.ts` and `activities.ts` are taken, there or in `src`. Rust, Python and Go are built by their own tools.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where to write the component; beside the source if it is left out
    #[arg(long = "out", value_name = "FILE.wasm")]
    out: Option<PathBuf>,
}

/// The endings of files of TypeScript and JavaScript.
const SCRIPTS: [&str; 6] = ["ts", "mts", "cts", "js", "mjs", "cjs"];

/// A component, or what it can be built of.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// The component, a file of TypeScript, JavaScript or Python, or the folder of a project in Rust, Python, Go or TypeScript
    #[arg(value_name = "FILE|FOLDER")]
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
        let out = self.out.unwrap_or_else(|| match self.source.file.is_dir() {
            true => self.source.file.join(format!("{}.wasm", self.source.name())),
            false => self.source.file.with_extension("wasm"),
        });
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
    async fn build(&self, output: &Output) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some(language) = Language::of(&self.file) {
            self.refuse_activities()?;
            let source = self.file.clone();
            return tokio::task::spawn_blocking(move || language.build(&source))
                .await?
                .map(Some);
        }
        let Some((entry, activities)) = self.script() else {
            self.refuse_activities()?;
            let is_folder = self.file.is_dir();
            ensure!(
                !is_folder,
                "{} holds nothing that can be built: no Cargo.toml, go.mod, pyproject.toml or workflows.ts",
                self.file.display()
            );
            return Ok(None);
        };
        let _progress = Progress::new(output, format!("building {}", entry.display()));
        script::build(entry, activities).await.map(Some)
    }

    /// The modules of TypeScript or JavaScript that are meant: of workflows, and of activities.
    fn script(&self) -> Option<(PathBuf, Option<PathBuf>)> {
        if self.file.is_dir() {
            let folders = [self.file.clone(), self.file.join("src")];
            let mut entries = folders.iter().map(|folder| folder.join("workflows.ts"));
            let entry = entries.find(|entry| entry.exists())?;
            let beside = entry.with_file_name("activities.ts");
            let activities = self.activities.clone().or_else(|| beside.exists().then_some(beside));
            return Some((entry, activities));
        }
        let extension = self.file.extension()?.to_str()?;
        SCRIPTS
            .contains(&extension)
            .then(|| (self.file.clone(), self.activities.clone()))
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
    // The name of `.` is that of the folder that it is.
    let whole = file.is_dir().then(|| file.canonicalize().ok()).flatten();
    let stem = whole
        .as_deref()
        .unwrap_or(file)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
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
