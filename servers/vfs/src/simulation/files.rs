//! A file system, or another server of objects, as the tests pretend it. It answers at once or, for
//! a pipe that is empty, when there is something.

use super::{Machine, Submission};
use abi::{Errno, Reply};
use linux::file::flags::{O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_TRUNC};
use linux::file::status::Attributes;
use linux::file::{mode, path};
use protocol::files::{Opened, Request, Walk, Walked};
use protocol::object::{self, Whence};
use protocol::{Answer, Handle, files};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(super) enum Content {
    Directory(BTreeMap<Vec<u8>, u64>),
    File(Vec<u8>),
    Link(Vec<u8>),
    Special(u64),
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) mode: u32,
    pub(super) content: Content,
    parent: u64,
}

#[derive(Clone, Debug)]
struct Handled {
    node: u64,
    references: u32,
    flags: u32,
    position: u64,
}

/// A file system, or any server of objects.
#[derive(Default)]
pub(super) struct Store {
    pub(super) nodes: BTreeMap<u64, Node>,
    handles: BTreeMap<u32, Handled>,
    covered: BTreeMap<u64, u32>,
    last: u32,
    /// How often something was made.
    pub(super) made: u32,
}

/// Where a walk ended.
enum Found {
    Node(u64),
    /// Nothing with this name in this directory.
    Missing(u64, Vec<u8>),
    Stopped(Walk, usize, u32),
}

impl Store {
    pub(super) fn with_root() -> Store {
        let mut store = Store::default();
        let root = Node {
            mode: mode::S_IFDIR | 0o755,
            content: Content::Directory(BTreeMap::new()),
            parent: 1,
        };
        store.nodes.insert(1, root);
        store
    }

    pub(super) fn open_handles(&self) -> u32 {
        self.handles.values().map(|h| h.references).sum()
    }

    fn add(&mut self, parent: u64, name: &[u8], mode: u32, content: Content) -> u64 {
        let id = self.nodes.keys().last().unwrap() + 1;
        self.made += 1;
        self.nodes.insert(
            id,
            Node {
                mode,
                content,
                parent,
            },
        );
        self.directory(parent).insert(name.to_vec(), id);
        id
    }

    fn directory(&mut self, node: u64) -> &mut BTreeMap<Vec<u8>, u64> {
        match &mut self.nodes.get_mut(&node).unwrap().content {
            Content::Directory(names) => names,
            _ => panic!("not a directory"),
        }
    }

    /// Makes something at a path without links.
    pub(super) fn put(&mut self, at: &str, mode: u32, content: Content) -> u64 {
        let names: Vec<&[u8]> = path::names(at.as_bytes()).collect();
        let (last, before) = names.split_last().unwrap();
        let parent = before
            .iter()
            .fold(1, |node, name| self.directory(node)[*name]);
        self.add(parent, last, mode, content)
    }

    pub(super) fn bytes(&self, at: &str) -> Option<Vec<u8>> {
        let mut node = 1;
        for name in path::names(at.as_bytes()) {
            let Content::Directory(names) = &self.nodes[&node].content else {
                return None;
            };
            node = *names.get(name)?;
        }
        match &self.nodes[&node].content {
            Content::File(bytes) => Some(bytes.clone()),
            _ => Some(Vec::new()),
        }
    }

    pub(super) fn open(&mut self, node: u64, flags: u32) -> Handle {
        self.last += 1;
        let handled = Handled {
            node,
            references: 1,
            flags,
            position: 0,
        };
        self.handles.insert(self.last, handled);
        Handle(self.last)
    }

