//! Files whose name says that they hold a secret, and whether their content agrees.
//!
//! The name makes a file worth a look and the content decides: of the `.pem` and `.key` files in
//! public repositories four in ten are certificates or public keys.

use std::sync::LazyLock;

use bstr::{BStr, ByteSlice};
use leakgate_model::{
    Confidence, Entry, Finding, Rule, Severity, in_sample_folder, untrack_command,
};

use crate::value::{self, Proof};
use crate::{Context, found, key, rules, work_tree};
use Pattern::{Around, Contains, Ends, In, Is, Starts};

/// What a name suggests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A private key named as such, as `id_ed25519`.
    NamedKey,
    /// A key or a certificate, as `server.pem`.
    MaybeKey,
    /// A binary container of keys.
    KeyStore,
    /// Variables of one developer: `.env`, `.env.local`.
    Env,
    /// Variables of a stage, which may well be public: `.env.production`.
    StageEnv,
    /// Stored credentials, shown by this in the content.
    Credentials(Proof),
    /// Terraform's record of what it made.
    TerraformState,
    /// What somebody typed.
    History,
    /// The memory of a program.
    Dump,
    /// What was said to a coding agent, and what it read.
    Session,
    /// Rows of a database.
    Database,
}

impl Kind {
    /// Returns true if and only if the name alone is enough.
    pub(crate) fn is_sure(self) -> bool {
        use Kind::{Database, Dump, MaybeKey, Session, StageEnv};
        !matches!(self, MaybeKey | StageEnv | Dump | Session | Database)
            && !matches!(self, Self::Credentials(proof) if proof.is_of_settings())
    }

    fn rule(self) -> &'static Rule {
        match self {
            Self::NamedKey | Self::MaybeKey => rules::NAME_PRIVATE_KEY,
            Self::KeyStore => rules::NAME_KEY_STORE,
            Self::Env | Self::StageEnv => rules::NAME_ENV_FILE,
            Self::Credentials(_) => rules::NAME_CREDENTIALS,
            Self::TerraformState => rules::NAME_TERRAFORM_STATE,
            Self::History => rules::NAME_SHELL_HISTORY,
            Self::Dump => rules::NAME_MEMORY_DUMP,
            Self::Session => rules::NAME_AGENT_SESSION,
            Self::Database => rules::NAME_DATABASE_DUMP,
        }
    }
}

