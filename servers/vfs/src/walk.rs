//! Paths: from file system to file system, over links and mounts.
//!
//! A [`Route`] is how far a path has come: an open directory and the rest of the path. A message is
//! asked with both; when the file system answers that it stopped, the route goes on from there and
//! the message is asked again.

use crate::arguments::{Context, descriptor, int};
use crate::tables::{Mounts, Object, Processes, ROOT_MOUNT, Spot, Start, Tables};
use abi::limits::{PATH_BYTES, SYMLINKS};
use abi::{Endpoint, Errno, Pid, word};
use alloc::vec::Vec;
use linux::file::flags::AT_FDCWD;
use linux::file::{mode, path};
use protocol::files::{self, Walk};
use protocol::{Answer, Handle, Question, Repeatable};
use service::{Lend, Refused};

/// An answer that says how far a message came.
pub(crate) trait Progress: Answer {
    /// How far, the bytes consumed, and the number of a mount.
    fn progress(&self) -> (Walk, u32, u32);
}

impl Progress for files::Opened {
    fn progress(&self) -> (Walk, u32, u32) {
        (self.walk, self.consumed, self.handle.0)
    }
}

impl Progress for files::Walked {
    fn progress(&self) -> (Walk, u32, u32) {
        (self.walk, self.consumed, self.mount)
    }
}

/// How far a path has come.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    at: Spot,
    rest: Vec<u8>,
    root: Spot,
    links: usize,
}

impl Route {
    /// Starts at the directory that a program names with a descriptor or AT_FDCWD.
    ///
    /// # Errors
    /// `NOENT` for an empty path; `BADF`, `NOTDIR` for the directory.
    pub(crate) fn of_program(cx: &Context, directory: u64, path: &[u8]) -> Result<Route, Refused> {
        let start = if int(directory) == AT_FDCWD {
            Start::Directory
        } else {
            Start::Descriptor(descriptor(directory))
        };
        Route::new(cx, cx.caller().pid, start, path)
    }

    /// Starts at a directory of a process, or for an absolute path at its root.
    ///
    /// # Errors
    /// As [`Route::of_program`].
    pub(crate) fn new(
        cx: &Context,
        process: Pid,
        start: Start,
        path: &[u8],
    ) -> Result<Route, Refused> {
        if path.is_empty() {
            return Err(Errno::NOENT.into());
        }
        let start = if path::is_absolute(path) {
            Start::Root
        } else {
            start
        };
        let (at, root) = cx.look("start", |state| {
            let root = state.spot(process, Start::Root)?;
            Ok::<_, Errno>((state.spot(process, start)?, root))
        })?;
        Ok(Route {
            at,
            rest: path::relative(path).to_vec(),
            root,
            links: 0,
        })
    }

    /// Starts at the root of the system, for the first process.
    ///
    /// # Errors
    /// `NODEV` when nothing is mounted there, `NOENT` for an empty path.
    pub(crate) fn of_system(cx: &Context, path: &[u8]) -> Result<Route, Refused> {
        if path.is_empty() {
            return Err(Errno::NOENT.into());
        }
        let root = cx.look("system root", |state| {
            state.root_open().ok_or(Errno::NODEV)?.spot()
        })?;
        Ok(Route {
            at: root.clone(),
            rest: path::relative(path).to_vec(),
            root,
            links: 0,
        })
    }

    /// The file system that the route is in now.
    pub(crate) fn server(&self) -> Endpoint {
        self.at.object.server
    }

    /// The mount that the route is in now.
    pub(crate) fn mount(&self) -> u32 {
        self.at.mount
    }

    /// What is left of the path.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// The absolute path as text.
    pub(crate) fn text(&self) -> Vec<u8> {
        path::join(&self.at.path, &self.rest)
    }

