//! Values of fixed structure that are public: UUIDs, numbers, versions, dates, addresses, formats.

use crate::evident::Kind;
use crate::language;

/// The kind of a value that its structure alone tells.
pub(crate) fn kind(value: &[u8]) -> Option<Kind> {
    if is_uuid(value) {
        Some(Kind::Uuid)
    } else if is_number(value) {
        Some(Kind::Number)
    } else if is_date(value) {
        Some(Kind::Date)
    } else if is_ipv4(value) || is_hex_groups(value) || is_mailbox(value) {
        Some(Kind::Address)
    } else if is_version(value) {
        Some(Kind::Version)
    } else {
        let format = is_colour(value) || is_media_type(value) || is_date_pattern(value);
        (format || value.starts_with(b"data:image/")).then_some(Kind::Format)
    }
}

fn is_uuid(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"urn:uuid:").unwrap_or(value);
    let value = match value {
        [b'{', inner @ .., b'}'] => inner,
        _ => value,
    };
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Digits with separators and a sign, `0x…`, `1e-9`, and maybe a unit.
pub(crate) fn is_number(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"-").or(value.strip_prefix(b"+")).unwrap_or(value);
    if let Some(hex) = value.strip_prefix(b"0x").or(value.strip_prefix(b"0X")) {
        // Longer ones may be keys.
        return hex.len() <= 16 && hex.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'_');
    }
    if !value.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let digits =
        value.iter().take_while(|byte| byte.is_ascii_digit() || b".,_".contains(byte)).count();
    let unit = &value[digits..];
    let exponent = matches!(unit, [b'e' | b'E', rest @ ..] if {
        let rest = rest.strip_prefix(b"-").or(rest.strip_prefix(b"+")).unwrap_or(rest);
        !rest.is_empty() && rest.len() <= 3 && rest.iter().all(u8::is_ascii_digit)
    });
    let dots = value[..digits].iter().filter(|&&byte| byte == b'.').count();
    dots <= 1
        && (exponent || unit.is_empty() || UNITS.iter().any(|one| unit.eq_ignore_ascii_case(one)))
}

/// Of lengths, times, amounts of memory, and types in Rust and C.
const UNITS: &[&[u8]] = &[
    b"%", b"px", b"pt", b"em", b"rem", b"vh", b"vw", b"deg", b"ns", b"us", b"ms", b"s", b"sec",
    b"min", b"m", b"h", b"d", b"w", b"y", b"b", b"k", b"g", b"t", b"kb", b"mb", b"gb", b"tb",
    b"ki", b"mi", b"gi", b"kib", b"mib", b"gib", b"u", b"l", b"ul", b"ll", b"ull", b"n", b"f",
    b"u8", b"u16", b"u32", b"u64", b"i32", b"i64", b"f32", b"f64",
];

/// `2024-02-30`, `30.2.2024`, `23:59:59`, `2024-02-30T23:59:59Z`.
fn is_date(value: &[u8]) -> bool {
    let day = value.split(|byte| matches!(byte, b'T' | b' ')).next().unwrap_or_default();
    let time = value.get(day.len() + 1..).unwrap_or_default();
    let numbers = |text: &[u8], separators: &[u8], least: usize| {
        let mut count = 0;
        text.split(|byte| separators.contains(byte)).all(|part| {
            count += 1;
            (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
        }) && (least..=3).contains(&count)
    };
    let clock = |text: &[u8]| {
        let text = text.strip_suffix(b"Z").unwrap_or(text);
        let zone = text.iter().position(|byte| b"+-.,".contains(byte)).unwrap_or(text.len());
        let (text, zone) = text.split_at(zone);
        numbers(text, b":", 2)
            && zone.iter().all(|byte| byte.is_ascii_digit() || b"+-:.,".contains(byte))
    };
    if day.len() == value.len() {
        return numbers(day, b"-/", 3) || clock(value);
    }
    numbers(day, b"-/.", 3) && clock(time)
}

/// Four numbers below 256, maybe with a port or the length of a net.
fn is_ipv4(value: &[u8]) -> bool {
    let end = value.iter().position(|byte| matches!(byte, b':' | b'/')).unwrap_or(value.len());
    let (host, port) = value.split_at(end);
    let mut count = 0;
    let parts = host.split(|&byte| byte == b'.').all(|part| {
        count += 1;
        let number = std::str::from_utf8(part).ok().and_then(|part| part.parse::<u8>().ok());
        number.is_some()
    });
    parts && count == 4 && port.iter().skip(1).all(u8::is_ascii_digit)
}

/// IPv6 and MAC addresses: groups of at most four hexadecimal digits.
fn is_hex_groups(value: &[u8]) -> bool {
    let value = match value {
        [b'[', inner @ .., b']'] => inner,
        _ => value,
    };
    let host = value.split(|&byte| byte == b'/').next().unwrap_or_default();
    let groups = |separator: u8, longest: usize| {
        let mut count = 0;
        let fit = host.split(|&byte| byte == separator).all(|group| {
            count += 1;
            group.len() <= longest && group.iter().all(u8::is_ascii_hexdigit)
        });
        if fit { count } else { 0 }
    };
    let colons = memchr::memmem::find(host, b"::").is_some();
    groups(b':', 2) == 6
        || groups(b'-', 2) == 6
        || groups(b':', 4) == 8
        || (colons && (3..8).contains(&groups(b':', 4)))
}

/// `name@host.tld`.
fn is_mailbox(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"mailto:").unwrap_or(value);
    let mut parts = value.split(|&byte| byte == b'@');
    let (Some(name), Some(host), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let fits = |text: &[u8], marks: &[u8]| {
        text.first().is_some_and(u8::is_ascii_alphanumeric)
            && text.iter().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(byte))
    };
    let top = host.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    fits(name, b"._+-")
        && language::reads_like_language(name)
        && fits(host, b".-")
        && host.contains(&b'.')
        && (2..=10).contains(&top.len())
        && top.iter().all(u8::is_ascii_lowercase)
}

