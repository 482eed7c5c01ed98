//! From trees to paths, and from paths to commits: when something came and when it went.

use std::collections::HashMap;
use std::ops::Range;

use bstr::BString;
use foldhash::fast::RandomState;

use super::pack::NONE;
use super::trees::{Sightings, Target};
use super::{Bits, Graph};

/// A path under which something stands in some commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What stands there.
    pub target: Target,
    /// From the root of the repository.
    pub path: BString,
}

/// Every path of everything that was searched for, in the trees of some commits.
pub struct Places {
    /// The paths, each once.
    pub list: Vec<Place>,
    /// Whether there were more than could be looked at.
    pub cut: bool,
    /// How many of the paths stand in the trees.
    in_trees: u32,
    /// For each tree, the first prefix it was met under, and its node there.
    first_nodes: Vec<(u32, u32)>,
    /// The nodes of trees under other prefixes.
    other_nodes: HashMap<(u32, u32), u32, RandomState>,
    nodes: Vec<Node>,
    /// The nodes in the nodes, those of one after those of another.
    folders: Vec<u32>,
    /// The numbers of the places in the nodes, in the same way.
    held: Vec<u32>,
}

/// A tree under a prefix.
#[derive(Default)]
struct Node {
    depth: u32,
    /// Where in the list of all the nodes in it stand.
    folders: Range<u32>,
    /// The same for places.
    held: Range<u32>,
}

/// Trees that name each other many times make more paths than any repository has. In one that has
/// grown, an object stands under few; these are allowed beside.
const PATHS_PER_OBJECT: usize = 16;
const MORE_PATHS: usize = 100_000;
const ROOT: u32 = 0;

impl Sightings<'_> {
    /// The paths of everything that was searched for, in these root trees.
    pub fn places(&self, roots: impl IntoIterator<Item = u32>) -> Places {
        let mut places = Places {
            list: Vec::new(),
            cut: false,
            in_trees: 0,
            first_nodes: vec![(ROOT, NONE); self.object_count()],
            other_nodes: HashMap::default(),
            nodes: Vec::new(),
            folders: Vec::new(),
            held: Vec::new(),
        };
        // A prefix is the one before and a name; the first is that of the root.
        let mut prefixes: Vec<(u32, u32)> = vec![(ROOT, 0)];
        let mut known: HashMap<(u32, u32), u32, RandomState> = HashMap::default();
        let mut listed: HashMap<(u32, u32, Target), u32, RandomState> = HashMap::default();
        let mut stack: Vec<(u32, u32, u32)> = Vec::new();
        let most = MORE_PATHS + PATHS_PER_OBJECT * self.object_count();
        for root in roots {
            if !self.held_by(root).is_empty()
                && let (node, true) = places.node(root, ROOT, 0)
            {
                stack.push((root, ROOT, node));
            }
            while let Some((tree, prefix, node)) = stack.pop() {
                let depth = places.nodes[node as usize].depth;
                let (folders, held) = (places.folders.len() as u32, places.held.len() as u32);
                if places.nodes.len().max(places.list.len()) > most {
                    places.cut = true;
                    return places;
                }
                for &(_, name, target) in self.held_by(tree) {
                    if let Target::Object(number) = target
                        && !self.held_by(number).is_empty()
                    {
                        let below = *known.entry((prefix, name)).or_insert_with(|| {
                            prefixes.push((prefix, name));
                            prefixes.len() as u32 - 1
                        });
                        let (child, is_new) = places.node(number, below, depth + 1);
                        places.folders.push(child);
                        if is_new {
                            stack.push((number, below, child));
                        }
                        continue;
                    }
                    let place = *listed.entry((prefix, name, target)).or_insert_with(|| {
                        let path = self.path(&prefixes, prefix, name);
                        places.list.push(Place { target, path });
                        places.list.len() as u32 - 1
                    });
                    places.held.push(place);
                }
                let node = &mut places.nodes[node as usize];
                node.folders = folders..places.folders.len() as u32;
                node.held = held..places.held.len() as u32;
            }
        }
        places.in_trees = places.list.len() as u32;
        places
    }

    fn path(&self, prefixes: &[(u32, u32)], mut prefix: u32, name: u32) -> BString {
        let mut names = vec![name];
        while prefix != ROOT {
            let (above, name) = prefixes[prefix as usize];
            names.push(name);
            prefix = above;
        }
        let names: Vec<&[u8]> =
            names.iter().rev().map(|&name| self.name(name).as_slice()).collect();
        names.join(&b'/').into()
    }
}

