//! How long a finding stood in the history: the shapes for programs, and dates.

use std::borrow::Cow;

use bstr::ByteSlice as _;
use leakgate_model::{Deed, Site, Trace};
use serde::Serialize;

use crate::escape::percent_encoded;

/// A trace as JSON and SARIF write it.
#[derive(Serialize)]
pub(crate) struct WireTrace<'a> {
    standing: &'static str,
    introduced: Option<WireDeed<'a>>,
    removed: Option<WireDeed<'a>>,
    refs: Vec<Cow<'a, str>>,
    sites: Vec<WireSite<'a>>,
}

#[derive(Serialize)]
struct WireDeed<'a> {
    commit: String,
    author: Cow<'a, str>,
    date: String,
}

#[derive(Serialize)]
struct WireSite<'a> {
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    object: Option<String>,
    line: Option<u64>,
    column: Option<u64>,
    start_byte: Option<u64>,
    end_byte: Option<u64>,
}

impl<'a> WireTrace<'a> {
    pub(crate) fn of(trace: &'a Trace) -> Self {
        Self {
            standing: trace.standing.as_str(),
            introduced: trace.introduced.as_ref().map(WireDeed::of),
            removed: trace.removed.as_ref().map(WireDeed::of),
            refs: trace.refs.iter().map(|name| name.to_str_lossy()).collect(),
            sites: trace.sites.iter().map(WireSite::of).collect(),
        }
    }
}

impl<'a> WireDeed<'a> {
    fn of(deed: &'a Deed) -> Self {
        let author = deed.author.to_str_lossy();
        Self { commit: deed.commit.to_string(), author, date: date_time(deed) }
    }
}

impl<'a> WireSite<'a> {
    fn of(site: &'a Site) -> Self {
        Self {
            path: site.path.to_str_lossy(),
            path_bytes: site.path.to_str().is_err().then(|| percent_encoded(&site.path)),
            object: site.object.map(|object| object.to_string()),
            line: site.at.map(|at| at.0),
            column: site.at.map(|at| at.1),
            start_byte: site.at.map(|at| at.2),
            end_byte: site.at.map(|at| at.3),
        }
    }
}

/// The day on the author's calendar: `2024-05-06`.
pub(crate) fn day(deed: &Deed) -> String {
    let local = deed.seconds.saturating_add(i64::from(deed.offset));
    let (year, month, day) = civil(local.div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// RFC 3339, on the author's clock: `2024-05-06T07:08:09+02:00`.
fn date_time(deed: &Deed) -> String {
    let local = deed.seconds.saturating_add(i64::from(deed.offset));
    let second = local.rem_euclid(86_400);
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    let sign = if deed.offset < 0 { '-' } else { '+' };
    let zone = deed.offset.unsigned_abs() / 60;
    format!(
        "{}T{hours:02}:{minutes:02}:{seconds:02}{sign}{:02}:{:02}",
        day(deed),
        zone / 60,
        zone % 60
    )
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar. The years
/// are counted from March, so that the day that some of them have more is the last one:
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.clamp(-1_000_000_000, 1_000_000_000) + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use leakgate_model::ObjectId;

    use super::*;

    fn at(seconds: i64, offset: i32) -> String {
        let commit = ObjectId::from_bytes(&[1; 20]).expect("it is short");
        date_time(&Deed { commit, author: "A".into(), seconds, offset })
    }

    #[test]
    fn dates_are_those_of_the_author() {
        assert_eq!(at(0, 0), "1970-01-01T00:00:00+00:00");
        assert_eq!(at(1_714_979_289, 7200), "2024-05-06T09:08:09+02:00");
        assert_eq!(at(1_709_164_800, -5 * 3600 - 1800), "2024-02-28T18:30:00-05:30");
        assert_eq!(at(-1, 0), "1969-12-31T23:59:59+00:00");
        assert!(!at(i64::MAX, 0).is_empty() && !at(i64::MIN, i32::MIN).is_empty());
    }
}
