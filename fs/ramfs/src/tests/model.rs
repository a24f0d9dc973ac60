//! Random work against naive models: a file against a vector, a tree against a map of paths.

use super::World;
use abi::Errno;
use linux::file::flags::{O_CREAT, O_RDWR};
use protocol::object;
use std::collections::BTreeMap;

/// A small generator of numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn a_file_is_a_vector_of_bytes() {
    for seed in 1..30 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut world = World::new();
        let archived = seed % 2 == 0;
        let path = if archived { "bin/tool" } else { "tmp/new" };
        let handle = world.open(path, O_RDWR | O_CREAT).unwrap();
        let mut model = world.read_at(handle, 0, 20_000).unwrap();
        for step in 0..60 {
            let offset = random.below(30_000);
            match random.below(5) {
                0 | 1 => {
                    let length = random.below(10_000) as usize;
                    let data = vec![step + 1; length];
                    assert_eq!(world.write_at(handle, offset, &data), Ok(length as u64));
                    let end = offset as usize + length;
                    if length > 0 {
                        model.resize(model.len().max(end), 0);
                        model[offset as usize..end].copy_from_slice(&data);
                    }
                }
                2 => {
                    let question = object::Truncate {
                        handle,
                        length: offset,
                    };
                    world.ask(question, &[]).unwrap();
                    model.resize(offset as usize, 0);
                }
                3 => world.replace(random.below(2) == 0),
                _ => {
                    let start = (offset as usize).min(model.len());
                    let end = (start + 9000).min(model.len());
                    let read = world.read_at(handle, offset, 9000).unwrap();
                    assert_eq!(read, model[start..end], "seed {seed} step {step}");
                }
            }
            assert_eq!(world.size(handle), model.len() as u64);
        }
        assert_eq!(world.read_at(handle, 0, 100_000).unwrap(), model);
        world.assert_no_page_is_lost();
    }
}

/// What the model knows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
}

type Paths = BTreeMap<String, Kind>;

fn has_children(paths: &Paths, path: &str) -> bool {
    let prefix = format!("{path}/");
    paths.keys().any(|other| other.starts_with(&prefix))
}

fn parent_is_there(paths: &Paths, path: &str) -> bool {
    let parent = path.rsplit_once('/').unwrap().0;
    parent == "tmp" || paths.get(parent) == Some(&Kind::Directory)
}

fn renamed(paths: &Paths, from: &str, to: &str) -> Result<Paths, Errno> {
    let old = *paths.get(from).ok_or(Errno::NOENT)?;
    if to.starts_with(&format!("{from}/")) {
        return Err(Errno::INVAL);
    }
    match (old, paths.get(to)) {
        _ if from == to => return Ok(paths.clone()),
        (_, Some(_)) if from.starts_with(&format!("{to}/")) => return Err(Errno::NOTEMPTY),
        (Kind::File, Some(Kind::Directory)) => return Err(Errno::ISDIR),
        (Kind::Directory, Some(Kind::File)) => return Err(Errno::NOTDIR),
        (_, Some(Kind::Directory)) if has_children(paths, to) => return Err(Errno::NOTEMPTY),
        _ => {}
    }
    let mut after = Paths::new();
    for (path, kind) in paths {
        let moved = match path.strip_prefix(from) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{to}{rest}"),
            _ if path == to => continue,
            _ => path.clone(),
        };
        after.insert(moved, *kind);
    }
    Ok(after)
}

fn some_path(random: &mut Random) -> String {
    let names = ["a", "b", "c"];
    let mut path = "tmp".to_owned();
    for _ in 0..=random.below(3) {
        path = format!("{path}/{}", names[random.below(3) as usize]);
    }
    path
}

#[test]
fn a_tree_is_a_map_of_paths() {
    for seed in 1..15 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut world = World::new();
        let mut paths = Paths::new();
        for _ in 0..150 {
            let path = some_path(&mut random);
            let there = paths.get(&path).copied();
            let reachable = parent_is_there(&paths, &path);
            match random.below(6) {
                0 if reachable => {
                    let made = world.make_directory(&path);
                    assert_eq!(made.is_ok(), there.is_none());
                    paths.entry(path).or_insert(Kind::Directory);
                }
                1 if reachable => match world.open(&path, O_RDWR | O_CREAT) {
                    Ok(handle) => {
                        assert_ne!(there, Some(Kind::Directory));
                        world.close(handle);
                        paths.insert(path, Kind::File);
                    }
                    Err(errno) => {
                        assert_eq!((errno, there), (Errno::ISDIR, Some(Kind::Directory)));
                    }
                },
                2 if reachable => {
                    let directory = random.below(2) == 0;
                    let kind = if directory {
                        Kind::Directory
                    } else {
                        Kind::File
                    };
                    let allowed = there == Some(kind) && !has_children(&paths, &path);
                    assert_eq!(world.remove(&path, directory).is_ok(), allowed);
                    if allowed {
                        paths.remove(&path);
                    }
                }
                3 | 4 => {
                    let to = some_path(&mut random);
                    if reachable && parent_is_there(&paths, &to) {
                        let expected = renamed(&paths, &path, &to);
                        let found = world.rename(&path, &to, 0);
                        assert_eq!(found, expected.clone().map(drop), "{path} to {to}");
                        paths = expected.unwrap_or(paths);
                    }
                }
                5 => world.replace(random.below(2) == 0),
                _ => {}
            }
            let found = world.opened(&some_path(&mut random), linux::file::flags::O_PATH, 0);
            if let Ok(found) = found {
                world.close(found.handle);
            }
        }
        for (path, kind) in &paths {
            let opened = world.opened(path, linux::file::flags::O_PATH, 0).unwrap();
            let directory = opened.mode & 0o170_000 == 0o040_000;
            assert_eq!(directory, *kind == Kind::Directory);
        }
    }
}
