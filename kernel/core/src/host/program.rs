//! Programs: registers and memory, and a driver that plays their instructions.

use abi::process::Registers;
use abi::{Access, CallError, Pid};

use super::Host;
use crate::memory::{Missing, Place};
use crate::program::ProgramState;

/// What became of a program's access to its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// It has been made.
    Done,
    /// It was a page fault, which the kernel has mended, or about which vm is being asked. When the
    /// program runs again, the access is to be made again.
    Faulted,
}

impl Host {
    /// All processes.
    pub fn pids(&self) -> impl Iterator<Item = Pid> + '_ {
        let records = self.kernel.processes.items.iter();
        records
            .map(|process| process.identity.pid)
            .filter(|pid| *pid != Pid::NONE)
    }

    /// A program makes a system call; its result is in rax when it runs again. Programs' registers
    /// are the kernel's: whoever drives programs may keep the place in a script in `rip`, which
    /// fork copies and `exec` and signals set.
    ///
    /// # Errors
    /// `NoProcess`; `BadState` when it does not run.
    pub fn program_call(
        &mut self,
        pid: Pid,
        number: u64,
        arguments: [u64; 6],
    ) -> Result<(), CallError> {
        self.kernel.program_call(pid, number, arguments)
    }

    /// What a program does.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn program(&mut self, pid: Pid) -> Result<ProgramState, CallError> {
        self.kernel.program(pid)
    }

    /// The registers of a program.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn registers(&mut self, pid: Pid) -> Result<&mut Registers, CallError> {
        let thread = self.kernel.processes.find(pid)?;
        Ok(&mut self.kernel.threads[thread as usize].registers)
    }

    /// A program executes an instruction that traps.
    ///
    /// # Errors
    /// `NoProcess`; `BadState` when it does not run.
    pub fn program_exception(&mut self, pid: Pid, vector: u64) -> Result<(), CallError> {
        let thread = self.running_program(pid)?;
        self.kernel.report_exception(thread, [vector, 0, 0, 0]);
        Ok(())
    }

    /// A program loads from its memory.
    ///
    /// # Errors
    /// `NoProcess`; `BadState` when it does not run.
    pub fn program_read(
        &mut self,
        pid: Pid,
        address: u64,
        bytes: &mut [u8],
    ) -> Result<Touched, CallError> {
        let place = self.program_place(pid, address)?;
        let read = self.kernel.memory.read(&self.kernel.machine, place, bytes);
        self.touched(pid, read, Access::Read)
    }

    /// A program stores to its memory.
    ///
    /// # Errors
    /// `NoProcess`; `BadState` when it does not run.
    pub fn program_write(
        &mut self,
        pid: Pid,
        address: u64,
        bytes: &[u8],
    ) -> Result<Touched, CallError> {
        let place = self.program_place(pid, address)?;
        let machine = &mut self.kernel.machine;
        let written = self.kernel.memory.write(machine, place, bytes);
        self.touched(pid, written, Access::Write)
    }

    fn touched(
        &mut self,
        pid: Pid,
        outcome: Result<(), Missing>,
        access: Access,
    ) -> Result<Touched, CallError> {
        match outcome {
            Ok(()) => Ok(Touched::Done),
            Err(missing) => {
                self.kernel.program_fault(pid, missing, access as u64)?;
                Ok(Touched::Faulted)
            }
        }
    }

    fn running_program(&mut self, pid: Pid) -> Result<u16, CallError> {
        match self.kernel.program(pid)? {
            ProgramState::Runs(_) => self.kernel.processes.find(pid),
            _ => Err(CallError::BadState),
        }
    }

    fn program_place(&mut self, pid: Pid, address: u64) -> Result<Place, CallError> {
        let index = self.running_program(pid)?;
        let space = self.kernel.processes.items[index as usize].space;
        let root = self
            .kernel
            .memory
            .space_root(space.ok_or(CallError::NoSpace)?);
        Ok(Place { root, address })
    }
}
