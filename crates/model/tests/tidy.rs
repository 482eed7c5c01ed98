//! What must hold of the whole repository and no compiler checks: who depends on whom, how files
//! are named and how long they are, that links and the architecture's invariants lead somewhere.
//!
//! It stands in this crate because this one compiles in a moment: `cargo test -p leakgate-model`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// The package of the binary, which may depend on every other.
const BINARY: &str = "leakgate";
/// The package that every other may depend on.
const MODEL: &str = "leakgate-model";

/// Dependencies that belong to one package: nobody else may name them.
const OWNED: [(&str, &str); 7] = [
    ("anyhow", BINARY),
    ("clap", BINARY),
    ("rayon", BINARY),
    ("terminal_size", BINARY),
    ("gix", "leakgate-git"),
    ("ignore", "leakgate-git"),
    ("annotate-snippets", "leakgate-report"),
];

const LONGEST_SOURCE: usize = 800;

#[test]
fn packages_depend_only_along_the_arrows() {
    let mut wrong = Vec::new();
    for (package, dependency) in dependencies() {
        let ours = dependency == BINARY || dependency.starts_with("leakgate-");
        let allowed = match package.as_str() {
            BINARY => dependency != BINARY,
            MODEL => false,
            _ => dependency == MODEL,
        };
        if ours && !allowed {
            wrong.push(format!("{package} -> {dependency}"));
        }
    }
    assert!(wrong.is_empty(), "arrows that docs/architecture.md does not allow: {wrong:?}");
}

#[test]
fn each_library_with_an_owner_has_no_other() {
    let wrong: Vec<_> = dependencies()
        .into_iter()
        .filter(|(package, dependency)| {
            OWNED.iter().any(|(library, owner)| library == dependency && owner != package)
        })
        .collect();
    assert!(wrong.is_empty(), "dependencies that belong to another package: {wrong:?}");
}

#[test]
fn unsafe_code_is_forbidden_in_each_package() {
    let root = text(&root().join("Cargo.toml"));
    assert!(root.contains("unsafe_code = \"forbid\""), "the workspace no longer forbids it");
    for manifest in files().iter().filter(|path| path.file_name() == Some("Cargo.toml".as_ref())) {
        let inherits = text(manifest).contains("[lints]\nworkspace = true");
        assert!(inherits, "{} does not take the lints of the workspace", shown(manifest));
    }
}

#[test]
fn sources_are_short_and_named_for_what_they_do() {
    for path in sources() {
        let lines = text(&path).lines().count();
        assert!(
            lines <= LONGEST_SOURCE,
            "{} has {lines} lines of {LONGEST_SOURCE} at most: split it",
            shown(&path)
        );
        let vague = path.components().any(|part| {
            let name = Path::new(part.as_os_str()).file_stem().unwrap_or_default();
            ["util", "utils", "misc"].iter().any(|word| name == *word)
        });
        assert!(!vague, "{}: a name should say what is in it", shown(&path));
    }
}

/// The fuzz targets go through the command's own modules, and CI does not build them.
#[test]
fn the_fuzz_package_knows_the_modules_of_the_command() {
    let modules = |file: &str| -> BTreeSet<String> {
        let source = text(&root().join(file));
        let lines = source.lines().map(|line| line.trim().trim_start_matches("pub(crate) "));
        let modules = lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        modules.map(str::to_owned).collect()
    };
    let known = modules("tests/fuzz/src/lib.rs");
    let missing: Vec<_> =
        modules("crates/cli/main.rs").into_iter().filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "tests/fuzz/src/lib.rs lacks {missing:?}");
}

#[test]
fn pattern_files_are_named_in_kebab_case() {
    let patterns = root().join("patterns");
    let mut count = 0;
    for path in files().iter().filter(|path| path.starts_with(&patterns)) {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let slug = name.strip_suffix(".yml").unwrap_or_default();
        let kebab = slug.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        assert!(kebab, "{}: a rule file is named as `some-provider.yml`", shown(path));
        count += 1;
    }
    assert!(count > 0, "there are no rule files");
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for page in pages() {
        let here = text(&page);
        for link in links(&here).into_iter().filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.parent().expect("a page stands in a folder");
            let target = if file.is_empty() { page.clone() } else { folder.join(file) };
            let leads = target.exists()
                && (heading.is_empty() || headings(&text(&target)).contains(heading));
            if !leads {
                broken.push(format!("{}: {link}", shown(&page)));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere: {broken:#?}");
}

#[test]
fn the_readme_links_to_each_page_of_docs() {
    let readme = text(&root().join("README.md"));
    let linked: BTreeSet<_> = links(&readme).into_iter().collect();
    for page in pages().iter().filter(|page| page.starts_with(root().join("docs"))) {
        assert!(linked.contains(&*shown(page)), "the README does not link to {}", shown(page));
    }
}

#[test]
fn the_readme_sets_up_in_two_commands_and_ci_runs_both() {
    let readme = text(&root().join("README.md"));
    let block = readme.split("```").nth(1).expect("the README has a code block");
    let commands: Vec<_> = block.lines().skip(1).collect();
    assert_eq!(
        commands.len(),
        2,
        "the first block: one command shows a finding, one runs the tests"
    );
    let ci = text(&root().join(".ci/run"));
    for command in commands {
        assert!(ci.contains(&format!("\nstep {command}")), ".ci/run does not run `{command}`");
    }
}

#[test]
fn each_invariant_names_tests_that_are_there() {
    let page = text(&root().join("docs/architecture.md"));
    let sources = sources();
    let sources = sources.iter().filter(|path| path.extension() == Some("rs".as_ref()));
    let sources: Vec<_> = sources.map(|path| text(path)).collect();
    let (_, section) = page.split_once("\n## Invariants\n").expect("the page lists invariants");
    let section = section.split("\n## ").next().expect("a split has a first part");
    let mut number = 0;
    for invariant in section.trim().split("\n\n").filter(|part| part.starts_with(char::is_numeric))
    {
        number += 1;
        assert!(invariant.starts_with(&format!("{number}. ")), "out of order: {invariant}");
        let (_, tests) = invariant
            .split_once("Held by ")
            .unwrap_or_else(|| panic!("invariant {number} does not say what holds it"));
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "invariant {number} names no test");
        for name in names {
            let there =
                sources.iter().any(|text| has_test(text, name) || has_case_of_table(text, name));
            assert!(there, "invariant {number}: there is no test {name}");
        }
    }
    assert!(number > 0, "the page lists invariants");
}

/// A function that is run as a test, and does something.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    source.match_indices(&head).any(|(at, _)| {
        let above = source[..at].lines().rev().skip(usize::from(!source[..at].ends_with('\n')));
        let above: Vec<_> = above
            .map(str::trim_start)
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .collect();
        let is_empty = source[at..].lines().next().is_some_and(|line| line.ends_with("{}"));
        above.contains(&"#[test]")
            && !above.iter().any(|line| line.starts_with("#[ignore"))
            && !is_empty
    })
}

