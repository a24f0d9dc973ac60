//! Calls about ports and interrupts. What is not declared is refused.

use abi::declaration::NO_INTERRUPT;
use abi::word::index;
use abi::{CallError, Endpoint};

use super::Maker;
use crate::kernel::Kernel;
use crate::machine::Machine;

/// Bytes that one call moves at most.
const BYTES: u64 = 4096;

impl<M: Machine> Kernel<M> {
    /// Checks that all of `width` ports from `port` on are declared.
    fn owned_port(&self, slot: Endpoint, port: u64, width: u64) -> Result<u16, CallError> {
        let end = port.checked_add(width).ok_or(CallError::BadArgument)?;
        let owned = self.slot(slot).declaration.ports.iter().any(|range| {
            let first = u64::from(range.first);
            port >= first && end <= first + u64::from(range.count)
        });
        if !owned {
            return Err(CallError::NotPermitted);
        }
        u16::try_from(port).map_err(|_| CallError::BadArgument)
    }

    pub(super) fn call_port_read(
        &mut self,
        maker: &Maker,
        port: u64,
        width: u64,
    ) -> Result<u64, CallError> {
        if !matches!(width, 1 | 2 | 4) {
            return Err(CallError::BadArgument);
        }
        let port = self.owned_port(maker.slot, port, width)?;
        Ok(self.machine.port_read(port, index(width)).into())
    }

    pub(super) fn call_port_write(
        &mut self,
        maker: &Maker,
        port: u64,
        address: u64,
        count: u64,
    ) -> Result<(), CallError> {
        let port = self.owned_port(maker.slot, port, 1)?;
        if count > BYTES {
            return Err(CallError::BadArgument);
        }
        let mut byte = [0];
        for at in 0..count {
            let place = maker.place(address.saturating_add(at));
            self.memory
                .read(&self.machine, place, &mut byte)
                .map_err(|_| CallError::BadArgument)?;
            self.machine.port_write(port, 1, byte[0].into());
        }
        Ok(())
    }

    pub(super) fn call_port_read_bytes(
        &mut self,
        maker: &Maker,
        port: u64,
        address: u64,
        count: u64,
    ) -> Result<(), CallError> {
        let port = self.owned_port(maker.slot, port, 1)?;
        if count > BYTES {
            return Err(CallError::BadArgument);
        }
        for at in 0..count {
            let byte = self.machine.port_read(port, 1).to_le_bytes()[0];
            let place = maker.place(address.saturating_add(at));
            self.memory
                .write(&mut self.machine, place, &[byte])
                .map_err(|_| CallError::BadArgument)?;
        }
        Ok(())
    }

    pub(super) fn call_interrupt_enable(
        &mut self,
        maker: &Maker,
        number: u64,
    ) -> Result<(), CallError> {
        let lines = self.slot(maker.slot).declaration.interrupts;
        let line = usize::try_from(number)
            .ok()
            .and_then(|number| lines.get(number).copied());
        match line {
            Some(line) if line != NO_INTERRUPT => {
                self.machine.interrupt_enable(line);
                Ok(())
            }
            _ => Err(CallError::NotPermitted),
        }
    }
}