impl Places {
    /// Returns true if and only if a place is in one of the trees.
    pub fn is_in_a_tree(&self, place: u32) -> bool {
        // Those that were added later stand in none.
        place < self.in_trees
    }

    /// The numbers of the places in a root tree, sorted.
    pub fn in_tree(&self, tree: u32) -> Vec<u32> {
        let mut stack: Vec<u32> = self.root(tree).into_iter().collect();
        let mut found = Vec::new();
        while let Some(node) = stack.pop() {
            found.extend(self.held(node));
            stack.extend(self.folders(node));
        }
        found.sort_unstable();
        found
    }

    /// The nodes in a node.
    fn folders(&self, node: u32) -> &[u32] {
        let Range { start, end } = self.nodes[node as usize].folders;
        &self.folders[start as usize..end as usize]
    }

    /// The places in a node.
    fn held(&self, node: u32) -> &[u32] {
        let Range { start, end } = self.nodes[node as usize].held;
        &self.held[start as usize..end as usize]
    }

    /// The node of a tree under a prefix, and whether it is new.
    fn node(&mut self, tree: u32, prefix: u32, depth: u32) -> (u32, bool) {
        let next = self.nodes.len() as u32;
        let first = &mut self.first_nodes[tree as usize];
        let node = match *first {
            (_, NONE) => {
                *first = (prefix, next);
                next
            }
            (met, node) if met == prefix => node,
            _ => *self.other_nodes.entry((tree, prefix)).or_insert(next),
        };
        if node == next {
            self.nodes.push(Node { depth, ..Node::default() });
        }
        (node, node == next)
    }

    /// The node of a root tree.
    fn root(&self, tree: u32) -> Option<u32> {
        match self.first_nodes[tree as usize] {
            (_, NONE) => None,
            (ROOT, node) => Some(node),
            _ => self.other_nodes.get(&(tree, ROOT)).copied(),
        }
    }
}

/// How long something stood in the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stay {
    /// The first commit that has it while none of its parents has, by the commit's place.
    pub introduced: Option<usize>,
    /// The last commit that does not have it while one of its parents has.
    pub removed: Option<usize>,
    /// Which of the given tips have it.
    pub tips: Vec<usize>,
    /// Whether any commit has it, be it one that does not count.
    pub is_anywhere: bool,
}

/// A thing that a commit has if it has a part of it and not something else beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unless {
    /// The part. It stays with the commit only if it makes the whole.
    pub part: u32,
    /// What must not be there.
    pub by: u32,
    /// What the part makes.
    pub whole: u32,
}

impl Graph {
    /// Tells for `count` things when they came and went, given which of them each place holds, and
    /// those that a commit has only for want of others.
    /// Only commits that are `in_scope` bring or take away; `tips` are places of commits.
    pub fn stays(
        &self,
        places: &Places,
        held_at: &[Vec<u32>],
        unless: &[Unless],
        count: usize,
        in_scope: &Bits,
        tips: &[usize],
    ) -> Vec<Stay> {
        let mut sets = Sets::default();
        let of_nodes = sets.of_nodes(places, held_at);
        let mut made = HashMap::new();
        let of_commits: Vec<u32> = self
            .commits
            .iter()
            .map(|commit| {
                let node = commit.tree.and_then(|tree| places.root(tree));
                let set = node.map_or(EMPTY, |node| of_nodes[node as usize]);
                *made.entry(set).or_insert_with(|| sets.settle(set, unless))
            })
            .collect();
        let mut stays = vec![Stay::default(); count];
        for &set in made.values() {
            sets.get(set).iter().for_each(|&thing| stays[thing as usize].is_anywhere = true);
        }
        for place in (0..self.commits.len()).filter(|&place| in_scope.has(place as u32)) {
            self.compare(place, &of_commits, &sets, &mut stays);
        }
        for (tip, &place) in tips.iter().enumerate() {
            for &thing in sets.get(of_commits[place]) {
                stays[thing as usize].tips.push(tip);
            }
        }
        stays
    }

