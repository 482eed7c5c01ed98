//! What stands where a secret will stand: stand-in words, blots, and what a program fills in.

use crate::language;

/// Returns true if and only if the value holds a word such as `changeme` or `example`.
pub(crate) fn holds_stand_in(value: &[u8]) -> bool {
    let begins = |rest: &[u8]| {
        let first = rest[0].to_ascii_lowercase();
        STAND_INS[usize::from(FIRST[usize::from(first)])..]
            .iter()
            .take_while(|word| word[0] == first)
            .any(|word| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word))
    };
    (0..value.len()).any(|at| begins(&value[at..]))
}

/// Returns true if and only if characters are blotted out: `***`, `xxxxx`, `….`, `####`.
pub(crate) fn is_masked(value: &[u8]) -> bool {
    let blot = |byte: u8| match byte {
        b'*' => 3,
        b'#' | b'.' => 4,
        // A long token has four of one letter by chance once in some thousands.
        b'x' | b'X' => 5,
        // These also stand in base64 for URLs.
        b'_' | b'-' => 4.max(value.len() / 2),
        _ => usize::MAX,
    };
    value.chunk_by(|a, b| a == b).any(|run| run.len() >= blot(run[0]))
        || value.ends_with(b"...")
        || holds(value, "\u{2026}".as_bytes())
        || holds(value, "\u{2022}\u{2022}".as_bytes())
}

/// Returns true if and only if a program fills the value in.
pub(crate) fn is_template(value: &[u8]) -> bool {
    let within = |open: &[u8], close: &[u8]| {
        value.len() > open.len() + close.len() && value.starts_with(open) && value.ends_with(close)
    };
    let marks: [&[u8]; 8] = [b"${", b"$(", b"{{", b"}}", b"%(", b"<%", b"#{", b"$["];
    let name = |text: &[u8]| {
        text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(byte))
            && language::reads_like_language(text)
    };
    marks.iter().any(|mark| holds(value, mark))
        || within(b"<", b">")
        || within(b"{", b"}")
        || within(b"[", b"]")
        || within(b"%", b"%")
        || within(b"@", b"@")
        || within(b"__", b"__")
        || value.strip_prefix(b"$").is_some_and(name)
        // Texts of PHP are joined by a full stop.
        || value.starts_with(b".$")
        || value.strip_prefix(b"%").is_some_and(name)
        || holds_name_in_braces(value)
        || holds_directive(value)
}

/// `{name}` and `{}`, as format strings have it.
fn holds_name_in_braces(value: &[u8]) -> bool {
    value.split(|&byte| byte == b'{').skip(1).any(|rest| {
        let name = rest.split(|&byte| byte == b'}').next().unwrap_or_default();
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:$ ".contains(byte);
        name.len() < rest.len() && name.iter().all(part)
    })
}

/// `%s` and its like beside words.
fn holds_directive(value: &[u8]) -> bool {
    let directive = |pair: &[u8]| pair[0] == b'%' && b"sdvqx@ui".contains(&pair[1]);
    value.windows(2).any(directive) && language::reads_like_language(value)
}

/// For values as short as these, quicker than a search that has to be set up.
pub(crate) fn holds(value: &[u8], needle: &[u8]) -> bool {
    value.windows(needle.len()).any(|window| window == needle)
}

/// Words that stand where a secret will stand, in lower case. Each is so long that a random value
/// of 40 letters holds it by chance less than once in ten thousand. Those that begin alike stand
/// together.
const STAND_INS: &[&[u8]] = &[
    b"changeit",
    b"changeme",
    b"change_me",
    b"change-me",
    b"change_this",
    b"changethis",
    b"dummy",
    b"example",
    b"fake_",
    b"fake-",
    b"fakekey",
    b"faketoken",
    b"fakesecret",
    b"fixme",
    b"foobar",
    b"insert_",
    b"insert-",
    b"inserthere",
    b"lorem",
    b"my_secret",
    b"mysecret",
    b"my_token",
    b"my-token",
    b"mytoken",
    b"my_api",
    b"my-api",
    b"myapikey",
    b"my_password",
    b"not_a_real",
    b"not-a-real",
    b"notreal",
    b"placeholder",
    b"redacted",
    b"replaceme",
    b"replace_",
    b"replace-",
    b"sample",
    b"testtest",
    b"to_be_",
    b"todo_",
    b"your_",
    b"your-",
    b"yourapi",
    b"yourkey",
    b"yourpass",
    b"yoursecret",
    b"yourtoken",
    b"-here",
    b"_goes_",
    b"_here",
];

/// The first of the words that begin with a byte.
const FIRST: [u8; 256] = {
    let mut first = [STAND_INS.len() as u8; 256];
    let mut at = STAND_INS.len();
    while at > 0 {
        at -= 1;
        first[STAND_INS[at][0] as usize] = at as u8;
    }
    first
};
