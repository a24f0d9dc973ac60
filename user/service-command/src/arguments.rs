//! The command line.

use std::io;
use std::path::{Path, PathBuf};

use abi::declaration::Policy;
use abi::slot::Fault;
use clap::builder::RangedI64ValueParser;
use clap::{Parser, Subcommand, ValueEnum};
use control::{How, Member, Request, ServiceName, Target, Until};

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
    /// Shows all that a service knows, and what it is in the middle of
    State {
        #[arg(value_parser = name)]
        name: ServiceName,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
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
    /// Replaces services by other versions, which take over all they knew: all of them or none
    Update {
        /// A service, or a service and the path of its image
        #[arg(value_parser = member, value_name = "NAME[=FILE]", required_unless_present = "all")]
        members: Vec<(ServiceName, Option<PathBuf>)>,
        /// Every service that is up
        #[arg(long, conflicts_with = "members")]
        all: bool,
        /// A version in the boot archive, or the path of the image of the one service that is named
        /// [default: the newest version]
        #[arg(long, value_name = "VERSION|FILE", value_parser = to)]
        to: Option<To>,
        /// Milliseconds from stopping the old instances to the change, at most
        #[arg(long, value_name = "MS", value_parser = deadline(), default_value_t = How::default().deadline_ms)]
        deadline: u32,
        /// Only make the new instances, to see whether there is room, and end them again
        #[arg(long, conflicts_with = "dry_run")]
        prepare_only: bool,
        /// Do everything but the change: the new instances take over the states and are ended again
        #[arg(long)]
        dry_run: bool,
    },
    /// Shows the last crashes: where, the registers, the stack, the last requests
    Crashes {
        /// Only those of this service
        #[arg(value_parser = name)]
        name: Option<ServiceName>,
    },
    /// Changes what is done when a service crashes, until the next boot
    Edit {
        #[arg(value_parser = name)]
        name: ServiceName,
        /// What is done
        #[arg(long, value_enum)]
        policy: Wish,
    },
    /// Runs a program at each crash of a service whose policy is `script`, one after the other
    ///
    /// It is given the name of the service, the failure, and how often in a row the service was
    /// brought back before. Within 10 seconds it is to say what is done: `service refresh`,
    /// `restart`, `update` or `down`.
    Watch { program: PathBuf },
    /// Makes a service crash, to see it come back
    Fault {
        #[arg(value_parser = name)]
        name: ServiceName,
        /// How it crashes at its next request [default: memory]
        #[arg(value_enum)]
        kind: Option<Kind>,
        /// Not at its next request, but at the N-th of its points from now: there is one before and
        /// one after each of its kernel calls (0: not at all)
        #[arg(long, value_name = "N", conflicts_with_all = ["kind", "after"])]
        at: Option<u64>,
        /// Not at its next request, but when it has run for so many nanoseconds
        #[arg(long, value_name = "NS", conflicts_with = "kind")]
        after: Option<u64>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wish {
    /// It is brought back with its state
    Stateful,
    /// It is brought back without its state
    Fresh,
    /// It stays down
    Leave,
    /// Whoever runs `service watch` decides; it is brought back with its state if nobody does
    Script,
    /// What the system's declaration says
    Declared,
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

/// What a service is changed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// The newest version in the boot archive.
    Newest,
    /// This one.
    Version(u32),
    /// The image in this file.
    File(PathBuf),
}

/// How it is shown what a service knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As indented text.
    Text,
    /// As JSON.
    Json,
}

/// What to ask of rs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This.
    Ask(Request),
    /// For the states, to show those of this service, or of all.
    Show(Option<ServiceName>),
    /// For the crashes, to show those of this service, or of all.
    Crashes(Option<ServiceName>),
    /// For what this service knows, to show it so.
    State(ServiceName, Form),
    /// For crashes, to run this program at each.
    Watch(PathBuf),
    /// To update these, so.
    Update(Vec<(ServiceName, To)>, How),
}