    fn walk(&self, start: Handle, text: &[u8], follow: bool, cross: bool) -> Result<Found, Errno> {
        assert!(
            !text.is_empty() && text[0] != b'/',
            "paths start with a name"
        );
        let mut node = self.handles.get(&start.0).ok_or(Errno::BADF)?.node;
        let mut at = 0;
        let trimmed = path::without_end_slashes(text);
        while at < trimmed.len() {
            let rest = &trimmed[at..];
            let length = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            let name = &rest[..length];
            let end = at + length;
            let last = end == trimmed.len();
            at = end + rest[length..].iter().take_while(|b| **b == b'/').count();
            let Content::Directory(names) = &self.nodes[&node].content else {
                return Err(Errno::NOTDIR);
            };
            match name {
                b"." => continue,
                b".." if node == 1 => return Ok(Found::Stopped(Walk::Above, end, 0)),
                b".." => {
                    node = self.nodes[&node].parent;
                    continue;
                }
                _ => {}
            }
            let Some(next) = names.get(name) else {
                let missing = Found::Missing(node, name.to_vec());
                return if last { Ok(missing) } else { Err(Errno::NOENT) };
            };
            node = *next;
            let is_link = matches!(self.nodes[&node].content, Content::Link(_));
            if is_link && (!last || follow || path::ends_in_slash(text)) {
                return Ok(Found::Stopped(Walk::Link, end, 0));
            }
            if let Some(mount) = self.covered.get(&node).filter(|_| cross || !last) {
                return Ok(Found::Stopped(Walk::Mount, end, *mount));
            }
        }
        Ok(Found::Node(node))
    }

    fn attributes(&self, node: u64) -> Attributes {
        let found = &self.nodes[&node];
        let size = match &found.content {
            Content::File(bytes) | Content::Link(bytes) => bytes.len() as u64,
            _ => 0,
        };
        Attributes {
            node,
            mode: found.mode,
            size,
            ..Attributes::default()
        }
    }

    fn opened(&mut self, node: u64, flags: u32) -> Opened {
        let found = &self.nodes[&node];
        let device = match found.content {
            Content::Special(number) if number != 0 => number,
            _ => node,
        };
        let mode = found.mode;
        let special = matches!(found.content, Content::Special(_) | Content::Link(_));
        let handle = self.open(node, if special { O_PATH } else { flags });
        Opened {
            walk: Walk::Done,
            consumed: 0,
            handle,
            mode,
            device,
            length: 0,
        }
    }

    pub(super) fn files(&mut self, machine: &Machine, asked: &Submission) -> Result<Reply, Errno> {
        let request = Request::decode(&asked.message).ok_or(Errno::NOSYS)?;
        let lent = |index: usize| machine.read(&asked.leases[index]);
        Ok(match request {
            Request::Root(_) => self.opened(1, O_PATH).to_reply(),
            Request::Open(q) => self.open_path(q, &lent(0))?.to_reply(),
            Request::Status(q) => {
                let found = self.walk(q.start, &lent(0), q.follow, true)?;
                self.walked(found, |store, node| {
                    machine.write(&asked.leases[1], &store.attributes(node).to_status());
                    Ok(0)
                })?
            }
            Request::Access(q) => {
                let found = self.walk(q.start, &lent(0), q.follow, true)?;
                self.walked(found, |store, node| {
                    let refused = q.wanted & 1 != 0 && store.nodes[&node].mode & 0o111 == 0;
                    if refused { Err(Errno::ACCES) } else { Ok(0) }
                })?
            }
            Request::ReadLink(q) => {
                let found = self.walk(q.start, &lent(0), false, true)?;
                self.walked(found, |store, node| {
                    let Content::Link(text) = &store.nodes[&node].content else {
                        return Err(Errno::INVAL);
                    };
                    machine.write(&asked.leases[1], text);
                    Ok(text.len() as u32)
                })?
            }
            Request::MakeDirectory(q) => {
                let new = Content::Directory(BTreeMap::new());
                self.make(q.start, &lent(0), mode::S_IFDIR | q.mode, new)?
            }
            Request::MakeNode(q) => {
                self.make(q.start, &lent(0), q.mode, Content::Special(q.device))?
            }
            Request::MakeLink(q) => {
                let new = Content::Link(lent(1));
                self.make(q.start, &lent(0), mode::S_IFLNK | 0o777, new)?
            }
            Request::Remove(q) => self.remove(q, &lent(0))?,
            Request::OpenParent(q) => self.open_parent(q, &lent(0))?.to_reply(),
            Request::Link(q) => {
                let node = self.handles[&q.object.0].node;
                let directory = self.handles[&q.directory.0].node;
                let new = self.directory(directory).insert(lent(0), node).is_none();
                if new {
                    Reply::value(0)
                } else {
                    return Err(Errno::EXIST);
                }
            }
            Request::Rename(q) => {
                let (from, to) = (self.handles[&q.from.0].node, self.handles[&q.to.0].node);
                let node = self.directory(from).remove(&lent(0)).ok_or(Errno::NOENT)?;
                self.directory(to).insert(lent(1), node);
                self.nodes.get_mut(&node).unwrap().parent = to;
                self.made += 1;
                Reply::value(0)
            }
            Request::SetMode(q) => {
                let found = self.walk(q.start, &lent(0), q.follow, true)?;
                self.walked(found, |store, node| {
                    let found = store.nodes.get_mut(&node).unwrap();
                    found.mode = found.mode & mode::S_IFMT | q.mode;
                    Ok(0)
                })?
            }
            Request::Cover(q) => {
                let node = self.handles[&q.directory.0].node;
                match q.mount {
                    0 => drop(self.covered.remove(&node)),
                    mount => drop(self.covered.insert(node, mount)),
                }
                Reply::value(0)
            }
            Request::PathOf(q) => {
                let text = self.path_of(self.handles[&q.directory.0].node);
                machine.write(&asked.leases[0], &text);
                Reply::value(text.len() as i64)
            }
            _ => return Err(Errno::NOSYS),
        })
    }

