//! The reincarnation server's calls about slots and transactions.

use abi::declaration::Declaration;
use abi::slot::Fault;
use abi::{Call, CallError, Endpoint, Time};

use super::{Maker, endpoint};
use crate::kernel::Kernel;
use crate::machine::{Machine, PowerOff};
use crate::memory::ImageSource;

impl<M: Machine> Kernel<M> {
    pub(super) fn slot_call(
        &mut self,
        maker: &Maker,
        call: Call,
        a: [u64; 6],
    ) -> Result<u64, CallError> {
        match call {
            Call::SlotDeclare => {
                let declaration: Declaration = self.take(maker, a[0])?;
                self.slot_declare(&declaration)?;
            }
            Call::InstanceCreate => {
                let source = image_source(maker, a)?;
                self.create_candidate(endpoint(a[0])?, source)?;
            }
            Call::InstanceDestroy => self.destroy_candidate(endpoint(a[0])?)?,
            Call::Replace => {
                let trial = match a[4] {
                    0 => false,
                    1 => true,
                    _ => return Err(CallError::BadArgument),
                };
                self.replace(a[0], a[1], Time(a[2]), a[3], trial)?;
            }
            Call::SlotStatus => {
                let status = self.slot_status(endpoint(a[0])?)?;
                self.give(maker, a[1], &status)?;
            }
            Call::TransactionStatus => {
                let status = self.transaction_status();
                self.give(maker, a[0], &status)?;
            }
            Call::SlotDown => self.take_down(endpoint(a[0])?)?,
            Call::SlotFault => {
                let fault = Fault::from_word(a[1]).ok_or(CallError::BadArgument)?;
                self.set_fault(endpoint(a[0])?, fault, a[2], a[3])?;
            }
            Call::ProgramEnd => return Ok(self.end_any_program().into()),
            Call::SlotsCrashed => return Ok(self.crashed_slots()),
            Call::CrashRead => return self.call_crash_read(maker, a[0], a[1]),
            _ => self.end_machine(maker.slot, a[0])?,
        }
        Ok(0)
    }

    fn call_crash_read(
        &mut self,
        maker: &Maker,
        number: u64,
        address: u64,
    ) -> Result<u64, CallError> {
        if number != 0 {
            let record = *self.crashes.get(number)?;
            self.give(maker, address, &record)?;
        }
        Ok(self.crashes.count())
    }

    fn end_machine(&mut self, slot: Endpoint, how: u64) -> Result<(), CallError> {
        let how = match how {
            0 => PowerOff::Off,
            1 => PowerOff::Restart,
            2 => PowerOff::Failure,
            _ => return Err(CallError::BadArgument),
        };
        self.log(format_args!(
            "kernel: slot {} ends the machine: {how:?}",
            slot.0
        ));
        self.machine.power_off(how);
        Ok(())
    }
}

fn image_source(maker: &Maker, a: [u64; 6]) -> Result<ImageSource, CallError> {
    match a[1] {
        0 => Ok(ImageSource::Archive {
            offset: a[2],
            bytes: a[3],
        }),
        1 => Ok(ImageSource::Memory {
            place: maker.place(a[2]),
            bytes: a[3],
        }),
        _ => Err(CallError::BadArgument),
    }
}
