//! Values that runs can be found by.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use crate::{Failure, FromPayload, Payload, ToPayload};

/// The metadata key that names the type, as Temporal's SDKs write it.
const TYPE: &str = "type";

/// Values that runs can be found by, each with its name and its type.
///
/// ```
/// use wrt_sdk::{SearchAttribute, SearchAttributes};
///
/// let attributes = SearchAttributes::new().keyword("Customer", "c-7").int("Amount", 4200).bool("Paid", true);
/// assert_eq!(attributes.get("Amount"), Some(SearchAttribute::Int(4200)));
/// assert_eq!(attributes.get("Weight"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchAttributes(pub(crate) BTreeMap<String, Payload>);

/// A value that runs can be found by, with its type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SearchAttribute {
    /// Yes or no.
    Bool(bool),
    /// A point in time.
    Datetime(SystemTime),
    /// A number.
    Double(f64),
    /// A whole number.
    Int(i64),
    /// A word, found as a whole.
    Keyword(String),
    /// Words, each of which finds the run.
    KeywordList(Vec<String>),
    /// Text, found by its words.
    Text(String),
}

macro_rules! typed_setters {
    ($($(#[$doc:meta])* $name:ident $kind:ident($type:ty);)*) => {
        impl SearchAttributes {
            $($(#[$doc])* #[must_use]
            pub fn $name(self, name: impl Into<String>, value: impl Into<$type>) -> Self {
                self.set(name, SearchAttribute::$kind(value.into()))
            })*
        }

        impl SearchAttribute {
            /// The name of the type.
            fn kind(&self) -> &'static str {
                match self {
                    $(SearchAttribute::$kind(_) => stringify!($kind),)*
                }
            }
        }
    };
}

typed_setters! {
    /// Sets a yes or no.
    bool Bool(bool);
    /// Sets a point in time.
    datetime Datetime(SystemTime);
    /// Sets a number.
    double Double(f64);
    /// Sets a whole number.
    int Int(i64);
    /// Sets a word, found as a whole.
    keyword Keyword(String);
    /// Sets words, each of which finds the run.
    keyword_list KeywordList(Vec<String>);
    /// Sets text, found by its words.
    text Text(String);
}

impl SearchAttributes {
    /// Without a value.
    pub fn new() -> Self {
        SearchAttributes::default()
    }

    /// Sets a value.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: SearchAttribute) -> Self {
        self.0.insert(name.into(), value.encode());
        self
    }

    /// Removes a value, where it is [upserted](crate::Context::upsert_search_attributes).
    #[must_use]
    pub fn remove(mut self, name: impl Into<String>) -> Self {
        self.0.insert(name.into(), Payload::null());
        self
    }

    /// The value with this name. `None` too when its type is not known here; [`iter`](Self::iter) has it even so.
    pub fn get(&self, name: &str) -> Option<SearchAttribute> {
        SearchAttribute::decode(self.0.get(name)?).ok()
    }

    /// The values as they are encoded, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Payload)> {
        self.0.iter().map(|(name, payload)| (name.as_str(), payload))
    }
}

impl SearchAttribute {
    fn encode(&self) -> Payload {
        let encoded = match self {
            SearchAttribute::Bool(value) => value.to_payload(),
            SearchAttribute::Datetime(value) => rfc3339(*value).to_payload(),
            SearchAttribute::Double(value) => value.to_payload(),
            SearchAttribute::Int(value) => value.to_payload(),
            SearchAttribute::Keyword(value) | SearchAttribute::Text(value) => value.to_payload(),
            SearchAttribute::KeywordList(values) => values.to_payload(),
        };
        let mut payload = encoded.expect("truth values, numbers and strings can be written as JSON");
        payload
            .metadata
            .push((TYPE.to_owned(), self.kind().as_bytes().to_owned()));
        payload
    }

    fn decode(payload: &Payload) -> Result<Self, Failure> {
        let kind = payload.metadata.iter().find(|(key, _)| key == TYPE);
        let payload = payload.clone();
        Ok(match kind.map_or(&[][..], |(_, kind)| kind) {
            b"Bool" => SearchAttribute::Bool(bool::from_payload(payload)?),
            b"Datetime" => {
                let text = String::from_payload(payload)?;
                let time = parse_rfc3339(&text);
                SearchAttribute::Datetime(time.ok_or_else(|| Failure::payload(format!("`{text}` is no time")))?)
            }
            b"Double" => SearchAttribute::Double(f64::from_payload(payload)?),
            b"Int" => SearchAttribute::Int(i64::from_payload(payload)?),
            b"Keyword" => SearchAttribute::Keyword(String::from_payload(payload)?),
            b"KeywordList" => SearchAttribute::KeywordList(Vec::from_payload(payload)?),
            b"Text" => SearchAttribute::Text(String::from_payload(payload)?),
            _ => return Err(Failure::payload("a search attribute of an unknown type".to_owned())),
        })
    }
}

