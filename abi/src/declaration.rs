//! A service's rights as the kernel enforces them, packed by the builder from
//! `system/services.toml` into the boot archive's `system/declarations` (an array of these).

use crate::image::NAME_BYTES;
use crate::limits::SLOTS;

/// Port ranges a service can declare.
pub const PORT_RANGES: usize = 4;
/// Stands for no interrupt line.
pub const NO_INTERRUPT: u16 = u16::MAX;
/// Interrupts a service can declare.
pub const INTERRUPTS: usize = 4;

/// Ports `first..first + count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PortRange {
    /// The first port.
    pub first: u16,
    /// How many.
    pub count: u16,
}

/// What rs does when a service crashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(index_only)
)]
#[repr(u64)]
pub enum Policy {
    /// It is brought back with its State.
    #[default]
    #[cfg_attr(feature = "cbor", n(0))]
    Stateful = 0,
    /// It is brought back without its State.
    #[cfg_attr(feature = "cbor", n(1))]
    Fresh = 1,
    /// It stays down.
    #[cfg_attr(feature = "cbor", n(2))]
    Leave = 2,
    /// A person's script is told and decides; if nobody listens, or nothing is decided, it is brought
    /// back with its State.
    #[cfg_attr(feature = "cbor", n(3))]
    Script = 3,
}

impl Policy {
    /// The policy that a word stands for.
    #[must_use]
    pub const fn from_word(word: u64) -> Option<Policy> {
        match word {
            0 => Some(Policy::Stateful),
            1 => Some(Policy::Fresh),
            2 => Some(Policy::Leave),
            3 => Some(Policy::Script),
            _ => None,
        }
    }
}

/// What the kernel knows of a service: who it is, what it may do, how much it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Declaration {
    /// The name, padded with zeroes.
    pub name: [u8; NAME_BYTES],
    /// The slot.
    pub slot: u16,
    /// The priority, 0 the most urgent, below 16. Programs run at 16 and more.
    pub priority: u16,
    /// Requests it may have submitted at a time.
    pub submissions: u32,
    /// Pages of memory an instance may have, kept pages included.
    pub pages: u64,
    /// Ticks (10 ms each, seen while it runs) without `receive` after which it hangs.
    pub hang_ticks: u32,
    /// 1 when it gets the boot archive mapped.
    pub archive: u32,
    /// The kernel calls it may make: bit n for call number n.
    pub calls: u64,
    /// For each slot the protocols it may speak to it: bit n for protocol n.
    pub protocols: [u64; SLOTS],
    /// The slots it may notify, one bit each.
    pub notifies: u64,
    /// The I/O ports it may use.
    pub ports: [PortRange; PORT_RANGES],
    /// The interrupt lines it receives (as notification bits, in this order), or [`NO_INTERRUPT`].
    pub interrupts: [u16; INTERRUPTS],
    /// The Linux calls it answers: bit n of word n/64 for call n, below 512.
    pub linux_calls: [u64; 8],
    /// Linux calls that need no service: the kernel answers with the number of the process.
    pub identity_calls: [u64; 8],
    /// Linux calls that need no service: others that are as urgent go first.
    pub yield_calls: [u64; 8],
    /// 1 when it is the process manager, told of exceptions and interrupted programs.
    pub process_manager: u32,
    /// 1 when it is the memory manager, told of page faults.
    pub memory_manager: u32,
    /// A [`Policy`], for rs; the kernel does not look.
    pub policy: u64,
}

/// Bytes of a packed declaration.
pub const DECLARATION_BYTES: usize = size_of::<Declaration>();

const _: () = assert!(
    DECLARATION_BYTES == 608,
    "no padding: the packed form is the memory form"
);

impl Declaration {
    /// The declaration of a service that may do nothing.
    pub const NONE: Declaration = Declaration {
        name: [0; NAME_BYTES],
        slot: 0,
        priority: 15,
        submissions: 0,
        pages: 0,
        hang_ticks: 0,
        archive: 0,
        calls: 0,
        protocols: [0; SLOTS],
        notifies: 0,
        ports: [PortRange { first: 0, count: 0 }; PORT_RANGES],
        interrupts: [NO_INTERRUPT; INTERRUPTS],
        linux_calls: [0; 8],
        identity_calls: [0; 8],
        yield_calls: [0; 8],
        process_manager: 0,
        memory_manager: 0,
        policy: Policy::Stateful as u64,
    };

