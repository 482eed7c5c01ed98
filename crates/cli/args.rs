//! The command line, as typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use leakgate_git::history::Shard;

/// The address of a page of the documentation: whoever has installed leakgate need not have it.
macro_rules! page {
    ($name:literal) => {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/", $name)
    };
}

/// Stops secrets and dangerous permissions at the moment of commit.
#[derive(Debug, Parser)]
#[command(name = "leakgate", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = concat!(
    "Exit status: 0 clean, 1 findings, 2 could not scan everything.\n",
    "Documentation: ", env!("CARGO_PKG_REPOSITORY"), "/tree/main/docs"
))]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// What was typed. Bad usage ends the program, with status 2.
    ///
    /// What hooks call is told by itself: describing all commands takes a fifth of the time in which
    /// there is nothing to scan.
    pub(crate) fn typed() -> Self {
        Self::of_hook(std::env::args_os().skip(1)).unwrap_or_else(Self::parse)
    }

    /// The command, if it is one without options that hooks call.
    fn of_hook(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let name = words.next()?;
        let rest: Vec<_> = words.collect();
        let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
        let command = match (name.to_str()?, rest.split_first()) {
            ("staged", None) => Command::Staged(ScanArgs::default()),
            ("hook", Some((event, rest))) if !is_option(event) && !rest.iter().any(is_option) => {
                Command::Hook(HookArgs { event: event.to_str()?.to_owned(), rest: rest.to_vec() })
            }
            _ => return None,
        };
        Some(Self { command })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan what the next commit would bring
    Staged(ScanArgs),
    /// Tell how the whole repository stands, and what to mend
    Audit(ScanArgs),
    /// Scan files and folders; what git ignores is left out
    Files(FilesArgs),
    /// Scan standard input
    Stdin(StdinArgs),
    /// Scan everything that was ever committed
    History(HistoryCommand),
    /// Tell what a history holds that was read in shards
    Merge(MergeArgs),
    /// Mend what was found, without touching unrelated work
    Fix(FixArgs),
    /// Scan what commits bring, with their messages
    Range(RangeArgs),
    /// Run leakgate in this repository's git hooks from now on
    Install(InstallArgs),
    /// Take leakgate out of this repository's git hooks
    Uninstall(UninstallArgs),
    /// Find out whether a secret could slip by the hooks, by trying
    Doctor(DoctorArgs),
    /// Let findings pass, with a reason, in .leakgate-ignore
    Ignore(IgnoreArgs),
    /// List, show and check rules
    Rules(RulesArgs),
    /// What git's hooks call
    #[command(hide = true)]
    Hook(HookArgs),
}

/// What every scan takes.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct ScanArgs {
    /// How to write the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: FormatArg,
    /// Write the report into a file; if that is not text, text goes to the screen
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say nothing unless something blocks
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also show what was committed before
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Print only the commands that mend what was found
    #[arg(long, conflicts_with_all = ["format", "output", "quiet", "verbose"])]
    pub(crate) fix: bool,
    /// Count what tests and documentation hold like all else
    #[arg(long)]
    pub(crate) samples: bool,
    /// Show the values of secrets
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Add the rules of a folder
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    /// Threads to use [default: one a core]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: ColorArg,
}

impl ScanArgs {
    /// What is shown beside a report for programs that goes into a file.
    pub(crate) fn on_screen(&self) -> Option<Self> {
        let is_away = self.output.is_some() && self.format != FormatArg::Text;
        is_away.then(|| Self { format: FormatArg::Text, output: None, ..self.clone() })
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    #[default]
    Text,
    Json,
    Sarif,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum ColorArg {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct FilesArgs {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Scan what git ignores, too
    #[arg(long)]
    pub(crate) no_ignore: bool,
    #[command(flatten)]
    pub(crate) scan: ScanArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StdinArgs {
    /// The file name to judge by
    #[arg(long, default_value = "stdin", value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) scan: ScanArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct HistoryCommand {
    /// Read only one of N shards, for `leakgate merge`; the first is 1/N
    #[arg(long, value_name = "I/N", value_parser = shard, conflicts_with_all = ["refs", "branch",
        "range", "since", "unreachable", "modes", "cache", "fix", "show_secrets"])]
    pub(crate) shard: Option<Shard>,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, Default, ClapArgs)]
