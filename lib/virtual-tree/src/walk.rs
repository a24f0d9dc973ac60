//! Walking a path, name by name. Who walks looks the names up.

use crate::Kind;
use abi::Errno;

/// A node of the tree.
pub trait Node: Copy + PartialEq {
    /// The directory it is in; none of the root.
    fn parent(self) -> Option<Self>;
    /// What kind of file it is.
    fn kind(self) -> Kind;
}

/// Why a walk ends before the end of the path. Counts are of bytes of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At a link that has to be followed.
    Link(usize),
    /// At `..` of the root.
    Above(usize),
    /// With an error.
    Failed(Errno),
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'p, N> {
    /// A name is to be looked up in a directory, and [`Walk::found`] to be told.
    Find(N, &'p [u8]),
    /// The path names this.
    Done(N),
    /// It ends here.
    Stop(Stop),
}

/// A walk along a path.
#[derive(Clone, Debug)]
pub struct Walk<'p, N> {
    path: &'p [u8],
    at: N,
    position: usize,
    /// Whether a link at the end is followed.
    follow: bool,
    stopped: Option<Stop>,
}

impl<'p, N: Node> Walk<'p, N> {
    /// Starts at a node. With `follow` a link at the end of the path is followed.
    #[must_use]
    pub fn new(start: N, path: &'p [u8], follow: bool) -> Self {
        let empty = path.is_empty().then_some(Stop::Failed(Errno::NOENT));
        Walk {
            path,
            at: start,
            position: 0,
            follow,
            stopped: empty,
        }
    }

    /// Goes on to the next name that has to be looked up, or to the end.
    pub fn step(&mut self) -> Step<'p, N> {
        loop {
            if let Some(stop) = self.stopped {
                return Step::Stop(stop);
            }
            let slashes = self.slashes();
            let name = self.name(self.position + slashes);
            let directory = self.at.kind() == Kind::Directory;
            if !directory && (slashes > 0 || !name.is_empty()) {
                self.stopped = Some(Stop::Failed(Errno::NOTDIR));
                continue;
            }
            match name {
                b"" => return Step::Done(self.at),
                b"." => self.position += slashes + 1,
                b".." => self.ascend(slashes + 2),
                name if name.len() > abi::limits::NAME_BYTES => {
                    self.stopped = Some(Stop::Failed(Errno::NAMETOOLONG));
                }
                name => {
                    self.position += slashes + name.len();
                    return Step::Find(self.at, name);
                }
            }
        }
    }

    /// What the name that was to be looked up names, if anything.
    pub fn found(&mut self, node: Option<N>) {
        match node {
            None => self.stopped = Some(Stop::Failed(Errno::NOENT)),
            Some(node) if node.kind() == Kind::Link && self.follows() => {
                self.stopped = Some(Stop::Link(self.position));
            }
            Some(node) => self.at = node,
        }
    }

    /// A link is followed within a path, before a slash at its end, and there if it is asked for.
    fn follows(&self) -> bool {
        self.follow || self.position < self.path.len()
    }

    fn ascend(&mut self, length: usize) {
        self.position += length;
        match self.at.parent() {
            Some(parent) => self.at = parent,
            None => self.stopped = Some(Stop::Above(self.position)),
        }
    }

    fn slashes(&self) -> usize {
        let rest = &self.path[self.position..];
        rest.iter().take_while(|byte| **byte == b'/').count()
    }

    fn name(&self, from: usize) -> &'p [u8] {
        let rest = &self.path[from..];
        let end = rest.iter().position(|byte| *byte == b'/');
        &rest[..end.unwrap_or(rest.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of numbers: 0 is the root, 1 a directory in it, 2 a file in that, 3 a link in it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Number(u32);

    impl Node for Number {
        fn parent(self) -> Option<Self> {
            match self.0 {
                0 => None,
                1 => Some(Number(0)),
                _ => Some(Number(1)),
            }
        }

        fn kind(self) -> Kind {
            match self.0 {
                0 | 1 => Kind::Directory,
                2 => Kind::File,
                _ => Kind::Link,
            }
        }
    }

    fn walk(path: &str, follow: bool) -> Result<u32, Stop> {
        let mut walk = Walk::new(Number(0), path.as_bytes(), follow);
        loop {
            match walk.step() {
                Step::Find(directory, name) => walk.found(match (directory.0, name) {
                    (0, b"directory") => Some(Number(1)),
                    (1, b"file") => Some(Number(2)),
                    (1, b"link") => Some(Number(3)),
                    _ => None,
                }),
                Step::Done(node) => return Ok(node.0),
                Step::Stop(stop) => return Err(stop),
            }
        }
    }

    #[test]
    fn a_path_is_walked_to_its_end() {
        assert_eq!(walk(".", true), Ok(0));
        assert_eq!(walk("directory", true), Ok(1));
        assert_eq!(walk("directory/", true), Ok(1));
        assert_eq!(walk("directory//.///file", true), Ok(2));
        assert_eq!(walk("directory/../directory/file", false), Ok(2));
    }

    #[test]
    fn links_are_followed_where_they_must_be() {
        assert_eq!(walk("directory/link", false), Ok(3));
        assert_eq!(walk("directory/link", true), Err(Stop::Link(14)));
        assert_eq!(walk("directory/link/", false), Err(Stop::Link(14)));
        assert_eq!(walk("directory/link/x", false), Err(Stop::Link(14)));
    }

    #[test]
    fn a_walk_stops_where_there_is_nothing() {
        assert_eq!(walk("", true), Err(Stop::Failed(Errno::NOENT)));
        assert_eq!(walk("nothing", true), Err(Stop::Failed(Errno::NOENT)));
        assert_eq!(
            walk("directory/file/", true),
            Err(Stop::Failed(Errno::NOTDIR))
        );
        assert_eq!(
            walk("directory/file/..", true),
            Err(Stop::Failed(Errno::NOTDIR))
        );
        assert_eq!(walk("directory/../..", true), Err(Stop::Above(15)));
        let long = "x".repeat(256);
        assert_eq!(walk(&long, true), Err(Stop::Failed(Errno::NAMETOOLONG)));
    }
}