// === Points in time ===

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Days from 0000-03-01, with which the years of this calendar begin, to 1970-01-01.
const DAYS_TO_EPOCH: u64 = 719_468;
const DAYS_PER_ERA: u64 = 146_097;

/// `2026-01-01T00:00:00.000000000Z`. Times before 1970, which no run sees, count as its beginning.
fn rfc3339(time: SystemTime) -> String {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(since_epoch.as_secs() / SECONDS_PER_DAY);
    let seconds = since_epoch.as_secs() % SECONDS_PER_DAY;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let nanos = since_epoch.subsec_nanos();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// Year, month and day of a day since 1970. Eras of 400 years repeat exactly, and a year that begins in March has its
/// leap day at the end.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + DAYS_TO_EPOCH;
    let (era, day) = (day / DAYS_PER_ERA, day % DAYS_PER_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day)
}

/// The day since 1970; the way back of [`civil`].
fn day(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month > 2 { year } else { year.checked_sub(1)? };
    let (era, year) = (year / 400, year % 400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    (era * DAYS_PER_ERA + year * 365 + year / 4 - year / 100 + day_of_year).checked_sub(DAYS_TO_EPOCH)
}

/// Times since 1970, in UTC or with an offset.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (month, day_of_month) = (number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day_of_month) {
        return None;
    }
    let days = day(number(0..4)?, month, day_of_month)?;
    let seconds = days * SECONDS_PER_DAY + number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
    let rest = text.get(19..)?;
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone);
    let fraction = fraction.trim_start_matches('.');
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let local = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
    if zone.len() == 1 {
        return Some(local);
    }
    let part = |range: std::ops::Range<usize>| zone.get(range)?.parse::<u64>().ok();
    let offset = Duration::from_secs(part(1..3)? * 3600 + part(4..6)? * 60);
    if zone.starts_with('+') {
        local.checked_sub(offset)
    } else {
        local.checked_add(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn values_are_written_as_temporal_does_and_read_back() {
        let check = |value: SearchAttribute, kind: &str, data: &str| {
            let payload = value.encode();
            assert_eq!(payload.encoding(), b"json/plain");
            assert_eq!(payload.metadata[1], (TYPE.to_owned(), kind.as_bytes().to_owned()));
            assert_eq!(String::from_utf8_lossy(&payload.data), data);
            assert_eq!(SearchAttribute::decode(&payload), Ok(value));
        };
        check(SearchAttribute::Bool(true), "Bool", "true");
        check(SearchAttribute::Int(-7), "Int", "-7");
        check(SearchAttribute::Double(1.5), "Double", "1.5");
        check(SearchAttribute::Keyword("a".to_owned()), "Keyword", "\"a\"");
        check(SearchAttribute::Text("a b".to_owned()), "Text", "\"a b\"");
        let list = SearchAttribute::KeywordList(vec!["a".to_owned(), "b".to_owned()]);
        check(list, "KeywordList", r#"["a","b"]"#);
        let time = SearchAttribute::Datetime(at(1_767_225_600));
        check(time, "Datetime", "\"2026-01-01T00:00:00.000000000Z\"");
    }

    #[test]
    fn every_day_has_its_date() {
        let check = |seconds: u64, date: &str| {
            assert_eq!(rfc3339(at(seconds)), format!("{date}.000000000Z"));
            assert_eq!(parse_rfc3339(&format!("{date}Z")), Some(at(seconds)));
        };
        check(0, "1970-01-01T00:00:00");
        check(951_782_399, "2000-02-28T23:59:59");
        check(951_782_400, "2000-02-29T00:00:00");
        check(951_868_800, "2000-03-01T00:00:00");
        check(4_107_542_399, "2100-02-28T23:59:59");
        check(4_107_542_400, "2100-03-01T00:00:00");
    }

    #[test]
    fn times_are_read_with_fractions_and_offsets() {
        let check = |text: &str, expected: Option<SystemTime>| assert_eq!(parse_rfc3339(text), expected, "{text}");
        check("1970-01-01T01:00:00.5+01:00", Some(at(0) + Duration::from_millis(500)));
        check("1970-01-01T00:00:00-00:30", Some(at(1800)));
        check("1970-13-01T00:00:00Z", None);
        check("yesterday", None);
    }
}