    fn walked(
        &mut self,
        found: Found,
        act: impl FnOnce(&mut Store, u64) -> Result<u32, Errno>,
    ) -> Result<Reply, Errno> {
        let walked = match found {
            Found::Missing(..) => return Err(Errno::NOENT),
            Found::Stopped(walk, consumed, mount) => Walked {
                walk,
                consumed: consumed as u32,
                mount,
            },
            Found::Node(node) => Walked {
                walk: Walk::Done,
                consumed: 0,
                mount: act(self, node)?,
            },
        };
        Ok(walked.to_reply())
    }

    fn make(
        &mut self,
        start: Handle,
        text: &[u8],
        mode: u32,
        content: Content,
    ) -> Result<Reply, Errno> {
        match self.walk(start, text, false, false)? {
            Found::Node(_) => Err(Errno::EXIST),
            Found::Missing(parent, name) => {
                self.add(parent, &name, mode, content);
                self.walked(Found::Node(1), |_, _| Ok(0))
            }
            stopped => self.walked(stopped, |_, _| Ok(0)),
        }
    }

    fn remove(&mut self, q: files::Remove, text: &[u8]) -> Result<Reply, Errno> {
        let found = self.walk(q.start, text, false, false)?;
        let names: Vec<&[u8]> = path::names(text).collect();
        let name = names.last().unwrap().to_vec();
        self.walked(found, |store, node| {
            if store.covered.contains_key(&node) {
                return Err(Errno::BUSY);
            }
            if q.directory != mode::is_directory(store.nodes[&node].mode) {
                return Err(if q.directory {
                    Errno::NOTDIR
                } else {
                    Errno::ISDIR
                });
            }
            let parent = store.nodes[&node].parent;
            store.directory(parent).remove(&name);
            store.made += 1;
            Ok(0)
        })
    }

    fn open_path(&mut self, q: files::Open, text: &[u8]) -> Result<Opened, Errno> {
        let creates = q.flags & O_CREAT != 0;
        let follow = q.flags & O_NOFOLLOW == 0 && q.flags & (O_CREAT | O_EXCL) != O_CREAT | O_EXCL;
        let node = match self.walk(q.start, text, follow, true)? {
            Found::Stopped(walk, consumed, mount) => {
                return Ok(Opened {
                    walk,
                    consumed: consumed as u32,
                    handle: Handle(mount),
                    mode: 0,
                    device: 0,
                    length: 0,
                });
            }
            Found::Missing(parent, name) if creates => self.add(
                parent,
                &name,
                mode::S_IFREG | q.mode,
                Content::File(Vec::new()),
            ),
            Found::Missing(..) => return Err(Errno::NOENT),
            Found::Node(_) if creates && q.flags & O_EXCL != 0 => return Err(Errno::EXIST),
            Found::Node(node) => node,
        };
        let found = self.nodes.get_mut(&node).unwrap();
        if q.flags & O_DIRECTORY != 0 && !mode::is_directory(found.mode) {
            return Err(Errno::NOTDIR);
        }
        if let (Content::File(bytes), true) = (&mut found.content, q.flags & O_TRUNC != 0) {
            bytes.clear();
        }
        Ok(self.opened(node, q.flags))
    }

