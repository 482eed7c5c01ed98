//! Decodes the objects of a pack along its deltas: each once, after what it builds on.
//!
//! Bases are taken in the order of their places by several threads. What builds on an object is
//! decoded by the thread that has the object in its cache; when another thread has nothing left to
//! do, it is given a part. An object lives only until the last of those that build on it is there,
//! so the memory grows with the depth and the width of the deltas, not with the history.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use flate2::{Decompress, FlushDecompress, Status};
use gix::objs::Kind;

use super::delta::{self, Copy};
use super::pack::Pack;
use crate::repository::ALLOC_LIMIT;

/// Looks at each object that a walk decodes. One of each thread.
pub trait Visit: Send {
    /// What is remembered of an object for those that build on it.
    type Note: Send + Sync;

    /// An object that stands alone and has as many bytes or more is not decoded but told to
    /// [`Visit::large`].
    const LARGE: u64 = u64::MAX;

    /// Called for each object, after what it builds on.
    fn visit(&mut self, object: &Decoded<'_, Self::Note>) -> Self::Note;

    /// Called instead for an object that cannot be decoded, and for each that builds on it.
    fn broken(&mut self, number: u32, why: Broken);

    /// Called instead for a large object that builds on nothing and that nothing builds on.
    fn large(&mut self, _number: u32, _size: u64) {}
}

/// An object and how it came to be.
pub struct Decoded<'w, N> {
    /// Its number.
    pub number: u32,
    /// All its bytes.
    pub content: &'w [u8],
    /// What it builds on, if anything.
    pub base: Option<Base<'w, N>>,
}

/// What an object builds on.
pub struct Base<'w, N> {
    /// Its number.
    pub number: u32,
    /// What was remembered of it.
    pub note: &'w N,
    /// Which of its bytes stand where in the object, in the order of the object. Bytes between
    /// two copies are new.
    pub copies: &'w [Copy],
}

/// Why an object could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// It is damaged, or what it builds on is.
    Corrupt,
    /// It is larger than the limit.
    TooLarge(u64),
}

/// Which objects of a pack are walked.
pub(super) struct Selection {
    kind: Kind,
    /// For each entry, whether it, or one that builds on it, is wanted; `None` for all.
    needed: Option<Vec<bool>>,
}

impl Selection {
    /// All objects of a kind.
    pub(super) fn all(kind: Kind) -> Self {
        Self { kind, needed: None }
    }

    /// The wanted objects of a kind, and what they build on.
    pub(super) fn only(pack: &Pack, kind: Kind, wanted: impl Fn(u32) -> bool) -> Self {
        let mut needed = vec![false; pack.len()];
        for entry in 0..pack.len() as u32 {
            let mut at =
                Some(entry).filter(|&entry| pack.kind(entry) == Some(kind) && wanted(entry));
            while let Some(entry) = at.filter(|&entry| !needed[entry as usize]) {
                needed[entry as usize] = true;
                at = pack.base(entry);
            }
        }
        Self { kind, needed: Some(needed) }
    }

    fn has(&self, entry: u32) -> bool {
        self.needed.as_ref().is_none_or(|needed| needed[entry as usize])
    }
}

/// Walks the selected objects of a pack, one thread for each visitor. `stop` ends it early.
/// Of objects that others build on, `most_held` bytes stay decoded, or a little more.
pub(super) fn walk<V: Visit>(
    pack: &Pack,
    selection: &Selection,
    visitors: &mut [V],
    most_held: usize,
    stop: &AtomicBool,
) {
    let roots: Vec<u32> = pack
        .in_order()
        .filter(|&entry| {
            pack.base(entry).is_none()
                && pack.kind(entry) == Some(selection.kind)
                && selection.has(entry)
        })
        .collect();
    let shared = Shared {
        pack,
        selection,
        roots,
        next_root: AtomicUsize::new(0),
        idle: AtomicUsize::new(0),
        queue: Mutex::default(),
        changed: Condvar::new(),
        threads: visitors.len(),
        held: AtomicUsize::new(0),
        most_held,
        stop,
    };
    if let [visitor] = visitors {
        Worker::new(&shared).run(visitor);
        return;
    }
    std::thread::scope(|scope| {
        for visitor in visitors {
            scope.spawn(|| Worker::new(&shared).run(visitor));
        }
    });
}

/// An object that others build on.
struct Node<N> {
    entry: u32,
    /// `None` once the memory was needed: it is decoded again when its turn comes.
    content: Mutex<Option<Arc<Vec<u8>>>>,
    note: N,
}

