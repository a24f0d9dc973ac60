//! The command line.

use std::path::PathBuf;

use abi::slot::Fault;
use clap::{Parser, Subcommand, ValueEnum};
use control::{Request, ServiceName, Target};

/// Shows, starts, stops, updates and crashes the system's services.
///
/// Programs keep running meanwhile: their requests wait until the service serves again. Exit
/// status: 0 done, 1 refused (nothing changed), 2 not understood, 3 rs could not be asked.
#[derive(Debug, Parser)]
#[command(name = "service", disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows all services: version, state, restarts after crashes, memory
    Status {
        /// Only this one
        #[arg(value_parser = name)]
        name: Option<ServiceName>,
    },
    /// Starts a service that is down
    Up {
        #[arg(value_parser = name)]
        name: ServiceName,
    },
    /// Takes a service down; what is asked of it then fails
    Down {
        #[arg(value_parser = name)]
        name: ServiceName,
    },
    /// Starts a service afresh, without what it knew
    Restart {
        #[arg(value_parser = name)]
        name: ServiceName,
    },
    /// Replaces a service by a new instance of the same version, at other addresses
    Refresh {
        #[arg(value_parser = name)]
        name: ServiceName,
    },
    /// Replaces a service by another version, which takes over all it knew
    Update {
        #[arg(value_parser = name)]
        name: ServiceName,
        /// A version in the boot archive, or the path of a service image [default: the newest]
        #[arg(long, value_name = "VERSION|FILE")]
        to: Option<PathBuf>,
    },
    /// Makes a service crash at its next request, to see it come back
    Fault {
        #[arg(value_parser = name)]
        name: ServiceName,
        /// How it crashes
        #[arg(value_enum, default_value = "memory")]
        kind: Kind,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// It stores through a null pointer
    Memory,
    /// It panics
    Panic,
    /// It loops for ever
    Hang,
    /// It jumps to an address that is not code
    Branch,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to ask of rs.
    pub request: Request,
    /// The service image to send along.
    pub image: Option<PathBuf>,
    /// The only service to show.
    pub only: Option<ServiceName>,
}

impl Arguments {
    /// What the command line asks for.
    #[must_use]
    pub fn plan(self) -> Plan {
        let plain = |request| Plan {
            request,
            image: None,
            only: None,
        };
        match self.action {
            Action::Status { name } => Plan {
                only: name,
                ..plain(Request::Status)
            },
            Action::Up { name } => plain(Request::Up { name }),
            Action::Down { name } => plain(Request::Down { name }),
            Action::Restart { name } => plain(Request::Restart { name }),
            Action::Refresh { name } => plain(Request::Refresh { name }),
            Action::Update { name, to } => update(name, to),
            Action::Fault { name, kind } => plain(Request::Fault {
                name,
                kind: kind.into(),
            }),
        }
    }
}

/// A number is a version; everything else is a path (`./2` for a file with such a name).
fn update(name: ServiceName, to: Option<PathBuf>) -> Plan {
    let version = to.as_ref().and_then(|to| to.to_str()?.parse().ok());
    let (target, image) = match (version, to) {
        (Some(version), _) => (Target::Version(version), None),
        (None, Some(path)) => (Target::File, Some(path)),
        (None, None) => (Target::Newest, None),
    };
    Plan {
        request: Request::Update { name, to: target },
        image,
        only: None,
    }
}

fn name(text: &str) -> Result<ServiceName, String> {
    ServiceName::new(text)
        .map_err(|_| "a service's name has lower-case letters, digits and hyphens".into())
}

impl From<Kind> for Fault {
    fn from(kind: Kind) -> Fault {
        match kind {
            Kind::Memory => Fault::BadMemoryAccess,
            Kind::Panic => Fault::Panic,
            Kind::Hang => Fault::Hang,
            Kind::Branch => Fault::WildBranch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &str) -> Option<Plan> {
        Arguments::try_parse_from(words.split(' '))
            .ok()
            .map(Arguments::plan)
    }

    fn vfs() -> ServiceName {
        ServiceName::new("vfs").unwrap()
    }

    #[test]
    fn the_target_of_an_update_is_the_newest_a_version_or_a_file() {
        let target = |words| match plan(words).unwrap() {
            Plan {
                request: Request::Update { name, to },
                image,
                ..
            } if name == vfs() => (to, image),
            other => panic!("{other:?}"),
        };
        assert_eq!(target("service update vfs"), (Target::Newest, None));
        assert_eq!(
            target("service update vfs --to 2"),
            (Target::Version(2), None)
        );
        assert_eq!(
            target("service update vfs --to ./2"),
            (Target::File, Some("./2".into()))
        );
    }

    #[test]
    fn a_fault_has_a_kind() {
        let kind = |words| match plan(words).unwrap().request {
            Request::Fault { kind, .. } => kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind("service fault vfs"), Fault::BadMemoryAccess);
        assert_eq!(kind("service fault vfs hang"), Fault::Hang);
        assert_eq!(kind("service fault vfs branch"), Fault::WildBranch);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for words in [
            "service",
            "service update",
            "service update VFS",
            "service fault vfs gently",
            "service status a b",
            "service down",
            "service update vfs --to -2",
        ] {
            assert_eq!(plan(words), None, "{words}");
        }
        assert_eq!(plan("service status").unwrap().request, Request::Status);
        assert_eq!(plan("service status vfs").unwrap().only, Some(vfs()));
    }
}
