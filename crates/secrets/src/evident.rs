//! What a value evidently is, where it is no secret.

/// What a value evidently is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Stand-in.
    Placeholder,
}

/// What `value` evidently is.
pub(crate) fn kind(value: &[u8], name: &[u8]) -> Option<Kind> {
    (value == name).then_some(Kind::Placeholder)
}
