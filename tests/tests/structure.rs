//! The tree reads as the architecture: dependencies go one way (ARCHITECTURE.md, "The tree").

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use toml::Table;

/// For each folder, the folders whose crates may be linked into its crates.
const ARROWS: [(&str, &[&str]); 14] = [
    ("abi", &[]),
    ("lib", &["abi", "lib"]),
    ("protocol", &["abi", "lib"]),
    ("kernel/core", &["abi", "lib"]),
    ("kernel/machine", &["abi", "lib", "kernel/core"]),
    ("service", &["abi", "lib", "protocol", "service"]),
    ("servers", &["abi", "lib", "protocol", "service"]),
    ("drivers", &["abi", "lib", "protocol", "service"]),
    ("fs", &["abi", "lib", "protocol", "service"]),
    ("system/next", &["abi", "lib", "protocol", "service"]),
    ("user", &["abi", "lib", "protocol", "user"]),
    ("host", &["abi", "lib", "protocol"]),
    (
        "simulation",
        &[
            "abi",
            "lib",
            "protocol",
            "service",
            "servers",
            "drivers",
            "fs",
            "system/next",
            "kernel/core",
            "host",
        ],
    ),
    (
        "tests",
        &[
            "abi", "lib", "protocol", "service", "drivers", "user", "host",
        ],
    ),
];

/// Where services are; each has its other version in `system/next`.
const SERVICES: [&str; 3] = ["servers", "drivers", "fs"];

/// A crate of the workspace.
struct Member {
    /// Its folder, from the root of the project.
    path: String,
    manifest: Table,
}

impl Member {
    /// The folder of [`ARROWS`] that it is in.
    fn folder(&self) -> Option<&'static str> {
        let is_within = |folder: &str| {
            let rest = self.path.strip_prefix(folder);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        ARROWS
            .iter()
            .map(|(folder, _)| *folder)
            .find(|folder| is_within(folder))
    }

    fn name(&self) -> &str {
        self.manifest["package"]["name"].as_str().unwrap_or("")
    }

    /// The names in a table of dependencies.
    fn named(&self, table: &str) -> Vec<&str> {
        let table = self.manifest.get(table).and_then(|d| d.as_table());
        table.map_or(Vec::new(), |table| {
            table.keys().map(String::as_str).collect()
        })
    }

    /// What is linked into it.
    fn dependencies(&self) -> Vec<&str> {
        self.named("dependencies")
    }

    /// What its builds and its tests need as well.
    fn all_dependencies(&self) -> Vec<&str> {
        [
            self.dependencies(),
            self.named("build-dependencies"),
            self.named("dev-dependencies"),
        ]
        .concat()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> Table {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All crates that the workspace lists.
fn members() -> Vec<Member> {
    let workspace = read(&root().join("Cargo.toml"));
    let patterns = workspace["workspace"]["members"]
        .as_array()
        .expect("a list of members");
    let mut paths = Vec::new();
    for pattern in patterns.iter().filter_map(|pattern| pattern.as_str()) {
        match pattern.strip_suffix("/*") {
            None => paths.push(pattern.to_owned()),
            Some(folder) => {
                for entry in fs::read_dir(root().join(folder)).expect("the folder of a pattern") {
                    let name = entry.expect("an entry").file_name();
                    let name = name.to_string_lossy();
                    paths.push(format!("{folder}/{name}"));
                }
            }
        }
    }
    paths.retain(|path| root().join(path).join("Cargo.toml").is_file());
    let load = |path: String| Member {
        manifest: read(&root().join(&path).join("Cargo.toml")),
        path,
    };
    paths.into_iter().map(load).collect()
}

#[test]
fn dependencies_follow_the_arrows() {
    let members = members();
    let by_name: BTreeMap<&str, &Member> = members.iter().map(|m| (m.name(), m)).collect();
    let mut wrong = Vec::new();
    for member in &members {
        let Some(own) = member.folder() else {
            wrong.push(format!("{} has no place in the architecture", member.path));
            continue;
        };
        let (_, allowed) = ARROWS.iter().find(|(folder, _)| *folder == own).unwrap();
        for name in member.all_dependencies() {
            // What is not of this workspace has no place in the tree.
            let Some(needed) = by_name.get(name) else {
                continue;
            };
            if !needed.folder().is_some_and(|to| allowed.contains(&to)) {
                wrong.push(format!("{} depends on {}", member.path, needed.path));
            }
        }
    }
    assert!(members.len() > 30, "only {} crates", members.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// S8: what is added to the transfer of States reaches every service and its other version alike.
#[test]
fn the_other_version_of_a_service_is_made_of_the_same() {
    let members = members();
    let is_service = |member: &&Member| {
        let in_folder = member.folder().is_some_and(|f| SERVICES.contains(&f));
        in_folder && member.manifest.get("bin").is_some()
    };
    let services: Vec<&Member> = members.iter().filter(is_service).collect();
    assert!(services.len() >= 15, "only {} services", services.len());
    for service in services {
        let name = service.name();
        let next = members
            .iter()
            .find(|one| one.path == format!("system/next/{name}"))
            .unwrap_or_else(|| panic!("{name} has no other version"));
        assert_eq!(service.dependencies(), next.dependencies(), "{name}");
    }
}

/// Whether the documentation at the head of a file has a line that begins so.
fn heads_with(text: &str, start: &str) -> bool {
    let head = text.lines().map_while(|line| line.strip_prefix("//!"));
    head.map(str::trim_start).any(|line| {
        line.strip_prefix(start)
            .is_some_and(|rest| !rest.is_empty())
    })
}

/// What a program sees of a crash is told by each protocol.
#[test]
fn every_protocol_tells_what_a_crash_means_for_programs() {
    let folder = root().join("protocol/src");
    let mut protocols = Vec::new();
    let mut silent = Vec::new();
    for entry in fs::read_dir(folder).expect("the protocols") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a source file");
        if !text.lines().any(|line| line.starts_with("protocol! {")) {
            continue;
        }
        protocols.push(path.clone());
        if !heads_with(&text, "After a crash: ") {
            silent.push(path);
        }
    }
    assert!(protocols.len() >= 13, "{protocols:?}");
    assert!(silent.is_empty(), "{silent:?}");
}
