//! A case: programs, and what is to be the same however they are disturbed.

use crate::boot::Boot;
use crate::player::{ORDERS, RESULT};
use crate::program::{DATA, Script, Value};
use abi::Endpoint;
use control::CALL;
use linux_raw_sys::general as nr;

/// The gate that is opened when the workload begins: from there on points are counted.
pub const BEGIN: u32 = 1000;
/// The gate that is opened when it has ended.
pub const END: u32 = 1001;
/// Where the operator keeps rs's orders and its answers.
const ORDER: u64 = DATA + 0x8000;
const ANSWER: u64 = DATA + 0x9000;
const ANSWER_BYTES: u64 = 0x1000;

/// Programs to be run.
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// What is booted.
    pub boot: Boot,
    /// Points are counted from the start of the machine on.
    pub counts_boot: bool,
    /// Services that need not know the same after a disturbance.
    pub unlike: Vec<Endpoint>,
    /// Services that know nothing in the end of a request that was cut short.
    pub forgetful: Vec<Endpoint>,
    /// What is typed at the console once a gate is open.
    pub typed: Vec<(u32, &'static [u8])>,
    /// What is typed when nothing happens any more.
    pub typed_again: &'static [u8],
    /// Processes that tell rs what it is ordered to do.
    pub operators: usize,
}

impl Case {
    /// A case whose first program does `workload`. Before that it makes the operator, the process
    /// that tells rs what it is ordered to do.
    ///
    /// # Errors
    /// See [`Boot::new`].
    pub fn new(name: &'static str, workload: Script, others: Vec<Script>) -> Result<Case, String> {
        Case::ordered_by(1, name, workload, others)
    }

    /// The same with so many operators, each of which takes the next order when its last one has been
    /// answered.
    ///
    /// # Errors
    /// See [`Boot::new`].
    pub fn ordered_by(
        operators: usize,
        name: &'static str,
        workload: Script,
        others: Vec<Script>,
    ) -> Result<Case, String> {
        let make = |script: Script, _| {
            let child = script.call(nr::__NR_fork, &[]);
            child.if_zero(RESULT, operator())
        };
        let wait = |script: Script, _| script.append(wait_for_child());
        let init = (0..operators)
            .fold(Script::new(), make)
            .open(BEGIN)
            .append(workload)
            .open(END);
        let init = (0..operators).fold(init, wait).halt();
        let mut programs = vec![init];
        programs.extend(others);
        Ok(Case {
            name,
            boot: Boot::new(programs)?,
            counts_boot: false,
            unlike: Vec::new(),
            forgetful: Vec::new(),
            typed: Vec::new(),
            typed_again: b"\n",
            operators,
        })
    }
}

/// Tells rs its orders until there are no more.
fn operator() -> Script {
    let call = u32::try_from(CALL).unwrap_or(u32::MAX);
    let once = Script::new()
        .order(0, ORDER)
        .if_zero(Value::Variable(0), exit(0))
        .call(
            call,
            &[
                ORDER.into(),
                Value::Variable(0),
                ANSWER.into(),
                ANSWER_BYTES.into(),
            ],
        )
        .note_bytes(ORDERS, ANSWER, RESULT);
    once.again()
}

/// Ends the process, as the C libraries do: if that comes back, then with the other call.
#[must_use]
pub fn exit(status: u64) -> Script {
    Script::new()
        .call(nr::__NR_exit_group, &[status.into()])
        .call(nr::__NR_exit, &[status.into()])
}

/// Waits until some child has ended.
#[must_use]
pub fn wait_for_child() -> Script {
    let any = Value::Number(u64::MAX);
    Script::new().call(nr::__NR_wait4, &[any, 0.into(), 0.into(), 0.into()])
}
