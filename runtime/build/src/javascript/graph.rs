//! All modules of a program, found from its entry on.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
};

use oxc_resolver::{ModuleType, ResolveError, ResolveOptions, Resolver, TsconfigDiscovery};
use wasmtime::component::{ComponentType, Lower};

use super::{
    Project,
    sdk::{self, PREFIX},
    transpile::{self, Import, Transpiled, transpile},
};
use crate::BuildError;

/// How a source is evaluated.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum Kind {
    #[component(name = "module")]
    Module,
    #[component(name = "commonjs")]
    CommonJs,
    #[component(name = "json")]
    Json,
}

/// A source with the names of what it imports, as the engine takes it.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct Source {
    name: String,
    kind: Kind,
    text: String,
    imports: Vec<(String, String)>,
    mappings: String,
}

/// Everything that the engine is given.
pub(super) struct Program {
    pub(super) sources: Vec<Source>,
    pub(super) prelude: String,
    pub(super) entry: String,
    /// The user's files.
    pub(super) files: Vec<PathBuf>,
}

/// The module that joins the entry with a module of activities.
const JOINED: &str = "wrt:project";

/// Reads the entry and all that it leads to.
pub(super) fn collect(project: &Project) -> Result<Program, BuildError> {
    let mut collector = Collector::new(&project.entry)?;
    let prelude = collector.sdk(sdk::PRELUDE);
    let mut entry = collector.file(&project.entry)?;
    if let Some(activities) = &project.activities {
        let activities = collector.file(activities)?;
        collector.sources.insert(JOINED.to_owned(), joined(&entry, &activities));
        entry = JOINED.to_owned();
    }
    while let Some(found) = collector.to_read.pop_front() {
        collector.read(found)?;
    }
    Ok(Program {
        sources: collector.sources.into_values().collect(),
        prelude,
        entry,
        files: collector.files,
    })
}

fn joined(workflows: &str, activities: &str) -> Source {
    Source {
        name: JOINED.to_owned(),
        kind: Kind::Module,
        text: format!(
            "export * from {workflows:?};\nimport * as activities from {activities:?};\nexport {{ activities }};\n"
        ),
        mappings: String::new(),
        imports: Vec::new(),
    }
}

/// A module that is known and not read yet.
enum Found {
    /// A file of the user or of a package, with what its place says of its kind.
    File {
        path: PathBuf,
        name: String,
        is_module: Option<bool>,
    },
    Sdk {
        file: &'static str,
        text: &'static str,
    },
}

struct Collector {
    /// The folder that names are relative to.
    root: PathBuf,
    imports: Resolver,
    requires: Resolver,
    sources: BTreeMap<String, Source>,
    /// Names that are read, or will be.
    known: BTreeSet<String>,
    to_read: VecDeque<Found>,
    files: Vec<PathBuf>,
}

impl Collector {
    fn new(entry: &Path) -> Result<Self, BuildError> {
        let entry = canonical(entry)?;
        let root = entry.parent().map(Path::to_path_buf).unwrap_or_default();
        let imports = Resolver::new(resolve_options(&["wrt", "import", "module", "default"]));
        let requires = imports.clone_with_options(resolve_options(&["wrt", "require", "default"]));
        Ok(Collector {
            root,
            imports,
            requires,
            sources: BTreeMap::new(),
            known: BTreeSet::new(),
            to_read: VecDeque::new(),
            files: Vec::new(),
        })
    }

    /// Has a file read, and returns its name.
    fn file(&mut self, path: &Path) -> Result<String, BuildError> {
        let path = canonical(path)?;
        Ok(self.found(path, None))
    }

    fn found(&mut self, path: PathBuf, is_module: Option<bool>) -> String {
        let name = self.name_of(&path);
        if self.known.insert(name.clone()) {
            self.to_read.push_back(Found::File {
                path,
                name: name.clone(),
                is_module,
            });
        }
        name
    }

    /// Has a file of the SDK read, and returns its name.
    fn sdk(&mut self, file: &str) -> String {
        let name = format!("{PREFIX}{file}");
        if let Some(&(file, text)) = sdk::FILES.iter().find(|(known, _)| *known == file)
            && self.known.insert(name.clone())
        {
            self.to_read.push_back(Found::Sdk { file, text });
        }
        name
    }

    /// What stacks call a file: its path from the folder of the entry.
    fn name_of(&self, path: &Path) -> String {
        let mut up = String::new();
        let mut base = self.root.as_path();
        loop {
            if let Ok(rest) = path.strip_prefix(base) {
                return up + &rest.to_string_lossy().replace('\\', "/");
            }
            match base.parent() {
                Some(parent) => base = parent,
                None => return path.to_string_lossy().into_owned(),
            }
            up.push_str("../");
        }
    }

