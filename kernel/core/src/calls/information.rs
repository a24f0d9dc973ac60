//! Calls that tell what the machine does, and the time.

use abi::call::MachineStatistics;
use abi::{Call, CallError};

use super::Maker;
use crate::kernel::Kernel;
use crate::machine::Machine;

/// Bytes of the log that go through the kernel's stack at a time.
const CHUNK: usize = 512;
/// Bytes of the log that one call reads at most.
const LOG_READ: usize = abi::limits::LOG_BYTES;

impl<M: Machine> Kernel<M> {
    pub(super) fn information_call(
        &mut self,
        maker: &Maker,
        call: Call,
        a: [u64; 6],
    ) -> Result<u64, CallError> {
        match call {
            Call::MemoryStatistics => {
                let statistics = self.memory.statistics();
                self.give(maker, a[0], &statistics).map(|()| 0)
            }
            Call::MachineStatistics => {
                let statistics = self.machine_statistics();
                self.give(maker, a[0], &statistics).map(|()| 0)
            }
            Call::LogRead => self.call_log_read(maker, a[0], a[1], a[2]),
            Call::SetRealTime => {
                self.set_real_time(a[0]);
                Ok(0)
            }
            _ => Ok(self.real_time()),
        }
    }

    /// What the processor did since the start.
    #[must_use]
    pub fn machine_statistics(&self) -> MachineStatistics {
        let counters = self.counters;
        MachineStatistics {
            up: self.now().0,
            idle: counters.idle,
            user: counters.user,
            services: counters.services,
            kernel: counters.kernel,
            switches: counters.switches,
            interrupts: counters.interrupts,
            processes: self.processes.made,
        }
    }

    fn call_log_read(
        &mut self,
        maker: &Maker,
        position: u64,
        address: u64,
        bytes: u64,
    ) -> Result<u64, CallError> {
        let mut left = usize::try_from(bytes).unwrap_or(usize::MAX).min(LOG_READ);
        let (start, _) = self.log.read(position, &mut []);
        let mut done = 0;
        while left > 0 {
            let mut chunk = [0; CHUNK];
            let want = left.min(CHUNK);
            let (_, count) = self.log.read(start + done, &mut chunk[..want]);
            if count == 0 {
                break;
            }
            let place = maker.place(address.saturating_add(done));
            self.memory
                .write(&mut self.machine, place, &chunk[..count])
                .map_err(|_| CallError::BadArgument)?;
            done += count as u64;
            left -= count;
        }
        let end = self.log.end();
        let words = &mut self.event_page(maker).outgoing.reply.words;
        words[0] = start;
        words[1] = end;
        Ok(done)
    }

    /// States the real time at monotonic time 0, in nanoseconds since 1970.
    pub fn set_real_time(&mut self, nanoseconds: u64) {
        self.real_time = nanoseconds;
        self.memory.write_clock(&mut self.machine, nanoseconds);
    }

    /// The real time at monotonic time 0, in nanoseconds since 1970.
    #[must_use]
    pub fn real_time(&self) -> u64 {
        self.real_time
    }
}
