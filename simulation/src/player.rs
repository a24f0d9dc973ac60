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

/// The vector of an instruction that is none.
const INVALID_OPCODE: u64 = 6;

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
        let at = host.registers(pid)?.rip;
        let fetched = host.program_read(pid, at, &mut [0])?;
        let Some(instruction) = self.instruction(at).cloned() else {
            return host.program_exception(pid, INVALID_OPCODE);
        };
        let played = match fetched {
            Touched::Done => self.carry_out(host, pid, instruction, trace)?,
            Touched::Faulted => Played::Faulted(at),
        };
        // A call that is to be made again has set `rip` back by the two bytes of `syscall`.
        let (program, nth) = place(at).unwrap_or_default();
        let nth = match played {
            Played::Called => return Ok(()),
            Played::Faulted(address) => {
                trace.fault(pid, address);
                return Ok(());
            }
            Played::GoesTo(address) => {
                host.registers(pid)?.rip = address;
                return Ok(());
            }
            Played::Done => nth + 1,
            Played::Jumps(to) => to,
        };
        host.registers(pid)?.rip = address(program, nth);
        Ok(())
    }

    fn carry_out(
        &mut self,
        host: &mut Host,
        pid: Pid,
        instruction: Instruction,
        trace: &mut Trace,
    ) -> Result<Played, CallError> {
        let registers = *host.registers(pid)?;
        let of = |number| value(&registers, number);
        match instruction {
            Instruction::Call(number, arguments) => {
                let arguments = arguments.map(of);
                let (program, nth) = place(registers.rip).unwrap_or_default();
                host.registers(pid)?.rip = address(program, nth + 1);
                trace.call(pid, number, arguments);
                host.program_call(pid, number, arguments)?;
                Ok(Played::Called)
            }
            Instruction::Store(address, bytes) => store(host, pid, address, &bytes),
            Instruction::StoreWord(address, word) => {
                store(host, pid, address, &of(word).to_le_bytes())
            }
            Instruction::Order(variable, address) => self.take_order(host, pid, variable, address),
            Instruction::Load(variable, address) => load(host, pid, address, |host, word| {
                set(host.registers(pid)?, variable, word);
                Ok(Played::Done)
            }),
            Instruction::Return => load(host, pid, registers.rsp, |host, word| {
                host.registers(pid)?.rsp += 8;
                Ok(Played::GoesTo(word))
            }),
            Instruction::NoteBytes(name, address, length) => {
                let mut bytes = vec![0; noted_length(of(length))];
                if host.program_read(pid, address, &mut bytes)? == Touched::Faulted {
                    return Ok(Played::Faulted(address));
                }
                self.note(name, Noted::Bytes(bytes));
                Ok(Played::Done)
            }
            Instruction::Note(name, number) => {
                self.note(name, Noted::Number(of(number).cast_signed()));
                Ok(Played::Done)
            }
            Instruction::Set(variable, number) => {
                set(host.registers(pid)?, variable, of(number));
                Ok(Played::Done)
            }
            Instruction::Open(gate) => {
                self.gates.insert(gate);
                Ok(Played::Done)
            }
            Instruction::JumpIfZero(number, to) if of(number) == 0 => Ok(Played::Jumps(to)),
            Instruction::Jump(to) => Ok(Played::Jumps(to)),
            // Others are waits that are over.
            _ => Ok(Played::Done),
        }
    }

    /// The operator takes its next order.
    fn take_order(
        &mut self,
        host: &mut Host,
        pid: Pid,
        variable: usize,
        address: u64,
    ) -> Result<Played, CallError> {
        let order = self.orders.front().cloned().unwrap_or_default();
        let played = store(host, pid, address, &order)?;
        if let Played::Done = played {
            self.orders.pop_front();
            set(host.registers(pid)?, variable, order.len() as u64);
        }
        Ok(played)
    }

    fn note(&mut self, name: &'static str, noted: Noted) {
        self.notes.entry(name).or_default().push(noted);
    }
}

/// What came of an instruction.
enum Played {
    /// It has been played.
    Done,
    /// It was a system call.
    Called,
    /// The program goes on with this one of its instructions.
    Jumps(usize),
    /// It goes on at this address.
    GoesTo(u64),
    /// It touched memory that is not there: it will be played again.
    Faulted(u64),
}

fn store(host: &mut Host, pid: Pid, address: u64, bytes: &[u8]) -> Result<Played, CallError> {
    Ok(match host.program_write(pid, address, bytes)? {
        Touched::Done => Played::Done,
        Touched::Faulted => Played::Faulted(address),
    })
}

fn load(
    host: &mut Host,
    pid: Pid,
    address: u64,
    then: impl FnOnce(&mut Host, u64) -> Result<Played, CallError>,
) -> Result<Played, CallError> {
    let mut bytes = [0; 8];
    match host.program_read(pid, address, &mut bytes)? {
        Touched::Done => then(host, u64::from_le_bytes(bytes)),
        Touched::Faulted => Ok(Played::Faulted(address)),
    }
}

/// The address of the n-th instruction of a program.
fn address(program: usize, nth: usize) -> u64 {
    entry(program) + nth as u64 * INSTRUCTION
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
