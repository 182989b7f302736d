//! Paths of field masks.

/// A path in the words of protobuf, which may be written in those of its JSON: `retryPolicy` is `retry_policy`.
pub(crate) fn snake(path: &str) -> String {
    path.chars().fold(String::new(), |mut words, letter| {
        if letter.is_ascii_uppercase() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
        words
    })
}