    /// The packed form: the fields in order, little endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; DECLARATION_BYTES] {
        let mut writer = Writer {
            bytes: [0; DECLARATION_BYTES],
            at: 0,
        };
        writer.put(&self.name);
        writer.put(&self.slot.to_le_bytes());
        writer.put(&self.priority.to_le_bytes());
        writer.put(&self.submissions.to_le_bytes());
        writer.put(&self.pages.to_le_bytes());
        writer.put(&self.hang_ticks.to_le_bytes());
        writer.put(&self.archive.to_le_bytes());
        writer.put(&self.calls.to_le_bytes());
        self.protocols
            .iter()
            .for_each(|word| writer.put(&word.to_le_bytes()));
        writer.put(&self.notifies.to_le_bytes());
        for range in self.ports {
            writer.put(&range.first.to_le_bytes());
            writer.put(&range.count.to_le_bytes());
        }
        self.interrupts
            .iter()
            .for_each(|line| writer.put(&line.to_le_bytes()));
        [self.linux_calls, self.identity_calls, self.yield_calls]
            .as_flattened()
            .iter()
            .for_each(|word| writer.put(&word.to_le_bytes()));
        writer.put(&self.process_manager.to_le_bytes());
        writer.put(&self.memory_manager.to_le_bytes());
        writer.put(&self.policy.to_le_bytes());
        writer.bytes
    }

    /// Reads the packed form. `None` when it is cut short or names no slot.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Declaration> {
        let mut reader = Reader { bytes };
        let mut declaration = Declaration::NONE;
        declaration.name = reader.take()?;
        declaration.slot = u16::from_le_bytes(reader.take()?);
        declaration.priority = u16::from_le_bytes(reader.take()?);
        declaration.submissions = u32::from_le_bytes(reader.take()?);
        declaration.pages = u64::from_le_bytes(reader.take()?);
        declaration.hang_ticks = u32::from_le_bytes(reader.take()?);
        declaration.archive = u32::from_le_bytes(reader.take()?);
        declaration.calls = u64::from_le_bytes(reader.take()?);
        for word in &mut declaration.protocols {
            *word = u64::from_le_bytes(reader.take()?);
        }
        declaration.notifies = u64::from_le_bytes(reader.take()?);
        for range in &mut declaration.ports {
            range.first = u16::from_le_bytes(reader.take()?);
            range.count = u16::from_le_bytes(reader.take()?);
        }
        for line in &mut declaration.interrupts {
            *line = u16::from_le_bytes(reader.take()?);
        }
        let Declaration {
            linux_calls,
            identity_calls,
            yield_calls,
            ..
        } = &mut declaration;
        for word in [linux_calls, identity_calls, yield_calls]
            .into_iter()
            .flatten()
        {
            *word = u64::from_le_bytes(reader.take()?);
        }
        declaration.process_manager = u32::from_le_bytes(reader.take()?);
        declaration.memory_manager = u32::from_le_bytes(reader.take()?);
        declaration.policy = u64::from_le_bytes(reader.take()?);
        let plausible = (declaration.slot as usize) < SLOTS && declaration.priority < 16;
        plausible.then_some(declaration)
    }

    /// The name without its padding.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let length = self
            .name
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(NAME_BYTES);
        &self.name[..length]
    }
}

struct Writer {
    bytes: [u8; DECLARATION_BYTES],
    at: usize,
}

impl Writer {
    fn put(&mut self, field: &[u8]) {
        self.bytes[self.at..self.at + field.len()].copy_from_slice(field);
        self.at += field.len();
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packed_form_is_read_back() {
        let mut declaration = Declaration {
            slot: 3,
            pages: 77,
            ..Declaration::NONE
        };
        declaration.name[..3].copy_from_slice(b"vfs");
        declaration.protocols[39] = 5;
        declaration.ports[1] = PortRange {
            first: 0x3f8,
            count: 8,
        };
        declaration.memory_manager = 1;
        declaration.policy = Policy::Leave as u64;
        let bytes = declaration.to_bytes();
        assert_eq!(Declaration::from_bytes(&bytes), Some(declaration));
        assert_eq!(declaration.name(), b"vfs");
        assert_eq!(Declaration::from_bytes(&bytes[..479]), None);
        declaration.slot = 40;
        assert_eq!(Declaration::from_bytes(&declaration.to_bytes()), None);
    }
}
