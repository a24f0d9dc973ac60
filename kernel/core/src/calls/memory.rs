//! What calls ask of memory besides spaces.

use abi::event::notification;

use crate::kernel::Kernel;
use crate::machine::Machine;

impl<M: Machine> Kernel<M> {
    /// Tells the memory manager once that memory has become free after a refusal.
    pub(crate) fn tell_relief(&mut self) {
        if self.memory.take_relief() {
            let manager = self.slots.memory_manager;
            self.raise(manager, notification::MEMORY_FREED);
        }
    }
}
