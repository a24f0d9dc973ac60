//! The tiny ELF file of a script: text of zeroes, data of zeroes.

use crate::program::{DATA, DATA_BYTES, INSTRUCTION, Script, entry};
use abi::layout::PAGE_SIZE;
use abi::word::index;

const HEADER: u64 = 64;
const PROGRAM_HEADER: u64 = 56;
const LOAD: u32 = 1;
const READ_EXECUTE: u32 = 5;
const READ_WRITE: u32 = 6;

/// The file of the n-th program.
#[must_use]
pub(crate) fn file(program: usize, script: &Script) -> Vec<u8> {
    let text = (script.instructions().len() as u64 * INSTRUCTION).max(INSTRUCTION);
    let mut file = Vec::new();
    file.extend_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    half(&mut file, 2);
    half(&mut file, 62);
    word(&mut file, 1);
    long(&mut file, entry(program));
    long(&mut file, HEADER);
    long(&mut file, 0);
    word(&mut file, 0);
    for number in [64, 56, 2, 0, 0, 0] {
        half(&mut file, number);
    }
    let text_part = [PAGE_SIZE, entry(program), text, text];
    let data_part = [0, DATA, 0, DATA_BYTES];
    for (flags, [offset, address, bytes, memory]) in
        [(READ_EXECUTE, text_part), (READ_WRITE, data_part)]
    {
        word(&mut file, LOAD);
        word(&mut file, flags);
        for number in [offset, address, address, bytes, memory, PAGE_SIZE] {
            long(&mut file, number);
        }
    }
    debug_assert_eq!(file.len() as u64, HEADER + 2 * PROGRAM_HEADER);
    file.resize(index(PAGE_SIZE + text), 0);
    file
}

fn half(file: &mut Vec<u8>, number: u16) {
    file.extend_from_slice(&number.to_le_bytes());
}

fn word(file: &mut Vec<u8>, number: u32) {
    file.extend_from_slice(&number.to_le_bytes());
}

fn long(file: &mut Vec<u8>, number: u64) {
    file.extend_from_slice(&number.to_le_bytes());
}
