//! The runs of cargo: one for each set of compiler flags.
//!
//! Everything is built for the stock host target, named explicitly: without `--target`, the flags
//! would reach build scripts and procedural macros, which then break.

use std::env;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{ChildStderr, Command, Stdio};

use super::Binary;
use crate::system::System;
use crate::{Error, Project};

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Kernel and services never touch the registers of floating point and SSE: they are not saved.
/// The compiler warns of these flags; the check of the instructions proves what they are for.
const NO_FLOAT: &str = "-Ctarget-feature=-sse,-sse2,-mmx,+soft-float";
const NO_UNWIND: &str = "-Cforce-unwind-tables=no";
const NO_WARNINGS: &str = "-Awarnings";

/// The packages built with the same flags.
struct Set<'a> {
    /// What it is, also the name of its folder.
    name: &'a str,
    packages: &'a [String],
    flags: &'a [String],
}

/// Builds the kernel and returns its ELF file.
pub(super) fn kernel(project: &Project) -> Result<PathBuf, Error> {
    let flags = [
        "-Crelocation-model=static",
        "-Ccode-model=kernel",
        "-Cno-redzone=yes",
        NO_FLOAT,
        NO_UNWIND,
        NO_WARNINGS,
    ];
    let set = Set {
        name: "kernel",
        packages: &["kernel".to_owned()],
        flags: &flags.map(str::to_owned),
    };
    run(project, &set)?;
    Ok(binary(project, "kernel", "kernel"))
}

/// Builds both versions of each service.
pub(super) fn services(project: &Project, system: &System) -> Result<Vec<Binary>, Error> {
    let packages: Vec<String> = system.services().flat_map(versions).collect();
    run_services(project, &packages)?;
    let binaries = packages.iter().map(|package| Binary {
        path: binary(project, "services", package),
        name: package.clone(),
    });
    Ok(binaries.collect())
}

/// Builds a package of services that the system does not have.
pub(super) fn extra_service(
    project: &Project,
    package: &str,
    name: &str,
) -> Result<PathBuf, Error> {
    run_services(project, &[package.to_owned()])?;
    Ok(binary(project, "services", name))
}

/// Where the linked file of a service lies.
pub(super) fn service_file(project: &Project, package: &str) -> PathBuf {
    binary(project, "services", package)
}

fn run_services(project: &Project, packages: &[String]) -> Result<(), Error> {
    let script = project.source("lib/image/service.ld");
    let mut flags: Vec<String> = [
        NO_FLOAT,
        NO_UNWIND,
        NO_WARNINGS,
        "-Crelocation-model=pie",
        "-Crelro-level=off",
        "-Clink-arg=-nostartfiles",
        "-Clink-arg=-nostdlib",
        "-Clink-arg=-static-pie",
        "-Clink-arg=-Wl,--no-dynamic-linker",
        "-Clink-arg=-Wl,--build-id=none",
        "-Clink-arg=-Wl,--no-eh-frame-hdr",
        "-Clink-arg=-Wl,-z,max-page-size=4096",
    ]
    .map(str::to_owned)
    .into();
    flags.push(format!("-Clink-arg=-Wl,-T,{}", script.display()));
    // The compiler does not see the script: its content among the flags makes a change count.
    flags.push(format!(
        "-Cmetadata={:08x}",
        fingerprint(&crate::project::read(&script)?)
    ));
    let set = Set {
        name: "services",
        packages,
        flags: &flags,
    };
    run(project, &set)
}

/// The packages of a service.
fn versions(name: &str) -> [String; 2] {
    [name.to_owned(), format!("{name}-next")]
}

/// Builds the vDSO; its link arguments are stated in its package.
pub(super) fn vdso(project: &Project) -> Result<PathBuf, Error> {
    let flags = ["-Crelocation-model=pic", NO_FLOAT, NO_UNWIND, NO_WARNINGS];
    let set = Set {
        name: "vdso",
        packages: &["vdso".to_owned()],
        flags: &flags.map(str::to_owned),
    };
    run(project, &set)?;
    Ok(binary(project, "vdso", "vdso"))
}

/// Our own Linux programs: where each goes in the root, its package and its binary.
const PROGRAMS: [(&str, &str, &str); 2] = [
    ("sbin/init", "init", "init"),
    ("sbin/service", "service-command", "service"),
];

/// Builds our Linux programs; the names are their paths in the root.
pub(super) fn programs(project: &Project) -> Result<Vec<Binary>, Error> {
    run_programs(project, &PROGRAMS.map(|(_, package, _)| package.to_owned()))?;
    let binaries = PROGRAMS.map(|(place, _, name)| Binary {
        name: place.to_owned(),
        path: binary(project, "programs", name),
    });
    Ok(binaries.into())
}

/// Builds a package of a Linux program that is not part of the image.
pub(super) fn extra_program(project: &Project, package: &str) -> Result<PathBuf, Error> {
    run_programs(project, &[package.to_owned()])?;
    Ok(binary(project, "programs", package))
}

fn run_programs(project: &Project, packages: &[String]) -> Result<(), Error> {
    let flags = [
        "-Ctarget-feature=+crt-static",
        "-Cstrip=symbols",
        NO_WARNINGS,
    ];
    let set = Set {
        name: "programs",
        packages,
        flags: &flags.map(str::to_owned),
    };
    run(project, &set)
}

fn binary(project: &Project, set: &str, name: &str) -> PathBuf {
    project.made(&format!("{set}/{TARGET}/system/{name}"))
}

/// FNV-1a, 32 bits: tells contents apart.
fn fingerprint(content: &[u8]) -> u32 {
    content.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

fn run(project: &Project, set: &Set<'_>) -> Result<(), Error> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let color = if std::io::stderr().is_terminal() {
        "always"
    } else {
        "never"
    };
    let mut command = Command::new(&cargo);
    command
        .current_dir(project.source(""))
        .args(["build", "--target", TARGET, "--profile", "system"])
        .args(["--features", "image", "--bins", "--color", color])
        .arg("--target-dir")
        .arg(project.made(set.name))
        .env("CARGO_ENCODED_RUSTFLAGS", set.flags.join("\x1f"))
        // The settings of a surrounding `cargo test` or coverage run are not meant for the system.
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    for package in set.packages {
        command.args(["-p", package]);
    }
    let start = |error| Error::Start {
        program: cargo.clone(),
        error,
    };
    let mut child = command.spawn().map_err(start)?;
    if let Some(stderr) = child.stderr.take() {
        pass_on(stderr);
    }
    let status = child.wait().map_err(start)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Program {
        attempt: format!("building the {}", set.name),
    })
}

/// Shows what cargo says, except that it has finished: four times nothing is no news.
fn pass_on(stderr: ChildStderr) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let text = String::from_utf8_lossy(&line);
        if !text.contains("Finished") {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}
