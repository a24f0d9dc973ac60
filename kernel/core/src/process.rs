//! The processes of programs: a name that pm chose, an identity, and one thread each.

use alloc::boxed::Box;

use abi::process::FloatingPoint;
use abi::{CallError, Caller, Pid, SpaceId};

use crate::ids::Ids;
use crate::list::List;
use crate::memory::SpaceHandle;
use crate::route::Routes;

/// The index of a process, and of its thread.
pub(crate) type ProcessIndex = u16;

/// A signal that a reply carried, for pm to hear before the program goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The signal's number, or 0.
    pub(crate) signal: u32,
    /// 1 when it is for the whole process group.
    pub(crate) group: u32,
}

/// A process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    /// Who it is: stamped on its requests. `Pid::NONE` marks a free record.
    pub identity: Caller,
    pub(crate) space: Option<SpaceHandle>,
    /// Whether pm lets it run.
    pub(crate) stopped: bool,
    /// The number of the last interrupt that pm raised.
    pub(crate) interrupts: u64,
    /// Whether pm is to be asked before it returns to user mode.
    pub(crate) interrupted: bool,
    /// The signal of its last reply.
    pub(crate) carried: Carried,
    /// Copies from and to its memory that wait for vm in its name.
    pub(crate) copies: List,
    /// Length of its time slice in nanoseconds.
    pub(crate) quantum: u64,
    /// Nanoseconds in user mode.
    pub(crate) user: u64,
    /// Nanoseconds of the kernel for it.
    pub(crate) system: u64,
    /// Page faults.
    pub(crate) faults: u64,
}

/// A time slice until sched says otherwise.
pub(crate) const DEFAULT_QUANTUM: u64 = 20_000_000;

impl Process {
    const FREE: Process = Process {
        identity: Caller {
            pid: Pid::NONE,
            space: SpaceId::NONE,
            user: 0,
            group: 0,
            process_group: 0,
            session: 0,
        },
        space: None,
        stopped: true,
        interrupts: 0,
        interrupted: false,
        carried: Carried {
            signal: 0,
            group: 0,
        },
        copies: List::EMPTY,
        quantum: DEFAULT_QUANTUM,
        user: 0,
        system: 0,
        faults: 0,
    };
}

/// The state of FXSAVE after a reset (Intel SDM volume 1, table 8-1 and section 10.2.3).
pub(crate) const FRESH_FLOATING_POINT: FloatingPoint = {
    let mut bytes = [0; 512];
    // The x87 control word: all exceptions masked, 64-bit mantissa.
    bytes[0] = 0x7f;
    bytes[1] = 0x03;
    // MXCSR: all exceptions masked.
    bytes[24] = 0x80;
    bytes[25] = 0x1f;
    FloatingPoint(bytes)
};

/// All processes.
pub(crate) struct Processes {
    pub(crate) items: Box<[Process]>,
    pub(crate) floating_point: Box<[FloatingPoint]>,
    /// Where calls on their descriptors go.
    pub(crate) routes: Box<[Routes]>,
    /// Whose values the processor's floating point registers hold.
    pub(crate) floating_owner: Option<ProcessIndex>,
    ids: Ids,
    free: Box<[ProcessIndex]>,
    free_count: usize,
    /// Processes made since the start.
    pub(crate) made: u64,
}

impl Processes {
    /// A table for `count` processes.
    pub(crate) fn new(count: usize) -> Processes {
        let last = ProcessIndex::try_from(count).unwrap_or(ProcessIndex::MAX);
        let free: Box<[ProcessIndex]> = (0..last).rev().collect();
        Processes {
            items: alloc::vec![Process::FREE; count].into_boxed_slice(),
            floating_point: alloc::vec![FRESH_FLOATING_POINT; count].into_boxed_slice(),
            routes: alloc::vec![Routes::NONE; count].into_boxed_slice(),
            floating_owner: None,
            ids: Ids::new(count),
            free_count: free.len(),
            free,
            made: 0,
        }
    }

    /// Finds a process.
    ///
    /// # Errors
    /// `NoProcess`.
    pub(crate) fn find(&self, pid: Pid) -> Result<ProcessIndex, CallError> {
        self.ids.find(pid.0).ok_or(CallError::NoProcess)
    }

    /// Makes a process whose name is not taken.
    ///
    /// # Errors
    /// `NoMemory` when the table is full.
    pub(crate) fn make(
        &mut self,
        pid: Pid,
        space: (SpaceId, SpaceHandle),
    ) -> Result<ProcessIndex, CallError> {
        self.free_count = self.free_count.checked_sub(1).ok_or(CallError::NoMemory)?;
        let index = self.free[self.free_count];
        let mut process = Process {
            space: Some(space.1),
            ..Process::FREE
        };
        process.identity.pid = pid;
        process.identity.space = space.0;
        self.items[index as usize] = process;
        self.routes[index as usize] = Routes::NONE;
        self.ids.insert(pid.0, index);
        self.made += 1;
        Ok(index)
    }

    /// Frees the record of a process.
    pub(crate) fn release(&mut self, index: ProcessIndex) {
        if self.floating_owner == Some(index) {
            self.floating_owner = None;
        }
        self.ids.remove(self.items[index as usize].identity.pid.0);
        self.items[index as usize] = Process::FREE;
        self.free[self.free_count] = index;
        self.free_count += 1;
    }
}