    /// Compares a commit with its parents.
    fn compare(&self, place: usize, of_commits: &[u32], sets: &Sets, stays: &mut [Stay]) {
        let here = of_commits[place];
        let parents =
            self.parents(&self.commits[place]).iter().filter_map(|&parent| self.place(parent));
        let mut before: Vec<u32> = parents.map(|parent| of_commits[parent]).collect();
        before.sort_unstable();
        before.dedup();
        if before.is_empty() && here == EMPTY || before == [here] {
            return;
        }
        let time = |place: usize| (self.commits[place].time, self.commits[place].number);
        for &thing in sets.get(here) {
            if before.iter().all(|&set| !sets.has(set, thing)) {
                let introduced = &mut stays[thing as usize].introduced;
                if introduced.is_none_or(|other| time(place) < time(other)) {
                    *introduced = Some(place);
                }
            }
        }
        for thing in before.iter().flat_map(|&set| sets.get(set)) {
            if !sets.has(here, *thing) {
                let removed = &mut stays[*thing as usize].removed;
                if removed.is_none_or(|other| time(place) > time(other)) {
                    *removed = Some(place);
                }
            }
        }
    }
}

const EMPTY: u32 = 0;

/// Sets of things, each kept once: most commits hold what their parents hold.
struct Sets {
    lists: Vec<Vec<u32>>,
    known: HashMap<Vec<u32>, u32, RandomState>,
}

impl Default for Sets {
    fn default() -> Self {
        Self { lists: vec![Vec::new()], known: HashMap::from_iter([(Vec::new(), EMPTY)]) }
    }
}

impl Sets {
    fn get(&self, set: u32) -> &[u32] {
        &self.lists[set as usize]
    }

    fn has(&self, set: u32, thing: u32) -> bool {
        self.get(set).binary_search(&thing).is_ok()
    }

    /// The set of the things in a list.
    fn of(&mut self, list: &mut Vec<u32>) -> u32 {
        if list.is_empty() {
            return EMPTY;
        }
        list.sort_unstable();
        list.dedup();
        if let Some(&set) = self.known.get(list) {
            return set;
        }
        let set = self.lists.len() as u32;
        self.lists.push(list.clone());
        self.known.insert(list.clone(), set);
        set
    }

    /// The set that is left of one by what must not be there; `unless` is sorted.
    fn settle(&mut self, set: u32, unless: &[Unless]) -> u32 {
        if unless.is_empty() {
            return set;
        }
        let mut list = Vec::new();
        for &thing in self.get(set) {
            let from = unless.partition_point(|one| one.part < thing);
            match unless.get(from).filter(|one| one.part == thing) {
                Some(one) if self.has(set, one.by) => {}
                Some(one) => list.extend([thing, one.whole]),
                None => list.push(thing),
            }
        }
        self.of(&mut list)
    }

    /// What each node holds, directly or not: the deepest first.
    fn of_nodes(&mut self, places: &Places, held_at: &[Vec<u32>]) -> Vec<u32> {
        let mut of_nodes = vec![EMPTY; places.nodes.len()];
        let mut nodes: Vec<u32> = (0..places.nodes.len() as u32).collect();
        nodes.sort_unstable_by_key(|&node| std::cmp::Reverse(places.nodes[node as usize].depth));
        let mut list = Vec::new();
        for node in nodes {
            list.clear();
            for &child in places.folders(node) {
                list.extend_from_slice(self.get(of_nodes[child as usize]));
            }
            for &place in places.held(node) {
                list.extend_from_slice(&held_at[place as usize]);
            }
            of_nodes[node as usize] = self.of(&mut list);
        }
        of_nodes
    }
}
