//! Lists the migrations for `src/sqlite/migrations.rs`: `sqlx::migrate!` would do it too, but brings a second SQLite,
//! compiled for the macro.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const FOLDER: &str = "../../migrations/sqlite";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={FOLDER}");
    let mut names = Vec::new();
    for file in fs::read_dir(FOLDER)? {
        names.push(
            file?
                .file_name()
                .into_string()
                .map_err(|name| format!("{} is not UTF-8", name.display()))?,
        );
    }
    names.sort();
    let folder = Path::new(FOLDER).canonicalize()?;
    let mut list = String::from("[");
    for name in &names {
        let file = folder.join(name);
        write!(list, "({name:?}, include_str!({:?})),", file.display().to_string())?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), list)?;
    Ok(())
}
