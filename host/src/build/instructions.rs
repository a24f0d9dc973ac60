//! Proves that a linked binary touches no register that kernel and services do not own.
//!
//! Their code saves none of the floating-point, MMX, SSE and AVX registers, so an instruction on
//! them would change a program's values. The kernel itself saves and restores them between
//! programs, by instructions that name none of them (`FXSAVE`, `XSAVE`, ...).

use std::path::Path;

use iced_x86::{Decoder, DecoderOptions, Instruction, Register};
use object::read::{Object, ObjectSection};
use object::{SectionKind, read};

use crate::{Error, project};

/// Checks a file.
pub(super) fn check_file(name: &str, path: &Path) -> Result<(), Error> {
    let mark = path.with_extension("checked");
    if project::is_fresh(&mark, path) {
        return Ok(());
    }
    check(name, &project::read(path)?)?;
    project::write(&mark, &[])
}

/// Checks the text of an ELF file.
pub(super) fn check(name: &str, elf: &[u8]) -> Result<(), Error> {
    let file = read::File::parse(elf).map_err(|error| Error::artifact(name, error))?;
    let is_text = |section: &read::Section<'_, '_>| section.kind() == SectionKind::Text;
    if !file.sections().any(|section| is_text(&section)) {
        return Err(Error::artifact(name, "it has no code"));
    }
    for section in file.sections().filter(is_text) {
        let code = section
            .data()
            .map_err(|error| Error::artifact(name, error))?;
        if let Some(address) = first_use(code, section.address()) {
            let reason =
                format!("the instruction at {address:#x} uses registers that belong to programs");
            return Err(Error::artifact(name, reason));
        }
    }
    Ok(())
}

/// The address of the first instruction on such a register.
fn first_use(code: &[u8], address: u64) -> Option<u64> {
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        if uses_program_registers(&instruction) {
            return Some(instruction.ip());
        }
    }
    None
}

fn uses_program_registers(instruction: &Instruction) -> bool {
    let names_one = (0..instruction.op_count())
        .map(|operand| instruction.op_register(operand))
        .any(is_program_register);
    names_one || (instruction.fpu_stack_increment_info().writes_top())
}

fn is_program_register(register: Register) -> bool {
    register.is_vector_register()
        || register.is_mm()
        || register.is_st()
        || register.is_k()
        || register.is_tmm()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_and_stack_registers_are_found() {
        // mov rax, rbx; movaps xmm0, xmm1; ret
        assert_eq!(
            first_use(b"\x48\x89\xd8\x0f\x28\xc1\xc3", 0x1000),
            Some(0x1003)
        );
        // fld1
        assert_eq!(first_use(b"\xd9\xe8", 0), Some(0));
        // paddb mm0, mm1
        assert_eq!(first_use(b"\x0f\xfc\xc1", 0), Some(0));
    }

    #[test]
    fn saving_them_is_allowed() {
        // fxsave64 [rdi]; xsave64 [rdi]; fninit; nop
        let code = b"\x48\x0f\xae\x07\x48\x0f\xae\x27\x90\x55\xc3";
        assert_eq!(first_use(code, 0), None);
    }
}
