//! All that is read of a repository, without judging any of it: the parts of commands that hostile
//! bytes reach first, at ten times their speed.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use bstr::{BStr, ByteSlice as _};
use leakgate_git::history::{Broken, Decoded, History, Kind, Message, Search, Visit};
use leakgate_git::{Cut, Moment, Range, RangeSpec, Repository, Staged, Tip, View};
use leakgate_model::{Content, Listing, ObjectId, Source};

/// Reads everything of the repository at `root`; what cannot be read is an error or a problem.
pub(crate) fn everything(root: &Path) {
    let Ok(repository) = Repository::discover(root) else { return };
    staged(&repository);
    history(&repository);
    range(&repository);
    let _ = (repository.settings(), repository.ref_names(), repository.identities());
    let _ = (repository.hooks_dir(), repository.hooks_path(), repository.own_files());
    if let Some(rules) = repository.ignore_rules() {
        repository.list_work_tree(&rules);
    }
}

fn staged(repository: &Repository) {
    for moment in [Moment::Commit, Moment::Merge] {
        let Ok((staged, listing)) = Staged::list(repository, moment) else { continue };
        read(&staged, &listing);
        staged.submodules();
        let view = View::new(&staged, &listing.entries);
        for path in ["", "docs", "src/app.conf", "new", "a/b"].map(BStr::new) {
            (view.folder(path), view.node(path), view.was_folder(path));
            (view.content(path, 100), view.committed(path, 100));
        }
        view.into_problems();
        let _ = Staged::trees(repository, moment);
    }
}

/// Reads all contents, and what they were before.
fn read(source: &dyn Source, listing: &Listing) {
    let (mut reader, mut buffer) = (source.reader(), Vec::new());
    for entry in &listing.entries {
        if let Ok(Content::Stream(mut stream)) = reader.read(entry, &mut buffer) {
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
        reader.origin(entry);
        for previous in &entry.previous {
            let _ = reader.read_object(&previous.path, previous.id, &mut buffer);
        }
    }
    for previous in source.removed() {
        let _ = reader.read_object(&previous.path, previous.id, &mut buffer);
    }
}

/// Remembers each object, and sees whether what builds on it has the bytes that it should.
struct Compare;

impl Visit for Compare {
    type Note = Vec<u8>;

    fn visit(&mut self, object: &Decoded<'_, Vec<u8>>) -> Vec<u8> {
        if let Some(base) = &object.base {
            let mut end = 0;
            for copy in base.copies {
                assert!(copy.to >= end && copy.len > 0, "{copy:?}");
                end = copy.to + copy.len;
                let (from, to) = (&base.note[copy.from..], &object.content[copy.to..end]);
                assert_eq!(&from[..copy.len], to, "{copy:?}");
            }
        }
        object.content.to_vec()
    }

    fn broken(&mut self, _number: u32, _why: Broken) {}
}

struct Look;

impl Message for Look {
    fn look(&mut self, _number: u32, _kind: Kind, _raw: &[u8]) {}
}

fn history(repository: &Repository) {
    let never = AtomicBool::new(false);
    let Ok(mut history) = History::open(repository) else { return };
    history.limit_memory(4096);
    for kind in [Kind::Blob, Kind::Tree, Kind::Commit, Kind::Tag] {
        history.walk(kind, None, &mut [Compare], &never);
    }
    let refs = history.refs().map(|(refs, _)| refs).unwrap_or_default();
    let graph = history.graph(&mut [Look, Look], &never);
    for (number, commit) in graph.commits.iter().enumerate() {
        graph.parents(commit);
        assert_eq!(graph.place(commit.number), Some(number));
    }
    for revision in ["HEAD", "HEAD~2", "main^2~1", "v2", "c0ffee"] {
        history.revision(revision, &refs, &graph);
    }
    graph.reachable(refs.iter().filter_map(|one| graph.peel(one.target?).0));
    let (all, none) = (|_: u32, _: &[u8]| true, |_: &[u8]| false);
    let search = Search { wanted: &all, is_odd: &none, marks: None };
    let sightings = history.sightings(&search, 1, &never);
    let places = sightings.places(graph.commits.iter().filter_map(|commit| commit.tree));
    for commit in &graph.commits {
        commit.tree.map(|tree| places.in_tree(tree));
    }
    (history.broken(), history.shallow());
    let ids: Vec<ObjectId> = (0..history.len() as u32).map(|number| history.id(number)).collect();
    let some = History::open_some(repository, ids);
    some.walk(Kind::Blob, None, &mut [Compare], &never);
}

fn range(repository: &Repository) {
    let find = |name: &str| repository.resolve(name).ok().flatten();
    let Some(head) = repository.head().ok().flatten() else { return };
    let hidden: Vec<_> = ["HEAD~2", "refs/heads/side"].into_iter().filter_map(find).collect();
    for (cut, hidden) in [(Cut::Problem, hidden), (Cut::Whole, Vec::new())] {
        let tips = ["HEAD", "v2"].into_iter().filter_map(find);
        let tips = tips.chain([head]).map(|id| Tip { name: "refs/x".into(), id }).collect();
        let spec = RangeSpec { tips, hidden, cut, scanned: Vec::new() };
        let (range, listing) = Range::list(repository, &spec);
        read(&range, &listing);
        (range.file(".gitmodules"), range.submodules());
    }
    let old = find("HEAD~1");
    let _ = (repository.brought(old, head), repository.step(old, head));
    let _ = (repository.fetched(), repository.known_at("../x".into()), repository.refs());
}
