//! The pipeline of `leakgate history`: commits, blobs, trees, then only what was hit.
//!
//! Reading goes over the object database, not over commits: `docs/history.md` tells why. What a
//! blob may hold is judged by its paths, so these are looked up for the few blobs in which a secret
//! could stand, and only those are scanned.

mod blobs;
mod cache;
mod confirm;
mod hits;
mod messages;
mod modes;
mod part;
mod progress;
mod repositories;
mod saved;
mod secrets;
mod shard;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, bail};
use leakgate_git::Repository;
use leakgate_git::history::{
    Bits, Graph, History, Kind, Place, Places, Ref, Search, Sightings, Target, seconds_of,
};
use leakgate_model::{ObjectId, Outcome, Problem, ProblemKind};
use leakgate_policy::{Config, IgnoreFile, Samples};
use leakgate_report::{HistoryFacts, Scope};
use leakgate_secrets::{Likely, Memory, RuleSet};

use self::blobs::Blobs;
use self::cache::Cache;
use self::messages::Messages;
pub(crate) use self::part::calm;
use self::progress::{Progress, interrupt};
use self::saved::{Origin, Saved};
use self::secrets::Secrets;
use self::shard::ShardReport;
use crate::args::{HistoryArgs, HistoryCommand, MergeArgs};
use crate::exit::Exit;
use crate::run::{self, Scanned};
use crate::samples::Handling;
use crate::terminal;

/// `leakgate history`.
pub(crate) fn history(args: &HistoryCommand) -> anyhow::Result<Exit> {
    match args.shard {
        Some(shard) => shard::write(&args.history, shard),
        None => tell(&args.history, None),
    }
}

/// `leakgate merge`.
pub(crate) fn merge(args: &MergeArgs) -> anyhow::Result<Exit> {
    if args.reports.first().is_some_and(|first| repositories::is_whole(first)) {
        if let Some(option) = args.history.of_reading() {
            bail!(
                "these reports are whole, and nothing is read or chosen any more: give {option} to \
                 the `leakgate history` that writes them"
            );
        }
        return repositories::merge(&args.reports, &args.history.scan);
    }
    tell(&args.history, Some(&args.reports))
}

/// All that the history holds, nothing let pass.
pub(crate) fn look(
    args: &HistoryArgs,
    repository: &Repository,
    rules: &RuleSet,
) -> anyhow::Result<Scanned> {
    Ok(scan(args, repository, rules, &IgnoreFile::default(), None, None)?.scanned)
}

/// Tells what the history holds; what was read in shards is not read again.
fn tell(args: &HistoryArgs, shards: Option<&[PathBuf]>) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let repository = run::repository()?;
    let root = repository.work_tree();
    let rules = run::rules(&args.scan, root.as_deref())?;
    let ignores = run::ignores(root.as_deref())?;
    let shards = shards.map(|files| shard::read(files, args, &rules)).transpose()?;
    let cache = Cache::of(args, &repository)?;
    let saved = cache.as_ref().and_then(Cache::report);
    let told = match saved.and_then(|saved| saved.recall(&repository, &rules, &ignores)) {
        Some(told) => told,
        None => scan(args, &repository, &rules, &ignores, cache.as_ref(), shards.as_deref())?,
    };
    let facts = HistoryFacts { traces: &told.traces, commits: told.commits, shallow: told.shallow };
    run::finish_with(
        "history",
        Scope::History,
        &told.scanned,
        &rules,
        &args.scan,
        start,
        Some(facts),
    )
}

/// Scans the history, but for what the cache knows already, and keeps what is found out in it.
fn scan(
    args: &HistoryArgs,
    repository: &Repository,
    rules: &RuleSet,
    ignores: &IgnoreFile,
    cache: Option<&Cache>,
    shards: Option<&[ShardReport]>,
) -> anyhow::Result<Told> {
    let mut history = History::open(repository)?;
    if let Some(bytes) = args.max_memory {
        history.limit_memory(bytes);
    }
    let threads = threads(args.scan.threads);
    let stop = interrupt()?;
    let modes = args.modes.then(|| policy(repository)).transpose()?;
    let samples = Handling::of(&args.scan, Samples::Count);
    let scan = Scan { history: &history, rules, ignores, modes, samples, threads, stop: &stop };
    let mut known = Known::of(&history, cache);
    if let Some(shards) = shards {
        known.add(&history, shards)?;
        known.tell_of_rest(&history, args);
    }
    let (told, calm) = scan.run(args, &known)?;
    if let Some(cache) = cache {
        known.list.extend(calm.iter().map(|&(number, size)| (history.id(number), size)));
        known.list.sort_unstable();
        known.list.dedup();
        let kept = cache.keep(&known.list, Saved::of(&told, rules).as_ref());
        if let Err(error) = kept {
            terminal::complain(&error.context("the next scan takes as long as this one"));
        }
    }
    Ok(told)
}

