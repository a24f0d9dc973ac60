//! Notifications: bits that are raised at a slot and stay so until received.

use abi::event::notification;
use abi::trace::Record;
use abi::{CallError, Endpoint, Time};

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::schedule::Next;

impl<M: Machine> Kernel<M> {
    /// Raises the bit of `slot` at `to`.
    ///
    /// # Errors
    /// `NoSlot`; `NotPermitted` when it is not declared.
    pub fn notify(&mut self, slot: Endpoint, to: Endpoint) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        self.slots.declared(to)?;
        if self.slots[slot].declaration.notifies >> to.0 & 1 == 0 {
            return Err(CallError::NotPermitted);
        }
        self.raise(to, 1 << slot.0);
        Ok(())
    }

    /// Raises bits at a slot, if there is such a slot.
    pub(crate) fn raise(&mut self, to: Endpoint, bits: u64) {
        if self.slots.declared(to).is_ok() && !self.slots[to].down {
            self.slots[to].notifications |= bits;
            self.record(Record::Raised(to, bits));
            self.wake(to);
        }
    }

    /// Sets the one timer of a slot: a level.
    ///
    /// # Errors
    /// `NoSlot`.
    pub fn set_timer(&mut self, slot: Endpoint, deadline: Time) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        self.slots[slot].timer = deadline;
        self.schedule.next_timer = self.schedule.next_timer.min(deadline);
        Ok(())
    }

    /// Raises the bit of an interrupt line, which the machine has masked.
    pub fn raise_interrupt(&mut self, line: u16) {
        self.counters.interrupts += 1;
        if let Some((slot, number)) = self.slots.line(line) {
            self.raise(slot, 1 << (notification::INTERRUPTS + u32::from(number)));
        }
    }

    /// A hardware interrupt.
    pub fn interrupt(&mut self, line: u16) -> Next {
        self.enter();
        self.raise_interrupt(line);
        self.schedule()
    }
}
