//! Where output goes: the terminal, a pipe or a file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use anyhow::Context as _;
use leakgate_model::Reveal;
use leakgate_report::{Color, Detail, Format, Settings};

use crate::args::{ColorArg, FormatArg, ScanArgs};
use crate::mask;

/// Columns where there is no terminal.
const WIDTH: usize = 100;

/// How the user wants to see the report.
pub(crate) fn settings(scan: &ScanArgs) -> Settings {
    let color = match scan.color {
        ColorArg::Always => Color::Always,
        ColorArg::Never => Color::Never,
        ColorArg::Auto => match anstream::AutoStream::choice(&io::stdout()) {
            _ if scan.output.is_some() => Color::Never,
            anstream::ColorChoice::Never => Color::Never,
            _ => Color::Always,
        },
    };
    Settings {
        format: match scan.format {
            FormatArg::Text => Format::Text,
            FormatArg::Json => Format::Json,
            FormatArg::Sarif => Format::Sarif,
        },
        detail: match (scan.quiet, scan.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        },
        reveal: scan.show_secrets.then(Reveal::the_user_asked),
        color,
        width: width(),
    }
}

/// Columns of the screen, or what fits most where there is none.
fn width() -> usize {
    let size = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    asked_width().or_else(size).unwrap_or(WIDTH)
}

/// What the environment says, which git takes before what the terminal says.
fn asked_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok()?.parse().ok()?;
    (columns > 0).then_some(columns)
}

/// A line broken for the screen, `indent` columns before all but its first part. Where there is no
/// screen it stays whole.
pub(crate) fn hanging(line: &str, indent: usize) -> String {
    let Some(width) = asked_width().or_else(|| io::stdout().is_terminal().then(width)) else {
        return line.to_owned();
    };
    let broken = leakgate_report::broken(line, width.saturating_sub(indent));
    broken.replace('\n', &format!("\n{:indent$}", ""))
}

/// Calls `write` with where the report goes. A reader that went away is no error.
pub(crate) fn output(
    to: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = to else {
        let mut out = BufWriter::new(io::stdout().lock());
        return match write(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result.context("could not write the report to standard output"),
        };
    };
    let context = || format!("could not write the report to {}", path.display());
    let mut out = BufWriter::new(create(path).with_context(context)?);
    write(&mut out).and_then(|()| out.flush()).with_context(context)
}

/// Opens a file for writing, but not through a link that the scanned repository may have planted.
fn create(path: &Path) -> io::Result<File> {
    if path.is_symlink() {
        return Err(io::Error::other("it is a symbolic link; name the file itself"));
    }
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Prints lines to standard output. A reader that went away is no error.
pub(crate) fn say(lines: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
    output(None, |out| lines.into_iter().try_for_each(|line| writeln!(out, "{line}")))
}

/// Prints a line beside the report.
pub(crate) fn note(text: &str) {
    // Nothing is left to be done if standard error is closed.
    let _ = writeln!(io::stderr(), "leakgate: {}", fit_to_show(text));
}

/// Prints an error, its causes behind it.
pub(crate) fn complain(error: &anyhow::Error) {
    let prefix =
        if io::stderr().is_terminal() { "\x1b[1;31mleakgate:\x1b[0m" } else { "leakgate:" };
    // Nothing is left to be done if standard error is closed.
    let _ = writeln!(io::stderr(), "{prefix} {}", fit_to_show(&format!("{error:#}")));
}

/// Prints a warning of several lines, whose names may be of a hostile repository, to standard error.
pub(crate) fn warn(lines: &[String]) {
    let prefix =
        if io::stderr().is_terminal() { "\x1b[1;33mleakgate:\x1b[0m" } else { "leakgate:" };
    let shown: Vec<_> = lines.iter().map(|line| fit_to_show(line)).collect();
    let _ = writeln!(io::stderr(), "{prefix} {}", shown.join("\n"));
}

/// A text beside a report, which may quote a name that holds a secret.
fn fit_to_show(text: &str) -> String {
    harmless(&mask::text(text))
}

/// An error may quote a path or a ref of a hostile repository: no control character of it reaches
/// the terminal, and no line of it can be taken for one of ours.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\n  "),
            c if leakgate_model::is_invisible(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// A panic's message may quote what was being read: only its place is told.
pub(crate) fn keep_values_out_of_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(io::stderr(), "leakgate: internal fault at {place}, please report it");
    }));
}
