//! Judges what is assigned to a credential's name.

use std::ops::Range;

use leakgate_model::{Confidence, Text};

use crate::evident::{self, Kind as Evident};
use crate::judge::{self, Alphabet};
use crate::language;
use crate::name::{self, Kind};
use crate::stand_in;
use crate::syntax::Syntax;
use crate::weak;

/// How a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) span: Range<usize>,
    pub(crate) how: How,
}

/// What stands around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Quotes.
    Quoted,
    /// Quotes, and the name is another argument or the function itself.
    Argument,
    /// Quotes, and a program compares with it, or a sentence says that this is the value.
    Told,
    /// The tags of an element.
    Element,
    /// A row of a table whose heading is the name.
    Cell,
    /// Nothing, where a value stands in settings.
    Bare,
    /// Nothing, where a bare word is a variable or prose: only a value that tells itself counts.
    Doubtful,
}

/// A value that was found to be a secret.
pub(crate) struct Judged {
    pub(crate) span: Range<usize>,
    pub(crate) confidence: Confidence,
    pub(crate) reason: Text,
}

/// Shorter values are no secrets that anybody could tell.
const SHORTEST: usize = 6;

/// Whether the value is a secret, where it stands, and why; `None` if it is none.
pub(crate) fn judge(
    text: &[u8],
    name: &Range<usize>,
    written: &Written,
    kind: Kind,
    syntax: Syntax,
) -> Option<Judged> {
    let value = &text[written.span.clone()];
    if kind == Kind::Password && weak::is_phrase(value, written.how, syntax) {
        let reason = "words under a password's name".into();
        return Some(Judged { span: written.span.clone(), confidence: Confidence::Low, reason });
    }
    if value.iter().any(u8::is_ascii_whitespace) {
        let word = drawn_word(value, kind).filter(|_| written.how != How::Doubtful)?;
        let span = written.span.start + word.start..written.span.start + word.end;
        return Some(random(span));
    }
    let in_query = name.start > 0 && matches!(text[name.start - 1], b'?' | b'&');
    let name = &text[name.clone()];
    let alphabet = Alphabet::of(value);
    // Text in another script has few ASCII marks, a password with an accent has some.
    let is_foreign = alphabet.foreign > 0 && alphabet.marks < 3;
    let dressed_up = kind == Kind::Password && weak::is_dressed_up(value, written.how, syntax);
    // A brace right behind a bare word begins the part that is filled in.
    let goes_on = text.get(written.span.end) == Some(&b'{');
    if alphabet.others > 0
        || is_foreign
        || value.len() < SHORTEST
        || is_reference(value, written.how)
        || goes_on
        || (!dressed_up && (name::mentions(value, name) || name::is_made_up(value)))
        || syntax != Syntax::Settings && name::is_made_up_in_leet(value)
        || is_of_badge(text, &written.span)
        || is_password_hash(value)
        || is_of_test_run(name, written.how, syntax)
        || written.how == How::Argument && name.ends_with(b"pass")
        || judge::is_placeholder(value)
    {
        return None;
    }
    let span = written.span.clone();
    let evident = evident::kind(value, name);
    match kind {
        _ if written.how == How::Doubtful => {
            // `signing key 0123…` is the fingerprint of one.
            let fingerprint = kind == Kind::Key && is_hex(value);
            let told = is_drawn(value) && is_token(value) && evident.is_none();
            if told && !fingerprint {
                return Some(random(span));
            }
            let quoted = span.start > 0 && matches!(text[span.start - 1], b'"' | b'\'');
            let chosen = kind == Kind::Password
                && quoted
                && syntax != Syntax::Code
                && alphabet.kinds() >= 3
                && is_chosen(value, alphabet, evident, written.how, syntax);
            let reason = "a value behind a password's name".into();
            chosen.then_some(Judged { span, confidence: Confidence::Low, reason })
        }
        Kind::Key if in_query && evident == Some(Evident::Uuid) => {
            let reason = "a UUID in the query of a URL".into();
            Some(Judged { span, confidence: Confidence::Low, reason })
        }
        Kind::Key | Kind::Mention => {
            let told =
                is_drawn(value) && is_token(value) && evident.is_none() && !is_public_key(value);
            let hex = is_hex(value);
            let plain = name.eq_ignore_ascii_case(b"key");
            let set = in_query || written.how != How::Element && is_setting(text, &span, syntax);
            let doubted = kind == Kind::Mention || plain && !set;
            (told && !(hex && doubted)).then(|| random(span))
        }
        // Some providers hand out UUIDs.
        Kind::Token | Kind::Secret if evident == Some(Evident::Uuid) => {
            let reason = "a UUID under a credential's name".into();
            Some(Judged { span, confidence: Confidence::Low, reason })
        }
        Kind::Token => {
            let told = evident.is_none() && is_token(value) && is_made(value, alphabet, written);
            told.then(|| random(span))
        }
        Kind::Secret => {
            if evident.is_none() && is_made(value, alphabet, written) {
                return Some(random(span));
            }
            let chosen = alphabet.kinds() >= 3
                && alphabet.letters() < value.len()
                && value.len() >= 8
                && evident.is_none()
                && is_chosen(value, alphabet, evident, written.how, syntax);
            let reason = "a value under a secret's name".into();
            if chosen {
                return Some(Judged { span, confidence: Confidence::Low, reason });
            }
            // Names of secrets have hyphens and full stops.
            let is_mark = |byte: &u8| b"!?@#$%^&*+".contains(byte);
            let word = (written.how == How::Told || value.iter().any(is_mark))
                && weak::is_password(value, evident, written.how, syntax);
            word.then_some(Judged { span, confidence: Confidence::Low, reason })
        }
        Kind::Password => {
            if is_chosen(value, alphabet, evident, written.how, syntax) {
                let reason = "a value under a password's name".into();
                return Some(Judged { span, confidence: Confidence::Medium, reason });
            }
            let reason = "a word under a password's name".into();
            let word = dressed_up || weak::is_password(value, evident, written.how, syntax);
            word.then_some(Judged { span, confidence: Confidence::Low, reason })
        }
    }
}

