//! Looks up every name, and refuses what cannot be.

use abi::Call;
use abi::declaration::{Declaration, INTERRUPTS, NO_INTERRUPT, PORT_RANGES, Policy, PortRange};
use abi::image::NAME_BYTES;
use abi::limits::SLOTS;
use toml::Spanned;

use super::file::{self, File, Ports, Service};
use super::{Declared, Device, order};
use crate::Error;

/// Our own system calls, beside Linux's: what `linux_calls` calls them.
const OWN_CALLS: [(&str, u64); 1] = [("evernix_control", control::CALL)];
/// Priorities below this one are for services.
const PRIORITIES: u16 = 16;
/// Permission bits of a file.
const MODE_BITS: u32 = 0o777;

/// Turns the file into declarations, in the order of the slots.
pub(super) fn resolve(file: &File, text: &str) -> Result<Vec<Declared>, Error> {
    let place = Place { text };
    let mut declared = Vec::new();
    for (name, service) in &file.service {
        check_slot(place, name, service)?;
        declared.push(Declared {
            name: name.get_ref().clone(),
            declaration: declaration(place, name, service)?,
            devices: devices(place, &service.devices)?,
        });
    }
    declared.sort_by_key(|one| one.declaration.slot);
    check_whole(place, file, &declared)?;
    Ok(declared)
}

/// Tells where something is wrong.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    text: &'a str,
}

impl Place<'_> {
    pub(super) fn refuse<T>(self, at: &Spanned<T>, reason: impl AsRef<str>) -> Error {
        let before = &self.text[..at.span().start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        Error::Services(format!("line {line}: {}", reason.as_ref()))
    }
}

/// The slot is the one that `protocol::endpoint` has for the name.
fn check_slot(place: Place<'_>, name: &Spanned<String>, service: &Service) -> Result<(), Error> {
    let slot = *service.slot.get_ref();
    if endpoint(place, name)? == usize::from(slot) {
        return Ok(());
    }
    let reason = format!(
        "{} has another slot in protocol/src/endpoint.rs",
        name.get_ref()
    );
    Err(place.refuse(&service.slot, reason))
}

fn declaration(
    place: Place<'_>,
    name: &Spanned<String>,
    service: &Service,
) -> Result<Declaration, Error> {
    if *service.priority.get_ref() >= PRIORITIES {
        return Err(place.refuse(&service.priority, "a service's priority is below 16"));
    }
    Ok(Declaration {
        name: padded_name(place, name)?,
        slot: *service.slot.get_ref(),
        priority: *service.priority.get_ref(),
        submissions: service.submissions,
        pages: service.pages,
        hang_ticks: service.hang_ticks,
        archive: service.archive.into(),
        calls: kernel_calls(place, &service.kernel_calls)?,
        protocols: protocols(place, service)?,
        notifies: notifies(place, &service.notifies)?,
        ports: ports(place, &service.ports)?,
        interrupts: interrupts(place, &service.interrupts)?,
        linux_calls: linux_calls(place, &service.linux_calls)?,
        identity_calls: linux_calls(place, &service.identity_calls)?,
        yield_calls: linux_calls(place, &service.yield_calls)?,
        process_manager: service.process_manager.into(),
        memory_manager: service.memory_manager.into(),
        policy: match service.policy {
            file::Policy::Stateful => Policy::Stateful,
            file::Policy::Fresh => Policy::Fresh,
            file::Policy::Leave => Policy::Leave,
            file::Policy::Script => Policy::Script,
        } as u64,
    })
}

fn padded_name(place: Place<'_>, name: &Spanned<String>) -> Result<[u8; NAME_BYTES], Error> {
    let bytes = name.get_ref().as_bytes();
    let mut padded = [0; NAME_BYTES];
    // One zero stays, so that the name can be read to its end.
    let Some(start) = padded[..NAME_BYTES - 1].get_mut(..bytes.len()) else {
        return Err(place.refuse(name, "the name is too long"));
    };
    start.copy_from_slice(bytes);
    Ok(padded)
}

/// The slot of a service's name.
fn endpoint(place: Place<'_>, name: &Spanned<String>) -> Result<usize, Error> {
    let known = protocol::endpoint::NAMES
        .iter()
        .find(|(known, _)| known == name.get_ref());
    match known {
        Some((_, endpoint)) => Ok(usize::from(endpoint.0)),
        None => Err(place.refuse(name, format!("there is no service `{}`", name.get_ref()))),
    }
}

fn kernel_calls(place: Place<'_>, names: &[Spanned<String>]) -> Result<u64, Error> {
    let mut calls = 0;
    for name in names {
        let known = Call::ALL.iter().find(|(_, known)| known == name.get_ref());
        let Some((call, _)) = known else {
            let reason = format!("there is no kernel call `{}`", name.get_ref());
            return Err(place.refuse(name, reason));
        };
        if (*call as u64) < Call::FIRST_DECLARED {
            let reason = format!("every service may make `{}`", name.get_ref());
            return Err(place.refuse(name, reason));
        }
        calls |= 1 << *call as u64;
    }
    Ok(calls)
}

