//! The anchors of the finders that are code, shared with the build script, which indexes them.

/// Parts of names that a credential's name contains; anchors of the assignment finder.
pub(crate) const ASSIGNED: &[&str] = &[
    "passw", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "api_key", "api-key", "api.key",
    "access_key", "accesskey", "access-key", "auth_key", "authkey", "auth-key", "private_key",
    "privatekey", "private-key", "signing_key", "signingkey", "encryption_key", "encryptionkey",
    "encryption-key", "master_key", "masterkey", "account_key", "accountkey", "shared_key",
    "sharedkey", "credential", "_pass", "-pass", ".pass", "dbpass", "userpass", "pass=", "pass:", "pass\"",
    "pass'", "passkey", "service_key", "servicekey", "app_key", "appkey", "app-key", "crypt_key", "storage_key", "license_key", "_auth", "authorization",
];

/// The bytes that can stand before the `://` of a URL.
pub(crate) const URL_BEFORE: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
