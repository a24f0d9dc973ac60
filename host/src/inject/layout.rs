//! Where the parts of an instruction lie (Intel SDM volume 2, section 2.1), for the instructions
//! that services have: none of floating point or vectors.

/// The places of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The last byte of the opcode.
    pub(super) opcode: usize,
    /// The ModRM byte, if the instruction has one.
    modrm: Option<Modrm>,
    /// Whether the opcode's last three bits name a register.
    register_in_opcode: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Modrm {
    at: usize,
    /// Whether a SIB byte follows.
    has_sib: bool,
}

/// Three bits that name a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// In which byte.
    pub(super) byte: usize,
    /// Bits below it.
    pub(super) shift: u8,
}

/// Finds the parts; `None` when the bytes end too early.
pub(super) fn layout(bytes: &[u8]) -> Option<Layout> {
    let is_prefix = |byte: &u8| {
        matches!(
            byte,
            0x26 | 0x2e | 0x36 | 0x3e | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3
        )
    };
    let mut at = bytes.iter().take_while(|byte| is_prefix(byte)).count();
    if matches!(bytes.get(at)?, 0x40..=0x4f) {
        at += 1;
    }
    let (opcode, has_modrm, register_in_opcode) = match *bytes.get(at)? {
        0x0f => match *bytes.get(at + 1)? {
            0x38 | 0x3a => (at + 2, true, false),
            second => (
                at + 1,
                second_has_modrm(second),
                matches!(second, 0xc8..=0xcf),
            ),
        },
        first => (at, first_has_modrm(first), first_names_register(first)),
    };
    bytes.get(opcode)?;
    let modrm = match (has_modrm, bytes.get(opcode + 1)) {
        (true, Some(byte)) => Some(Modrm {
            at: opcode + 1,
            has_sib: byte >> 6 != 3 && byte & 7 == 4,
        }),
        (true, None) => return None,
        (false, _) => None,
    };
    Some(Layout {
        opcode,
        modrm,
        register_in_opcode,
    })
}

/// The opcode map of one byte (SDM volume 2, appendix A, table A-2).
fn first_has_modrm(opcode: u8) -> bool {
    match opcode {
        0x00..=0x3f => opcode & 7 < 4,
        0x63 | 0x69 | 0x6b | 0x80..=0x8f | 0xc0 | 0xc1 | 0xc6 | 0xc7 | 0xd0..=0xd3 => true,
        0xf6 | 0xf7 | 0xfe | 0xff => true,
        _ => false,
    }
}

fn first_names_register(opcode: u8) -> bool {
    matches!(opcode, 0x50..=0x5f | 0x91..=0x97 | 0xb0..=0xbf)
}

/// The opcode map of two bytes (table A-3).
fn second_has_modrm(opcode: u8) -> bool {
    !matches!(
        opcode,
        0x05..=0x0b | 0x30..=0x37 | 0x77 | 0x80..=0x8f | 0xa0..=0xa2 | 0xa8..=0xaa | 0xc8..=0xcf
    )
}

impl Layout {
    /// The places that name registers. Those of ModRM may instead name an operation or a form of
    /// address: then changing them makes another instruction, which the caller sees.
    pub(super) fn register_fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut add = |byte, shift| fields.push(Field { byte, shift });
        if self.register_in_opcode {
            add(self.opcode, 0);
        }
        if let Some(modrm) = self.modrm {
            add(modrm.at, 3);
            if modrm.has_sib {
                add(modrm.at + 1, 0);
                add(modrm.at + 1, 3);
            } else {
                add(modrm.at, 0);
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(bytes: &[u8]) -> Vec<(usize, u8)> {
        let fields = layout(bytes).unwrap().register_fields();
        fields
            .iter()
            .map(|field| (field.byte, field.shift))
            .collect()
    }

    #[test]
    fn registers_are_where_the_manual_says() {
        // mov rax,rbx
        assert_eq!(fields(b"\x48\x89\xd8"), [(2, 3), (2, 0)]);
        // mov rax,[rsp+8]
        assert_eq!(fields(b"\x48\x8b\x44\x24\x08"), [(2, 3), (3, 0), (3, 3)]);
        // movzx eax,byte [rdi]
        assert_eq!(fields(b"\x0f\xb6\x07"), [(2, 3), (2, 0)]);
        // pop r12; bswap rax; ret; je
        assert_eq!(fields(b"\x41\x5c"), [(1, 0)]);
        assert_eq!(fields(b"\x48\x0f\xc8"), [(2, 0)]);
        assert!(fields(b"\xc3").is_empty() && fields(b"\x74\x05").is_empty());
    }

    #[test]
    fn opcodes_are_found_behind_prefixes() {
        assert_eq!(layout(b"\x0f\x8c\0\0\0\0").map(|l| l.opcode), Some(1));
        assert_eq!(layout(b"\xf0\x48\x0f\xb1\x0f").map(|l| l.opcode), Some(3));
        assert_eq!(layout(b"\x66\x2e"), None);
        assert_eq!(layout(b"\x48\x89"), None);
    }
}
