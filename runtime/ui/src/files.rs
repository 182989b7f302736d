//! The files of the built page.

use std::io::Read as _;

use flate2::read::GzDecoder;

/// A file that browsers ask for.
#[derive(Debug)]
pub(crate) struct File {
    /// As in `/assets/index-abc.js`.
    pub(crate) path: &'static str,
    pub(crate) media_type: &'static str,
    /// Changes with the content; in quotes, as headers have it.
    pub(crate) tag: &'static str,
    /// The content, in gzip.
    pub(crate) packed: &'static [u8],
}

/// All of them; none in a program that was built without the page.
pub(crate) static ALL: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The file at a path.
pub(crate) fn find(path: &str) -> Option<&'static File> {
    ALL.iter().find(|file| file.path == path)
}

impl File {
    /// The content for those few who take no gzip.
    pub(crate) fn unpacked(&self) -> Vec<u8> {
        let mut content = Vec::new();
        GzDecoder::new(self.packed)
            .read_to_end(&mut content)
            .expect("what was packed at build time can be unpacked");
        content
    }
}
