//! Says what the processor's time stamp counter shows: sixteen hexadecimal digits and a newline.
//!
//! Built by `rustc` alone, without a library: `tests/tests/boot.rs` says how.
#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

const WRITEV: usize = 20;
const EXIT: usize = 60;

// The stack is aligned at the entry; a function is entered by a call.
global_asm!(".global _start", "_start: call begin", "ud2");

#[unsafe(no_mangle)]
extern "C" fn begin() -> ! {
    // SAFETY: the instruction reads a counter.
    let counter = unsafe { core::arch::x86_64::_rdtsc() };
    let mut digits = [0; 16];
    for (nth, digit) in digits.iter_mut().enumerate() {
        let value = (counter >> (60 - 4 * nth)) as u8 & 15;
        *digit = if value < 10 {
            b'0' + value
        } else {
            b'a' + value - 10
        };
    }
    // What iovec is: an address and a length, of the digits and of what ends the line.
    let end = b"\n";
    let vector = [
        digits.as_ptr().addr(),
        digits.len(),
        end.as_ptr().addr(),
        end.len(),
    ];
    call(WRITEV, [1, vector.as_ptr().addr(), 2]);
    loop {
        call(EXIT, [0; 3]);
    }
}

/// A system call.
fn call(number: usize, arguments: [usize; 3]) -> isize {
    let result;
    // SAFETY: the calls used here read what `arguments` names, which is there, and change nothing.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
