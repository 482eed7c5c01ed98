//! Lists of ranges of a text.

use std::ops::Range;

/// Sorts ranges and makes one of those that touch.
pub fn join(ranges: &mut Vec<Range<usize>>) {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
}

/// Returns true if and only if a range touches one of these, which are sorted and apart.
pub fn touched(ranges: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = ranges.partition_point(|one| one.end < range.start);
    ranges.get(next).is_some_and(|one| one.start <= range.end)
}