/// How far around a key in hexadecimal a cipher's other inputs stand, in bytes.
pub(crate) const AROUND: usize = 160;

/// Returns true if and only if a key in hexadecimal is one of settings or a log, and no test
/// vector of a cipher or row of a table: `key = 2b7e…`, and below it `iv = …`.
fn is_setting(text: &[u8], value: &Range<usize>, syntax: Syntax) -> bool {
    const INPUTS: [&[u8]; 15] = [
        b"iv",
        b"nonce",
        b"plain",
        b"plaintext",
        b"cipher",
        b"ciphertext",
        b"pt",
        b"ct",
        b"tag",
        b"aad",
        b"msg",
        b"message",
        b"salt",
        b"hash",
        b"digest",
    ];
    let before = &text[value.start.saturating_sub(AROUND)..value.start];
    let after = &text[value.end..text.len().min(value.end + AROUND)];
    let is_vector = |part: &[u8]| {
        let lower = part.to_ascii_lowercase();
        lower.split(|byte| !byte.is_ascii_alphabetic()).any(|word| INPUTS.contains(&word))
    };
    // Keys of package sources are told by a fingerprint in capitals.
    let capitals = text[value.clone()].iter().any(u8::is_ascii_uppercase);
    syntax != Syntax::Code
        && value.len() >= 24
        && !capitals
        && !is_vector(before)
        && !is_vector(after)
}

/// Returns true if and only if the value is a hash that has rules of its own.
fn is_password_hash(value: &[u8]) -> bool {
    const MARKS: [&[u8]; 12] = [
        b"pbkdf2_sha",
        b"bcrypt_sha256$",
        b"argon2$",
        b"$argon2",
        b"$2a$",
        b"$2b$",
        b"$2y$",
        b"$apr1$",
        b"$5$",
        b"$6$",
        b"$y$",
        b"{SSHA",
    ];
    value.len() >= 40 && MARKS.iter().any(|mark| value.starts_with(mark))
}

/// `PASS: the name of a test`, as logs of test runs have it.
fn is_of_test_run(name: &[u8], how: How, syntax: Syntax) -> bool {
    how == How::Bare && syntax == Syntax::Prose && name == b"PASS"
}

/// The token in the URL of a badge, which every README shows.
fn is_of_badge(text: &[u8], value: &Range<usize>) -> bool {
    let before = &text[value.start.saturating_sub(64)..value.start];
    let url = before.rsplit(|byte| b" \t\n\"'<>()".contains(byte)).next().unwrap_or_default();
    stand_in::holds(url, b".svg?")
}

fn random(span: Range<usize>) -> Judged {
    let reason = "a random value under a credential's name".into();
    Judged { span, confidence: Confidence::Medium, reason }
}

fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
}

/// Returns true if and only if the value has no other characters than tokens have: those of
/// RFC 6750, which headers and URLs take as they are, and few more.
fn is_token(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=.~:|!%*\\".contains(byte))
}

/// Rather made by a program than written, or by a person to look like that: all kinds of
/// characters.
fn is_made(value: &[u8], alphabet: Alphabet, written: &Written) -> bool {
    let made_up = written.how != How::Argument && value.len() >= 10 && alphabet.kinds() == 4;
    made_up || is_random(value, alphabet)
}

/// Returns true if and only if nobody wrote the value: it was drawn at random, beyond doubt.
pub(crate) fn is_drawn(value: &[u8]) -> bool {
    (16..=1024).contains(&value.len())
        && language::randomness(value) >= 0.99
        && !judge::is_monotonous(value)
}

/// A token's value: rather drawn than written.
fn is_random(value: &[u8], alphabet: Alphabet) -> bool {
    let marks_often = alphabet.marks * 4 > value.len();
    let mixed = alphabet.digits > 0 && alphabet.letters() > 1;
    let long = value.len() >= if mixed { 10 } else { 16 };
    long && !marks_often && (is_drawn(value) || mixed && !language::reads_like_language(value))
}

