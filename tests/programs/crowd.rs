//! Makes processes: as small as can be, so that their number and not their memory is the limit.
//!
//! For each byte on standard input it forks 1,024 children that wait for ever, or as many as it can,
//! and writes a line: `ok`, or `errno N`. At the end of its input it kills them and itself.
//!
//! Built by `rustc` alone, without a library: `tests/tests/boot.rs` says how.
#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

const READ: usize = 0;
const WRITE: usize = 1;
const PAUSE: usize = 34;
const FORK: usize = 57;
const KILL: usize = 62;
const SET_GROUP: usize = 109;
const SIGKILL: usize = 9;
const AT_ONCE: usize = 1024;

// The stack is aligned at the entry; a function is entered by a call.
global_asm!(".global _start", "_start: call begin", "ud2");

#[unsafe(no_mangle)]
extern "C" fn begin() -> ! {
    // A group of its own: what is killed in the end.
    call(SET_GROUP, [0, 0, 0]);
    let mut order = 0_u8;
    while call(READ, [0, (&raw mut order).addr(), 1]) == 1 {
        let mut answer = *b"errno 000\n";
        let answer = match fork_many() {
            Ok(()) => &b"ok\n"[..],
            Err(errno) => {
                answer[6] += errno / 100;
                answer[7] += errno / 10 % 10;
                answer[8] += errno % 10;
                &answer[..]
            }
        };
        call(WRITE, [1, answer.as_ptr().addr(), answer.len()]);
    }
    loop {
        call(KILL, [0, SIGKILL, 0]);
    }
}

/// Forks; the error is the errno.
fn fork_many() -> Result<(), u8> {
    for _ in 0..AT_ONCE {
        match call(FORK, [0; 3]) {
            0 => wait_for_ever(),
            child if child > 0 => {}
            error => return Err(u8::try_from(-error).unwrap_or(u8::MAX)),
        }
    }
    Ok(())
}

fn wait_for_ever() -> ! {
    loop {
        call(PAUSE, [0; 3]);
    }
}

/// A system call (x86-64 psABI, A.2.1).
fn call(number: usize, arguments: [usize; 3]) -> isize {
    let result;
    // SAFETY: the calls used here write to no memory but the byte that `READ` is given, and that
    // is borrowed mutably by whoever calls.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        call(KILL, [0, SIGKILL, 0]);
    }
}