impl Arguments {
    /// What the command line asks for.
    ///
    /// # Errors
    /// Why it cannot be meant, as text.
    pub fn plan(self) -> Result<Plan, &'static str> {
        Ok(Plan::Ask(match self.action {
            Action::Status { name } => return Ok(Plan::Show(name)),
            Action::State { name, json } => {
                let form = if json { Form::Json } else { Form::Text };
                return Ok(Plan::State(name, form));
            }
            Action::Up { name } => Request::Up { name },
            Action::Down { name } => Request::Down { name },
            Action::Restart { name } => Request::Restart { name },
            Action::Refresh { name } => Request::Refresh { name },
            Action::Update {
                members,
                all,
                to,
                deadline,
                prepare_only,
                dry_run,
            } => {
                let how = How {
                    deadline_ms: deadline,
                    until: match (prepare_only, dry_run) {
                        (true, _) => Until::Prepared,
                        (_, true) => Until::Ready,
                        _ => Until::Committed,
                    },
                };
                return update(members, all, to, how);
            }
            Action::Watch { program } => return Ok(Plan::Watch(program)),
            Action::Crashes { name } => return Ok(Plan::Crashes(name)),
            Action::Edit { name, policy } => Request::Edit {
                name,
                policy: policy.into(),
            },
            Action::Fault {
                name,
                kind,
                at,
                after,
            } => fault(name, kind, at, after),
        }))
    }
}

fn fault(name: ServiceName, kind: Option<Kind>, at: Option<u64>, after: Option<u64>) -> Request {
    let (kind, count) = match (at, after) {
        (Some(point), _) => (Fault::AtPoint, point),
        (_, Some(nanoseconds)) => (Fault::AfterTime, nanoseconds),
        _ => (kind.unwrap_or(Kind::Memory).into(), 0),
    };
    Request::Fault { name, kind, count }
}

/// What all members become, but for those that have a file of their own.
fn update(
    members: Vec<(ServiceName, Option<PathBuf>)>,
    all: bool,
    to: Option<To>,
    how: How,
) -> Result<Plan, &'static str> {
    let others = members.iter().filter(|(_, file)| file.is_none()).count();
    if matches!(to, Some(To::File(_))) && (all || others != 1) {
        return Err("an image is of one service: write NAME=FILE for each");
    }
    let to = to.unwrap_or(To::Newest);
    if all {
        let to = match to {
            To::Version(version) => Target::Version(version),
            To::Newest | To::File(_) => Target::Newest,
        };
        return Ok(Plan::Ask(Request::UpdateAll { to, how }));
    }
    let one = |(name, file): (ServiceName, Option<PathBuf>)| {
        (name, file.map_or_else(|| to.clone(), To::File))
    };
    Ok(Plan::Update(members.into_iter().map(one).collect(), how))
}

/// The request to update services, and the file that goes with it; `read` reads an image.
///
/// # Errors
/// Those of `read`, and a file of more bytes than can be told.
pub fn update_request(
    members: Vec<(ServiceName, To)>,
    how: How,
    read: impl Fn(&Path) -> io::Result<Vec<u8>>,
) -> io::Result<(Request, Vec<u8>)> {
    let mut file = Vec::new();
    let mut asked = Vec::new();
    for (name, to) in members {
        let to = match to {
            To::Newest => Target::Newest,
            To::Version(version) => Target::Version(version),
            To::File(path) => {
                let image = read(&path)?;
                let length = u32::try_from(image.len());
                file.extend(image);
                Target::File(length.map_err(|_| io::ErrorKind::FileTooLarge)?)
            }
        };
        asked.push(Member { name, to });
    }
    let members = asked;
    Ok((Request::Update { members, how }, file))
}

fn deadline() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(How::LONGEST))
}

/// A number is a version; everything else is a path (`./2` for a file with such a name).
fn to(text: &str) -> Result<To, String> {
    let path = || To::File(PathBuf::from(text));
    Ok(text.parse().map_or_else(|_| path(), To::Version))
}

fn member(text: &str) -> Result<(ServiceName, Option<PathBuf>), String> {
    match text.split_once('=') {
        None => Ok((name(text)?, None)),
        Some((_, "")) => Err("the path of an image is missing behind `=`".into()),
        Some((service, path)) => Ok((name(service)?, Some(path.into()))),
    }
}

fn name(text: &str) -> Result<ServiceName, String> {
    ServiceName::new(text)
        .map_err(|_| "a service's name has lower-case letters, digits and hyphens".into())
}