fn protocols(place: Place<'_>, service: &Service) -> Result<[u64; SLOTS], Error> {
    let mut protocols = [0; SLOTS];
    for (callee, names) in &service.calls {
        let slot = endpoint(place, callee)?;
        for name in names {
            let known = protocol::NUMBERS
                .iter()
                .find(|(known, _)| known == name.get_ref());
            let Some((_, number)) = known else {
                let reason = format!("there is no protocol `{}`", name.get_ref());
                return Err(place.refuse(name, reason));
            };
            protocols[slot] |= 1 << number;
        }
    }
    Ok(protocols)
}

fn notifies(place: Place<'_>, names: &[Spanned<String>]) -> Result<u64, Error> {
    names
        .iter()
        .try_fold(0, |bits, name| Ok(bits | 1 << endpoint(place, name)?))
}

fn ports(place: Place<'_>, ranges: &[Spanned<Ports>]) -> Result<[PortRange; PORT_RANGES], Error> {
    let mut ports = [PortRange::default(); PORT_RANGES];
    for (at, range) in ranges.iter().enumerate() {
        let Ports { first, count } = *range.get_ref();
        let Some(port) = ports.get_mut(at) else {
            return Err(place.refuse(range, "more port ranges than a declaration holds"));
        };
        if count == 0 || first.checked_add(count - 1).is_none() {
            return Err(place.refuse(range, "no such ports"));
        }
        *port = PortRange { first, count };
    }
    Ok(ports)
}

fn interrupts(place: Place<'_>, lines: &[Spanned<u16>]) -> Result<[u16; INTERRUPTS], Error> {
    let mut interrupts = [NO_INTERRUPT; INTERRUPTS];
    for (at, line) in lines.iter().enumerate() {
        let Some(interrupt) = interrupts.get_mut(at) else {
            return Err(place.refuse(line, "more interrupts than a declaration holds"));
        };
        *interrupt = *line.get_ref();
    }
    Ok(interrupts)
}

fn linux_calls(place: Place<'_>, names: &[Spanned<String>]) -> Result<[u64; 8], Error> {
    let mut calls = [0_u64; 8];
    for name in names {
        let own = OWN_CALLS.iter().find(|(known, _)| known == name.get_ref());
        let number = linux::calls::number(name.get_ref())
            .map(u64::from)
            .or(own.map(|(_, number)| *number));
        let Some(number) = number else {
            let reason = format!("there is no system call `{}`", name.get_ref());
            return Err(place.refuse(name, reason));
        };
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        if calls[word] & bit != 0 {
            return Err(place.refuse(name, format!("`{}` is here twice", name.get_ref())));
        }
        calls[word] |= bit;
    }
    Ok(calls)
}

fn devices(place: Place<'_>, written: &[Spanned<file::Device>]) -> Result<Vec<Device>, Error> {
    let mut devices = Vec::new();
    for at in written {
        let device = at.get_ref();
        let Some(path) = device
            .path
            .strip_prefix("/dev/")
            .filter(|path| !path.is_empty())
        else {
            return Err(place.refuse(at, "a device's path starts with /dev/"));
        };
        if device.major > 0xfff || device.minor > 0xff || device.mode & !MODE_BITS != 0 {
            return Err(place.refuse(
                at,
                "a device's major is below 4096, its minor below 256, its mode three digits",
            ));
        }
        devices.push(Device {
            path: format!("dev/{path}"),
            // Linux's packing for such numbers (`gnu_dev_makedev`).
            number: u64::from(device.major << 8 | device.minor),
            mode: device.mode,
        });
    }
    Ok(devices)
}

/// What only the whole system can have wrong.
fn check_whole(place: Place<'_>, file: &File, declared: &[Declared]) -> Result<(), Error> {
    if !declared.iter().any(|one| one.name == "rs") {
        return Err(Error::Services("the service `rs` is missing".to_owned()));
    }
    order::check(place, file)?;
    check_owners(place, file)?;
    check_managers(declared)
}

/// A Linux call has one owner.
fn check_owners(place: Place<'_>, file: &File) -> Result<(), Error> {
    let mut owners = std::collections::BTreeMap::new();
    for (service, written) in &file.service {
        let answered = [
            &written.linux_calls,
            &written.identity_calls,
            &written.yield_calls,
        ];
        for call in answered.into_iter().flatten() {
            if let Some(owner) = owners.insert(call.get_ref(), service.get_ref()) {
                let reason = format!("`{}` belongs to {owner} already", call.get_ref());
                return Err(place.refuse(call, reason));
            }
        }
    }
    Ok(())
}

fn check_managers(declared: &[Declared]) -> Result<(), Error> {
    let count =
        |is: fn(&Declaration) -> bool| declared.iter().filter(|one| is(&one.declaration)).count();
    if count(|one| one.process_manager == 1) != 1 || count(|one| one.memory_manager == 1) != 1 {
        let reason = "one service is the process manager, and one the memory manager";
        return Err(Error::Services(reason.to_owned()));
    }
    Ok(())
}