/// A lower-case name, or a part of one.
#[derive(Debug, Clone, Copy)]
enum Pattern {
    /// The whole name.
    Is(&'static str),
    /// Its start.
    Starts(&'static str),
    /// Its end.
    Ends(&'static str),
    /// Its start and its end.
    Around(&'static str, &'static str),
    /// Any part of it.
    Contains(&'static str),
    /// The name of the folder and the whole name in it.
    In(&'static str, &'static str),
}

impl Pattern {
    fn matches(self, folder: &[u8], name: &[u8]) -> bool {
        match self {
            Is(whole) => name == whole.as_bytes(),
            Starts(start) => starts(name, start),
            Ends(end) => ends(name, end),
            Around(start, end) => starts(name, start) && ends(&name[start.len()..], end),
            Contains(part) => name.contains_str(part),
            In(parent, whole) => {
                name == whole.as_bytes() && folder.eq_ignore_ascii_case(parent.as_bytes())
            }
        }
    }
}

/// Most names differ in the first byte, and calling for a comparison takes longer than this.
fn starts(name: &[u8], start: &str) -> bool {
    name.first() == start.as_bytes().first() && name.starts_with(start.as_bytes())
}

fn ends(name: &[u8], end: &str) -> bool {
    name.last() == end.as_bytes().last() && name.ends_with(end.as_bytes())
}

/// What makes a name suspicious wherever it stands.
const CONTAINED: &str = "firebase-adminsdk";

/// Names and what they suggest. The first that fits counts.
const NAMES: &[(Kind, &[Pattern])] = &[
    (
        Kind::NamedKey,
        &[
            Starts("id_rsa"),
            Starts("id_dsa"),
            Starts("id_ecdsa"),
            Starts("id_ed25519"),
            Around("ssh_host_", "_key"),
            Ends(".ppk"),
        ],
    ),
    (
        Kind::MaybeKey,
        &[
            Ends(".pem"),
            Ends(".key"),
            Ends(".p8"),
            Ends(".pk8"),
            Ends(".der"),
            Ends(".crt"),
            Ends(".cer"),
            Ends(".asc"),
            Ends(".agekey"),
            Ends(".ovpn"),
        ],
    ),
    (
        Kind::KeyStore,
        &[
            Ends(".p12"),
            Ends(".pfx"),
            Ends(".jks"),
            Ends(".jceks"),
            Ends(".keystore"),
            Ends(".bks"),
            Ends(".bcfks"),
            Ends(".kdbx"),
            Ends(".kdb"),
        ],
    ),
    (Kind::TerraformState, &[Ends(".tfstate"), Ends(".tfstate.backup")]),
    (
        Kind::History,
        &[
            Is(".bash_history"),
            Is(".zsh_history"),
            Is(".sh_history"),
            Is(".ash_history"),
            Is(".psql_history"),
            Is(".mysql_history"),
            Is(".rediscli_history"),
            Is(".python_history"),
            Is(".node_repl_history"),
        ],
    ),
    (
        Kind::Dump,
        &[
            Is("core"),
            Starts("core."),
            Ends(".core"),
            Ends(".dmp"),
            Ends(".mdmp"),
            Ends(".hprof"),
            Starts("heapdump"),
        ],
    ),
    (
        Kind::Database,
        &[
            Ends(".sql"),
            Ends(".dump"),
            Ends(".pgdump"),
            Ends(".sqlite"),
            Ends(".sqlite3"),
            Ends(".db"),
            Ends(".bak"),
        ],
    ),
    (
        Kind::Session,
        &[
            Is(".aider.chat.history.md"),
            Is(".aider.input.history"),
            Is(".aider.llm.history"),
            Around("rollout-", ".jsonl"),
        ],
    ),
    (
        Kind::Credentials(Proof::Token),
        &[
            Is(".terraformrc"),
            Is("terraform.rc"),
            In(".cargo", "credentials"),
            Is("credentials.toml"),
            Is("credentials.tfrc.json"),
            In("gh", "hosts.yml"),
            In(".claude", ".credentials.json"),
            In(".codex", "auth.json"),
        ],
    ),
    (Kind::Credentials(Proof::Netrc), &[Is(".netrc"), Is("_netrc")]),
    (Kind::Credentials(Proof::PasswordColumn), &[Is(".pgpass"), Is("pgpass.conf")]),
    (Kind::Credentials(Proof::UserInUrl), &[Is(".git-credentials")]),
    (Kind::Credentials(Proof::HashedPassword), &[Is(".htpasswd"), Is("htpasswd")]),
    (
        Kind::Credentials(Proof::Word),
        &[Starts(".vault_pass"), Starts("vault_pass"), Starts(".vault-pass"), Starts("vault-pass")],
    ),
    (
        Kind::Credentials(Proof::Password),
        &[Is(".pypirc"), Is(".my.cnf"), Is(".mylogin.cnf"), Is("auth.json")],
    ),
    (
        Kind::Credentials(Proof::PackageToken),
        &[Is(".npmrc"), Is(".yarnrc"), Is(".yarnrc.yml"), Is("bunfig.toml")],
    ),
    (
        Kind::Credentials(Proof::DockerAuth),
        &[Is(".dockercfg"), Is(".dockerconfigjson"), In(".docker", "config.json")],
    ),
    (
        Kind::Credentials(Proof::CloudKey),
        &[Is("credentials"), Is(".s3cfg"), Is(".boto"), Is("rclone.conf"), In(".aws", "config")],
    ),
    (
        Kind::Credentials(Proof::Kubernetes),
        &[
            Is("kubeconfig"),
            Ends(".kubeconfig"),
            Around("kubeconfig.y", "ml"),
            Ends("-kubeconfig.yml"),
            Ends("-kubeconfig.yaml"),
            In(".kube", "config"),
        ],
    ),
    (
        Kind::Credentials(Proof::ServiceAccount),
        &[
            Around("service-account", ".json"),
            Around("service_account", ".json"),
            Around("serviceaccount", ".json"),
            Is("credentials.json"),
            Ends("-credentials.json"),
            Around("client_secret", ".json"),
            Contains(CONTAINED),
            Is("application_default_credentials.json"),
        ],
    ),
];

/// Words anywhere in a name that make it a template.
const TEMPLATES: [&str; 10] = [
    "example", "examples", "sample", "template", "tmpl", "tpl", "dist", "default", "defaults",
    "schema",
];

/// Last words of the names of files that are encrypted, programs, or public.
const OTHER_KINDS: [&str; 14] = [
    "enc",
    "encrypted",
    "gpg",
    "age",
    "sops",
    "j2",
    "erb",
    "ts",
    "js",
    "mjs",
    "py",
    "rb",
    "sh",
    "pub",
];

/// What the name of `path` suggests, if anything.
pub(crate) fn kind(path: &BStr) -> Option<Kind> {
    let mut parts = path.rsplit_str("/");
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let folder = parts.next().unwrap_or_default();
    let kind = environment(&name)
        .or_else(|| named(&name, |pattern| pattern.matches(folder, &name)))
        .or_else(|| is_session(path, &name).then_some(Kind::Session));
    kind.filter(|_| holds_values(&name))
}

/// What the first pattern that fits a lower-case name suggests.
fn named(name: &[u8], fits: impl Fn(&Pattern) -> bool) -> Option<Kind> {
    if !may_fit(name) {
        return None;
    }
    NAMES.iter().find(|(_, patterns)| patterns.iter().any(&fits)).map(|&(kind, _)| kind)
}

/// Returns false for most names that no pattern fits, by their first byte and their last one.
fn may_fit(name: &[u8]) -> bool {
    /// For each byte whether a pattern begins with it, and whether one ends with it.
    static EDGES: LazyLock<[[bool; 2]; 256]> = LazyLock::new(|| {
        let mut edges = [[false; 2]; 256];
        for pattern in NAMES.iter().flat_map(|(_, patterns)| *patterns) {
            match pattern {
                Is(text) | Starts(text) | Around(text, _) | In(_, text) => {
                    edges[usize::from(text.as_bytes()[0])][0] = true;
                }
                Ends(text) => edges[usize::from(text.as_bytes()[text.len() - 1])][1] = true,
                Contains(_) => {}
            }
        }
        edges
    });
    let [Some(&first), Some(&last)] = [name.first(), name.last()] else { return false };
    EDGES[usize::from(first)][0]
        || EDGES[usize::from(last)][1]
        || name.len() >= CONTAINED.len() && name.contains_str(CONTAINED)
}

/// Returns true if and only if a file of this name may be one of secrets in any folder.
pub(crate) fn may_be_secret(name: &BStr) -> bool {
    let lower = name.to_ascii_lowercase();
    let fits = |pattern: &Pattern| match *pattern {
        In(_, whole) => lower == whole.as_bytes(),
        pattern => pattern.matches(b"", &lower),
    };
    (environment(&lower).is_some() || named(&lower, fits).is_some()) && holds_values(&lower)
}

/// Returns true if and only if a file of this name may be a transcript in a folder of those.
pub(crate) fn may_be_session(name: &BStr) -> bool {
    let lower = name.to_ascii_lowercase();
    [".jsonl", ".md", ".txt"].iter().any(|end| lower.ends_with(end.as_bytes()))
}

/// Returns true if and only if transcripts may stand below a folder of this name.
pub(crate) fn keeps_sessions(folder: &BStr) -> bool {
    LOGS.iter()
        .chain(&[".specstory/", "agent-transcripts/"])
        .any(|name| *folder == name[..name.len() - 1])
}

/// Where coding agents keep their logs.
const LOGS: [&str; 4] = [".claude/", ".codex/", ".cursor/", ".gemini/"];

/// Where coding agents and their companions keep what was said.
fn is_session(path: &BStr, name: &[u8]) -> bool {
    let below =
        |folder: &str| path.starts_with_str(folder) || path.contains_str(format!("/{folder}"));
    let is_log = name.ends_with(b".jsonl");
    let is_page = name.ends_with(b".md");
    (is_log && LOGS.into_iter().any(below))
        || (is_page && below(".specstory/history/"))
        || ((is_log || name.ends_with(b".txt")) && below("agent-transcripts/"))
}

fn environment(name: &[u8]) -> Option<Kind> {
    match name.strip_prefix(b".env") {
        Some(b"" | b".keys") => Some(Kind::Env),
        // Dotenv's own name for an encrypted file.
        Some(b".vault") => None,
        Some([b'.', stage @ ..]) if stage.ends_with(b"local") => Some(Kind::Env),
        Some([b'.', ..]) => Some(Kind::StageEnv),
        _ => name.ends_with(b".env").then_some(Kind::StageEnv),
    }
}

fn holds_values(name: &[u8]) -> bool {
    let mut words = name.split(|&byte| matches!(byte, b'.' | b'-' | b'_'));
    let is_other = |word: &[u8]| OTHER_KINDS.iter().any(|other| word == other.as_bytes());
    let is_template = |word: &[u8]| TEMPLATES.iter().any(|template| word == template.as_bytes());
    !words.clone().next_back().is_some_and(is_other) && !words.any(is_template)
}

/// Judges a regular file by its name and the first bytes of its content.
pub(crate) fn check(entry: &Entry, head: &[u8], context: &Context, findings: &mut Vec<Finding>) {
    let Some(kind) = kind(entry.path.as_bstr()) else {
        return;
    };
    let Some((severity, reason)) = judge(entry.path.as_bstr(), kind, head) else {
        work_tree::check_plain(entry, context, findings);
        return;
    };
    let rule = kind.rule();
    let mut finding = found(rule, entry, |old| {
        old.mode.is_regular() && self::kind(old.path.as_bstr()).is_some_and(|k| k.rule() == rule)
    });
    finding.confidence = Confidence::High;
    finding.severity = severity;
    finding.reasons.push(reason.into());
    if in_sample_folder(entry.path.as_bstr()) {
        finding.severity = Severity::Low;
        finding.reasons.push("in a folder of tests, examples or templates".into());
    }
    finding.fixes.push(untrack_command(entry.path.as_bstr()));
    findings.push(finding);
    match kind {
        // Mostly of tests, and of no use to others on the machine.
        Kind::Database => work_tree::check_plain(entry, context, findings),
        _ => work_tree::check_secret(entry, context, findings),
    }
}

/// Returns true if and only if the name suggests a secret and the content agrees.
pub(crate) fn holds_secret(path: &BStr, head: &[u8]) -> bool {
    kind(path).is_some_and(|kind| judge(path, kind, head).is_some())
}

fn judge(path: &BStr, kind: Kind, head: &[u8]) -> Option<(Severity, &'static str)> {
    if is_encrypted(head) {
        return None;
    }
    let text = value::text(head);
    let severity = kind.rule().severity;
    match kind {
        Kind::NamedKey | Kind::MaybeKey => key::private_key(&text).map(|key| match key {
            key::Protection::None => (severity, "the content is a private key"),
            key::Protection::Password => (Severity::Medium, "the content is an encrypted key"),
        }),
        Kind::KeyStore => {
            key::is_key_store(path, head).then_some((severity, "the content is a store of keys"))
        }
        Kind::Env => value::has_values(&text).then_some((severity, "a variable has a value")),
        Kind::StageEnv => value::has_secret_values(&text)
            .then_some((severity, "a variable named as a secret has a value")),
        Kind::Credentials(proof) => proof.holds(&text).then_some((
            if proof == Proof::HashedPassword { Severity::Medium } else { severity },
            "the content holds a credential",
        )),
        Kind::TerraformState => text
            .contains_str("\"attributes\"")
            .then_some((severity, "the state lists attributes of resources")),
        Kind::History => {
            (!text.trim_ascii().is_empty()).then_some((severity, "the history has lines"))
        }
        Kind::Session => is_transcript(&text).then_some((severity, "the content is a transcript")),
        Kind::Database => database(head, &text).map(|reason| (severity, reason)),
        Kind::Dump => is_dump(head).then_some((severity, "the content is a dump")),
    }
}

/// Returns true if and only if a tool has made the whole file unreadable.
fn is_encrypted(head: &[u8]) -> bool {
    head.starts_with(b"\0GITCRYPT\0")
        || head.starts_with(b"$ANSIBLE_VAULT;")
        || head.starts_with(b"age-encryption.org/")
}

/// Lines of JSON, or prose that somebody or something has said.
fn is_transcript(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text.starts_with(b"{\"") || text.starts_with(b"#") || text.starts_with(b"user:")
}

/// What shows that rows are in it, not only their form.
fn database(head: &[u8], text: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"SQLite format 3\0") || head.starts_with(b"PGDMP") {
        return Some("the content is a database");
    }
    const HEADERS: [&str; 4] =
        ["-- PostgreSQL database dump", "-- MySQL dump ", "-- MariaDB dump ", "-- SQLite dump"];
    // Frameworks keep the form of a database with the names of their migrations in it.
    let is_row = |line: &[u8]| {
        (line.starts_with(b"INSERT INTO ") || line.starts_with(b"COPY "))
            && !line.contains_str("schema_migrations")
            && !line.contains_str("ar_internal_metadata")
    };
    let is_dump = HEADERS.iter().any(|header| text.contains_str(header));
    (is_dump && text.lines().any(is_row)).then_some("the content is a dump with rows")
}

fn is_dump(head: &[u8]) -> bool {
    // The type of an ELF file is its 17th byte, or the 18th where the big end comes first.
    let elf = head.starts_with(b"\x7fELF") && matches!(head.get(16..18), Some([4, 0] | [0, 4]));
    elf || head.starts_with(b"MDMP") || head.starts_with(b"JAVA PROFILE ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use leakgate_model::{Change, Mode, ObjectId, Previous, Status};

    use super::*;
    use crate::FileMode;

    #[test]
    fn no_name_of_a_pattern_is_passed_over() {
        for pattern in NAMES.iter().flat_map(|(_, patterns)| *patterns) {
            let name = match pattern {
                Is(name) | In(_, name) => (*name).to_owned(),
                Starts(start) => format!("{start}!"),
                Ends(end) => format!("!{end}"),
                Around(start, end) => format!("{start}!{end}"),
                Contains(part) => format!("!{part}!"),
            };
            assert!(may_fit(name.as_bytes()), "{name}");
        }
    }

    fn findings(path: &str, head: &[u8]) -> Vec<Finding> {
        let entry = Entry { change: Change::Added, ..Entry::present(path, Mode::File) };
        let context = Context { submodules: BTreeSet::new(), file_mode: FileMode::Trusted };
        let mut findings = Vec::new();
        check(&entry, head, &context, &mut findings);
        findings
    }

    fn verdict(path: &str, head: impl AsRef<[u8]>) -> Option<(String, Severity)> {
        let mut findings = findings(path, head.as_ref());
        findings.pop().map(|finding| (finding.rule.to_string(), finding.severity))
    }

    fn pem(label: &str) -> String {
        let line = "MIIB".repeat(16);
        format!("-----BEGIN {label}-----\n{line}\n{line}\n-----END {label}-----\n")
    }

    #[test]
    fn keys_are_told_by_content() {
        let private = pem(&["PRIVATE", "KEY"].join(" "));
        let encrypted = pem(&["ENCRYPTED", "PRIVATE", "KEY"].join(" "));
        let found = |severity| Some(("name-private-key".to_owned(), severity));
        for path in ["id_rsa", "a/ID_ED25519", "id_rsa_work", "a.pem", "server.KEY", "x.crt"] {
            assert_eq!(verdict(path, &private), found(Severity::High), "{path}");
            assert_eq!(verdict(path, pem("CERTIFICATE")), None, "{path}");
            assert_eq!(verdict(path, ""), None, "{path}");
        }
        assert_eq!(verdict("a.pem", &encrypted), found(Severity::Medium));
        assert_eq!(verdict("tests/a.pem", &private), found(Severity::Low));
        for path in ["id_rsa.pub", "a.key.gpg", "a.pem.example", "notes.txt", "pem"] {
            assert_eq!(verdict(path, &private), None, "{path}");
        }
    }

    #[test]
    fn environment_files() {
        let found = Some(("name-env-file".to_owned(), Severity::Medium));
        for path in [".env", "a/.ENV", ".env.local", ".env.production.local"] {
            assert_eq!(verdict(path, "PORT=3000\n"), found, "{path}");
            assert_eq!(verdict(path, "# nothing\nTOKEN=\n"), None, "{path}");
        }
        for path in [".env.production", "prod.env"] {
            assert_eq!(verdict(path, "VITE_TITLE=Shop\n"), None, "{path}");
            assert_eq!(verdict(path, "DB_PASSWORD=hunter2hunter2\n"), found, "{path}");
        }
        for path in [".env.example", ".env.sample", ".env.template", "env", ".envrc", "example.env"]
        {
            assert_eq!(verdict(path, "DB_PASSWORD=hunter2hunter2\n"), None, "{path}");
        }
        assert_eq!(verdict(".env", b"\0GITCRYPT\0A=b"), None);
    }

    #[test]
    fn stored_credentials() {
        let long = "q7".repeat(10);
        for (path, content) in [
            (".netrc", format!("machine h login me password {long}\n")),
            (".pgpass", format!("h:5432:db:me:{long}\n")),
            (".git-credentials", format!("https://me:{long}@h\n")),
            (".npmrc", format!("//registry.npmjs.org/:_authToken={long}\n")),
            (".pypirc", format!("[pypi]\nusername = me\npassword = {long}\n")),
            (".aws/credentials", format!("[default]\naws_secret_access_key = {long}\n")),
            (".kube/config", format!("users:\n- user:\n    token: {long}\n")),
            (".docker/config.json", format!("{{\"auths\": {{\"h\": {{\"auth\": \"{long}\"}}}}}}")),
            ("service-account-x.json", format!("{{\"private_key\": \"{long}\"}}")),
            (".vault_pass", long.clone()),
        ] {
            let found = Some(("name-credentials".to_owned(), Severity::High));
            assert_eq!(verdict(path, &content), found, "{path}");
            assert_eq!(verdict(path, content.replace(&long, "${TOKEN}")), None, "{path}");
        }
        let hashed = format!("me:{}apr1$salt$hash\n", '$');
        assert_eq!(
            verdict(".htpasswd", hashed),
            Some(("name-credentials".to_owned(), Severity::Medium))
        );
        assert_eq!(verdict(".npmrc", "save-exact=true\n"), None);
        assert_eq!(verdict("docker/config.json", "{\"auth\": \"aaaaaaaaaaaa\"}"), None);
    }

    #[test]
    fn stores_states_histories_and_dumps() {
        let mut core = b"\x7fELF".to_vec();
        core.resize(64, 0);
        core[16] = 4;
        for (path, head, rule) in [
            ("a.kdbx", &b"\x03\xd9\xa2\x9a\x67"[..], "name-key-store"),
            ("a.tfstate", b"{\"resources\": [{\"attributes\": {}}]}", "name-terraform-state"),
            (".bash_history", b"ls\n", "name-shell-history"),
            ("core.123", &core, "name-memory-dump"),
            ("a.hprof", b"JAVA PROFILE 1.0.2", "name-memory-dump"),
        ] {
            assert_eq!(verdict(path, head), Some((rule.to_owned(), Severity::Medium)), "{path}");
            assert_eq!(verdict(path, "\n"), None, "{path}");
            assert_eq!(verdict("a.bin", head), None);
        }
        core[16] = 2;
        assert_eq!(verdict("core", &core), None);
    }

    #[test]
    fn sessions_of_agents() {
        let found = Some(("name-agent-session".to_owned(), Severity::Medium));
        let line = "{\"type\": \"user\"}\n";
        for path in [".claude/projects/x/1.jsonl", "a/.codex/sessions/1/rollout-2.jsonl"] {
            assert_eq!(verdict(path, line), found, "{path}");
            assert_eq!(verdict(path, ""), None, "{path}");
        }
        let page = "# aider chat started at\n";
        for path in [".aider.chat.history.md", ".specstory/history/1.md"] {
            assert_eq!(verdict(path, page), found, "{path}");
        }
        for path in ["data/x.jsonl", ".claude/agents/a.md", "history/1.md", ".claude.jsonl"] {
            assert_eq!(verdict(path, line), None, "{path}");
        }
        assert_eq!(
            verdict("tests/.claude/x.jsonl", line).map(|(_, severity)| severity),
            Some(Severity::Low)
        );
    }

    #[test]
    fn databases_with_rows() {
        let found = Some(("name-database-dump".to_owned(), Severity::Low));
        let header = "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE a (b text);\n";
        let rows = format!("{header}COPY public.a (b) FROM stdin;\nx\n");
        assert_eq!(verdict("a.sql", &rows), found);
        assert_eq!(verdict("a.sql", "-- MySQL dump 10.13\nINSERT INTO `a` VALUES\n"), found);
        assert_eq!(verdict("x.sqlite3", b"SQLite format 3\0\x10"), found);
        let versions = format!("{header}INSERT INTO \"schema_migrations\" (version) VALUES\n");
        for (path, text) in [("structure.sql", versions.as_str()), ("schema.sql", header)] {
            assert_eq!(verdict(path, text), None, "{path}");
        }
        assert_eq!(verdict("001_seed.sql", "INSERT INTO a VALUES (1);\n"), None);
        assert_eq!(verdict("a.txt", &rows), None);
    }

    #[test]
    fn a_known_name_is_not_new_even_if_it_moved() {
        let id = ObjectId::from_bytes(&[1; 20]).expect("twenty bytes fit");
        let old = |path: &str| vec![Previous { path: path.into(), mode: Mode::File, id }];
        let context = Context { submodules: BTreeSet::new(), file_mode: FileMode::Trusted };
        for (path, status) in [
            (".env", Status::AlreadyCommitted),
            ("b/.env.local", Status::AlreadyCommitted),
            (".env.example", Status::Introduced),
        ] {
            let mut entry = Entry::present(".env", Mode::File);
            entry.change = Change::Modified;
            entry.previous = old(path);
            let mut findings = Vec::new();
            check(&entry, b"A=b", &context, &mut findings);
            assert_eq!(findings[0].status, status, "{path}");
            assert_eq!(findings[0].fixes, ["git rm --cached -- .env"]);
        }
    }

    #[test]
    fn a_secret_file_is_judged_by_its_permissions_too() {
        let mut entry = Entry::present(".env", Mode::File);
        entry.work_tree_bits = Some(0o666);
        let context = Context { submodules: BTreeSet::new(), file_mode: FileMode::Trusted };
        let ids = |head: &[u8]| {
            let mut findings = Vec::new();
            check(&entry, head, &context, &mut findings);
            findings.iter().map(|finding| finding.rule.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(b"A=b"), ["name-env-file", "work-tree-secret-writable"]);
        assert_eq!(ids(b"A="), ["work-tree-world-writable"]);
    }

    #[test]
    fn the_first_fitting_name_counts() {
        let token = Some(Kind::Credentials(Proof::Token));
        assert_eq!(kind("x/.CODEX/auth.json".into()), token);
        assert_eq!(kind("x/.cargo/credentials".into()), token);
        assert_eq!(kind("x/auth.json".into()), Some(Kind::Credentials(Proof::Password)));
        for path in ["a.pem.x", "core2", "gh/x/hosts.yml", "aws/config", "kubeconfig.yx", ""] {
            assert_eq!(kind(path.into()), None, "{path}");
        }
    }
}