pub(crate) struct HistoryArgs {
    /// Only what these refs lead to, as `heads/release-*` [default: all refs]
    #[arg(long, value_name = "GLOB")]
    pub(crate) refs: Vec<String>,
    /// Only what this branch leads to, here or on a remote
    #[arg(long, value_name = "NAME")]
    pub(crate) branch: Vec<String>,
    /// Only what commits bring that B has and A has not
    #[arg(long, value_name = "A..B", conflicts_with_all = ["refs", "branch", "unreachable"])]
    pub(crate) range: Option<String>,
    /// Only what commits bring since a date
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<String>,
    /// Also what no ref leads to any more
    #[arg(long)]
    pub(crate) unreachable: bool,
    /// Also modes, links and names of files that were ever committed
    #[arg(long)]
    pub(crate) modes: bool,
    /// Memory for decoded objects, as 64M: less takes longer [default: 256M]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) max_memory: Option<usize>,
    /// Keep what was found out for the next time [default: in the git folder]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub(crate) cache: Option<Option<PathBuf>>,
    #[command(flatten)]
    pub(crate) scan: ScanArgs,
}

impl HistoryArgs {
    /// An option that says what is to be read, or how: of use only where something is read.
    pub(crate) fn of_reading(&self) -> Option<&'static str> {
        let Self { refs, branch, range, since, unreachable, modes, max_memory, cache, scan } = self;
        let ScanArgs { verbose, fix, samples, rules, threads, .. } = scan;
        let given = [
            (!refs.is_empty(), "--refs"),
            (!branch.is_empty(), "--branch"),
            (range.is_some(), "--range"),
            (since.is_some(), "--since"),
            (*unreachable, "--unreachable"),
            (*modes, "--modes"),
            (max_memory.is_some(), "--max-memory"),
            (cache.is_some(), "--cache"),
            (*verbose, "--verbose"),
            (*fix, "--fix"),
            (*samples, "--samples"),
            (rules.is_some(), "--rules"),
            (threads.is_some(), "--threads"),
        ];
        given.iter().find(|(is_given, _)| *is_given).map(|(_, name)| *name)
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MergeArgs {
    /// What `leakgate history --shard` wrote, of all shards; or whole reports of several
    /// repositories, as JSON
    #[arg(required = true, value_name = "REPORT")]
    pub(crate) reports: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct HookArgs {
    /// The hook, as git names it
    pub(crate) event: String,
    /// What git gives the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(crate) rest: Vec<OsString>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RangeArgs {
    /// The commits of B that A has not [default: what the CI job is about]
    #[arg(value_name = "A..B")]
    pub(crate) range: Option<String>,
    #[command(flatten)]
    pub(crate) scan: ScanArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InstallArgs {
    /// In all of the user's repositories
    #[arg(long, conflicts_with_all = ["system", "server"])]
    pub(crate) global: bool,
    /// In all repositories of this machine
    #[arg(long, conflicts_with = "server")]
    pub(crate) system: bool,
    /// Also stop what runs few hooks: --no-verify, cherry-picks, rebases, tags, notes, the stash
    #[arg(long, alias = "every-ref", conflicts_with = "server")]
    pub(crate) strict: bool,
    /// Also warn when a checkout or a merge brings files that make programs run by themselves
    #[arg(long, conflicts_with = "server")]
    pub(crate) on_checkout: bool,
    /// Guard what is pushed to this repository
    #[arg(long)]
    pub(crate) server: bool,
    /// When to run, where there is a hook already; first, unless it was installed otherwise
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) order: Option<OrderArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OrderArg {
    /// Before it
    First,
    /// After it, so that what it changes is scanned
    Last,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DoctorArgs {
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct UninstallArgs {
    /// Out of all of the user's repositories
    #[arg(long, conflicts_with = "system")]
    pub(crate) global: bool,
    /// Out of all repositories of this machine
    #[arg(long)]
    pub(crate) system: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct FixArgs {
    #[command(subcommand)]
    pub(crate) what: FixWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FixWhat {
    /// Modes, permissions, and files of secrets that should not be tracked
    Modes(FixModesArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct FixModesArgs {
    /// Everything that is tracked, not only the staged change
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the commands and do nothing
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct IgnoreArgs {
    /// The fingerprints that a report shows
    #[arg(value_name = "FINGERPRINT", required_unless_present_any = ["report", "list", "stale"])]
    pub(crate) fingerprints: Vec<String>,
    /// Why they are no danger
    #[arg(long, required_unless_present_any = ["list", "stale", "remove"])]
    pub(crate) reason: Option<String>,
    /// Let all pass that a report lists, written with --format json; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprints")]
    pub(crate) report: Option<PathBuf>,
    /// Look for them first in this file or folder; - is standard input
    #[arg(long, value_name = "PATH")]
    pub(crate) files: Vec<PathBuf>,
    /// Add the rules of a folder
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    /// Tell what is let pass
    #[arg(long, conflicts_with_all = ["fingerprints", "reason", "report", "files", "stale"])]
    pub(crate) list: bool,
    /// Tell which entries let nothing pass that there is
    #[arg(long, conflicts_with_all = ["fingerprints", "reason", "report"])]
    pub(crate) stale: bool,
    /// Let them pass no more
    #[arg(long, conflicts_with_all = ["reason", "report", "files", "list", "stale"])]
    pub(crate) remove: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Name every rule, one a line, with its severity and title
    List(RulesListArgs),
    /// Tell all about one rule
    Show(RulesShowArgs),
    /// Tell why a rule finds something in a text, or does not
    Test(RulesTestArgs),
    /// Run the examples of a folder's rules through the whole engine
    #[command(after_help = concat!("The form of rule files: ", page!("rules.md")))]
    Check {
        /// A folder of rule files
        dir: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RulesListArgs {
    /// Only those with this in their id, title or provider
    pub(crate) word: Option<String>,
    /// Add the rules of a folder
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RulesShowArgs {
    /// The rule's id
    pub(crate) id: String,
    /// Add the rules of a folder
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RulesTestArgs {
    /// The rule's id
    pub(crate) id: String,
    /// Files; - is standard input
    #[arg(default_value = "-", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Add the rules of a folder
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
}

/// More threads than this do not share the work any better, and each has buffers of its own.
const MOST_THREADS: usize = 256;

/// How many threads, at most [`MOST_THREADS`].
fn threads(text: &str) -> Result<usize, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().unwrap_or(MOST_THREADS).min(MOST_THREADS));
    number.ok_or_else(|| "write it as a number of threads, as 4".to_owned())
}

/// A number of bytes.
fn bytes(text: &str) -> Result<usize, String> {
    let bytes = leakgate_model::parse_size(text).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| "write it as a number and a unit, as 64M or 64 MiB".to_owned())
}

/// One of several: `2/5`.
fn shard(text: &str) -> Result<Shard, String> {
    let numbers = text.split_once('/').and_then(|(index, count)| {
        Some(Shard { index: index.parse().ok()?, count: count.parse().ok()? })
    });
    numbers
        .filter(|shard| (1..=shard.count).contains(&shard.index))
        .ok_or_else(|| "write it as 2/5: the second of five, counted from 1".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn threads_have_a_ceiling() {
        assert_eq!(threads("3"), Ok(3));
        let many = ["256", "257", "200000", "99999999999999999999999"].map(threads);
        assert!(many.iter().all(|most| *most == Ok(256)), "{many:?}");
        assert!(["", "x", "-1", "+1"].iter().all(|text| threads(text).is_err()));
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_hooks_call_means_the_same_by_itself() {
        let told = [
            &["staged"][..],
            &["hook", "pre-commit"],
            &["hook", "pre-push", "origin", "https://example.com/a b"],
            &["hook", "commit-msg", ".git/COMMIT_EDITMSG"],
        ];
        for words in told {
            let of_hook = Args::of_hook(words.iter().map(OsString::from));
            let parsed = Args::try_parse_from([&["leakgate"], words].concat()).ok();
            assert!(of_hook.is_some(), "{words:?}");
            assert_eq!(format!("{of_hook:?}"), format!("{parsed:?}"));
        }
        let parsed: [&[&str]; 6] =
            [&[], &["-V"], &["staged", "-q"], &["hook"], &["hook", "--help"], &["hook", "a", "-x"]];
        for words in parsed {
            assert!(Args::of_hook(words.iter().map(OsString::from)).is_none(), "{words:?}");
        }
    }
}
