//! What the tests of the engine share.

/// A GitHub token with a right checksum, made here so that no file holds one.
pub(crate) fn token() -> String {
    let body: String = (0..30_u8).map(|at| char::from(b'a' + at * 7 % 26)).collect();
    let mut left = crc32fast::hash(body.as_bytes()) as usize;
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut check = [b'0'; 6];
    for digit in check.iter_mut().rev() {
        *digit = digits[left % 62];
        left /= 62;
    }
    format!("ghp_{body}{}", String::from_utf8_lossy(&check))
}
