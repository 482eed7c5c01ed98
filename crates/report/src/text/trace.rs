//! How long a finding stood in the history, in a few lines.

use leakgate_model::{Deed, Standing, Trace};

use crate::escape::visible_bytes;
use crate::trace::day;

/// More refs and paths than this are counted, not named.
const MOST_NAMES: usize = 3;

/// When it came and went, where it is now, and how many places it has.
pub(super) fn lines(trace: &Trace) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(trace.introduced.as_ref().map(|deed| format!("introduced {}", told(deed))));
    lines.extend(trace.removed.as_ref().map(|deed| format!("removed {}", told(deed))));
    let refs = names(trace.refs.iter().map(|name| visible_bytes(name)).collect(), "ref", "refs");
    let mut paths: Vec<String> = trace.sites.iter().map(|site| visible_bytes(&site.path)).collect();
    paths.dedup();
    // The place above is where it came in, and not always where it is now.
    let head = if paths.len() > 1 { "HEAD (in some file of those below)" } else { "HEAD" };
    lines.push(match trace.standing {
        Standing::Head if refs.is_empty() => format!("still in {head}"),
        Standing::Head => format!("still in {head} and in {refs}"),
        Standing::Tip if refs.is_empty() => "a ref points to it".to_owned(),
        Standing::Tip => format!("not in HEAD, but in {refs}"),
        Standing::Past => "only in the history".to_owned(),
        Standing::Unreachable => "only in objects that no ref leads to".to_owned(),
    });
    if trace.sites.len() > 1 {
        let sites = trace.sites.len();
        lines.push(format!("in {sites} versions of {}", names(paths, "file", "files")));
    }
    lines
}

/// "on 2024-05-06 by A U Thor <author@example.com> in 1a2b3c4d5e6f"
fn told(deed: &Deed) -> String {
    let commit = deed.commit.to_string();
    format!("on {} by {} in {}", day(deed), visible_bytes(&deed.author), &commit[..12])
}

fn names(mut names: Vec<String>, one: &str, many: &str) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    match more {
        0 => names.join(", "),
        more => {
            format!("{} and {more} more {}", names.join(", "), if more == 1 { one } else { many })
        }
    }
}
