//! Search attributes that the server gives to a run by itself.

use wrt_model::SearchAttributeValue;

use crate::Turn;

impl Turn<'_> {
    /// Sets such an attribute to this value, or removes it.
    pub(crate) fn set_own_attribute(&mut self, name: &str, value: Option<SearchAttributeValue>) {
        let before = self.run.search_attributes.as_ref();
        let before = before.and_then(|attributes| attributes.indexed_fields.get(name));
        let now = value.map(|value| value.encode());
        if before == now.as_ref() {
            return;
        }
        let attributes = self.run.search_attributes.get_or_insert_default();
        match now {
            Some(now) => drop(attributes.indexed_fields.insert(name.to_owned(), now)),
            None => drop(attributes.indexed_fields.remove(name)),
        }
        if attributes.indexed_fields.is_empty() {
            self.run.search_attributes = None;
        }
        self.transition.changes_search_attributes = true;
    }
}
