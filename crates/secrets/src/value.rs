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
    /// What counts where something else is not set: `${NAME:-…}`.
    Fallback,
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
        return Some(Why::Words.at(written.span.clone()));
    }
    if value.iter().any(u8::is_ascii_whitespace) {
        let word = drawn_word(value, kind).filter(|_| written.how != How::Doubtful)?;
        let start = written.span.start;
        return Some(Why::Random.at(start + word.start..start + word.end));
    }
    let mut case = Case::new(text, name, written, syntax);
    let dressed_up = kind == Kind::Password && weak::is_dressed_up(value, written.how, syntax);
    let made_up = !dressed_up && (name::mentions(value, case.name) || name::is_made_up(value));
    if made_up || case.is_nothing() {
        return None;
    }
    case.evident = evident::kind(value, with_what_is_of(text, name));
    let why = match kind {
        _ if case.how == How::Doubtful => case.doubtful(kind),
        Kind::Key | Kind::Mention => case.key(kind),
        Kind::Token => case.token(),
        Kind::Secret => case.secret(),
        Kind::Password => case.password(dressed_up),
    };
    why.map(|why| why.at(case.span.clone()))
}

/// Whether one of several values under a name is a secret. It has to tell itself, unless it is a
/// password of settings.
pub(crate) fn judge_item(
    text: &[u8],
    name: &Range<usize>,
    written: &Written,
    kind: Kind,
    syntax: Syntax,
) -> Option<Judged> {
    let case = Case::new(text, name, written, syntax);
    if name::mentions(case.value, case.name) || name::is_made_up(case.value) || case.is_nothing() {
        return None;
    }
    let evident = evident::kind(case.value, case.name);
    if evident.is_none() && is_drawn(case.value) && is_token(case.value) {
        return (!is_public_key(case.value)).then(|| Why::Random.at(case.span));
    }
    let chosen = kind == Kind::Password
        && syntax != Syntax::Code
        && case.alphabet.kinds() >= 3
        && evident.is_none()
        && case.is_chosen();
    chosen.then(|| Why::Password.at(case.span))
}

/// A name with the word in front of it that says what of it the value is: `SHA-1 of the secret`.
fn with_what_is_of<'t>(text: &'t [u8], name: &Range<usize>) -> &'t [u8] {
    const LONGEST: usize = 24;
    let lowest = name.start.saturating_sub(LONGEST);
    let word = || -> Option<usize> {
        let before = text[lowest..name.start].strip_suffix(b" ")?;
        let article = [&b" the"[..], b" this", b" an", b" a"];
        let before = article.iter().find_map(|one| before.strip_suffix(*one)).unwrap_or(before);
        let before = before.strip_suffix(b" of")?;
        let len = before.iter().rev().take_while(|byte| byte.is_ascii_graphic()).count();
        Some(lowest + before.len() - len)
    };
    &text[word().unwrap_or(name.start)..name.end]
}

/// Why a value is a secret.
#[derive(Debug, Clone, Copy)]
enum Why {
    Random,
    Uuid,
    UuidInQuery,
    /// Somebody chose it.
    Password,
    Secret,
    /// With a mere blank between the name and it.
    Behind,
    Word,
    Words,
}

impl Why {
    fn at(self, span: Range<usize>) -> Judged {
        let (confidence, reason) = match self {
            Self::Random => (Confidence::Medium, "a random value under a credential's name"),
            Self::Uuid => (Confidence::Low, "a UUID under a credential's name"),
            Self::UuidInQuery => (Confidence::Low, "a UUID in the query of a URL"),
            Self::Password => (Confidence::Medium, "a value under a password's name"),
            Self::Secret => (Confidence::Low, "a value under a secret's name"),
            Self::Behind => (Confidence::Low, "a value behind a password's name"),
            Self::Word => (Confidence::Low, "a word under a password's name"),
            Self::Words => (Confidence::Low, "words under a password's name"),
        };
        Judged { span, confidence, reason: reason.into() }
    }
}

/// A value, and what is known of it and around it.
struct Case<'t> {
    text: &'t [u8],
    name: &'t [u8],
    /// The name stands behind `?` or `&`, as in the query of a URL.
    in_query: bool,
    value: &'t [u8],
    span: Range<usize>,
    how: How,
    syntax: Syntax,
    alphabet: Alphabet,
    evident: Option<Evident>,
}

impl<'t> Case<'t> {
    fn new(text: &'t [u8], name: &Range<usize>, written: &Written, syntax: Syntax) -> Self {
        let value = &text[written.span.clone()];
        Self {
            text,
            in_query: name.start > 0 && matches!(text[name.start - 1], b'?' | b'&'),
            name: &text[name.clone()],
            value,
            span: written.span.clone(),
            how: written.how,
            syntax,
            alphabet: Alphabet::of(value),
            evident: None,
        }
    }