/// A password's value: people choose it, so that it may hold words.
fn is_chosen(
    value: &[u8],
    alphabet: Alphabet,
    evident: Option<Evident>,
    how: How,
    syntax: Syntax,
) -> bool {
    // Weak passwords look like numbers, versions, words; nobody's password is a template or a call.
    let possible = match evident {
        None | Some(Evident::Number | Evident::Version | Evident::Date | Evident::Address) => true,
        // Beside a name that is an argument, a word is another name.
        Some(Evident::Words) => how != How::Argument,
        Some(_) => false,
    };
    let bare_prose = how == How::Bare && syntax == Syntax::Prose;
    let mixed = alphabet.kinds() >= if bare_prose { 3 } else { 2 };
    (6..=128).contains(&value.len()) && mixed && possible && !is_wordy(value, alphabet)
}

/// The longest word of a value that was drawn at random: `Bearer …`, `{name AQAAABAAA …}`.
fn drawn_word(value: &[u8], kind: Kind) -> Option<Range<usize>> {
    let is_token = |core: &[u8]| match evident::kind(core, b"") {
        // Some providers hand out UUIDs.
        Some(Evident::Uuid) => matches!(kind, Kind::Token | Kind::Secret),
        evident => evident.is_none() && is_drawn(core) && !is_public_key(core),
    };
    let mut best: Option<Range<usize>> = None;
    let mut at = 0;
    for word in value.split(u8::is_ascii_whitespace) {
        let is_frame = |byte: &u8| b"{}()<>[],;:'\"`\\".contains(byte);
        let lead = word.iter().take_while(|byte| is_frame(byte)).count();
        let trail = word[lead..].iter().rev().take_while(|byte| is_frame(byte)).count();
        let span = at + lead..at + word.len() - trail;
        let longest = best.as_ref().is_none_or(|best| span.len() > best.len());
        let core = &value[span.clone()];
        // An opening brace inside begins what is filled in.
        let whole = longest && !core.contains(&b'{');
        if whole && is_token(core) {
            best = Some(span);
        }
        at += word.len() + 1;
    }
    best
}

/// Base64 of a public key or certificate, as SSH and DER begin it.
fn is_public_key(value: &[u8]) -> bool {
    value.starts_with(b"AAAA") || (value.starts_with(b"MII") && value.len() > 64)
}

/// Words joined by marks: `user_password_field`, `/etc/app/token`, `com.app.Token2`.
fn is_wordy(value: &[u8], alphabet: Alphabet) -> bool {
    if alphabet.letters() == 0 {
        return true;
    }
    let in_words: usize = value
        .split(|byte| !byte.is_ascii_alphabetic())
        .flat_map(|part| {
            part.chunk_by(|a, b| {
                a.is_ascii_lowercase() == b.is_ascii_lowercase()
                    || (a.is_ascii_uppercase() && b.is_ascii_lowercase())
            })
        })
        .filter(|word| word.len() >= 4 && has_vowels(word))
        .map(<[u8]>::len)
        .sum();
    let marked = alphabet.digits == 0 || value.starts_with(b"/") || value.starts_with(b"./");
    marked
        && in_words * 3 >= value.len() * 2
        && !value
            .iter()
            .any(|byte| matches!(byte, b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*'))
}

fn has_vowels(word: &[u8]) -> bool {
    let vowels = word.iter().filter(|byte| b"aeiouyAEIOUY".contains(byte)).count();
    vowels * 5 >= word.len()
}

/// A value that another value fills in, or an expression.
fn is_reference(value: &[u8], how: How) -> bool {
    let has = |needle: &[u8]| stand_in::holds(value, needle);
    if has(b"://")
        || has(b"${")
        || has(b"process.env")
        || has(b"os.environ")
        || has(b"getenv")
        || value.starts_with(b"@env:")
        || value.starts_with(b"@keychain:")
    {
        return true;
    }
    // A shell's quotes: `"'$NAME'"`.
    if value.starts_with(b"'$") || value.starts_with(b"\"$") {
        return true;
    }
    // A tag of YAML: `!secret name`, `!vault |`.
    let tagged =
        value.strip_prefix(b"!").is_some_and(|tag| tag.iter().all(u8::is_ascii_alphabetic));
    if tagged && how == How::Bare {
        return true;
    }
    let first = value.first().copied().unwrap_or(0);
    let quoted = matches!(how, How::Quoted | How::Argument | How::Told);
    if matches!(first, b'$' | b'%' | b'<' | b'{' | b'&' | b'*') && !quoted {
        return true;
    }
    let dollar_name = value.starts_with(b"$")
        && value[1..].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    // Calls and member accesses are expressions unless a quote holds them.
    dollar_name || (!quoted && value.iter().any(|byte| matches!(byte, b'(' | b'[' | b'{' | b'|')))
}