/// A case of a table that a macro makes a test of.
fn has_case_of_table(source: &str, name: &str) -> bool {
    let mut within = false;
    source.lines().any(|line| {
        if !line.starts_with(' ') && !line.is_empty() {
            within = ["matrix! {", "ways! {"].contains(&line);
        }
        within
            && line.strip_prefix("    ").is_some_and(|line| line.starts_with(&format!("{name}: ")))
    })
}

#[test]
fn what_is_a_test_and_what_is_not() {
    let source = "#[test]\n/// Why.\nfn one() {\n}\nfn two() {\n}\n#[test]\n#[ignore]\nfn three() {\n}\n\
        #[test]\nfn four() {}\n    #[test]\n    fn five(\n        x: u8,\n    ) {}\n\
        matrix! {\n    six: |repo| {};\n}\n    seven: |repo| {};\n";
    let is = |name: &&str| has_test(source, name) || has_case_of_table(source, name);
    let names = ["one", "two", "three", "four", "five", "six", "seven", "ne", "nine"];
    assert_eq!(names.into_iter().filter(is).collect::<Vec<_>>(), ["one", "five", "six"]);
}

#[test]
fn no_file_names_a_place_of_this_machine() {
    let places = places_of_this_machine();
    for path in files() {
        let Ok(content) = fs::read_to_string(&path) else { continue };
        for place in &places {
            let named = content.match_indices(place.as_str()).any(|(at, _)| {
                !content[at + place.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '-')
            });
            assert!(!named, "{} names {place}, which is on this machine alone", shown(&path));
        }
    }
}

/// This checkout, the folders beside it, and the home folder's cargo, as text may name them.
fn places_of_this_machine() -> Vec<String> {
    let root = root();
    let parent = root.parent().filter(|parent| {
        // There the names beside are anybody's, and tests write such paths.
        parent.parent().is_some() && **parent != env::temp_dir()
    });
    let beside = parent.and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten();
    beside
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .chain(env::home_dir().map(|home| home.join(".cargo")))
        .chain([root])
        .filter_map(|path| path.to_str().map(str::to_owned))
        .collect()
}

/// Each pair of a package of the workspace and the name of something it depends on, in any way.
fn dependencies() -> Vec<(String, String)> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs, as it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let name = |value: &Value| value["name"].as_str().expect("names are text").to_owned();
    let list = |value: &Value| value.as_array().expect("cargo lists them").clone();
    list(&metadata["packages"])
        .iter()
        .flat_map(|package| {
            let of = name(package);
            list(&package["dependencies"]).into_iter().map(move |on| (of.clone(), name(&on)))
        })
        .collect()
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the package stands in crates/").to_owned()
}

/// All files of the repository but what git and cargo keep for themselves, sorted.
fn files() -> Vec<PathBuf> {
    let mut folders = vec![root()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the repository can be read") {
            let entry = entry.expect("the repository can be read");
            let kind = entry.file_type().expect("the repository can be read");
            let own = [".git", "target"].iter().any(|name| entry.file_name() == *name);
            if kind.is_dir() && !own {
                folders.push(entry.path());
            } else if kind.is_file() && !own {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Files that a machine runs: Rust, shell and Python, and scripts without an extension.
fn sources() -> Vec<PathBuf> {
    let is_source = |path: &PathBuf| match path.extension().and_then(OsStr::to_str) {
        Some(extension) => ["rs", "sh", "py"].contains(&extension),
        None => path.file_name() == Some("run".as_ref()),
    };
    files().into_iter().filter(is_source).map(|path| relative(&path)).collect()
}

fn pages() -> Vec<PathBuf> {
    let docs = root().join("docs");
    let is_page = |path: &PathBuf| {
        path.extension() == Some("md".as_ref())
            && (path.parent() == Some(&root()) || path.starts_with(&docs))
    };
    files().into_iter().filter(is_page).collect()
}

/// The targets of `[text](target)`.
fn links(page: &str) -> Vec<&str> {
    page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect()
}

/// The anchors that a page's headings get on code hosting sites.
fn headings(page: &str) -> BTreeSet<String> {
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept =
                title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

fn relative(path: &Path) -> PathBuf {
    path.strip_prefix(root()).unwrap_or(path).to_owned()
}

/// A path as the repository's own files write it.
fn shown(path: &Path) -> String {
    relative(path).to_string_lossy().replace('\\', "/")
}
