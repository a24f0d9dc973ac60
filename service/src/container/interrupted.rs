//! A program that is stopped at an instruction, whichever it is, and exports its containers then, as the kernel
//! has a service do that has crashed there.
#![expect(
    unsafe_code,
    reason = "a child that is traced, and made to go on in another function"
)]

use super::{Groups, Map};
use crate::epoch;
use core::ptr;
use minicbor::encode::write::Cursor;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::vec::Vec;
use std::{mem, vec};

/// One of each container of entries.
type Both = (Map<u32, Vec<u8>>, Groups<u32, Vec<u8>>);
/// What they hold.
type Contents = (Vec<(u32, Vec<u8>)>, Vec<((u64, u32), Vec<u8>)>);

/// Bytes that are shared with the child: first the length of what it exports, then that.
const SHARED: usize = 1 << 16;
/// Bytes of the stack on which the child exports.
const STACK: usize = 1 << 18;
/// Bytes that the vector registers take, at most.
const VECTORS: usize = 1 << 14;
/// Which registers those are (elf.h).
const NT_X86_XSTATE: usize = 0x202;
/// How many instructions lie between those at which the child exports.
const STEP: usize = 7;

static BOTH: AtomicPtr<Both> = AtomicPtr::new(ptr::null_mut());
static OUT: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

/// Where the child goes on when it has been stopped.
extern "C" fn export() -> ! {
    let (both, out) = (BOTH.load(Ordering::Relaxed), OUT.load(Ordering::Relaxed));
    // SAFETY: the parent has had both set before the child was made, and the child runs nothing else any
    // more; the shared memory is so long.
    unsafe {
        let bytes = core::slice::from_raw_parts_mut(out.add(8), SHARED - 8);
        let mut cursor = Cursor::new(bytes);
        if minicbor::encode(&*both, &mut cursor).is_ok() {
            out.cast::<u64>().write(cursor.position() as u64);
        }
        core::arch::asm!("int3", options(noreturn))
    }
}

/// A closure of several changes: keys come and go, and values change.
fn closure((map, groups): &mut Both) {
    epoch::begin();
    for key in (40..64).chain([3]) {
        map.insert(key, vec![7; 5]);
    }
    map.update(&8, |value| value.push(1));
    map.remove(&12);
    map.update(&3, |value| value.clear());
    map.remove(&41);
    groups.put(2, 1, vec![3; 4]);
    groups.put(9, 1, vec![3; 5]);
    groups.put(9, 1, vec![3; 6]);
    groups.drop_group(4);
    for key in 2..12 {
        groups.put(9, key, vec![3; 6]);
    }
    epoch::end();
}

fn both() -> Both {
    let mut map: Map<_, _> = (0..35).map(|key| (key, vec![1; 9])).collect();
    let entries = (0..24).map(|nth| ((u64::from(nth % 6), nth / 6), vec![2; 9]));
    let mut groups: Groups<_, _> = entries.collect();
    // What goes here is freed when something changes again, and taken again then.
    epoch::begin();
    map.remove(&33);
    map.remove(&34);
    groups.drop_group(5);
    epoch::end();
    (map, groups)
}

fn contents((map, groups): Both) -> Contents {
    (
        map.into_entries().collect(),
        groups.into_entries().collect(),
    )
}

/// A traced child that stands at the beginning of the closure.
fn child() -> i32 {
    // SAFETY: the child makes no call that needs another thread of this process.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: as above; BOTH is the child's own copy.
            unsafe {
                libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
                libc::raise(libc::SIGSTOP);
                closure(&mut *BOTH.load(Ordering::Relaxed));
                libc::_exit(0)
            }
        }
        pid => {
            assert!(pid > 0, "a child");
            wait(pid);
            pid
        }
    }
}

fn wait(pid: i32) -> i32 {
    let mut status = 0;
    // SAFETY: the status is written here.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    status
}

/// Has the child go on, for one instruction or until it stops; how it stands then.
fn go(pid: i32, request: libc::c_uint) -> i32 {
    // SAFETY: a child that is traced and stands still.
    unsafe { libc::ptrace(request, pid, 0, 0) };
    wait(pid)
}

fn is_at_trap(status: i32) -> bool {
    libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGTRAP
}

/// Has the child export what it has, on another stack, and stand where it stood; `None` when it cannot.
fn exported(pid: i32, stack: u64, out: *mut u8) -> Option<Vec<u8>> {
    // SAFETY: a child that is traced and stands still, with a copy of this stack; the structures are as
    // long as the kernel makes them, and nobody else writes to the shared memory by now.
    unsafe {
        out.cast::<u64>().write(0);
        let mut before: libc::user_regs_struct = mem::zeroed();
        libc::ptrace(libc::PTRACE_GETREGS, pid, 0, &raw mut before);
        let mut vectors = [0_u8; VECTORS];
        let mut vectors = libc::iovec {
            iov_base: vectors.as_mut_ptr().cast(),
            iov_len: VECTORS,
        };
        libc::ptrace(libc::PTRACE_GETREGSET, pid, NT_X86_XSTATE, &raw mut vectors);
        let there = libc::user_regs_struct {
            rip: export as *const () as u64,
            rsp: stack,
            ..before
        };
        libc::ptrace(libc::PTRACE_SETREGS, pid, 0, &raw const there);
        let status = go(pid, libc::PTRACE_CONT);
        libc::ptrace(libc::PTRACE_SETREGS, pid, 0, &raw const before);
        libc::ptrace(libc::PTRACE_SETREGSET, pid, NT_X86_XSTATE, &raw mut vectors);
        let length = usize::try_from(out.cast::<u64>().read()).ok()?;
        is_at_trap(status).then(|| core::slice::from_raw_parts(out.add(8), length).to_vec())
    }
}

/// Stopped anywhere in a closure, what it exports is what was there before, or all that the closure made
/// of it.
#[test]
fn a_closure_is_all_or_nothing_wherever_it_is_cut_short() {
    // SAFETY: new memory, shared with children.
    let out = unsafe {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        libc::mmap(ptr::null_mut(), SHARED, access, kind, -1, 0).cast::<u8>()
    };
    let mut both = both();
    let mut stack = vec![0; STACK];
    BOTH.store(&raw mut both, Ordering::Relaxed);
    OUT.store(out, Ordering::Relaxed);
    let before = contents(self::both());
    let mut after = self::both();
    closure(&mut after);
    let after = contents(after);
    // As a call leaves it (System V ABI, section 3.2.2).
    let top = (stack.as_mut_ptr() as u64 + STACK as u64) & !15;
    let mut seen = BTreeSet::new();
    let pid = child();
    for step in 0.. {
        if step % STEP == 0 {
            let bytes = exported(pid, top - 8, out);
            let found: Option<Both> = bytes.and_then(|bytes| minicbor::decode(&bytes).ok());
            let found = found.map(contents);
            let is_new = found.as_ref() == Some(&after);
            assert!(
                is_new || found.as_ref() == Some(&before),
                "after {step} instructions: {found:?}"
            );
            seen.insert(is_new);
        }
        if !is_at_trap(go(pid, libc::PTRACE_SINGLESTEP)) {
            break;
        }
    }
    assert_eq!(seen.len(), 2, "before and after");
}
