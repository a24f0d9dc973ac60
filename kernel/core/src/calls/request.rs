//! Calls about events, requests and leases.

use abi::event::{Holding, Outgoing};
use abi::slot::Refusal;
use abi::{CallError, Pid, RequestId};

use super::{Answer, Maker, endpoint};
use crate::kernel::Kernel;
use crate::lease::{LeaseName, Local};
use crate::log::LINE_BYTES;
use crate::machine::Machine;
use crate::route::Stated;
use crate::thread::State;

impl<M: Machine> Kernel<M> {
    /// The event is written when the thread next runs.
    pub(super) fn call_receive(
        &mut self,
        maker: &Maker,
        ended: RequestId,
        holding: Holding,
    ) -> Answer {
        let goes_on = self.has_event(maker.slot);
        if goes_on {
            self.threads[maker.thread as usize].state = State::ReadyToReceive;
        } else {
            // It leaves the processor to whoever waits for the answer.
            self.block(maker.thread, State::Receiving);
        }
        if ended != RequestId::NONE {
            // One that is not its own is logged; it has nothing else to do about it.
            let _ = self.call_reply(maker, ended.0);
        }
        if !self.check_holding(maker.slot, holding) {
            return Ok(None);
        }
        self.acknowledge(maker.slot);
        if !self.stop_at_receive(maker.slot) && !goes_on && self.has_event(maker.slot) {
            self.wake(maker.slot);
        }
        Ok(None)
    }

    fn outgoing(&mut self, maker: &Maker) -> Outgoing {
        self.event_page(maker).outgoing
    }

    pub(super) fn call_submit(&mut self, maker: &Maker, to: u64) -> Answer {
        let outgoing = self.outgoing(maker);
        if !self.may_ask(maker.slot, outgoing.tag.parent) {
            return Ok(None);
        }
        self.submit(maker.slot, endpoint(to)?, &outgoing)?;
        Ok(Some(0))
    }

    pub(super) fn call_reply(&mut self, maker: &Maker, id: u64) -> Result<(), CallError> {
        let reply = self.outgoing(maker).reply;
        self.reply(maker.slot, RequestId(id), reply)
    }

    pub(super) fn call_forward(
        &mut self,
        maker: &Maker,
        id: u64,
        to: u64,
    ) -> Result<(), CallError> {
        let outgoing = self.outgoing(maker);
        self.forward(maker.slot, RequestId(id), endpoint(to)?, &outgoing)
    }

    pub(super) fn call_route(&mut self, maker: &Maker, a: [u64; 6]) -> Result<(), CallError> {
        let [pid, descriptor, number, to, most, _] = a;
        let pid = Pid(super::number(pid)?);
        if to == u64::MAX {
            return self.forget_routes(pid, descriptor, most);
        }
        let stated = Stated {
            pid,
            descriptor,
            number: u16::try_from(number).map_err(|_| CallError::BadArgument)?,
            to: endpoint(to)?,
            most: super::number(most)?,
        };
        let outgoing = self.outgoing(maker);
        self.state_route(maker.slot, stated, &outgoing)
    }

    pub(super) fn call_cancel_submission(&mut self, maker: &Maker) -> Result<(), CallError> {
        let tag = self.outgoing(maker).tag;
        self.cancel_submission(maker.slot, tag)
    }

    pub(super) fn call_lease_read(&mut self, maker: &Maker, a: [u64; 6]) -> Answer {
        self.lease_copy(
            maker.slot,
            lease_name(a),
            Local::To(maker.place(a[3]), a[4]),
        )
        .map(Some)
    }

    pub(super) fn call_lease_write(&mut self, maker: &Maker, a: [u64; 6]) -> Answer {
        self.lease_copy(
            maker.slot,
            lease_name(a),
            Local::From(maker.place(a[3]), a[4]),
        )
        .map(Some)
    }

    pub(super) fn call_log(
        &mut self,
        maker: &Maker,
        address: u64,
        length: u64,
    ) -> Result<(), CallError> {
        let mut line = [0; LINE_BYTES];
        let length = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(LINE_BYTES);
        self.memory
            .read(&self.machine, maker.place(address), &mut line[..length])
            .map_err(|_| CallError::BadArgument)?;
        let text = line[..length]
            .utf8_chunks()
            .next()
            .map_or("", |chunk| chunk.valid());
        self.log(format_args!("{text}"));
        Ok(())
    }

    pub(super) fn call_ready(&mut self, maker: &Maker, refusal: u64, version: u64) -> Answer {
        const ALL: [Refusal; 5] = [
            Refusal::None,
            Refusal::Undecodable,
            Refusal::UnknownVersion,
            Refusal::Inconsistent,
            Refusal::Other,
        ];
        let given = ALL.into_iter().find(|known| *known as u64 == refusal);
        self.slot_mut(maker.slot).part.to = u32::try_from(version).unwrap_or(0);
        self.candidate_ready(maker.slot, given.unwrap_or(Refusal::Other))?;
        Ok(None)
    }

    pub(super) fn call_export_done(&mut self, maker: &Maker, bytes: u64, version: u64) -> Answer {
        self.export_done(maker.slot, bytes, version)?;
        Ok(None)
    }

    pub(super) fn call_start_information(&mut self, maker: &Maker) -> Answer {
        let start = self
            .instances
            .get(maker.instance)
            .ok_or(CallError::NoSlot)?
            .start;
        let slot = self.slot(maker.slot);
        // A candidate is told the generation that it will be.
        let current = slot.current == Some(maker.instance);
        let generation = slot.generation + u32::from(!current);
        let archive = if slot.declaration.archive == 1 {
            self.memory.archive_bytes()
        } else {
            0
        };
        let identity = u64::from(generation) | u64::from(maker.slot.0) << 32;
        let [first, second, third] = start.seed;
        self.event_page(maker).outgoing.reply.words =
            [start.state_version, first, second, third, identity, archive];
        Ok(Some(start.bytes))
    }
}

fn lease_name(a: [u64; 6]) -> LeaseName {
    LeaseName {
        request: RequestId(a[0]),
        index: a[1],
        offset: a[2],
    }
}
