//! The tables of vfs: processes, descriptors, opens, mounts, locks.
//!
//! ```text
//! (process, descriptor) --+
//! process: root, directory +--> open --> (server, handle)  the description, one reference
//!                               |  +---> (server, handle)  the node, for devices and FIFOs
//!                               +------> mount
//! ```
//!
//! An *open* is what vfs holds of an open file description. vfs counts who refers to an open and
//! keeps a single reference at its server, so fork, dup and exec ask nobody.
//!
//! Both versions of the State implement [`Tables`]; everything else here works with either.

mod check;
mod descriptors;
mod locks;
mod mounts;
mod processes;
mod types;

pub(crate) use check::check;
pub(crate) use descriptors::Descriptors;
pub(crate) use locks::{Lock, LockFile, LockOwner, LockTable};
pub(crate) use mounts::{Mounts, ROOT_MOUNT};
pub(crate) use processes::{Place, Processes, Start};
pub(crate) use types::{
    Covered, Descriptor, Executable, Limits, Mount, Object, Open, OpenId, Places, Program,
    Released, Settings, Spot,
};

use abi::Pid;
use alloc::vec::Vec;

/// What both versions of the State can do. Each function changes or reads one entry.
pub(crate) trait Tables: Sized {
    fn places(&self, process: Pid) -> Option<Places>;
    fn set_places(&mut self, process: Pid, places: Places);
    fn settings(&self, process: Pid) -> Option<Settings>;
    fn set_settings(&mut self, process: Pid, settings: Settings);
    fn program(&self, process: Pid) -> Option<&Program>;
    fn set_program(&mut self, process: Pid, program: Program);
    fn groups(&self, process: Pid) -> Vec<u32>;
    fn set_groups(&mut self, process: Pid, groups: Vec<u32>);
    /// Adds a process that has nothing open.
    fn add_process(&mut self, process: Pid, places: Places, settings: Settings, program: Program);
    /// Drops what belongs to a process besides its descriptors.
    fn drop_process(&mut self, process: Pid);
    fn processes(&self) -> Vec<Pid>;
    fn all_descriptors(&self) -> Vec<(Pid, u32, Descriptor)>;

    fn descriptor(&self, process: Pid, number: u32) -> Option<Descriptor>;
    fn set_descriptor(&mut self, process: Pid, number: u32, descriptor: Descriptor);
    fn take_descriptor(&mut self, process: Pid, number: u32) -> Option<Descriptor>;
    /// The descriptors of a process from a number on, in order.
    fn descriptors_from(
        &self,
        process: Pid,
        number: u32,
    ) -> impl Iterator<Item = (u32, Descriptor)>;

    fn open(&self, id: OpenId) -> Option<&Open>;
    /// Adds an open that so many refer to, at least one.
    fn add_open(&mut self, open: Open, references: u32) -> OpenId;
    /// Takes an open away whoever refers to it.
    fn take_open(&mut self, id: OpenId) -> Option<Open>;
    fn references(&self, id: OpenId) -> u32;
    fn set_references(&mut self, id: OpenId, references: u32);
    fn open_count(&self) -> usize;
    fn opens(&self) -> impl Iterator<Item = (OpenId, &Open)>;

    fn mount(&self, number: u32) -> Option<&Mount>;
    fn set_mount(&mut self, number: u32, mount: Mount);
    fn take_mount(&mut self, number: u32) -> Option<Mount>;
    fn mounts(&self) -> impl Iterator<Item = (u32, &Mount)>;
    /// A number that no mount ever had.
    fn new_mount_number(&mut self) -> u32;

    fn locks(&self) -> &LockTable;
    fn locks_mut(&mut self) -> &mut LockTable;
}
