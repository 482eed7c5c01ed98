//! The anchors of the finders that are code, shared with the build script, which indexes them.

/// Parts of names that a credential's name contains; anchors of the assignment finder.
pub(crate) const ASSIGNED: &[&str] = &[
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "api.key",
    "access_key",
    "accesskey",
    "access-key",
    "auth_key",
    "authkey",
    "auth-key",
    "private_key",
    "privatekey",
    "private-key",
    "signing_key",
    "signingkey",
    "encryption_key",
    "encryptionkey",
    "encryption-key",
    "master_key",
    "masterkey",
    "account_key",
    "accountkey",
    "shared_key",
    "sharedkey",
    "credential",
    "_pass",
    "-pass",
    ".pass",
    "dbpass",
    "userpass",
    "pass=",
    "pass:",
    "pass\"",
    "pass'",
    "passkey",
    "service_key",
    "servicekey",
    "app_key",
    "appkey",
    "app-key",
    "crypt_key",
    "storage_key",
    "license_key",
    "auth",
    "bearer",
    "_cred",
    " pw:",
    "(pw:",
    ",pw:",
    "/pw:",
    "_pw=",
    "_pw:",
    "access=",
    "access:",
    "access\"",
    "access ",
    "jwt=",
    "jwt:",
];

/// Three letters that end many names, and anchors of the assignment finder only where one of
/// [`BEHIND_SHORT`] follows.
pub(crate) const ASSIGNED_SHORT: &[&str] = &["key", "api", "pat"];

/// What parts a name from its value.
pub(crate) const BEHIND_SHORT: &[u8] = b"=:\"'\\]> \t|";

/// The bytes that can stand before the `://` of a URL.
pub(crate) const URL_BEFORE: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