    /// Returns true if and only if the value is no secret under any name.
    fn is_nothing(&self) -> bool {
        let Self { text, value, span, alphabet, .. } = self;
        // Text in another script has few ASCII marks, a password with an accent has some.
        let is_foreign = alphabet.foreign > 0 && alphabet.marks < 3;
        // A brace right behind a bare word begins the part that is filled in.
        let goes_on = text.get(span.end) == Some(&b'{');
        let is_call = self.how == How::Argument && self.name.ends_with(b"pass");
        alphabet.others > 0
            || is_foreign
            || value.len() < SHORTEST
            || is_reference(value, self.how)
            || goes_on
            || is_call
            || self.syntax != Syntax::Settings && name::is_made_up_in_leet(value)
            || is_of_badge(text, span)
            || is_password_hash(value)
            || is_of_test_run(self.name, self.how, self.syntax)
            || judge::is_placeholder(value)
    }

    /// Where a bare word is a variable or prose.
    fn doubtful(&self, kind: Kind) -> Option<Why> {
        // `signing key 0123…` is the fingerprint of one.
        let fingerprint = kind == Kind::Key && is_hex(self.value);
        if is_drawn(self.value) && is_token(self.value) && self.evident.is_none() && !fingerprint {
            return Some(Why::Random);
        }
        let before = self.span.start.checked_sub(1).map(|at| self.text[at]);
        let quoted = matches!(before, Some(b'"' | b'\''))
            || before == Some(b'`') && self.syntax == Syntax::Prose;
        let chosen = kind == Kind::Password
            && quoted
            && self.syntax != Syntax::Code
            && self.alphabet.kinds() >= 3
            && self.is_chosen();
        chosen.then_some(Why::Behind)
    }

    fn key(&self, kind: Kind) -> Option<Why> {
        if kind == Kind::Key && self.in_query && self.evident == Some(Evident::Uuid) {
            return Some(Why::UuidInQuery);
        }
        let told = is_drawn(self.value)
            && is_token(self.value)
            && self.evident.is_none()
            && !is_public_key(self.value);
        let plain = self.name.eq_ignore_ascii_case(b"key");
        let set = self.in_query
            || self.how != How::Element && is_setting(self.text, &self.span, self.syntax);
        let doubted = kind == Kind::Mention || plain && !set;
        (told && !(is_hex(self.value) && doubted)).then_some(Why::Random)
    }

    fn token(&self) -> Option<Why> {
        // Some providers hand out UUIDs.
        if self.evident == Some(Evident::Uuid) {
            return Some(Why::Uuid);
        }
        (is_token(self.value) && self.is_made()).then_some(Why::Random)
    }

    fn secret(&self) -> Option<Why> {
        if self.evident == Some(Evident::Uuid) {
            return Some(Why::Uuid);
        }
        if self.is_made() {
            return Some(Why::Random);
        }
        let chosen = self.alphabet.kinds() >= 3
            && self.alphabet.letters() < self.value.len()
            && self.value.len() >= 8
            && self.evident.is_none()
            && self.is_chosen();
        // Names of secrets have hyphens and full stops.
        let is_mark = |byte: &u8| b"!?@#$%^&*+".contains(byte);
        let told = self.how == How::Told || self.value.iter().any(is_mark);
        (chosen || told && self.is_weak()).then_some(Why::Secret)
    }

    fn password(&self, dressed_up: bool) -> Option<Why> {
        if self.is_chosen() {
            return Some(Why::Password);
        }
        (dressed_up || self.is_weak()).then_some(Why::Word)
    }

    fn is_weak(&self) -> bool {
        weak::is_password(self.value, self.evident, self.how, self.syntax)
    }

    /// Rather made by a program than written, or by a person to look like that: all kinds of
    /// characters.
    fn is_made(&self) -> bool {
        let long = self.value.len() >= 10 && self.alphabet.kinds() == 4;
        let made_up = self.how != How::Argument && long;
        self.evident.is_none() && (made_up || is_random(self.value, self.alphabet))
    }

    /// A password's value: people choose it, so that it may hold words.
    fn is_chosen(&self) -> bool {
        // Weak passwords look like numbers, versions, words; nobody's password is a template or a
        // call.
        let possible = match self.evident {
            None | Some(Evident::Number | Evident::Version | Evident::Date | Evident::Address) => {
                true
            }
            // Beside a name that is an argument, a word is another name.
            Some(Evident::Words) => self.how != How::Argument,
            Some(_) => false,
        };
        let bare_prose = self.how == How::Bare && self.syntax == Syntax::Prose;
        let doubted = bare_prose || self.how == How::Fallback;
        let mixed = self.alphabet.kinds() >= if doubted { 3 } else { 2 };
        (6..=128).contains(&self.value.len())
            && mixed
            && possible
            && !is_wordy(self.value, self.alphabet)
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
    const MARKS: [&[u8]; 14] = [
        b"pbkdf2_sha",
        b"pbkdf2:sha",
        b"scrypt:",
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

fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
}

/// Returns true if and only if the value has no other characters than tokens have: those of
/// RFC 6750, which headers and URLs take as they are, and few more.
fn is_token(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=.~:|!%*\\".contains(byte))
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