impl From<Wish> for Option<Policy> {
    fn from(wish: Wish) -> Option<Policy> {
        match wish {
            Wish::Stateful => Some(Policy::Stateful),
            Wish::Fresh => Some(Policy::Fresh),
            Wish::Leave => Some(Policy::Leave),
            Wish::Script => Some(Policy::Script),
            Wish::Declared => None,
        }
    }
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
        let arguments = Arguments::try_parse_from(words.split(' ')).ok()?;
        arguments.plan().ok()
    }

    fn service(text: &str) -> ServiceName {
        ServiceName::new(text).unwrap()
    }

    fn members(words: &str) -> Vec<(String, To)> {
        match plan(words).unwrap() {
            Plan::Update(members, _) => members
                .into_iter()
                .map(|(name, to)| (name.as_str().to_owned(), to))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_target_of_an_update_is_the_newest_a_version_or_a_file() {
        let vfs = |to| vec![("vfs".to_owned(), to)];
        let file = || To::File("./2".into());
        assert_eq!(members("service update vfs"), vfs(To::Newest));
        assert_eq!(members("service update vfs --to 2"), vfs(To::Version(2)));
        assert_eq!(members("service update vfs --to ./2"), vfs(file()));
        assert_eq!(members("service update vfs=./2"), vfs(file()));
        let mixed = members("service update rs vm=./2 pm --to 1");
        let one = |name: &str, to| (name.to_owned(), to);
        let expected = [
            one("rs", To::Version(1)),
            one("vm", file()),
            one("pm", To::Version(1)),
        ];
        assert_eq!(mixed, expected);
        let all = Request::UpdateAll {
            to: Target::Version(2),
            how: How {
                deadline_ms: 500,
                until: Until::Prepared,
            },
        };
        let words = "service update --all --to 2 --deadline 500 --prepare-only";
        assert_eq!(plan(words), Some(Plan::Ask(all)));
    }

    #[test]
    fn images_go_along_one_behind_the_other() {
        let wanted = vec![
            (service("vm"), To::File("a".into())),
            (service("rs"), To::Newest),
            (service("pm"), To::File("bc".into())),
        ];
        let read = |path: &Path| Ok(path.to_string_lossy().into_owned().into_bytes());
        let (request, file) = update_request(wanted.clone(), How::default(), read).unwrap();
        let Request::Update { members, .. } = request else {
            panic!("{request:?}");
        };
        let targets: Vec<Target> = members.iter().map(|member| member.to).collect();
        assert_eq!(targets, [Target::File(1), Target::Newest, Target::File(2)]);
        assert_eq!(file, b"abc");
        let missing = |_: &Path| Err(io::ErrorKind::NotFound.into());
        assert!(update_request(wanted, How::default(), missing).is_err());
    }

    #[test]
    fn a_fault_has_a_kind() {
        let kind = |words| match plan(words).unwrap() {
            Plan::Ask(Request::Fault { kind, count, .. }) => (kind, count),
            other => panic!("{other:?}"),
        };
        assert_eq!(kind("service fault vfs"), (Fault::BadMemoryAccess, 0));
        assert_eq!(kind("service fault vfs hang"), (Fault::Hang, 0));
        assert_eq!(kind("service fault vfs branch"), (Fault::WildBranch, 0));
        assert_eq!(kind("service fault vfs --at 7"), (Fault::AtPoint, 7));
        assert_eq!(kind("service fault vfs --after 99"), (Fault::AfterTime, 99));
    }

    #[test]
    fn a_policy_is_changed_and_changed_back() {
        let policy = |words| match plan(words).unwrap() {
            Plan::Ask(Request::Edit { policy, .. }) => policy,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            policy("service edit vfs --policy leave"),
            Some(Policy::Leave)
        );
        assert_eq!(policy("service edit vfs --policy declared"), None);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for words in [
            "service",
            "service update",
            "service update VFS",
            "service fault vfs gently",
            "service fault vfs hang --at 1",
            "service fault vfs --at 1 --after 1",
            "service edit vfs",
            "service edit vfs --policy rude",
            "service update vfs --dry-run --prepare-only",
            "service status a b",
            "service down",
            "service update vfs --to -2",
            "service update --all vfs",
            "service update --all --to ./image",
            "service update vfs pm --to ./image",
            "service update vfs=./image --to ./image",
            "service update vfs=",
            "service update vfs --deadline 0",
            "service update vfs --deadline 60001",
            "service state",
            "service state vfs pm",
            "service watch",
            "service watch a b",
        ] {
            assert_eq!(plan(words), None, "{words}");
        }
        assert_eq!(plan("service status"), Some(Plan::Show(None)));
        let state = |form| Some(Plan::State(service("pm"), form));
        assert_eq!(plan("service state pm"), state(Form::Text));
        assert_eq!(plan("service state --json pm"), state(Form::Json));
        let vfs = Some(service("vfs"));
        assert_eq!(plan("service status vfs"), Some(Plan::Show(vfs)));
    }
}
