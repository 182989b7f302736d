//! Compiled functions, by what they are made of. Versions of a component share nearly all of them, and so do all programs that
//! are run by the same interpreter: what is compiled is what is new.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wasmtime::CacheStore;
use wrt_model::Digest;

use super::folder::Folder;
use crate::HostError;

/// Bytes of functions that are kept. When there are more, those stay that the last compilation has used.
const MOST_BYTES: usize = 64 << 20;

/// The functions of one engine, in memory while something is compiled, and in one file.
pub struct Functions {
    /// Absent: they stay in memory.
    folder: Option<Arc<Folder>>,
    file: Digest,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Compilations under way.
    users: usize,
    is_loaded: bool,
    known: HashMap<Box<[u8]>, Function>,
    has_new: bool,
}

struct Function {
    code: Arc<[u8]>,
    is_used: bool,
}

/// Something is being compiled. The last one of several that ends keeps what is new.
pub struct Compilation<'a>(&'a Functions);

impl Functions {
    /// Those of a folder, which is made when it is missing, and refused when others may write to it. Without one they are kept in
    /// memory.
    pub fn open(folder: Option<PathBuf>) -> Result<Self, HostError> {
        let folder = folder.map(Folder::open).transpose()?;
        Ok(Functions::new(folder.map(Arc::new)))
    }

    pub(super) fn new(folder: Option<Arc<Folder>>) -> Self {
        Functions {
            folder,
            file: Digest::of(b"functions"),
            state: Mutex::default(),
        }
    }

    /// To be held while something is compiled.
    pub fn begin(&self) -> Compilation<'_> {
        let mut state = self.state();
        state.users += 1;
        if !state.is_loaded {
            state.is_loaded = true;
            let packed = self.folder.as_ref().and_then(|folder| folder.read(&self.file));
            state.known = packed.as_deref().map(unpack).unwrap_or_default();
        }
        Compilation(self)
    }

    fn end(&self) {
        let mut state = self.state();
        state.users -= 1;
        if state.users > 0 {
            return;
        }
        if std::mem::take(&mut state.has_new) {
            state.forget();
            if let Some(folder) = &self.folder
                && let Err(error) = folder.write(&self.file, &pack(&state.known))
            {
                // The next compilation takes longer; nothing else is lost.
                tracing::warn!(%error, "keep compiled functions");
            }
        }
        if self.folder.is_some() {
            *state = State::default();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self) {
        let bytes: usize = self
            .known
            .iter()
            .map(|(key, function)| key.len() + function.code.len())
            .sum();
        if bytes > MOST_BYTES {
            self.known.retain(|_, function| function.is_used);
        }
        for function in self.known.values_mut() {
            function.is_used = false;
        }
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let mut state = self.state();
        let function = state.known.get_mut(key)?;
        function.is_used = true;
        let code = Arc::clone(&function.code);
        drop(state);
        Some(Cow::Owned(code.to_vec()))
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        let function = Function {
            code: value.into(),
            is_used: true,
        };
        let mut state = self.state();
        state.known.insert(key.into(), function);
        state.has_new = true;
        true
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Functions").finish_non_exhaustive()
    }
}

impl Drop for Compilation<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

// === The file: keys and codes one after the other, each behind its length ===

fn pack(known: &HashMap<Box<[u8]>, Function>) -> Vec<u8> {
    let mut packed = Vec::new();
    for (key, function) in known {
        for part in [key, &*function.code] {
            let length = u32::try_from(part.len()).expect("a function is smaller than 4 GiB");
            packed.extend(length.to_le_bytes());
            packed.extend_from_slice(part);
        }
    }
    packed
}

fn unpack(mut packed: &[u8]) -> HashMap<Box<[u8]>, Function> {
    let mut known = HashMap::new();
    while let (Some(key), Some(code)) = (part(&mut packed), part(&mut packed)) {
        let function = Function {
            code: code.into(),
            is_used: false,
        };
        known.insert(key.into(), function);
    }
    known
}

fn part<'a>(packed: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = packed.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (part, rest) = rest.split_at_checked(length)?;
    *packed = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(functions: &Functions, key: &[u8]) -> Option<Vec<u8>> {
        functions.get(key).map(Cow::into_owned)
    }

    #[test]
    fn they_outlive_the_process_and_leave_memory_when_nothing_is_compiled() {
        let place = tempfile::tempdir().unwrap();
        let folder = || Some(Arc::new(Folder::open(place.path().join("cache")).unwrap()));
        let functions = Functions::new(folder());
        let compilation = functions.begin();
        assert_eq!(get(&functions, b"a"), None);
        functions.insert(b"a", vec![1, 2, 3]);
        let beside = functions.begin();
        drop(compilation);
        assert_eq!(get(&functions, b"a"), Some(vec![1, 2, 3]), "another one still compiles");
        drop(beside);
        assert!(functions.state().known.is_empty());

        let functions = Functions::new(folder());
        let _compilation = functions.begin();
        assert_eq!(get(&functions, b"a"), Some(vec![1, 2, 3]));
    }

    #[test]
    fn without_a_folder_they_stay_in_memory() {
        let functions = Functions::new(None);
        let compilation = functions.begin();
        functions.insert(b"a", vec![7]);
        drop(compilation);
        assert_eq!(get(&functions, b"a"), Some(vec![7]));
    }

    #[test]
    fn a_file_that_ends_early_gives_what_is_whole() {
        let functions = Functions::new(None);
        functions.insert(b"key", vec![9; 10]);
        let packed = pack(&functions.state().known);
        assert_eq!(unpack(&packed).len(), 1);
        for end in 0..packed.len() {
            assert!(unpack(&packed[..end]).is_empty(), "{end}");
        }
    }
}
