//! Embeds the built page, `page/dist`, each file compressed once. Without it the crate holds no file, and serves a page that
//! says how to build it: building Rust needs no Node.

use std::{
    env,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's folder"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder for what is built"));
    let dist = root.join("page/dist");
    println!("cargo:rerun-if-changed=build.rs");
    // The folder too, so that a page that is built for the first time is noticed.
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        println!("cargo:rerun-if-changed={}", file.display());
        let content = fs::read(file)?;
        let packed = out.join(format!("{number}.gz"));
        fs::write(&packed, compressed(&content)?)?;
        let path = web_path(&dist, file);
        writeln!(
            table,
            "    File {{ path: {path:?}, media_type: {:?}, tag: \"\\\"{:016x}\\\"\", packed: include_bytes!({packed:?}) }},",
            media_type(&path),
            fingerprint(&content),
        )
        .expect("strings take every write");
    }
    table.push_str("]\n");
    fs::write(out.join("files.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn compressed(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

/// The path at which browsers ask for a file.
fn web_path(dist: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(dist).expect("the file lies in the folder");
    let parts = inside.iter().map(|part| part.to_string_lossy().into_owned());
    format!("/{}", parts.collect::<Vec<_>>().join("/"))
}

fn fingerprint(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json" | "webmanifest") => "application/json",
        _ => "application/octet-stream",
    }
}
