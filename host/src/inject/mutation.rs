//! Mutations of one instruction, as in the published studies of faults in drivers: what a
//! programming error, or an error of the memory, makes of it. The length never changes.

use std::fmt;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, OpAccess, Register,
};

use super::layout::{Layout, layout};
use super::random::Random;

/// The instruction that does nothing, one byte.
const NOTHING: u8 = 0x90;

/// What is done to an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A conditional branch is taken when it must not be, and the other way round.
    Branch,
    /// A register that is read is another one.
    Source,
    /// A register that is written is another one.
    Destination,
    /// A constant, or a distance in an address, has other bits.
    Constant,
    /// The instruction is left out.
    Skip,
    /// A bit of the instruction is the other one.
    Bit,
    /// A comparison with a constant is off by one, or a branch errs at equality.
    OffByOne,
    /// What should be written to memory is not.
    Store,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::Branch,
        Kind::Source,
        Kind::Destination,
        Kind::Constant,
        Kind::Skip,
        Kind::Bit,
        Kind::OffByOne,
        Kind::Store,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Branch => "inverted branch",
            Kind::Source => "source register",
            Kind::Destination => "destination register",
            Kind::Constant => "constant",
            Kind::Skip => "left out",
            Kind::Bit => "bit",
            Kind::OffByOne => "off by one",
            Kind::Store => "dropped store",
        })
    }
}

/// The first instruction in these bytes.
pub(super) fn decode(bytes: &[u8]) -> Option<Instruction> {
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let instruction = decoder.decode();
    (!instruction.is_invalid()).then_some(instruction)
}

/// What becomes of an instruction; `None` when this kind cannot be done to it. The bytes are just
/// the instruction's.
pub(super) fn mutate(kind: Kind, bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let instruction = decode(bytes).filter(|instruction| instruction.len() == bytes.len())?;
    let layout = layout(bytes)?;
    let changed = match kind {
        Kind::Branch => invert(&instruction, bytes, layout),
        Kind::Source => other_register(&instruction, bytes, layout, Role::Read, random),
        Kind::Destination => other_register(&instruction, bytes, layout, Role::Written, random),
        Kind::Constant => other_constant(bytes, random),
        Kind::Skip => Some(vec![NOTHING; bytes.len()]),
        Kind::Bit => Some(other_bit(bytes, random)),
        Kind::OffByOne => off_by_one(&instruction, bytes, layout, random),
        Kind::Store => stores(&instruction).then(|| vec![NOTHING; bytes.len()]),
    };
    changed.filter(|changed| changed != bytes)
}

/// Conditions are in the last four bits of an opcode, each beside its opposite (SDM volume 2,
/// appendix B.1.4.7).
fn invert(instruction: &Instruction, bytes: &[u8], layout: Layout) -> Option<Vec<u8>> {
    is_condition(instruction).then(|| {
        let mut changed = bytes.to_vec();
        changed[layout.opcode] ^= 1;
        changed
    })
}

fn is_condition(instruction: &Instruction) -> bool {
    instruction.is_jcc_short_or_near()
}

/// What an instruction does with the register that is exchanged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Read,
    Written,
}

/// Tries other registers in all fields, in a random order, and takes the first that changes just
/// a register in this role.
fn other_register(
    instruction: &Instruction,
    bytes: &[u8],
    layout: Layout,
    role: Role,
    random: &mut Random,
) -> Option<Vec<u8>> {
    let mut candidates = Vec::new();
    for field in layout.register_fields() {
        for difference in 1..8u8 {
            let mut changed = bytes.to_vec();
            changed[field.byte] ^= difference << field.shift;
            candidates.push(changed);
        }
    }
    let fits = |changed: &Vec<u8>| {
        let other = decode(changed);
        other.is_some_and(|other| exchanges(instruction, &other, role))
    };
    candidates.retain(fits);
    random.choose(&candidates).cloned()
}

/// Whether `other` is the same instruction but for one register in this role.
fn exchanges(instruction: &Instruction, other: &Instruction, role: Role) -> bool {
    if instruction.code() != other.code() || instruction.len() != other.len() {
        return false;
    }
    let mut factory = InstructionInfoFactory::new();
    let (before, after) = (registers(instruction), registers(other));
    let differing: Vec<usize> = (0..before.len())
        .filter(|at| before[*at] != after[*at])
        .collect();
    let [place] = differing.as_slice() else {
        return false;
    };
    let info = factory.info(instruction);
    match u32::try_from(*place) {
        // The last two places are the parts of an address, which are read.
        Ok(operand) if operand < instruction.op_count() => {
            let access = info.op_access(operand);
            match role {
                Role::Read => reads(access),
                Role::Written => writes(access),
            }
        }
        _ => role == Role::Read,
    }
}