/// What the repository says of its own files now.
fn policy(repository: &Repository) -> anyhow::Result<Config> {
    Ok(repository.work_tree().map(|root| Config::read(&root)).transpose()?.unwrap_or_default())
}

/// What the cache knows of the objects that are there.
#[derive(Default)]
struct Known {
    /// Objects in which no secret can stand, and their sizes.
    list: Vec<(ObjectId, u64)>,
    /// The same by their numbers.
    numbers: Bits,
    /// How many of them are blobs, and how many bytes these have.
    blobs: u64,
    bytes: u64,
    /// What is known of other blobs, which stand among the numbers but not in the list.
    found: Found,
}

impl Known {
    fn of(history: &History<'_>, cache: Option<&Cache>) -> Self {
        let Some(cache) = cache else { return Self::default() };
        let mut known = Self { numbers: Bits::new(history.len()), ..Self::default() };
        for (id, size) in cache.calm() {
            let Some(number) = history.number(id) else { continue };
            if known.numbers.insert(number) {
                known.list.push((id, size));
                if history.kind(number) == Some(Kind::Blob) {
                    known.blobs += 1;
                    known.bytes += size;
                }
            }
        }
        known
    }
}

/// How many threads are meant.
pub(crate) fn threads(asked: Option<usize>) -> usize {
    asked
        .filter(|&threads| threads > 0)
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// What a scan of the history needs.
struct Scan<'s> {
    history: &'s History<'s>,
    rules: &'s RuleSet,
    ignores: &'s IgnoreFile,
    /// If modes, links and names are to be looked at, what the repository lets pass of them.
    modes: Option<Config>,
    samples: Handling<'s>,
    threads: usize,
    /// Set when the user wants no more to be read; what was read is told.
    stop: &'s AtomicBool,
}

/// Nothing ends what is told of that which was read.
static NEVER: AtomicBool = AtomicBool::new(false);

/// What a scan of the history found.
struct Told {
    scanned: Scanned,
    /// One of each finding, in the same order.
    traces: Vec<leakgate_model::Trace>,
    /// Where each can be found again.
    origins: Vec<Option<Origin>>,
    commits: u64,
    shallow: bool,
}

/// Which commits count.
struct Extent {
    refs: Vec<Ref>,
    /// Commits whose content is looked at, by their places.
    scope: Bits,
    /// Commits that the chosen refs lead to, by their places.
    reached: Bits,
    /// Tags on the way to them, and other objects that refs point to, by their numbers.
    others: Vec<(u32, usize)>,
}

impl Extent {
    /// Trees that refs point to without a commit.
    fn folders(&self, history: &History<'_>) -> Vec<u32> {
        let others = self.others.iter().map(|&(number, _)| number);
        others.filter(|&number| history.kind(number) == Some(Kind::Tree)).collect()
    }
}

