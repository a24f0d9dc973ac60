//! The functions that the vDSO exports, with Linux's signatures (vdso(7)).
#![no_std]
#![no_main]
#![expect(
    unsafe_code,
    reason = "called from C with C's pointers; reads the clock page before the image"
)]

use core::arch::asm;

use vdso::clock::{Clock, TimeSpecification, TimeValue};
use vdso::page::{ClockPage, Reading};

/// Linux's number of `clock_gettime`.
const CLOCK_GETTIME: i64 = 228;
/// Linux's number of `clock_getres`.
const CLOCK_GETRES: i64 = 229;
/// Linux's `-EINVAL`, should the kernel answer what is no result of these calls.
const INVALID: i32 = -22;
/// Bytes between the clock page and the image.
const PAGE_SIZE: usize = 4096;

/// Reads the clock page that lies before this image.
fn reading() -> Reading {
    let image: *const u8;
    // SAFETY: the instruction computes the address of this image's first byte; it needs no
    // relocation because the linker knows the distance.
    unsafe {
        asm!(
            ".hidden __ehdr_start",
            "lea {}, [rip + __ehdr_start]",
            out(reg) image,
            options(nomem, nostack, preserves_flags)
        );
    }
    // SAFETY: the kernel maps the clock page, readable and aligned, right before the image
    // (`Call::MapVdso`); it changes it by atomic stores alone.
    let page = unsafe { &*image.wrapping_sub(PAGE_SIZE).cast::<ClockPage>() };
    page.read(counter)
}

/// The time stamp counter, not read ahead of earlier loads (Intel SDM volume 2, RDTSC).
fn counter() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: both instructions are unprivileged and touch no memory.
    unsafe {
        asm!("lfence", "rdtsc", out("rax") low, out("rdx") high, options(nostack, preserves_flags));
    }
    high << 32 | low
}

/// The real system call, for what the page does not tell.
///
/// # Safety
/// `time` is as `call` expects it.
unsafe fn system_call(call: i64, clock: i32, time: *mut TimeSpecification) -> i32 {
    let mut result = call;
    // SAFETY: Linux's convention: number in rax, arguments in rdi and rsi, rcx and r11 destroyed;
    // the caller vouches for the pointer.
    unsafe {
        asm!(
            "syscall",
            inout("rax") result,
            in("rdi") i64::from(clock),
            in("rsi") time,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack)
        );
    }
    i32::try_from(result).unwrap_or(INVALID)
}

/// `clock_gettime(2)`.
///
/// # Safety
/// `time` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_clock_gettime(clock: i32, time: *mut TimeSpecification) -> i32 {
    match Clock::from_number(clock) {
        // SAFETY: passed on as it came.
        Clock::Elsewhere => unsafe { system_call(CLOCK_GETTIME, clock, time) },
        known => {
            let nanoseconds = known.nanoseconds(reading()).unwrap_or(0);
            // SAFETY: the caller vouches for the pointer.
            unsafe { time.write(TimeSpecification::from_nanoseconds(nanoseconds)) };
            0
        }
    }
}

/// `clock_getres(2)`. The result may be left out.
///
/// # Safety
/// `time` can be written or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_clock_getres(clock: i32, time: *mut TimeSpecification) -> i32 {
    if Clock::from_number(clock) == Clock::Elsewhere {
        // SAFETY: passed on as it came.
        return unsafe { system_call(CLOCK_GETRES, clock, time) };
    }
    if !time.is_null() {
        // SAFETY: the caller vouches for the pointer.
        unsafe { time.write(TimeSpecification::RESOLUTION) };
    }
    0
}

/// `gettimeofday(2)`. The time zone is UTC, as it is on Linux unless somebody sets it.
///
/// # Safety
/// Each pointer can be written or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_gettimeofday(time: *mut TimeValue, zone: *mut [i32; 2]) -> i32 {
    if !time.is_null() {
        // SAFETY: the caller vouches for the pointer.
        unsafe { time.write(TimeValue::from_nanoseconds(reading().real)) };
    }
    if !zone.is_null() {
        // SAFETY: the caller vouches for the pointer.
        unsafe { zone.write([0; 2]) };
    }
    0
}

/// `time(2)`.
///
/// # Safety
/// `seconds` can be written or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_time(seconds: *mut i64) -> i64 {
    let now = TimeSpecification::from_nanoseconds(reading().real).seconds;
    if !seconds.is_null() {
        // SAFETY: the caller vouches for the pointer.
        unsafe { seconds.write(now) };
    }
    now
}

/// `getcpu(2)`: programs run on processor 0 of node 0 alone.
///
/// # Safety
/// Each of the first two pointers can be written or is null; the third is not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_getcpu(
    processor: *mut u32,
    node: *mut u32,
    _unused: *mut u8,
) -> i32 {
    for number in [processor, node] {
        if !number.is_null() {
            // SAFETY: the caller vouches for the pointer.
            unsafe { number.write(0) };
        }
    }
    0
}

/// No code above can panic; the linker drops this.
#[panic_handler]
fn panic(_information: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: ends the program by SIGILL.
    unsafe { asm!("ud2", options(noreturn)) }
}