/// `1.2.3`, `v2.0.0-rc.1+build`, `^1.2`, `>=2,<3`.
fn is_version(value: &[u8]) -> bool {
    value.split(|byte| matches!(byte, b',' | b' ' | b'|')).filter(|part| !part.is_empty()).all(
        |part| {
            let start =
                part.iter().position(|byte| !b"^~<>=!v".contains(byte)).unwrap_or(part.len());
            let number = &part[start..];
            let end = number
                .iter()
                .position(|byte| !byte.is_ascii_digit() && !b".*x".contains(byte))
                .unwrap_or(number.len());
            let (number, label) = number.split_at(end);
            number.first().is_some_and(u8::is_ascii_digit)
                && number.contains(&b'.')
                && number.split(|&byte| byte == b'.').all(|part| part.len() <= 5)
                && label.len() <= 20
                && label.split(|byte| !byte.is_ascii_alphabetic()).all(|word| {
                    word.len() <= 1 || LABELS.iter().any(|label| word.eq_ignore_ascii_case(label))
                })
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-+._~".contains(byte))
        },
    )
}

/// What stands behind a version's number.
const LABELS: &[&[u8]] = &[
    b"alpha",
    b"beta",
    b"rc",
    b"pre",
    b"dev",
    b"post",
    b"snapshot",
    b"release",
    b"final",
    b"ga",
    b"canary",
    b"next",
    b"nightly",
    b"build",
    b"preview",
    b"patch",
    b"stable",
    b"lts",
    b"alpine",
    b"slim",
    b"jre",
    b"sp",
];

fn is_colour(value: &[u8]) -> bool {
    value.strip_prefix(b"#").is_some_and(|digits| {
        matches!(digits.len(), 3 | 4 | 6 | 8) && digits.iter().all(u8::is_ascii_hexdigit)
    })
}

fn is_media_type(value: &[u8]) -> bool {
    const TYPES: &[&[u8]] = &[
        b"application",
        b"audio",
        b"font",
        b"image",
        b"message",
        b"model",
        b"multipart",
        b"text",
        b"video",
    ];
    let Some(slash) = value.iter().position(|&byte| byte == b'/') else { return false };
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b".+-*;= ".contains(byte);
    TYPES.iter().any(|name| value[..slash].eq_ignore_ascii_case(name))
        && (1..64).contains(&(value.len() - slash - 1))
        && value[slash + 1..].iter().all(inside)
}

/// `%Y-%m-%d` and `yyyy-MM-dd`.
fn is_date_pattern(value: &[u8]) -> bool {
    let directives =
        value.windows(2).filter(|pair| pair[0] == b'%' && pair[1].is_ascii_alphabetic()).count();
    if directives >= 2 && directives * 4 >= value.len() {
        return true;
    }
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let fields: usize = value
        .chunk_by(|a, b| a == b)
        .filter(|run| b"yYMDdHhmsS".contains(&run[0]) && matches!(run.len(), 2 | 4))
        .map(<[u8]>::len)
        .sum();
    letters >= 6 && letters <= fields + 2 && !value.iter().any(u8::is_ascii_digit)
}
