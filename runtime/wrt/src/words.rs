//! Names of protobuf enums as people read them.

/// The name without its prefix, in camel case: `EVENT_TYPE_TIMER_FIRED` without `EVENT_TYPE_` is `TimerFired`. Empty for
/// the name that says "unspecified".
pub(crate) fn camel(name: &str, prefix: &str) -> String {
    let name = name.strip_prefix(prefix).unwrap_or(name);
    if name == "UNSPECIFIED" {
        return String::new();
    }
    name.split('_').map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    format!("{}{}", first, rest.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_prefix_and_their_shouting() {
        assert_eq!(camel("EVENT_TYPE_TIMER_FIRED", "EVENT_TYPE_"), "TimerFired");
        assert_eq!(camel("RETRY_STATE_UNSPECIFIED", "RETRY_STATE_"), "");
        assert_eq!(camel("OTHER", "EVENT_TYPE_"), "Other");
    }
}