impl<N> Node<N> {
    fn content(&self) -> MutexGuard<'_, Option<Arc<Vec<u8>>>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is still to be decoded, and what it builds on.
type Job<N> = (u32, Option<Arc<Node<N>>>);

/// What the threads of a walk share.
struct Shared<'w, N> {
    pack: &'w Pack,
    selection: &'w Selection,
    roots: Vec<u32>,
    next_root: AtomicUsize,
    /// How many threads have nothing to do.
    idle: AtomicUsize,
    /// What was given away for them.
    queue: Mutex<Vec<Job<N>>>,
    changed: Condvar,
    threads: usize,
    /// How many bytes of objects wait for those that build on them, and how many may.
    held: AtomicUsize,
    most_held: usize,
    stop: &'w AtomicBool,
}

impl<N> Shared<'_, N> {
    fn queue(&self) -> MutexGuard<'_, Vec<Job<N>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the content of an object away.
    fn forget(&self, node: &Node<N>) -> Option<Arc<Vec<u8>>> {
        let content = node.content().take()?;
        self.held.fetch_sub(content.len(), Ordering::Relaxed);
        Some(content)
    }

    fn next_root(&self) -> Option<u32> {
        self.roots.get(self.next_root.fetch_add(1, Ordering::Relaxed)).copied()
    }

    /// Waits for work from another thread; `None` when no thread has any.
    fn wait(&self) -> Option<Job<N>> {
        let mut queue = self.queue();
        self.idle.fetch_add(1, Ordering::Relaxed);
        loop {
            if let Some(job) = queue.pop() {
                self.idle.fetch_sub(1, Ordering::Relaxed);
                return Some(job);
            }
            if self.idle.load(Ordering::Relaxed) >= self.threads {
                self.changed.notify_all();
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// One thread and its buffers.
struct Worker<'w, N> {
    shared: &'w Shared<'w, N>,
    inflate: Decompress,
    delta: Vec<u8>,
    copies: Vec<Copy>,
    /// Buffers of objects that nobody needs any more.
    spare: Vec<Vec<u8>>,
    jobs: Vec<Job<N>>,
}

impl<'w, N: Send + Sync> Worker<'w, N> {
    fn new(shared: &'w Shared<'w, N>) -> Self {
        Self {
            shared,
            inflate: Decompress::new(true),
            delta: Vec::new(),
            copies: Vec::new(),
            spare: Vec::new(),
            jobs: Vec::new(),
        }
    }

    fn run(mut self, visitor: &mut impl Visit<Note = N>) {
        // A thread that panics must not let the others wait for it.
        let _leaving = Leaving { shared: self.shared };
        while !self.shared.stop.load(Ordering::Relaxed) {
            self.make_room();
            let job = self
                .jobs
                .pop()
                .or_else(|| self.shared.next_root().map(|root| (root, None)))
                .or_else(|| self.shared.wait());
            let Some((entry, base)) = job else { return };
            self.object(entry, base, visitor);
            self.share();
        }
    }

    /// Gives half of what is to be done to threads that have nothing.
    fn share(&mut self) {
        if self.jobs.len() < 2 || self.shared.idle.load(Ordering::Relaxed) == 0 {
            return;
        }
        // The oldest have the most that builds on them.
        let half = self.jobs.len() / 2;
        self.shared.queue().extend(self.jobs.drain(..half));
        self.shared.changed.notify_all();
    }

    fn object<V: Visit<Note = N>>(
        &mut self,
        entry: u32,
        base: Option<Arc<Node<N>>>,
        visitor: &mut V,
    ) {
        let shared = self.shared;
        let mut content = self.spare.pop().unwrap_or_default();
        if let Some(size) = self.size_alone(entry, V::LARGE) {
            return visitor.large(shared.pack.first + entry, size);
        }
        let decoded = match &base {
            Some(base) => {
                self.content_of(base).and_then(|base| self.decode(entry, Some(&base), &mut content))
            }
            None => self.decode(entry, None, &mut content),
        };
        if let Err(why) = decoded {
            self.spare.push(content);
            self.give_up(entry, why, visitor);
            return;
        }
        let note = visitor.visit(&Decoded {
            number: shared.pack.first + entry,
            content: &content,
            base: base.as_ref().map(|base| Base {
                number: shared.pack.first + base.entry,
                note: &base.note,
                copies: &self.copies,
            }),
        });
        let mut children =
            shared.pack.children(entry).filter(|&child| shared.selection.has(child)).peekable();
        if children.peek().is_none() {
            self.keep(content);
        } else {
            shared.held.fetch_add(content.len(), Ordering::Relaxed);
            let content = Mutex::new(Some(Arc::new(content)));
            let node = Arc::new(Node { entry, content, note });
            self.jobs.extend(children.map(|child| (child, Some(Arc::clone(&node)))));
        }
        if let Some(node) = base.and_then(Arc::into_inner) {
            self.release(&node);
        }
    }

    /// The content of an object that others build on, decoded once more if it was dropped.
    fn content_of(&mut self, node: &Node<N>) -> Result<Arc<Vec<u8>>, Broken> {
        if let Some(content) = &*node.content() {
            return Ok(Arc::clone(content));
        }
        let pack = self.shared.pack;
        let chain: Vec<u32> =
            std::iter::successors(Some(node.entry), |&entry| pack.base(entry)).collect();
        let (mut base, mut content) = (Vec::new(), Vec::new());
        for (index, &entry) in chain.iter().rev().enumerate() {
            let on = (index > 0).then_some(base.as_slice());
            self.decode(entry, on, &mut content)?;
            std::mem::swap(&mut base, &mut content);
        }
        Ok(Arc::new(base))
    }

    /// Drops the content of what waits longest, as long as too much is held.
    fn make_room(&mut self) {
        let shared = self.shared;
        for (_, base) in &self.jobs {
            if shared.held.load(Ordering::Relaxed) <= shared.most_held {
                return;
            }
            if let Some(node) = base {
                shared.forget(node);
            }
        }
    }

    fn release(&mut self, node: &Node<N>) {
        if let Some(content) = self.shared.forget(node).and_then(Arc::into_inner) {
            self.keep(content);
        }
    }

    /// The size of a large object that has nothing to do with others.
    fn size_alone(&self, entry: u32, large: u64) -> Option<u64> {
        let pack = self.shared.pack;
        if large == u64::MAX || pack.base(entry).is_some() || pack.children(entry).next().is_some()
        {
            return None;
        }
        let size = pack.header(entry)?.decompressed_size;
        (size >= large).then_some(size)
    }

    /// Keeps a buffer for the next object, if it is not one of the rare large ones.
    fn keep(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() <= 4 << 20 && self.spare.len() < 64 {
            self.spare.push(buffer);
        }
    }

    fn decode(
        &mut self,
        entry: u32,
        base: Option<&[u8]>,
        content: &mut Vec<u8>,
    ) -> Result<(), Broken> {
        let header = self.shared.pack.header(entry).ok_or(Broken::Corrupt)?;
        let size = header.decompressed_size;
        if size > ALLOC_LIMIT as u64 {
            return Err(Broken::TooLarge(size));
        }
        let data = &self.shared.pack.data;
        let compressed =
            data.entry_slice(header.data_offset..data.pack_end() as u64).ok_or(Broken::Corrupt)?;
        let Some(base) = base else {
            return inflate(&mut self.inflate, compressed, size as usize, content);
        };
        inflate(&mut self.inflate, compressed, size as usize, &mut self.delta)?;
        delta::apply(&self.delta, base, ALLOC_LIMIT, content, &mut self.copies)
            .map_err(|_| Broken::Corrupt)
    }

    /// Tells of an object that cannot be decoded and of all that build on it.
    fn give_up(&self, entry: u32, why: Broken, visitor: &mut impl Visit<Note = N>) {
        let shared = self.shared;
        let mut lost = vec![entry];
        while let Some(entry) = lost.pop() {
            visitor.broken(shared.pack.first + entry, why);
            lost.extend(shared.pack.children(entry).filter(|&child| shared.selection.has(child)));
        }
    }
}

/// Counts a thread as idle for ever once it has left.
struct Leaving<'w, N> {
    shared: &'w Shared<'w, N>,
}

impl<N> Drop for Leaving<'_, N> {
    fn drop(&mut self) {
        if std::thread::panicking() || self.shared.stop.load(Ordering::Relaxed) {
            let queue = self.shared.queue();
            self.shared.idle.fetch_add(1, Ordering::Relaxed);
            drop(queue);
            self.shared.changed.notify_all();
        }
    }
}

/// Inflates an object of a known size into `out`, which is cleared first.
fn inflate(
    inflate: &mut Decompress,
    compressed: &[u8],
    size: usize,
    out: &mut Vec<u8>,
) -> Result<(), Broken> {
    inflate.reset(true);
    out.clear();
    // One byte more tells of an object that is longer than it says, and lets zlib reach its end.
    out.reserve_exact(size + 1);
    let status = inflate
        .decompress_vec(compressed, out, FlushDecompress::Finish)
        .map_err(|_| Broken::Corrupt)?;
    if status == Status::StreamEnd && out.len() == size { Ok(()) } else { Err(Broken::Corrupt) }
}
