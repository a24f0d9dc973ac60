//! Every number of a system call.

use crate::child::{attempt, describe, run};

/// Numbers that are tried.
const COUNT: u32 = 1024;
/// Calls that would return twice on one stack.
const LEFT_OUT: [&str; 2] = ["vfork", "clone"];

/// A line for each number, with all arguments 0.
pub(crate) fn misuse() {
    let left_out = LEFT_OUT.map(|name| linux::calls::number(name).unwrap_or(COUNT));
    for number in (0..COUNT).filter(|number| !left_out.contains(number)) {
        println!("{number}: {}", describe(&run(|| attempt(number, [0; 6]))));
    }
}