impl Scan<'_> {
    /// Scans all but what is known. Returns also the objects in which no secret can stand, by their
    /// numbers, and their sizes.
    fn run(&self, args: &HistoryArgs, known: &Known) -> anyhow::Result<(Told, Vec<(u32, u64)>)> {
        let history = self.history;
        let mut outcome = Outcome { problems: history.problems().to_vec(), ..Outcome::default() };
        let (refs, problems) = history.refs()?;
        outcome.problems.extend(problems);

        let memory = Memory::for_objects(history.len());
        let new = |_| Messages::new(self.rules, &memory, &known.numbers);
        let mut messages: Vec<_> = (0..self.threads).map(new).collect();
        let reading = Progress::phase("reading commits", args.scan.quiet);
        let mut graph = history.graph(&mut messages, &NEVER);
        drop(reading);
        // What they know beside is needed no more.
        let said: Vec<_> = messages.into_iter().map(|one| one.said).collect();
        outcome.problems.append(&mut graph.problems);
        let extent = self.extent(args, refs, &graph, &mut outcome)?;

        let (wanted, mut blobs) = self.blobs(args, known, &memory, &mut outcome);
        let is_wanted = |number: u32, name: &[u8]| {
            let counts = || !blobs.nameless.has(number) || RuleSet::may_name_a_secret(name);
            wanted.has(number) && counts() || RuleSet::is_read_by_name(name)
        };
        let is_odd = |name: &[u8]| self.is_odd(name);
        let marks = self.modes.as_ref().map(|_| &modes::marks as _);
        let search = Search { wanted: &is_wanted, is_odd: &is_odd, marks };
        let reading = Progress::phase("finding where it stands", args.scan.quiet);
        // Where nothing was found before the user had enough, no place is to be told either.
        let is_over = self.stop.load(Ordering::Relaxed) && wanted.count() == 0;
        let end = if is_over { self.stop } else { &NEVER };
        let sightings = history.sightings(&search, self.threads, end);
        outcome.problems.extend(sightings.problems().iter().map(|(_, problem)| problem.clone()));
        let folders = extent.folders(history);
        let mut places =
            sightings.places(roots(&graph, &extent.scope).chain(folders.iter().copied()));
        self.add_other_places(args, &extent, &graph, &sightings, &wanted, &mut places);
        tell_of_places(&mut outcome, history, &sightings, &places, &mut blobs);
        let entries: Vec<_> = sightings.entries().collect();
        // What follows needs memory itself.
        drop((sightings, reading));

        let mut secrets = Secrets::new(self, &graph, &extent, &entries);
        secrets.folders = folders.iter().flat_map(|&tree| places.in_tree(tree)).collect();
        let mut hits = confirm::blobs(self, &places, &blobs, &mut outcome);
        let mut modes = modes::look(self, &places, &entries, &mut outcome);
        modes::drop_told(&mut modes.hits, &hits, &places, &entries, |n| history.id(n));
        hits.append(std::mem::take(&mut modes.hits));
        secrets.take_places(&places, hits);
        let calm = said.iter().flat_map(|one| one.calm.iter().map(|&number| (number, 0)));
        let calm: Vec<(u32, u64)> = calm.chain(std::mem::take(&mut blobs.calm)).collect();
        secrets.take_messages(said);
        secrets.take_refs();
        secrets.take_submodules(&modes);
        let (findings, traces, origins) = secrets.tell(&places, &blobs, &mut outcome);
        outcome.problems.sort();
        outcome.problems.dedup();
        findings.iter().for_each(|finding| outcome.count(finding));
        let commits = (0..graph.commits.len() as u32).filter(|&c| extent.scope.has(c)).count();
        let told = Told {
            scanned: Scanned { findings, outcome },
            traces,
            origins,
            commits: commits as u64,
            shallow: !history.shallow().is_empty(),
        };
        Ok((told, calm))
    }

    /// Asks all blobs. Returns those to be looked at again, and what was found out.
    fn blobs(
        &self,
        args: &HistoryArgs,
        known: &Known,
        memory: &Memory,
        outcome: &mut Outcome,
    ) -> (Bits, Found) {
        let progress = Progress::new(self.history.count(Kind::Blob), args.scan.quiet);
        progress.add(known.blobs);
        let new = |_| Blobs::new(self.history, self.rules, &known.numbers, memory, &progress);
        let mut visitors: Vec<_> = (0..self.threads).map(new).collect();
        let unknown = (known.numbers.count() > 0).then(|| self.unknown(known));
        self.history.walk(Kind::Blob, unknown.as_ref(), &mut visitors, self.stop);
        outcome.scanned += known.blobs;
        outcome.bytes += known.bytes;
        if self.stop.load(Ordering::Relaxed) {
            outcome.problems.push(interrupted());
        }
        let mut wanted = Bits::new(self.history.len());
        let mut found = Found { nameless: Bits::new(self.history.len()), ..Found::default() };
        found.large.extend(&known.found.large);
        found.broken.extend(&known.found.broken);
        for &(number, is_nameless) in &known.found.likely {
            wanted.insert(number);
            if is_nameless {
                found.nameless.insert(number);
            }
        }
        for visitor in visitors {
            outcome.scanned += visitor.count;
            outcome.bytes += visitor.bytes;
            found.calm.extend(visitor.calm);
            found.large.extend(visitor.large);
            found.broken.extend(visitor.broken);
            for number in visitor.nameless {
                wanted.insert(number);
                found.nameless.insert(number);
            }
            for (number, at) in visitor.candidates {
                wanted.insert(number);
                found.at.extend(at.map(|at| (number, at)));
            }
        }
        found.large.sort_unstable();
        found.broken.sort_unstable_by_key(|&(number, _)| number);
        found.broken.dedup_by_key(|&mut (number, _)| number);
        for &number in found.large.iter().chain(found.broken.iter().map(|(number, _)| number)) {
            wanted.insert(number);
        }
        // Of these nobody can tell what they are, so none can be left out.
        outcome.problems.extend(self.history.broken().iter().map(|&number| {
            self.history.broken_problem(number, leakgate_git::history::Broken::Corrupt)
        }));
        (wanted, found)
    }

    /// The blobs that the cache does not know.
    fn unknown(&self, known: &Known) -> Bits {
        let mut unknown = Bits::new(self.history.len());
        for number in 0..self.history.len() as u32 {
            if !known.numbers.has(self.history.canonical(number)) {
                unknown.insert(number);
            }
        }
        unknown
    }

    /// Returns true if and only if a name may hold a secret itself.
    fn is_odd(&self, name: &[u8]) -> bool {
        RuleSet::has_control(name)
            // A byte order mark; a name is no file, so its being one value says nothing.
            || matches!(name.first(), Some(0xfe | 0xff))
            || self.rules.may_hold(name)
    }

    fn extent(
        &self,
        args: &HistoryArgs,
        refs: Vec<Ref>,
        graph: &Graph,
        outcome: &mut Outcome,
    ) -> anyhow::Result<Extent> {
        let (mut tips, mut others) = (Vec::new(), Vec::new());
        let mut hidden = Bits::default();
        if let Some(range) = &args.range {
            let (from, to) = range
                .split_once("..")
                .with_context(|| format!("{range:?} is no range: write it as A..B, two commits"))?;
            let commit = |name: &str| {
                self.history
                    .revision(name, &refs, graph)
                    .with_context(|| format!("could not find the commit {name:?} of the range"))
            };
            tips.push(commit(to.trim_start_matches('.'))?);
            hidden = graph.reachable([commit(from)?]);
        } else {
            for (index, one) in chosen(args, &refs)? {
                let Some(target) = one.target else {
                    outcome.problems.push(missing_tip(one));
                    continue;
                };
                let (peeled, tags) = graph.peel(target);
                others.extend(tags.into_iter().map(|tag| (tag, index)));
                match peeled {
                    Some(number) if graph.place(number).is_some() => tips.push(number),
                    Some(number) => others.push((number, index)),
                    None => outcome.problems.push(missing_tip(one)),
                }
            }
        }
        let reached = graph.reachable(tips);
        let since = since(args)?;
        let mut scope = Bits::new(graph.commits.len());
        for (place, commit) in graph.commits.iter().enumerate() {
            let place = place as u32;
            let counts = (reached.has(place) && !hidden.has(place)) || args.unreachable;
            if counts && since.is_none_or(|since| commit.time >= since) {
                scope.insert(place);
            }
        }
        let shallow = self.history.shallow();
        for (place, id) in graph.missing(&scope) {
            // A shallow clone lacks the parents of its last commits, and says so.
            if !shallow.contains(&graph.commits[place].number) {
                outcome.problems.push(Problem {
                    path: None,
                    kind: ProblemKind::Missing,
                    detail: format!(
                        "object {id}, which commit {} names, is not in the object database",
                        self.history.id(graph.commits[place].number)
                    ),
                    help: "fetch it, or `git fsck` to see what is lost".to_owned(),
                });
            }
        }
        Ok(Extent { refs, scope, reached, others })
    }

    /// Adds what stands in no commit: what refs point to themselves, what no ref leads to.
    fn add_other_places(
        &self,
        args: &HistoryArgs,
        extent: &Extent,
        graph: &Graph,
        sightings: &Sightings<'_>,
        wanted: &Bits,
        places: &mut Places,
    ) {
        for &(number, index) in &extent.others {
            if graph.place(number).is_none() && wanted.has(number) {
                let path = extent.refs[index].name.clone();
                places.list.push(Place { target: Target::Object(number), path });
            }
        }
        if !args.unreachable {
            return;
        }
        let mut seen = Bits::new(self.history.len());
        for place in &places.list {
            if let Target::Object(number) = place.target {
                seen.insert(number);
            }
        }
        for number in (0..self.history.len() as u32).filter(|&number| !seen.has(number)) {
            let mut names = sightings.names_of(number);
            let is_blob = self.history.kind(number) == Some(Kind::Blob);
            let tells = |name: &&bstr::BString| is_blob && RuleSet::is_read_by_name(name);
            let telling = sightings.names_of(number).find(tells);
            if wanted.has(number) || telling.is_some() {
                let name = telling.or_else(|| names.next()).cloned();
                let path = name.unwrap_or_else(|| self.history.id(number).to_string().into());
                places.list.push(Place { target: Target::Object(number), path });
            }
        }
    }
}

