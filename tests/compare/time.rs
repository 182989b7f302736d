//! Times and durations, as protobuf's JSON writes them.

/// The seconds since 1970 of a time like `2026-01-31T12:00:00.5Z`.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let time = time.split('.').next().unwrap_or_default();
    let [hour, minute, second] = numbers(time, ':')?;
    Some(days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// The seconds of a duration like `0.5s` that somebody has measured. What somebody has chosen is whole.
pub(crate) fn measured_seconds(text: &str) -> Option<i64> {
    let (whole, part) = text.strip_suffix('s')?.split_once('.')?;
    part.parse::<u64>().ok()?;
    whole.trim_start_matches('-').parse::<i64>().ok().map(|seconds| if text.starts_with('-') { -seconds } else { seconds })
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
        let cases = [("0.5s", Some(0)), ("-12.25s", Some(-12)), ("60s", None), ("1.xs", None), ("s", None)];
        for (text, expected) in cases {
            assert_eq!(measured_seconds(text), expected, "{text}");
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
