//! Plays the scripts of programs.

use crate::program::{INSTRUCTION, Instruction, Script, Value, entry, place, set, value};
use crate::trace::Trace;
use abi::word::low_32;
use abi::{CallError, Pid};
use kernel_core::ProgramState;
use kernel_core::host::{Host, Touched};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// The name under which the operator notes rs's answers.
pub const ORDERS: &str = "orders";

/// Something that a program has noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted {
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The programs.
pub struct Player {
    scripts: Rc<Vec<Script>>,
    /// What programs have noted, by name.
    pub notes: BTreeMap<&'static str, Vec<Noted>>,
    /// Gates that are open.
    pub gates: BTreeSet<u32>,
    /// What the operator is to tell rs; the empty order is the last.
    pub orders: VecDeque<Vec<u8>>,
    /// How many orders there were, but for the empty one.
    pub ordered: usize,
    halted: BTreeSet<Pid>,
}

impl Player {
    /// Programs that have not started.
    #[must_use]
    pub fn new(scripts: Rc<Vec<Script>>) -> Player {
        Player {
            scripts,
            notes: BTreeMap::new(),
            gates: BTreeSet::new(),
            orders: VecDeque::new(),
            ordered: 0,
            halted: BTreeSet::new(),
        }
    }

    /// How many orders rs has answered.
    fn answers(&self) -> usize {
        self.notes.get(ORDERS).map_or(0, Vec::len)
    }

    /// Whether a program has come to its end.
    #[must_use]
    pub fn has_halted(&self, pid: Pid) -> bool {
        self.halted.contains(&pid)
    }

    /// The instruction at which a program is.
    fn instruction(&self, address: u64) -> Option<&Instruction> {
        let (program, at) = place(address)?;
        self.scripts.get(program)?.instructions().get(at)
    }

    /// Whether a program that could run has something to do.
    pub fn goes_on(&mut self, host: &mut Host, pid: Pid) -> bool {
        let Ok(registers) = host.registers(pid) else {
            return false;
        };
        let registers = *registers;
        let address = registers.rip;
        match self.instruction(address) {
            Some(Instruction::Wait(gate)) => self.gates.contains(gate),
            Some(Instruction::WaitForNote(name)) => self.notes.contains_key(name),
            Some(Instruction::WaitForCall(process)) => {
                let number = low_32(value(&registers, *process));
                matches!(host.program(Pid(number)), Ok(ProgramState::Waits(_)))
            }
            Some(Instruction::WaitForAnswers) => self.answers() >= self.ordered,
            Some(Instruction::Order(..)) => !self.orders.is_empty(),
            Some(Instruction::Halt) => {
                self.halted.insert(pid);
                false
            }
            _ => true,
        }
    }

    /// Plays the next instruction of a program. One that faults is played again later.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn play(&mut self, host: &mut Host, pid: Pid, trace: &mut Trace) -> Result<(), CallError> {
        let registers = *host.registers(pid)?;
        let at = registers.rip;
        let mut fetched = [0];
        if host.program_read(pid, at, &mut fetched)? == Touched::Faulted {
            trace.fault(pid, at);
            return Ok(());
        }
        let Some(instruction) = self.instruction(at).cloned() else {
            // An instruction that is none: vector 6.
            return host.program_exception(pid, 6);
        };
        let of = |number| value(&registers, number);
        // A call that is to be made again has set `rip` back by the two bytes of `syscall`.
        let (program, nth) = place(at).unwrap_or_default();
        let target = |nth: usize| entry(program) + nth as u64 * INSTRUCTION;
        let mut next = target(nth + 1);
        match instruction {
            Instruction::Call(number, arguments) => {
                let arguments = arguments.map(of);
                host.registers(pid)?.rip = next;
                trace.call(pid, number, arguments);
                return host.program_call(pid, number, arguments);
            }
            Instruction::Store(address, bytes) => {
                if host.program_write(pid, address, &bytes)? == Touched::Faulted {
                    trace.fault(pid, address);
                    return Ok(());
                }
            }
            Instruction::StoreWord(address, word) => {
                let bytes = of(word).to_le_bytes();
                if host.program_write(pid, address, &bytes)? == Touched::Faulted {
                    trace.fault(pid, address);
                    return Ok(());
                }
            }
            Instruction::Order(variable, address) => {
                let order = self.orders.front().cloned().unwrap_or_default();
                if host.program_write(pid, address, &order)? == Touched::Faulted {
                    trace.fault(pid, address);
                    return Ok(());
                }
                self.orders.pop_front();
                set(host.registers(pid)?, variable, order.len() as u64);
            }
            Instruction::Return => {
                let mut bytes = [0; 8];
                if host.program_read(pid, registers.rsp, &mut bytes)? == Touched::Faulted {
                    trace.fault(pid, registers.rsp);
                    return Ok(());
                }
                next = u64::from_le_bytes(bytes);
                host.registers(pid)?.rsp += 8;
            }
            Instruction::Load(variable, address) => {
                let mut bytes = [0; 8];
                if host.program_read(pid, address, &mut bytes)? == Touched::Faulted {
                    trace.fault(pid, address);
                    return Ok(());
                }
                set(host.registers(pid)?, variable, u64::from_le_bytes(bytes));
            }
            Instruction::Note(name, number) => {
                self.note(name, Noted::Number(of(number).cast_signed()));
            }
            Instruction::NoteBytes(name, address, length) => {
                let mut bytes = vec![0; noted_length(of(length))];
                if host.program_read(pid, address, &mut bytes)? == Touched::Faulted {
                    trace.fault(pid, address);
                    return Ok(());
                }
                self.note(name, Noted::Bytes(bytes));
            }
            Instruction::Set(variable, number) => {
                set(host.registers(pid)?, variable, of(number));
            }
            Instruction::JumpIfZero(number, to) if of(number) == 0 => next = target(to),
            Instruction::Jump(to) => next = target(to),
            Instruction::Open(gate) => {
                self.gates.insert(gate);
            }
            Instruction::JumpIfZero(..)
            | Instruction::Wait(_)
            | Instruction::WaitForNote(_)
            | Instruction::WaitForAnswers
            | Instruction::WaitForCall(_)
            | Instruction::Halt => {}
        }
        host.registers(pid)?.rip = next;
        Ok(())
    }

    fn note(&mut self, name: &'static str, noted: Noted) {
        self.notes.entry(name).or_default().push(noted);
    }
}

/// Bytes noted: what a call has counted, which may have been an error.
fn noted_length(count: u64) -> usize {
    const MOST: u64 = 4096;
    if count.cast_signed() < 0 {
        return 0;
    }
    abi::word::index(count.min(MOST))
}

/// The value of a variable, for scripts.
pub const RESULT: Value = Value::Result;