/// What was found out about blobs, beside which may hold secrets.
#[derive(Default)]
struct Found {
    /// To be looked at under names that tell of a secret.
    nameless: Bits,
    /// Those that no secret can stand in, and their sizes.
    calm: Vec<(u32, u64)>,
    /// Of what was asked elsewhere: those to be looked at, and whether that depends on their names.
    likely: Vec<(u32, bool)>,
    /// Where alone secrets could stand in some of those to be looked at.
    at: HashMap<u32, Likely>,
    /// To be scanned as streams.
    large: Vec<u32>,
    broken: Vec<(u32, leakgate_git::history::Broken)>,
}

/// The refs that are meant, with their places in the list; all if nothing is said.
fn chosen<'r>(args: &HistoryArgs, refs: &'r [Ref]) -> anyhow::Result<Vec<(usize, &'r Ref)>> {
    if let Some(name) = args.branch.iter().find(|name| !refs.iter().any(|one| one.is_branch(name)))
    {
        bail!(
            "there is no branch {name:?}, neither here nor of a remote; `git branch -a` lists them"
        );
    }
    if let Some(glob) = args.refs.iter().find(|glob| !refs.iter().any(|one| one.matches(glob))) {
        bail!(
            "no ref matches {glob:?}; name a folder of refs as `heads`, or a ref from below refs/ \
             as `heads/main`: `git for-each-ref` lists them all"
        );
    }
    let is_meant = |one: &Ref| {
        args.refs.iter().any(|glob| one.matches(glob))
            || args.branch.iter().any(|name| one.is_branch(name))
            || args.refs.is_empty() && args.branch.is_empty()
    };
    Ok(refs.iter().enumerate().filter(|(_, one)| is_meant(one)).collect())
}