    fn read(&mut self, found: Found) -> Result<(), BuildError> {
        match found {
            Found::Sdk { file, text } => {
                let name = format!("{PREFIX}{file}");
                let mut transpiled = transpile(Path::new(file), &name, text, Some(true))?;
                // Stacks leave it out.
                transpiled.mappings = String::new();
                let meant = |import: &Import| sdk::relative(file, &import.specifier);
                let targets: Vec<_> = transpiled.imports.iter().map(meant).collect();
                let imports = transpiled.imports.iter().zip(targets);
                let imports =
                    imports.filter_map(|(import, target)| Some((import.specifier.clone(), self.sdk(&target?))));
                let imports = imports.collect();
                self.add(name, transpiled, imports);
                Ok(())
            }
            Found::File { path, name, is_module } => self.read_file(&path, name, is_module),
        }
    }

    fn read_file(&mut self, path: &Path, name: String, is_module: Option<bool>) -> Result<(), BuildError> {
        let text = fs::read_to_string(path).map_err(|cause| BuildError::Read {
            path: path.to_path_buf(),
            cause,
        })?;
        self.files.push(path.to_path_buf());
        if path.extension().is_some_and(|extension| extension == "json") {
            let source = Source {
                name: name.clone(),
                kind: Kind::Json,
                text,
                mappings: String::new(),
                imports: Vec::new(),
            };
            self.sources.insert(name, source);
            return Ok(());
        }
        let transpiled = transpile(path, &name, &text, is_module)?;
        let mut imports = Vec::new();
        for import in &transpiled.imports {
            match self.target(path, import) {
                Ok(target) => imports.push((import.specifier.clone(), target)),
                // It may be within a `try`, or never be reached.
                Err(_) if import.is_require => {}
                Err(cause) => {
                    let (line, column) = transpile::place(&text, import.offset);
                    return Err(BuildError::Import {
                        importer: name,
                        line,
                        column,
                        specifier: import.specifier.clone(),
                        cause,
                    });
                }
            }
        }
        self.add(name, transpiled, imports);
        Ok(())
    }

    fn add(&mut self, name: String, transpiled: Transpiled, imports: Vec<(String, String)>) {
        let Transpiled {
            kind, text, mappings, ..
        } = transpiled;
        let source = Source {
            name: name.clone(),
            kind,
            text,
            mappings,
            imports,
        };
        self.sources.insert(name, source);
    }

    /// The name of what an import means.
    fn target(&mut self, importer: &Path, import: &Import) -> Result<String, String> {
        let specifier = import.specifier.as_str();
        if let Some(file) = sdk::file(specifier) {
            return Ok(self.sdk(file));
        }
        let resolver = if import.is_require {
            &self.requires
        } else {
            &self.imports
        };
        let resolution = resolver.resolve_file(importer, specifier);
        let resolution = resolution.map_err(|error| advice(specifier, &error))?;
        let is_module = match resolution.module_type() {
            Some(ModuleType::Module) => Some(true),
            Some(ModuleType::CommonJs) => Some(false),
            _ => None,
        };
        Ok(self.found(resolution.into_path_buf(), is_module))
    }
}

fn canonical(path: &Path) -> Result<PathBuf, BuildError> {
    fs::canonicalize(path).map_err(|cause| BuildError::Read {
        path: path.to_path_buf(),
        cause,
    })
}

fn resolve_options(conditions: &[&str]) -> ResolveOptions {
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    ResolveOptions {
        condition_names: all(conditions),
        extensions: all(&[".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"]),
        extension_alias: vec![
            (".js".to_owned(), all(&[".ts", ".js"])),
            (".mjs".to_owned(), all(&[".mts", ".mjs"])),
            (".cjs".to_owned(), all(&[".cts", ".cjs"])),
        ],
        main_fields: all(&["module", "main"]),
        builtin_modules: true,
        module_type: true,
        tsconfig: Some(TsconfigDiscovery::Auto),
        ..ResolveOptions::default()
    }
}

/// Why an import leads nowhere, and what to do about it.
fn advice(specifier: &str, error: &ResolveError) -> String {
    match error {
        ResolveError::Builtin { .. } => format!(
            "it is a module of Node.js, which is not here: workflows have no files, sockets and processes, and activities reach \
             others through `fetch`. If only a type is meant, write `import type`; work that needs `{specifier}` goes into an \
             activity worker of Node.js on the same task queue"
        ),
        _ if specifier.starts_with('.') => "there is no such file beside this one".to_owned(),
        _ => format!(
            "no package of this name is installed; `npm install {}` does it",
            package(specifier)
        ),
    }
}

/// The package of a specifier: `@scope/name` of `@scope/name/part`.
fn package(specifier: &str) -> String {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    specifier.split('/').take(parts).collect::<Vec<_>>().join("/")
}