    fn open_parent(&mut self, q: files::OpenParent, text: &[u8]) -> Result<Opened, Errno> {
        let start = path::last_name_start(text).unwrap();
        if path::is_dots(path::without_end_slashes(&text[start..])) {
            return Err(Errno::BUSY);
        }
        let parent = if start == 0 { b"." } else { &text[..start] };
        let open = files::Open {
            start: q.start,
            flags: O_PATH | O_DIRECTORY,
            mode: 0,
        };
        let mut opened = self.open_path(open, parent)?;
        if opened.walk == Walk::Done {
            opened.consumed = start as u32;
        }
        Ok(opened)
    }

    fn path_of(&self, mut node: u64) -> Vec<u8> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        while node != 1 {
            let parent = self.nodes[&node].parent;
            let Content::Directory(entries) = &self.nodes[&parent].content else {
                break;
            };
            let found = entries.iter().find(|(_, id)| **id == node);
            names.insert(0, found.map_or(b"gone".to_vec(), |(name, _)| name.clone()));
            node = parent;
        }
        let whole: Vec<u8> = names
            .iter()
            .flat_map(|name| [b"/", &name[..]].concat())
            .collect();
        if whole.is_empty() {
            b"/".to_vec()
        } else {
            whole
        }
    }

    pub(super) fn object(
        &mut self,
        machine: &Machine,
        asked: &Submission,
    ) -> Result<Option<Reply>, Errno> {
        use object::Request as R;
        let request = R::decode(&asked.message).ok_or(Errno::NOSYS)?;
        Ok(Some(match request {
            R::Duplicate(q) => {
                self.handled(q.handle)?.references += q.count;
                Reply::value(0)
            }
            R::Close(q) => {
                let handled = self.handled(q.handle)?;
                handled.references -= 1;
                if handled.references == 0 {
                    self.handles.remove(&q.handle.0);
                }
                Reply::value(0)
            }
            R::Read(q) => {
                let position = self.handled(q.handle)?.position;
                let bytes = self.piece(q.handle, position, q.count)?;
                if bytes.is_empty() && self.is_pipe(q.handle) {
                    return Ok(asked
                        .cancelled
                        .then(|| Reply::value(Errno::RESTART.result())));
                }
                machine.write(&asked.leases[0], &bytes);
                self.moved(q.handle, bytes.len())
            }
            R::ReadAt(q) => {
                let bytes = self.piece(q.handle, q.offset, q.count)?;
                machine.write(&asked.leases[0], &bytes);
                Reply::value(bytes.len() as i64)
            }
            R::Write(q) => {
                let bytes = machine.read(&asked.leases[0]);
                assert_eq!(bytes.len() as u64, q.count);
                let position = self.handled(q.handle)?.position;
                let at = if self.is_pipe(q.handle) {
                    u64::MAX
                } else {
                    position
                };
                self.store(q.handle, at, &bytes)?;
                self.moved(q.handle, bytes.len())
            }
            R::WriteAt(q) => {
                let bytes = machine.read(&asked.leases[0]);
                self.store(q.handle, q.offset, &bytes)?;
                Reply::value(bytes.len() as i64)
            }
            R::Seek(q) => {
                let length = self.length(q.handle)?;
                let handled = self.handled(q.handle)?;
                let base = match q.whence {
                    Whence::Set => 0,
                    Whence::Current => handled.position,
                    _ => length,
                };
                handled.position = base.saturating_add_signed(q.offset);
                Reply::value(handled.position as i64)
            }
            R::Poll(q) => return self.poll(q, asked.cancelled),
            R::PollAll(_) => {
                let list = machine.read(&asked.leases[0]);
                let (each, _) = list.as_chunks();
                let told = each
                    .iter()
                    .map(|one| self.ready(object::Asked::from_bytes(*one)));
                let told: Vec<u8> = told.flat_map(u32::to_le_bytes).collect();
                machine.write(&asked.leases[1], &told);
                Reply::value(0)
            }
            R::Status(q) => {
                let node = self.handled(q.handle)?.node;
                machine.write(&asked.leases[0], &self.attributes(node).to_status());
                Reply::value(0)
            }
            R::GetFlags(q) => Reply::value(i64::from(self.handled(q.handle)?.flags)),
            R::SetFlags(q) => {
                self.handled(q.handle)?.flags = q.flags;
                Reply::value(0)
            }
            R::Describe(q) => {
                let node = self.handled(q.handle)?.node;
                let attributes = self.attributes(node);
                object::Description {
                    length: attributes.size,
                    mode: attributes.mode,
                    user: 0,
                    group: 0,
                    node,
                    device: 0,
                }
                .to_reply()
            }
            _ => return Err(Errno::NOTTY),
        }))
    }

    fn handled(&mut self, handle: Handle) -> Result<&mut Handled, Errno> {
        self.handles.get_mut(&handle.0).ok_or(Errno::BADF)
    }

    fn is_pipe(&self, handle: Handle) -> bool {
        let handled = self.handles.get(&handle.0);
        handled.is_some_and(|h| self.nodes[&h.node].mode & mode::S_IFMT == mode::S_IFIFO)
    }

    fn length(&mut self, handle: Handle) -> Result<u64, Errno> {
        let node = self.handled(handle)?.node;
        Ok(self.attributes(node).size)
    }

    fn moved(&mut self, handle: Handle, count: usize) -> Reply {
        if !self.is_pipe(handle) {
            self.handles.get_mut(&handle.0).unwrap().position += count as u64;
        }
        Reply::value(count as i64)
    }

    fn piece(&mut self, handle: Handle, offset: u64, count: u64) -> Result<Vec<u8>, Errno> {
        let is_pipe = self.is_pipe(handle);
        let node = self.handled(handle)?.node;
        let Content::File(bytes) = &mut self.nodes.get_mut(&node).unwrap().content else {
            return Err(Errno::ISDIR);
        };
        let start = bytes.len().min(offset as usize);
        let end = bytes.len().min(start + count as usize);
        Ok(if is_pipe {
            bytes.drain(start..end).collect()
        } else {
            bytes[start..end].to_vec()
        })
    }

    fn store(&mut self, handle: Handle, offset: u64, new: &[u8]) -> Result<(), Errno> {
        let node = self.handled(handle)?.node;
        let Content::File(bytes) = &mut self.nodes.get_mut(&node).unwrap().content else {
            return Err(Errno::ISDIR);
        };
        let start = if offset == u64::MAX {
            bytes.len()
        } else {
            offset as usize
        };
        if bytes.len() < start + new.len() {
            bytes.resize(start + new.len(), 0);
        }
        bytes[start..start + new.len()].copy_from_slice(new);
        Ok(())
    }

    fn ready(&mut self, asked: object::Asked) -> u32 {
        let length = self.length(asked.handle);
        let is_empty = length == Ok(0) && self.is_pipe(asked.handle);
        match length {
            Err(_) => 0x8,
            Ok(_) if is_empty => asked.events & 0x4,
            Ok(_) => asked.events & 0x5,
        }
    }

    fn poll(&mut self, q: object::Poll, cancelled: bool) -> Result<Option<Reply>, Errno> {
        self.handled(q.handle)?;
        let (handle, events) = (q.handle, q.events);
        let events = self.ready(object::Asked { handle, events });
        let waits = events == 0 && q.wait && !cancelled;
        Ok((!waits).then(|| object::Ready { events }.to_reply()))
    }
}
