//! When a credential ends, as it says itself. No clock is read: the same bytes give the same words.

use std::ops::Range;

use leakgate_model::Text;

/// How far around a signature its other fields are looked for, in bytes.
const AROUND: usize = 512;
/// No longer than year 9999, as seconds.
const LAST: u64 = 253_402_300_799;

/// The day of a moment in seconds since 1970, as `2030-01-31`; `None` if nobody means it.
pub(crate) fn day(seconds: u64) -> Option<String> {
    if seconds == 0 || seconds > LAST {
        return None;
    }
    // Howard Hinnant, "chrono-compatible low-level date algorithms", days to a civil date: years
    // begin in March, so that the day that comes and goes is the last.
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{date:02}"))
}

/// What the `se` field of the shared access signature says whose `sig` begins at `at`.
pub(crate) fn of_signature(text: &[u8], at: usize) -> Option<Text> {
    let field = field(text, at)?;
    let digits = field.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let day = if digits >= 9 {
        let seconds = std::str::from_utf8(&field[..digits]).ok()?.parse().ok()?;
        day(seconds)?
    } else {
        let date = field.get(..10)?;
        let is_date = date.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        String::from_utf8(date.to_vec()).ok().filter(|_| is_date)?
    };
    Some(format!("expires {day}").into())
}

/// What stands behind `se=` in the same address or connection string.
fn field(text: &[u8], at: usize) -> Option<&[u8]> {
    let Range { start, end } = at.saturating_sub(AROUND)..text.len().min(at + AROUND);
    let inside = |byte: &u8| byte.is_ascii_graphic() && !b"\"'`<>".contains(byte);
    let before = text[start..at].iter().rev().take_while(|byte| inside(byte)).count();
    let after = text[at..end].iter().take_while(|byte| inside(byte)).count();
    let around = &text[at - before..at + after];
    let mut fields = around.split(|byte| b"?&;".contains(byte));
    fields.find_map(|field| field.strip_prefix(b"se="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_682_899_200, "2023-05-01"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (LAST, "9999-12-31"),
        ] {
            assert_eq!(day(seconds).as_deref(), Some(expected));
        }
        assert_eq!(day(0).or(day(u64::MAX)), None);
    }

    #[test]
    fn the_end_of_a_signature_is_read() {
        for (text, expected) in [
            ("https://a/b?sv=1&se=2030-01-31T00%3A00&sig=x", Some("expires 2030-01-31")),
            ("sr=a&sig=x&se=1682899200&skn=send", Some("expires 2023-05-01")),
            ("see?se=2030-01-31 and ?sig=x", None),
            ("https://a/b?se=soon&sig=x", None),
        ] {
            let at = text.find("sig=").expect("it is there") + 4;
            assert_eq!(of_signature(text.as_bytes(), at).as_deref(), expected, "{text}");
        }
    }
}
