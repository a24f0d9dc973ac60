//! What clone, fork and vfork ask for.

use super::bytes::get_u64;
use super::signal::Signal;
use linux_raw_sys::general as raw;

/// Bytes of the first version of `struct clone_args`, the least that clone3 takes.
pub const CLONE_ARGUMENTS_BYTES: usize = 64;

/// A child that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Child {
    /// It runs in the memory of its parent.
    pub shares_memory: bool,
    /// The parent waits until it has executed or ended.
    pub parent_waits: bool,
    /// Its parent is that of the caller.
    pub is_sibling: bool,
    /// The signal that its end raises, if any.
    pub exit_signal: Option<Signal>,
    /// Its stack pointer, 0 for that of the parent.
    pub stack: u64,
    /// Its thread pointer (fs base).
    pub thread_pointer: Option<u64>,
    /// Where its number is written in the parent's memory.
    pub parent_number: Option<u64>,
    /// Where its number is written in its own memory.
    pub child_number: Option<u64>,
    /// What is cleared in its memory when it ends.
    pub cleared: Option<u64>,
    /// Caught signals go back to their defaults.
    pub clears_handlers: bool,
}

/// Why a child cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Flags that contradict each other, or a signal that is none.
    Invalid,
    /// Threads, shared descriptor tables, and name spaces are not there.
    Unsupported,
}

/// Sharing that makes no difference with one thread in a process: the parent of a child that
/// shares memory waits, System V semaphores are absent, nobody is traced.
const HARMLESS: u64 = (raw::CLONE_SYSVSEM
    | raw::CLONE_UNTRACED
    | raw::CLONE_PTRACE
    | raw::CLONE_DETACHED
    | raw::CLONE_IO) as u64;
/// Flags whose meaning is here.
const KNOWN: u64 = (raw::CLONE_VM
    | raw::CLONE_VFORK
    | raw::CLONE_PARENT
    | raw::CLONE_SETTLS
    | raw::CLONE_PARENT_SETTID
    | raw::CLONE_CHILD_SETTID
    | raw::CLONE_CHILD_CLEARTID) as u64
    | raw::CLONE_CLEAR_SIGHAND;

impl Child {
    /// What fork(2) makes.
    #[must_use]
    pub fn of_fork() -> Child {
        Child {
            exit_signal: Some(Signal::CHLD),
            ..Child::default()
        }
    }

    /// What vfork(2) makes.
    #[must_use]
    pub fn of_vfork() -> Child {
        Child {
            shares_memory: true,
            parent_waits: true,
            ..Child::of_fork()
        }
    }

    /// Reads the arguments of clone(2): flags, stack, parent's and child's number, thread pointer.
    ///
    /// # Errors
    /// Why such a child cannot be had.
    pub fn of_clone(arguments: [u64; 5]) -> Result<Child, Refusal> {
        let [flags, stack, parent_number, child_number, thread_pointer] = arguments;
        let exit_signal = flags & 0xff;
        let flags = flags & 0xffff_ff00;
        Self::read(
            flags,
            exit_signal,
            [stack, parent_number, child_number, thread_pointer],
        )
    }

    /// Reads `struct clone_args` of clone3(2).
    ///
    /// # Errors
    /// Why such a child cannot be had.
    pub fn of_clone3(arguments: &[u8; CLONE_ARGUMENTS_BYTES]) -> Result<Child, Refusal> {
        let word = |index: usize| get_u64(arguments, index * 8);
        let [
            flags,
            _pidfd,
            child,
            parent,
            exit_signal,
            stack,
            stack_size,
            thread_pointer,
        ] = core::array::from_fn(word);
        if flags & u64::from(raw::CLONE_DETACHED) != 0
            || flags & 0xff & !u64::from(raw::CLONE_NEWTIME) != 0
        {
            return Err(Refusal::Invalid);
        }
        if (stack == 0) != (stack_size == 0) {
            return Err(Refusal::Invalid);
        }
        let top = stack.checked_add(stack_size).ok_or(Refusal::Invalid)?;
        Self::read(flags, exit_signal, [top, parent, child, thread_pointer])
    }

