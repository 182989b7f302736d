//! Times and durations, as protobuf's JSON writes them.

/// The seconds since 1970 of a time like `2026-01-31T12:00:00.5Z`.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let time = time.split('.').next().unwrap_or_default();
    let [hour, minute, second] = numbers(time, ':')?;
    Some(days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// The whole seconds of a duration like `0.5s`, and whether somebody has measured it: what somebody has chosen is whole.
pub(crate) fn duration(text: &str) -> Option<(i64, bool)> {
    let text = text.strip_suffix('s')?;
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    part.parse::<u64>().ok()?;
    Some((whole.parse().ok()?, text.contains('.')))
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let numbers: Vec<_> = text.split(between).map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

/// The days since 1970, by counting years from March so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let cases = [
            ("0.5s", Some((0, true))),
            ("-12.25s", Some((-12, true))),
            ("60s", Some((60, false))),
            ("1.xs", None),
            ("s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn times_are_read() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T00:00:01.5Z", Some(951_782_401)),
            ("2026-12-01T01:02:03Z", Some(1_796_086_923)),
            ("2026-12-01", None),
            ("aT:Z", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