/// From when on commits count, in seconds since 1970.
fn since(args: &HistoryArgs) -> anyhow::Result<Option<i64>> {
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_secs() as i64);
    let seconds = |date: &str| {
        seconds_of(date, now)
            .with_context(|| format!("{date:?} is no date: write it as 2024-05-06"))
    };
    args.since.as_deref().map(seconds).transpose()
}

/// The trees of the commits in scope and of their parents, which tell what is new.
fn roots<'g>(graph: &'g Graph, scope: &'g Bits) -> impl Iterator<Item = u32> + 'g {
    let commits = graph.commits.iter().enumerate();
    let commits = commits.filter(|(place, _)| scope.has(*place as u32)).map(|(_, commit)| commit);
    commits.flat_map(|commit| {
        let parents = graph.parents(commit).iter().filter_map(|&parent| graph.place(parent));
        let of_parents = parents.filter_map(|place| graph.commits[place].tree);
        commit.tree.into_iter().chain(of_parents)
    })
}

fn interrupted() -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Interrupted,
        detail: "the scan was ended before everything was read".to_owned(),
        help: "run it again and let it end".to_owned(),
    }
}

/// What stands in commits and is missing or damaged is a problem.
fn tell_of_places(
    outcome: &mut Outcome,
    history: &History<'_>,
    sightings: &Sightings<'_>,
    places: &Places,
    blobs: &mut Found,
) {
    if places.cut {
        outcome.problems.push(Problem {
            path: None,
            kind: ProblemKind::TooLarge,
            detail: "the trees make more paths than can be followed".to_owned(),
            help: "narrow it down with --range or --since".to_owned(),
        });
    }
    let mut told = HashSet::new();
    let mut missing = 0;
    // Places are in the order in which threads met names.
    let mut list: Vec<_> = places.list.iter().collect();
    list.sort_by(|a, b| a.path.cmp(&b.path));
    for place in list {
        if !told.insert(place.target) {
            continue;
        }
        match place.target {
            Target::Missing(number) => {
                missing += 1;
                if missing <= MOST_MISSING {
                    outcome.problems.push(sightings.missing_problem(number, &place.path));
                }
            }
            Target::Object(number) => {
                let found = blobs.broken.binary_search_by_key(&number, |&(number, _)| number);
                if let Ok(at) = found {
                    let problem = history.broken_problem(number, blobs.broken[at].1);
                    outcome.problems.push(Problem { path: Some(place.path.clone()), ..problem });
                }
            }
            Target::Name(_) | Target::Odd(_) | Target::Entry(_) => {}
        }
    }
    if missing > MOST_MISSING {
        outcome.problems.push(Problem {
            path: None,
            kind: ProblemKind::Missing,
            detail: format!("{} more objects are not in the database", missing - MOST_MISSING),
            help: "in a partial clone, `git fetch --refetch --no-filter` fetches them".to_owned(),
        });
    }
}

/// A partial clone can lack most of its objects: that is told once.
const MOST_MISSING: u64 = 50;

fn missing_tip(one: &Ref) -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Missing,
        detail: format!(
            "object {}, which {} names, is not in the object database",
            one.id, one.name
        ),
        help: "fetch it, or `git fsck` to see what is lost".to_owned(),
    }
}