    fn read(flags: u64, exit_signal: u64, words: [u64; 4]) -> Result<Child, Refusal> {
        let [stack, parent_number, child_number, thread_pointer] = words;
        let has = |flag: u32| flags & u64::from(flag) != 0;
        let exit_signal = match exit_signal {
            0 => None,
            number => Some(Signal::new(number).ok_or(Refusal::Invalid)?),
        };
        if has(raw::CLONE_THREAD) && !has(raw::CLONE_SIGHAND)
            || has(raw::CLONE_SIGHAND) && !has(raw::CLONE_VM)
        {
            return Err(Refusal::Invalid);
        }
        // A child that shares memory and runs beside its parent is a thread in all but name.
        if flags & !(KNOWN | HARMLESS) != 0 || has(raw::CLONE_VM) && !has(raw::CLONE_VFORK) {
            return Err(Refusal::Unsupported);
        }
        Ok(Child {
            shares_memory: has(raw::CLONE_VM),
            parent_waits: has(raw::CLONE_VFORK),
            is_sibling: has(raw::CLONE_PARENT),
            exit_signal,
            stack,
            thread_pointer: has(raw::CLONE_SETTLS).then_some(thread_pointer),
            parent_number: has(raw::CLONE_PARENT_SETTID).then_some(parent_number),
            child_number: has(raw::CLONE_CHILD_SETTID).then_some(child_number),
            cleared: has(raw::CLONE_CHILD_CLEARTID).then_some(child_number),
            clears_handlers: flags & raw::CLONE_CLEAR_SIGHAND != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn glibc_fork_is_understood() {
        let flags = u64::from(raw::CLONE_CHILD_CLEARTID | raw::CLONE_CHILD_SETTID | raw::SIGCHLD);
        let child = Child::of_clone([flags, 0, 0, 0x1000, 0]).unwrap();
        let expected = Child {
            child_number: Some(0x1000),
            cleared: Some(0x1000),
            ..Child::of_fork()
        };
        assert_eq!(child, expected);
    }

    #[test]
    fn threads_are_refused() {
        let flags = u64::from(raw::CLONE_VM | raw::CLONE_SIGHAND | raw::CLONE_THREAD);
        assert_eq!(
            Child::of_clone([flags, 1, 0, 0, 0]),
            Err(Refusal::Unsupported)
        );
        let odd = u64::from(raw::CLONE_THREAD);
        assert_eq!(Child::of_clone([odd, 1, 0, 0, 0]), Err(Refusal::Invalid));
        assert_eq!(Child::of_clone([65, 0, 0, 0, 0]), Err(Refusal::Invalid));
    }

    #[test]
    fn clone3_is_laid_out_as_the_kernels() {
        assert_eq!(offset_of!(raw::clone_args, child_tid), 16);
        assert_eq!(offset_of!(raw::clone_args, parent_tid), 24);
        assert_eq!(offset_of!(raw::clone_args, exit_signal), 32);
        assert_eq!(offset_of!(raw::clone_args, stack), 40);
        assert_eq!(offset_of!(raw::clone_args, tls), 56);
        let mut bytes = [0; CLONE_ARGUMENTS_BYTES];
        let flags = u64::from(raw::CLONE_VM | raw::CLONE_VFORK);
        super::super::bytes::put_u64(&mut bytes, 0, flags);
        super::super::bytes::put_u64(&mut bytes, 32, 17);
        super::super::bytes::put_u64(&mut bytes, 40, 0x8000);
        super::super::bytes::put_u64(&mut bytes, 48, 0x1000);
        let expected = Child {
            stack: 0x9000,
            ..Child::of_vfork()
        };
        assert_eq!(Child::of_clone3(&bytes), Ok(expected));
    }
}
