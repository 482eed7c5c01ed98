//! Sizes as people write them: the same on the command line and in settings.

/// A number of bytes: `5 MB`, `64M`, `2 GiB`, `4096`. `kB`, `MB` and `GB` are thousands; `KiB`, `MiB`
/// and `GiB`, and one letter alone, are of 1024.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "kib" | "k" => 1 << 10,
        "mb" => 1_000_000,
        "mib" | "m" => 1 << 20,
        "gb" => 1_000_000_000,
        "gib" | "g" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [
            ("4096", 4096),
            ("1 kB", 1_000),
            ("1KB", 1_000),
            ("1K", 1024),
            ("2MiB", 2 << 20),
            (" 64M ", 64 << 20),
            ("5 MB", 5_000_000),
            ("1g", 1 << 30),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "M", "-1", "1.5M", "5 apples", "99999999999999999999", "17179869184G"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
