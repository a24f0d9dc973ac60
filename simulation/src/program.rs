//! Programs: scripts of system calls, played over the registers and the memory of a real process.
//!
//! An instruction is 16 bytes of a program's text; `rip` is its place in the script. So fork copies
//! the place, `exec` sets it to the entry of another script, and a signal's handler is a place too.
//! Fetching an instruction touches the text, storing touches the data: that faults as it does on
//! the real machine.

use abi::process::Registers;

/// Bytes of an instruction.
pub const INSTRUCTION: u64 = 16;
/// Where the text of the n-th program is, and how far the next one is from it.
const TEXT: u64 = 0x40_0000;
const TEXT_STEP: u64 = 0x1_0000;
/// Where the data of a program is: zeroes at first.
pub const DATA: u64 = 0x60_0000;
/// Bytes of data.
pub const DATA_BYTES: u64 = 0x1_0000;

/// A number that an instruction uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Itself.
    Number(u64),
    /// What the last system call came to.
    Result,
    /// One of the four variables.
    Variable(usize),
    /// The address of an instruction of the same script.
    Place(usize),
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(number)
    }
}

/// An instruction.
#[derive(Clone, Debug)]
pub enum Instruction {
    /// Makes a system call.
    Call(u64, [Value; 6]),
    /// Stores bytes.
    Store(u64, Vec<u8>),
    /// Stores a word.
    StoreWord(u64, Value),
    /// Notes a number under a name.
    Note(&'static str, Value),
    /// Notes as many bytes of memory.
    NoteBytes(&'static str, u64, Value),
    /// Sets a variable.
    Set(usize, Value),
    /// Loads a word into a variable.
    Load(usize, u64),
    /// Goes on elsewhere if a number is 0.
    JumpIfZero(Value, usize),
    /// Goes on elsewhere.
    Jump(usize),
    /// Stores the operator's next order and sets a variable to its length; waits until there is one.
    Order(usize, u64),
    /// Waits until a gate is open.
    Wait(u32),
    /// Waits until something has been noted under a name.
    WaitForNote(&'static str),
    /// Waits until rs has answered all that the operator was to ask so far.
    WaitForAnswers,
    /// Waits until the process with this number waits in a system call.
    WaitForCall(Value),
    /// Returns from a function, as `ret` does.
    Return,
    /// Opens a gate.
    Open(u32),
    /// Does nothing any more.
    Halt,
}

/// A script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    instructions: Vec<Instruction>,
}

impl Script {
    /// An empty script.
    #[must_use]
    pub fn new() -> Script {
        Script::default()
    }

    /// The instructions.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    fn then(mut self, instruction: Instruction) -> Script {
        self.instructions.push(instruction);
        self
    }

    /// Makes a system call.
    #[must_use]
    pub fn call(self, number: u32, arguments: &[Value]) -> Script {
        let mut all = [Value::Number(0); 6];
        for (place, argument) in all.iter_mut().zip(arguments) {
            *place = *argument;
        }
        self.then(Instruction::Call(number.into(), all))
    }

    /// Makes a system call and notes its result.
    #[must_use]
    pub fn check(self, name: &'static str, number: u32, arguments: &[Value]) -> Script {
        self.call(number, arguments).note(name, Value::Result)
    }

    /// Stores bytes.
    #[must_use]
    pub fn store(self, address: u64, bytes: impl Into<Vec<u8>>) -> Script {
        self.then(Instruction::Store(address, bytes.into()))
    }

    /// Stores a word.
    #[must_use]
    pub fn store_word(self, address: u64, value: Value) -> Script {
        self.then(Instruction::StoreWord(address, value))
    }

    /// Notes a number.
    #[must_use]
    pub fn note(self, name: &'static str, value: Value) -> Script {
        self.then(Instruction::Note(name, value))
    }

    /// Notes bytes of memory.
    #[must_use]
    pub fn note_bytes(self, name: &'static str, address: u64, length: impl Into<Value>) -> Script {
        self.then(Instruction::NoteBytes(name, address, length.into()))
    }

    /// Sets a variable.
    #[must_use]
    pub fn set(self, variable: usize, value: Value) -> Script {
        self.then(Instruction::Set(variable, value))
    }

    /// Loads a word into a variable.
    #[must_use]
    pub fn load(self, variable: usize, address: u64) -> Script {
        self.then(Instruction::Load(variable, address))
    }

    /// Stores the operator's next order and sets a variable to its length.
    #[must_use]
    pub fn order(self, variable: usize, address: u64) -> Script {
        self.then(Instruction::Order(variable, address))
    }

    /// Goes back to the start of this script.
    #[must_use]
    pub fn again(self) -> Script {
        self.then(Instruction::Jump(0))
    }

    /// Waits until a gate is open.
    #[must_use]
    pub fn wait(self, gate: u32) -> Script {
        self.then(Instruction::Wait(gate))
    }

    /// Waits until something has been noted under a name.
    #[must_use]
    pub fn wait_for_note(self, name: &'static str) -> Script {
        self.then(Instruction::WaitForNote(name))
    }

    /// Waits until rs has answered all that the operator was to ask so far.
    #[must_use]
    pub fn wait_for_answers(self) -> Script {
        self.then(Instruction::WaitForAnswers)
    }

    /// Waits until the process with this number waits in a system call.
    #[must_use]
    pub fn wait_for_call(self, process: Value) -> Script {
        self.then(Instruction::WaitForCall(process))
    }

    /// Returns from a function.
    #[must_use]
    pub fn return_from(self) -> Script {
        self.then(Instruction::Return)
    }

    /// Goes on after the next so many instructions.
    #[must_use]
    pub fn skip(self, count: usize) -> Script {
        let to = self.instructions.len() + 1 + count;
        self.then(Instruction::Jump(to))
    }

    /// Opens a gate.
    #[must_use]
    pub fn open(self, gate: u32) -> Script {
        self.then(Instruction::Open(gate))
    }

    /// Does nothing any more.
    #[must_use]
    pub fn halt(self) -> Script {
        self.then(Instruction::Halt)
    }

    /// Appends another script.
    #[must_use]
    pub fn append(mut self, other: Script) -> Script {
        let base = self.instructions.len();
        let place = |value| match value {
            Value::Place(at) => Value::Place(at + base),
            other => other,
        };
        let moved = other.instructions.into_iter().map(|one| match one {
            Instruction::Jump(to) => Instruction::Jump(to + base),
            Instruction::JumpIfZero(value, to) => Instruction::JumpIfZero(value, to + base),
            Instruction::StoreWord(address, value) => Instruction::StoreWord(address, place(value)),
            other => other,
        });
        self.instructions.extend(moved);
        self
    }

    /// Plays a script if a number is 0, and else goes on. The script must not end by itself.
    #[must_use]
    pub fn if_zero(self, value: Value, zero: Script) -> Script {
        let around = self.instructions.len() + 2;
        let after = around + zero.instructions.len();
        self.then(Instruction::JumpIfZero(value, around))
            .then(Instruction::Jump(after))
            .append(zero)
    }

    /// Plays a script if a number is not 0, and goes on in any case.
    #[must_use]
    pub fn unless_zero(self, value: Value, other: Script) -> Script {
        let after = self.instructions.len() + 1 + other.instructions.len();
        self.then(Instruction::JumpIfZero(value, after))
            .append(other)
    }
}

/// Where the text of the n-th program starts.
#[must_use]
pub fn entry(program: usize) -> u64 {
    TEXT + TEXT_STEP * program as u64
}

/// Which program, and which of its instructions, an address in a text is.
#[must_use]
pub fn place(address: u64) -> Option<(usize, usize)> {
    let offset = address.checked_sub(TEXT)?;
    let program = usize::try_from(offset / TEXT_STEP).ok()?;
    let instruction = usize::try_from(offset % TEXT_STEP / INSTRUCTION).ok()?;
    Some((program, instruction))
}

/// What an instruction means by a number.
#[must_use]
pub fn value(registers: &Registers, value: Value) -> u64 {
    match value {
        Value::Number(number) => number,
        Value::Place(nth) => {
            let program = place(registers.rip).map_or(0, |(program, _)| program);
            entry(program) + INSTRUCTION * nth as u64
        }
        Value::Result => registers.rax,
        Value::Variable(0) => registers.r12,
        Value::Variable(1) => registers.r13,
        Value::Variable(2) => registers.r14,
        Value::Variable(_) => registers.r15,
    }
}

/// Sets a variable.
pub fn set(registers: &mut Registers, variable: usize, value: u64) {
    match variable {
        0 => registers.r12 = value,
        1 => registers.r13 = value,
        2 => registers.r14 = value,
        _ => registers.r15 = value,
    }
}
