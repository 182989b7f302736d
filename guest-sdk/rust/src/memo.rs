//! Notes that lists show beside a run.

use std::collections::BTreeMap;

use crate::{Failure, FromPayload, Payload, ToPayload};

/// Notes that lists show beside a run: values by their names.
///
/// ```
/// use wrt_sdk::Memo;
///
/// # fn main() -> Result<(), wrt_sdk::Failure> {
/// let memo = Memo::new().set("note", "fragile")?.set("boxes", &3)?;
/// assert_eq!(memo.get::<u32>("boxes"), Some(Ok(3)));
/// assert_eq!(memo.get::<u32>("weight"), None);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo(pub(crate) BTreeMap<String, Payload>);

impl Memo {
    /// Without a note.
    pub fn new() -> Self {
        Memo::default()
    }

    /// Sets a note. Fails when the value cannot be encoded.
    pub fn set(mut self, name: impl Into<String>, value: &(impl ToPayload + ?Sized)) -> Result<Self, Failure> {
        self.0.insert(name.into(), value.to_payload()?);
        Ok(self)
    }

    /// Removes a note, where it is [upserted](crate::Context::upsert_memo).
    #[must_use]
    pub fn remove(mut self, name: impl Into<String>) -> Self {
        self.0.insert(name.into(), Payload::null());
        self
    }

    /// The note with this name, decoded.
    pub fn get<T: FromPayload>(&self, name: &str) -> Option<Result<T, Failure>> {
        self.0.get(name).cloned().map(T::from_payload)
    }

    /// The notes as they are encoded, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Payload)> {
        self.0.iter().map(|(name, payload)| (name.as_str(), payload))
    }
}

/// Sets what has a value, and removes what has none.
pub(crate) fn upsert(fields: &mut BTreeMap<String, Payload>, changes: &BTreeMap<String, Payload>) {
    for (name, value) in changes {
        if value.encoding() == Payload::null().encoding() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
}
