//! What rs tells of the services and of their crashes.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::record::Wanted;
use abi::Endpoint;
use abi::crash::CrashRecord;
use abi::declaration::Policy;
use abi::process::Registers;
use abi::slot::{Failure, Phase, SlotStatus};
use alloc::vec::Vec;
use control::{CRASHES, Crash, Recent, Response, ServiceName, ServiceStatus};
use service::Cx;

/// All services.
pub(crate) fn status(cx: &Cx<Reincarnation>) -> Response {
    let declarations = Catalogue::read(cx.system().archive())
        .map_or_else(Vec::new, |catalogue| catalogue.policies());
    let known = protocol::endpoint::NAMES.iter().filter_map(|(name, slot)| {
        let record = cx.look("status", |state| state.record(*slot))?;
        let status = cx.system().slot_status(*slot).unwrap_or_default();
        let declared = declarations.iter().find(|(of, _)| of == slot);
        let policy = record.policy.or(declared.map(|(_, policy)| *policy));
        let name = ServiceName::new(name).ok()?;
        Some(ServiceStatus {
            policy: policy.unwrap_or_default(),
            given_up: record.wanted == Wanted::GivenUp,
            former: record.former_on_probation(status.served),
            ..service_status(name, *slot, &status)
        })
    });
    Response::Status(known.collect())
}

fn service_status(name: ServiceName, slot: Endpoint, status: &SlotStatus) -> ServiceStatus {
    ServiceStatus {
        name,
        slot: slot.0,
        version: status.version,
        phase: Phase::from_word(status.current).unwrap_or_default(),
        failure: Failure::from_word(status.failure).unwrap_or_default(),
        restarts: status.crashes,
        generation: status.generation,
        pages: status.pages,
        served: status.served,
        policy: Policy::default(),
        given_up: false,
        points: status.points,
        run_time: status.run_time,
        former: None,
    }
}

/// What is kept of the crashes after the one of a number, the oldest first.
pub(crate) fn crashes(cx: &Cx<Reincarnation>, after: u64) -> Response {
    let (last, _) = cx.system().crash_read(0);
    let first = last.saturating_sub(abi::crash::CRASHES as u64).max(after);
    let numbers = (first + 1..=last).take(CRASHES);
    let kept = numbers.filter_map(|number| cx.system().crash_read(number).1);
    Response::Crashes {
        crashes: kept.filter_map(|record| crash(&record)).collect(),
        last,
    }
}

fn crash(record: &CrashRecord) -> Option<Crash> {
    let slot = Endpoint(u16::try_from(record.slot).ok()?);
    let recent = record
        .recent
        .iter()
        .filter(|one| one.id != abi::RequestId::NONE);
    Some(Crash {
        number: record.number,
        time: record.time.0,
        name: ServiceName::new(protocol::endpoint::name(slot)?).ok()?,
        failure: Failure::from_word(record.failure).unwrap_or_default(),
        version: record.version,
        generation: record.generation,
        address: record.address,
        base: record.base,
        call: (record.call != u64::MAX).then_some(record.call),
        before: record.before == 1,
        event: record.event,
        registers: registers(&record.registers).into(),
        stack: record
            .stack
            .iter()
            .copied()
            .take_while(|word| *word != 0)
            .collect(),
        recent: recent
            .map(|one| Recent {
                id: one.id.0,
                pid: one.pid,
                from: one.from,
                protocol: one.protocol,
                kind: one.kind,
                again: one.again == 1,
            })
            .collect(),
    })
}

/// The registers in the order of `Crash::REGISTERS`.
const fn registers(of: &Registers) -> [u64; Crash::REGISTERS.len()] {
    [
        of.rip, of.rsp, of.rbp, of.rflags, of.rax, of.rbx, of.rcx, of.rdx, of.rsi, of.rdi, of.r8,
        of.r9, of.r10, of.r11, of.r12, of.r13, of.r14, of.r15,
    ]
}
