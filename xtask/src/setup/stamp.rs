//! Remembers what something was made from, so that it is made again only when that has changed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, Result};

/// A fingerprint of inputs, and the file beside the output that keeps it.
pub(crate) struct Stamp {
    file: PathBuf,
    inputs: DefaultHasher,
}

impl Stamp {
    /// A stamp without inputs yet, kept in this file.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self {
            file,
            inputs: DefaultHasher::new(),
        }
    }

    /// Adds words to the inputs.
    pub(crate) fn text(mut self, text: &str) -> Self {
        text.hash(&mut self.inputs);
        self
    }

    /// Adds a file's name and content to the inputs. A missing file counts as one that differs from every other.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub(crate) fn file(mut self, path: &Path) -> Result<Self> {
        let content = match fs::read(path) {
            Ok(content) => Some(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        (path, content).hash(&mut self.inputs);
        Ok(self)
    }

    /// Whether the output was made from these very inputs.
    pub(crate) fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.fingerprint())
    }

    /// Notes that the output has been made. To be called last, so that a broken-off task starts again.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn keep(&self) -> Result<()> {
        fs::write(&self.file, self.fingerprint()).with_context(|| format!("write {}", self.file.display()))
    }

    fn fingerprint(&self) -> String {
        format!("{:016x}", self.inputs.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_inputs_are_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, input) = (folder.path().join("stamp"), folder.path().join("input"));
        fs::write(&input, "one").unwrap();
        let stamp = |text: &str| Stamp::new(kept.clone()).text(text).file(&input).unwrap();

        assert!(!stamp("a").is_fresh(), "nothing was made yet");
        stamp("a").keep().unwrap();
        assert!(stamp("a").is_fresh());
        assert!(!stamp("b").is_fresh(), "other words");
        fs::write(&input, "two").unwrap();
        assert!(!stamp("a").is_fresh(), "another content");
        fs::remove_file(&input).unwrap();
        assert!(!stamp("a").is_fresh(), "no content");
    }
}