    /// Asks what changes nothing. `further` is lent after the path.
    ///
    /// # Errors
    /// What a file system refused it with; `LOOP`, `NAMETOOLONG`.
    pub(crate) async fn observe<Q: Repeatable + Question<Answer: Progress>>(
        &mut self,
        cx: &Context,
        label: &'static str,
        question: impl Fn(Handle) -> Q,
        further: &[Lend<'_>],
    ) -> Result<Q::Answer, Refused> {
        loop {
            self.clear_dots(cx).await?;
            let Object { server, handle } = self.at.object;
            let lent = with_path(&self.rest, further);
            let answer = cx.repeat(label, server, question(handle), &lent).await?;
            if self.go_on(cx, &answer).await? {
                return Ok(answer);
            }
        }
    }

    /// Asks once what changes something. `further` is lent after the path.
    ///
    /// # Errors
    /// As [`Route::observe`].
    pub(crate) async fn effect<Q: Question<Answer: Progress>>(
        &mut self,
        cx: &Context,
        label: &'static str,
        question: impl Fn(Handle) -> Q,
        further: &[Lend<'_>],
    ) -> Result<Q::Answer, Refused> {
        loop {
            self.clear_dots(cx).await?;
            let Object { server, handle } = self.at.object;
            let lent = with_path(&self.rest, further);
            let answer = cx.ask(label, server, question(handle), &lent).await?;
            if self.go_on(cx, &answer).await? {
                return Ok(answer);
            }
        }
    }

    /// Takes over where a message stopped; says whether it is done.
    async fn go_on(&mut self, cx: &Context, answer: &impl Progress) -> Result<bool, Refused> {
        let (walk, consumed, mount) = answer.progress();
        if walk == Walk::Done {
            return Ok(true);
        }
        let consumed = word::index(u64::from(consumed));
        if consumed == 0 || consumed > self.rest.len() {
            return Err(Errno::PROTO.into());
        }
        match walk {
            Walk::Link => self.follow(cx, consumed).await?,
            Walk::Mount => self.enter(cx, consumed, mount)?,
            Walk::Above | Walk::Done => self.leave(cx, consumed),
        }
        Ok(false)
    }

    /// Puts the text of the link at the end of the consumed part in its place.
    async fn follow(&mut self, cx: &Context, consumed: usize) -> Result<(), Refused> {
        self.links += 1;
        if self.links > SYMLINKS {
            return Err(Errno::LOOP.into());
        }
        let Object { server, handle } = self.at.object;
        let (link, behind) = self.rest.split_at(consumed);
        let question = files::ReadLink { start: handle };
        let lent = [Lend::Bytes(link)];
        let (answer, text) = cx
            .repeat_reading("link", server, question, &lent, PATH_BYTES)
            .await?;
        let length = word::index(u64::from(answer.mount));
        let text = text.get(..length).ok_or(Errno::PROTO)?;
        let before = match path::last_name_start(link) {
            Some(start) if !path::is_absolute(text) => &link[..start],
            _ => &[],
        };
        let whole = [before, text, behind].concat();
        if text.is_empty() || whole.len() >= PATH_BYTES {
            let errno = if text.is_empty() {
                Errno::NOENT
            } else {
                Errno::NAMETOOLONG
            };
            return Err(errno.into());
        }
        if path::is_absolute(text) {
            self.at = self.root.clone();
        }
        self.rest = path::relative(&whole).to_vec();
        Ok(())
    }

    /// Goes on at the root of what is mounted on the consumed part.
    fn enter(&mut self, cx: &Context, consumed: usize, number: u32) -> Result<(), Refused> {
        let root = cx.look("mount", |state| state.mount(number).map(|mount| mount.root));
        let (covered, behind) = self.rest.split_at(consumed);
        self.at = Spot {
            object: root.ok_or(Errno::NOENT)?,
            mount: number,
            path: path::join(&self.at.path, covered),
        };
        self.rest = path::relative(behind).to_vec();
        Ok(())
    }

    /// Goes on above the mount the route is in; above the root there is the root.
    fn leave(&mut self, cx: &Context, consumed: usize) {
        let number = self.at.mount;
        let above = cx.look("above", |state| {
            let mount = state.mount(number)?;
            let covered = mount.covered?;
            Some(Spot {
                object: covered.directory,
                mount: covered.mount,
                path: mount.path.clone(),
            })
        });
        let behind = &self.rest[consumed..];
        match above {
            Some(spot) => {
                self.rest = [b"..", behind].concat();
                self.at = spot;
            }
            None => {
                self.rest = path::relative(behind).to_vec();
                // A mount that is gone has no path back: its paths end in the root.
                self.at = self.root.clone();
            }
        }
    }

    /// For a process with a root of its own, of which the file systems know nothing: replaces the
    /// first `..` by a path from that root, as often as there is one. What lies before it is made
    /// free of links first, so that cutting a name off is going up.
    async fn clear_dots(&mut self, cx: &Context) -> Result<(), Refused> {
        let confined = self.root.mount != ROOT_MOUNT || self.root.path != b"/";
        while let Some(at) = confined.then(|| first_dots(&self.rest)).flatten() {
            let before = path::without_end_slashes(&self.rest[..at]);
            if !before.is_empty() {
                let Object { server, handle } = self.at.object;
                let question = files::Access {
                    start: handle,
                    follow: true,
                    wanted: mode::EXECUTE,
                };
                let lent = [Lend::Bytes(before)];
                let answer = cx.repeat("confine", server, question, &lent).await?;
                if !self.go_on(cx, &answer).await? {
                    continue;
                }
            }
            self.climb(at);
        }
        Ok(())
    }

    /// Replaces all up to the `..` at `at` by the path of the directory above, from the root.
    fn climb(&mut self, at: usize) {
        let directory = path::join(&self.at.path, &self.rest[..at + 2]);
        let inside = path::below(&self.root.path, &directory).unwrap_or(b"/");
        let whole = [inside, &self.rest[at + 2..]].concat();
        self.rest = path::relative(&whole).to_vec();
        self.at = self.root.clone();
    }
}

fn with_path<'a>(path: &'a [u8], further: &[Lend<'a>]) -> Vec<Lend<'a>> {
    let mut lent = Vec::with_capacity(1 + further.len());
    lent.push(Lend::Bytes(path));
    lent.extend_from_slice(further);
    lent
}

/// Where the first name `..` of a path starts.
fn first_dots(path: &[u8]) -> Option<usize> {
    let mut start = 0;
    for name in path.split(|byte| *byte == b'/') {
        if name == b".." {
            return Some(start);
        }
        start += name.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::first_dots;

    #[test]
    fn dots_are_whole_names() {
        assert_eq!(first_dots(b"a/../b"), Some(2));
        assert_eq!(first_dots(b".."), Some(0));
        assert_eq!(first_dots(b"a/..b/...//.."), Some(11));
        assert_eq!(first_dots(b"a/b"), None);
    }
}
