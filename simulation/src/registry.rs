//! Which library is which service, in which version.

use abi::event::Holding;
use abi::slot::Refusal;
use abi::{Endpoint, Event, Time};
use protocol::endpoint;
use service::instance::{Answered, Instance};
use service::{Service, Start, State, System};
use std::rc::Rc;

/// An instance of whatever service.
pub trait Value {
    /// It goes on after its commit.
    fn take_over(&mut self, now: Time);
    /// What it has in hand.
    fn holding(&self) -> Holding;
    /// It handles an event. The answer is given with the `receive` that follows.
    fn turn(&mut self, event: &Event) -> Option<Answered>;
    /// What its code would write for a successor.
    fn export(&self) -> Vec<u8>;
    /// The version of what it exports.
    fn state_version(&self) -> u32;
    /// How much of what it imported contradicted itself.
    fn dropped(&self) -> usize;
}

impl<S: Service> Value for Instance<S> {
    fn take_over(&mut self, now: Time) {
        Instance::take_over(self, now);
    }

    fn holding(&self) -> Holding {
        Instance::holding(self)
    }

    fn turn(&mut self, event: &Event) -> Option<Answered> {
        self.turn_to_answer(event)
    }

    fn export(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match Instance::export(self, &mut bytes) {
            Ok(()) => bytes,
            // A vector takes everything; what cannot be encoded is an empty inbox.
            Err(_) => Vec::new(),
        }
    }

    fn state_version(&self) -> u32 {
        S::State::VERSION
    }

    fn dropped(&self) -> usize {
        Instance::dropped(self)
    }
}

/// What an image exports and imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exports {
    /// The version of its State.
    pub version: u32,
    /// The other version that it reads.
    pub other: u32,
    /// All that the encoding of its State and journal depends on.
    pub outline: String,
}

fn exports<S: Service>() -> Exports {
    Exports {
        version: S::State::VERSION,
        other: S::State::OTHER_VERSION,
        outline: service::state::outline::<S::State>(),
    }
}

/// What a candidate is made from.
pub struct Origin<'a> {
    /// The service.
    pub slot: Endpoint,
    /// The version of its image.
    pub version: u32,
    /// What it is told.
    pub start: Start,
    /// The version of the State in the inbox.
    pub state_version: u32,
    /// What its predecessor has exported; empty when it starts fresh.
    pub inbox: &'a [u8],
}

fn instance<S: Service>(
    system: Rc<dyn System>,
    origin: &Origin<'_>,
) -> Result<Box<dyn Value>, Refusal> {
    let instance: Instance<S> = if origin.inbox.is_empty() {
        Instance::fresh(system, origin.start)
    } else {
        Instance::import(system, origin.start, origin.state_version, origin.inbox)?
    };
    Ok(Box::new(instance))
}

macro_rules! services {
    ($($slot:ident: $first:ident $next:ident $service:ident,)*) => {
        /// Starts an instance.
        ///
        /// # Errors
        /// Why it refuses; `Other` when there is no such service or version.
        pub fn make(
            system: Rc<dyn System>,
            origin: &Origin<'_>,
        ) -> Result<Box<dyn Value>, Refusal> {
            match (origin.slot, origin.version) {
                $(
                    (endpoint::$slot, 1) => instance::<$first::$service>(system, origin),
                    (endpoint::$slot, 2) => instance::<$next::$service>(system, origin),
                )*
                _ => Err(Refusal::Other),
            }
        }

        /// What a service exports whose image has this version, if there is one.
        #[must_use]
        pub fn of_image(slot: Endpoint, version: u32) -> Option<Exports> {
            match (slot, version) {
                $(
                    (endpoint::$slot, 1) => Some(exports::<$first::$service>()),
                    (endpoint::$slot, 2) => Some(exports::<$next::$service>()),
                )*
                _ => None,
            }
        }

        /// All services.
        pub const SERVICES: &[Endpoint] = &[$(endpoint::$slot),*];
    };
}

services! {
    RS: rs rs_next Reincarnation,
    PM: pm pm_next ProcessManager,
    VFS: vfs vfs_next VirtualFileSystem,
    RAMFS: ramfs ramfs_next RamFileSystem,
    PFS: pfs pfs_next PipeFileSystem,
    PROCFS: procfs procfs_next ProcFileSystem,
    TTY: tty tty_next TerminalDriver,
    HOST_LINK: host_link host_link_next HostLink,
    MEMORY: memory memory_next MemoryDevice,
    RANDOM: random random_next RandomDevice,
    CLOCK: clock clock_next ClockDriver,
    HELLO: hello hello_next HelloDriver,
    DS: ds ds_next NameServer,
    SCHED: sched sched_next Scheduler,
    VM: vm vm_next MemoryManager,
}