/// The registers of all operands, then base and index of the address.
fn registers(instruction: &Instruction) -> Vec<Register> {
    let operands = 0..instruction.op_count();
    let mut registers: Vec<Register> = operands.map(|at| instruction.op_register(at)).collect();
    registers.extend([instruction.memory_base(), instruction.memory_index()]);
    registers
}

fn reads(access: OpAccess) -> bool {
    matches!(
        access,
        OpAccess::Read | OpAccess::CondRead | OpAccess::ReadWrite | OpAccess::ReadCondWrite
    )
}

fn writes(access: OpAccess) -> bool {
    matches!(
        access,
        OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
    )
}

/// Turns a bit of a constant or of a displacement: a low one in half of the cases, because such
/// are the errors that people make.
fn other_constant(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let (start, size) = constant(bytes, random)?;
    let bits = if random.below(2) == 0 { 4 } else { 8 * size };
    let bit = random.below(bits.min(8 * size));
    let mut changed = bytes.to_vec();
    changed[start + bit / 8] ^= 1 << (bit % 8);
    Some(changed)
}

/// Where a constant or a displacement lies, and its bytes.
fn constant(bytes: &[u8], random: &mut Random) -> Option<(usize, usize)> {
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let instruction = decoder.decode();
    let offsets = decoder.get_constant_offsets(&instruction);
    let mut places = Vec::new();
    if offsets.has_immediate() {
        places.push((offsets.immediate_offset(), offsets.immediate_size()));
    }
    if offsets.has_displacement() {
        places.push((offsets.displacement_offset(), offsets.displacement_size()));
    }
    random.choose(&places).copied()
}

fn other_bit(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let bit = random.below(8 * bytes.len());
    let mut changed = bytes.to_vec();
    changed[bit / 8] ^= 1 << (bit % 8);
    changed
}

/// A comparison's constant one more or less; or a branch on "below" on "below or equal" instead,
/// which is four opcodes away, and so on for each order.
fn off_by_one(
    instruction: &Instruction,
    bytes: &[u8],
    layout: Layout,
    random: &mut Random,
) -> Option<Vec<u8>> {
    use iced_x86::Mnemonic;
    let mut changed = bytes.to_vec();
    if instruction.mnemonic() == Mnemonic::Cmp {
        let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
        let offsets = decoder.decode();
        let offsets = decoder.get_constant_offsets(&offsets);
        if !offsets.has_immediate() {
            return None;
        }
        let start = offsets.immediate_offset();
        let constant = &mut changed[start..start + offsets.immediate_size()];
        if random.below(2) == 0 {
            add_one(constant);
        } else {
            take_one(constant);
        }
        return Some(changed);
    }
    let condition = bytes[layout.opcode] & 0xf;
    let is_order = is_condition(instruction) && matches!(condition, 2 | 3 | 6 | 7 | 0xc..=0xf);
    is_order.then(|| {
        let step = if condition < 8 { 4 } else { 2 };
        changed[layout.opcode] ^= step;
        changed
    })
}

fn add_one(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return;
        }
    }
}

fn take_one(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = byte.wrapping_sub(1);
        if *byte != u8::MAX {
            return;
        }
    }
}

/// Whether it writes to memory that it names: calls and pushes write, too, but leaving those out
/// is another fault.
fn stores(instruction: &Instruction) -> bool {
    use iced_x86::OpKind;
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(instruction);
    instruction.flow_control() == FlowControl::Next
        && (0..instruction.op_count())
            .any(|at| instruction.op_kind(at) == OpKind::Memory && writes(info.op_access(at)))
}

#[cfg(test)]
mod tests {
    use super::super::disassembly::line;
    use super::*;

    /// All that a kind makes of an instruction with many seeds, disassembled.
    fn all(kind: Kind, bytes: &[u8]) -> Vec<String> {
        let changed = (0..200).filter_map(|seed| mutate(kind, bytes, &mut Random::of(seed, 0)));
        let mut texts: Vec<String> = changed
            .inspect(|changed| assert_eq!(changed.len(), bytes.len()))
            .map(|changed| line(changed.as_slice(), 0x1000))
            .collect();
        texts.sort();
        texts.dedup();
        texts
    }

    #[test]
    fn branches_are_inverted() {
        // je +5; jl +0x100; jmp +5
        assert_eq!(all(Kind::Branch, b"\x74\x05"), ["jne 1007h"]);
        assert_eq!(all(Kind::Branch, b"\x0f\x8c\0\x01\0\0"), ["jge 1106h"]);
        assert!(all(Kind::Branch, b"\xeb\x05").is_empty());
    }

