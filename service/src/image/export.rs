//! The export of an instance's State, run by the kernel in a read-only view of its memory: with a
//! stack and the inbox as its only writable memory, and the instance perhaps dead in mid-closure.
#![expect(
    unsafe_code,
    reason = "reads the State of an instance that no longer runs"
)]

use super::kernel_call::call;
use crate::instance::{Instance, Service};
use crate::state::{State, Store};
use abi::layout::PAGE_SIZE;
use abi::limits::PAGES_PER_CALL;
use abi::word::index;
use abi::{Call, layout};
use core::cell::RefCell;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Where the instance keeps what it exports.
static STORE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Bytes of inbox asked of the kernel first; then it is made twice as long each time.
const FIRST: u64 = 16 * 1024;

/// Lets `export` find the State of this instance.
pub(super) fn publish<S: Service>(instance: &Instance<S>) {
    let store: *mut RefCell<Store<S::State>> = alloc::rc::Rc::into_raw(instance.store()).cast_mut();
    STORE.store(store.cast(), Ordering::Relaxed);
}

/// Writes the State into the inbox and ends.
pub fn export<S: Service>() -> ! {
    let store: *const RefCell<Store<S::State>> = STORE.load(Ordering::Relaxed).cast_const().cast();
    // SAFETY: `publish` set it to a leaked reference of this type before the instance became
    // current, and only instances that were current are exported. The instance's thread never runs
    // again while this view exists, so nothing changes behind the reference; a `RefCell` that it
    // left borrowed is bypassed because a closure cut short is undone by the containers' logs.
    let store = unsafe { (*store).as_ptr().as_ref() };
    let mut inbox = Inbox {
        written: 0,
        size: 0,
        refused: false,
    };
    let done = store.is_some_and(|store| store.export(&mut inbox).is_ok());
    if done {
        // The kernel ends this thread.
        let version = u64::from(<S::State as State>::VERSION);
        let _ = call(Call::ExportDone, [inbox.written, version, 0, 0, 0, 0]);
    }
    let reason = u64::from(inbox.refused);
    loop {
        // The kernel ends this thread.
        let _ = call(Call::Abort, [reason, 0, 0, 0, 0, 0]);
    }
}

struct Inbox {
    written: u64,
    size: u64,
    /// Whether there was no memory for it.
    refused: bool,
}

impl Inbox {
    /// Makes the inbox as long as that at least.
    #[cold]
    fn grow(&mut self, end: u64) -> Result<(), abi::CallError> {
        let wanted = end.max(2 * self.size).max(FIRST);
        while self.size < wanted {
            let size = wanted.min(self.size + PAGES_PER_CALL * PAGE_SIZE);
            let grown = call(Call::InboxGrow, [size, 0, 0, 0, 0, 0]);
            self.refused = grown.is_err();
            grown?;
            self.size = size;
        }
        Ok(())
    }
}

impl minicbor::encode::Write for &mut Inbox {
    type Error = abi::CallError;

    /// Most of what is written is a few bytes, whose number the compiler knows where it is inlined.
    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        let end = self.written + bytes.len() as u64;
        if end > self.size {
            self.grow(end)?;
        }
        let to: *mut u8 =
            ptr::with_exposed_provenance_mut(index(layout::SERVICE_INBOX + self.written));
        // SAFETY: the kernel has mapped `size` bytes of inbox writable for this thread alone.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        self.written = end;
        Ok(())
    }
}
