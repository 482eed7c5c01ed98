//! Git's deltas: an object told as copies from another one and inserted bytes.
//!
//! The format is that of gitformat-pack(5): the two sizes as variable-length numbers, then the
//! instructions. A delta is hostile input: whatever does not fit is an error, never a panic.

/// One instruction, its target placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copy {
    /// Where in the base the bytes stand.
    pub from: usize,
    /// Where in the result they stand.
    pub to: usize,
    /// How many they are.
    pub len: usize,
}

/// Why a delta cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its delta is malformed")]
pub(super) struct Malformed;

/// Applies `delta` to `base`: the result goes into `out`, which is cleared first, and the copies,
/// in the order of their places in the result, into `copies`. What lies between two copies was
/// inserted. Neighbours that go on where the one before ended are told as one copy.
pub(super) fn apply(
    delta: &[u8],
    base: &[u8],
    limit: usize,
    out: &mut Vec<u8>,
    copies: &mut Vec<Copy>,
) -> Result<(), Malformed> {
    out.clear();
    copies.clear();
    let mut cursor = Cursor { bytes: delta };
    let (source, target) = (cursor.number()?, cursor.number()?);
    if source != base.len() || target > limit {
        return Err(Malformed);
    }
    out.reserve_exact(target);
    while let Some((&code, rest)) = cursor.bytes.split_first() {
        cursor.bytes = rest;
        if code & 0x80 == 0 {
            if code == 0 {
                return Err(Malformed);
            }
            out.extend_from_slice(cursor.take(usize::from(code))?);
        } else {
            let from = cursor.sparse(code, 4)?;
            let len = match cursor.sparse(code >> 4, 3)? {
                0 => 0x1_0000,
                len => len,
            };
            let bytes =
                from.checked_add(len).and_then(|end| base.get(from..end)).ok_or(Malformed)?;
            let to = out.len();
            match copies.last_mut() {
                Some(last) if last.to + last.len == to && last.from + last.len == from => {
                    last.len += len;
                }
                _ => copies.push(Copy { from, to, len }),
            }
            out.extend_from_slice(bytes);
        }
        if out.len() > target {
            return Err(Malformed);
        }
    }
    if out.len() == target { Ok(()) } else { Err(Malformed) }
}

struct Cursor<'d> {
    bytes: &'d [u8],
}

impl<'d> Cursor<'d> {
    fn take(&mut self, count: usize) -> Result<&'d [u8], Malformed> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self) -> Result<usize, Malformed> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(number).map_err(|_| Malformed);
            }
        }
        Err(Malformed)
    }

    /// A number whose bytes are there as `flags` says.
    fn sparse(&mut self, flags: u8, count: usize) -> Result<usize, Malformed> {
        let mut number = 0;
        for index in 0..count {
            if flags >> index & 1 != 0 {
                number |= usize::from(self.take(1)?[0]) << (8 * index);
            }
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(delta: &[u8], base: &[u8]) -> Result<(Vec<u8>, Vec<Copy>), Malformed> {
        let (mut out, mut copies) = (Vec::new(), Vec::new());
        apply(delta, base, 1 << 20, &mut out, &mut copies).map(|()| (out, copies))
    }

    #[test]
    fn copies_and_inserts_are_told() {
        let delta = [&[6, 9, 0x90, 2, 3][..], b"new", &[0x91, 2, 2, 0x91, 4, 2]].concat();
        let (out, copies) = applied(&delta, b"abcdef").expect("it fits");
        assert_eq!(out, b"abnewcdef");
        assert_eq!(copies, [Copy { from: 0, to: 0, len: 2 }, Copy { from: 2, to: 5, len: 4 }]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for delta in [
            &[][..],
            &[6],
            &[7, 1, 0x90, 1],
            &[6, 2, 0x90, 1],
            &[6, 1, 0x90, 2],
            &[6, 2, 0x91, 5, 2],
            &[6, 1, 0],
            &[6, 3, 3, b'a'],
            &[6, 1, 0xff],
            &[0xff; 12],
        ] {
            assert_eq!(applied(delta, b"abcdef"), Err(Malformed), "{delta:?}");
        }
    }

    #[test]
    fn odd_bytes_do_no_harm() {
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut delta = vec![6, 20];
            for _ in 0..8 {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                delta.push((state >> 33) as u8);
            }
            let _ = applied(&delta, b"abcdef");
        }
    }
}