    #[test]
    fn registers_are_exchanged_in_their_role() {
        // mov rax,rbx
        let sources = all(Kind::Source, b"\x48\x89\xd8");
        assert!(sources.contains(&"mov rax,rcx".to_owned()), "{sources:?}");
        assert!(sources.iter().all(|text| text.starts_with("mov rax,")));
        let destinations = all(Kind::Destination, b"\x48\x89\xd8");
        assert_eq!(destinations.len(), 7);
        assert!(destinations.iter().all(|text| text.ends_with(",rbx")));
        // mov rax,[rdi+8]: what is read is the base of the address
        let bases = all(Kind::Source, b"\x48\x8b\x47\x08");
        assert!(bases.contains(&"mov rax,[rsi+8h]".to_owned()), "{bases:?}");
        // push rbx; pop r12
        assert_eq!(all(Kind::Source, b"\x53").len(), 7);
        assert_eq!(all(Kind::Destination, b"\x41\x5c").len(), 7);
        // ret
        assert!(all(Kind::Source, b"\xc3").is_empty());
    }

    #[test]
    fn constants_and_displacements_change() {
        // mov eax,5
        let constants = all(Kind::Constant, b"\xb8\x05\0\0\0");
        assert!(
            constants.contains(&"mov eax,4h".to_owned()),
            "{constants:?}"
        );
        assert!(constants.iter().all(|text| text.starts_with("mov eax,")));
        // mov rax,[rdi+8]
        let displacements = all(Kind::Constant, b"\x48\x8b\x47\x08");
        assert!(displacements.contains(&"mov rax,[rdi+9h]".to_owned()));
        assert!(all(Kind::Constant, b"\x48\x89\xd8").is_empty());
    }

    #[test]
    fn comparisons_err_by_one() {
        // cmp rax,0x10; jb +5; jge +5; je +5
        let compared = all(Kind::OffByOne, b"\x48\x83\xf8\x10");
        assert_eq!(compared, ["cmp rax,0Fh", "cmp rax,11h"]);
        assert_eq!(all(Kind::OffByOne, b"\x72\x05"), ["jbe 1007h"]);
        assert_eq!(all(Kind::OffByOne, b"\x7d\x05"), ["jg 1007h"]);
        assert!(all(Kind::OffByOne, b"\x74\x05").is_empty());
        // cmp eax,0x100: the carry goes on
        let carried = all(Kind::OffByOne, b"\x3d\x00\x01\0\0");
        assert_eq!(carried, ["cmp eax,0FFh", "cmp eax,101h"]);
    }

    #[test]
    fn stores_are_dropped_and_others_are_none() {
        // mov [rdi],rax; add [rdi],eax
        assert_eq!(
            mutate(Kind::Store, b"\x48\x89\x07", &mut Random::of(0, 0)),
            Some(vec![NOTHING; 3])
        );
        assert_eq!(
            mutate(Kind::Store, b"\x01\x07", &mut Random::of(0, 0)),
            Some(vec![NOTHING; 2])
        );
        // mov rax,[rdi]; cmp [rdi],rax; push rax; call
        for other in [
            &b"\x48\x8b\x07"[..],
            b"\x48\x39\x07",
            b"\x50",
            b"\xe8\0\0\0\0",
        ] {
            assert!(all(Kind::Store, other).is_empty(), "{other:?}");
        }
    }

    #[test]
    fn a_bit_differs() {
        for seed in 0..50 {
            let bytes = b"\x48\x8b\x47\x08";
            let changed = mutate(Kind::Bit, bytes, &mut Random::of(seed, 0)).unwrap();
            let bits: u32 = bytes
                .iter()
                .zip(&changed)
                .map(|(a, b)| (a ^ b).count_ones())
                .sum();
            assert_eq!(bits, 1);
        }
        assert_eq!(all(Kind::Skip, b"\x48\x89\xd8"), ["nop"]);
        assert!(
            all(Kind::Skip, b"\x90").is_empty(),
            "nothing left out is no fault"
        );
    }

    #[test]
    fn what_is_no_instruction_is_refused() {
        for kind in Kind::ALL {
            assert_eq!(mutate(kind, b"", &mut Random::of(0, 0)), None);
            assert_eq!(mutate(kind, b"\x06", &mut Random::of(0, 0)), None);
            assert_eq!(mutate(kind, b"\x90\x90", &mut Random::of(0, 0)), None);
        }
    }
}
