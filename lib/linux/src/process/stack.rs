//! The initial stack of a program (System V ABI, AMD64 supplement, section 3.4.1).
//!
//! ```text
//! top    eight zero bytes
//!        path of the program, environment strings, argument strings
//!        "x86_64", 16 random bytes
//!        auxiliary vector
//!        pointers to the environment, 0
//!        pointers to the arguments, 0
//! rsp -> number of arguments                         (a multiple of 16)
//! ```

use super::auxiliary::Auxiliary;
use super::strings::Strings;
use alloc::vec::Vec;

/// What lies on a new program's stack.
#[derive(Clone, Copy, Debug)]
pub struct InitialStack<'a> {
    /// The path it was started by.
    pub path: &'a [u8],
    /// Its arguments.
    pub arguments: &'a Strings,
    /// Its environment.
    pub environment: &'a Strings,
    /// Bytes behind AT_RANDOM.
    pub random: [u8; 16],
    /// The auxiliary vector.
    pub auxiliary: Auxiliary,
}

/// An initial stack, made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltStack {
    /// The bytes below the top.
    pub bytes: Vec<u8>,
    /// The stack pointer: the address of the first of them.
    pub pointer: u64,
    /// Where the argument strings start.
    pub arguments: u64,
}

const PLATFORM: &[u8] = b"x86_64\0";

impl InitialStack<'_> {
    /// Makes the stack that ends at `top`, a multiple of the page size.
    #[must_use]
    pub fn build(&self, top: u64) -> BuiltStack {
        let mut strings = Vec::new();
        strings.extend_from_slice(&self.random);
        strings.extend_from_slice(PLATFORM);
        let arguments = strings.len() as u64;
        strings.extend_from_slice(self.arguments.as_bytes());
        let environment = strings.len() as u64;
        strings.extend_from_slice(self.environment.as_bytes());
        let path = strings.len() as u64;
        strings.extend_from_slice(self.path);
        strings.resize(strings.len() + 1 + 8, 0);

        let start = (top - strings.len() as u64) & !15;
        let auxiliary = self.auxiliary.words(start, start + 16, start + path);
        let mut words = Vec::new();
        words.push(self.arguments.len() as u64);
        push_pointers(&mut words, self.arguments, start + arguments);
        push_pointers(&mut words, self.environment, start + environment);
        words.extend_from_slice(&auxiliary);
        if words.len() % 2 == 1 {
            // One more pair of zeroes would do as well: nothing reads beyond AT_NULL.
            words.push(0);
        }

        let pointer = start - words.len() as u64 * 8;
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend_from_slice(&strings);
        bytes.resize(abi::word::index(top - pointer), 0);
        BuiltStack {
            bytes,
            pointer,
            arguments: start + arguments,
        }
    }
}

fn push_pointers(words: &mut Vec<u64>, strings: &Strings, mut at: u64) {
    for string in strings.iter() {
        words.push(at);
        at += string.len() as u64 + 1;
    }
    words.push(0);
}

#[cfg(test)]
mod tests {
    use super::super::bytes::get_u64;
    use super::*;
    use linux_raw_sys::auxvec;
    use std::collections::BTreeMap;

    const TOP: u64 = 0x7fff_0000_0000;

    struct Read {
        arguments: Vec<Vec<u8>>,
        environment: Vec<Vec<u8>>,
        auxiliary: BTreeMap<u64, u64>,
        built: BuiltStack,
    }

    impl Read {
        fn string(&self, address: u64) -> Vec<u8> {
            let from = usize::try_from(address - self.built.pointer).unwrap();
            self.built.bytes[from..]
                .split(|byte| *byte == 0)
                .next()
                .unwrap()
                .to_vec()
        }
    }

    /// Reads a stack as a C library's start-up code does.
    fn read(stack: &InitialStack<'_>) -> Read {
        let built = stack.build(TOP);
        let mut words = built.bytes.chunks_exact(8).map(|word| get_u64(word, 0));
        let mut read = Read {
            arguments: Vec::new(),
            environment: Vec::new(),
            auxiliary: BTreeMap::new(),
            built: built.clone(),
        };
        let count = words.next().unwrap();
        for _ in 0..count {
            read.arguments.push(read.string(words.next().unwrap()));
        }
        assert_eq!(words.next(), Some(0));
        while let Some(pointer @ 1..) = words.next() {
            read.environment.push(read.string(pointer));
        }
        loop {
            let (kind, value) = (words.next().unwrap(), words.next().unwrap());
            if kind == 0 {
                return read;
            }
            read.auxiliary.insert(kind, value);
        }
    }

    #[test]
    fn a_start_up_code_finds_everything() {
        for extra in 0..9 {
            let (mut arguments, mut environment) = (Strings::new(), Strings::new());
            arguments.push(b"ls");
            arguments.push(&std::vec![b'x'; extra]);
            environment.push(b"HOME=/");
            let auxiliary = Auxiliary {
                entry: 0x40_1000,
                ..Auxiliary::default()
            };
            let stack = InitialStack {
                path: b"/bin/ls",
                arguments: &arguments,
                environment: &environment,
                random: *b"0123456789abcdef",
                auxiliary,
            };
            let read = read(&stack);
            assert_eq!(read.built.pointer % 16, 0);
            assert_eq!(read.built.pointer + read.built.bytes.len() as u64, TOP);
            assert_eq!(read.arguments, [b"ls".to_vec(), std::vec![b'x'; extra]]);
            assert_eq!(read.environment, [b"HOME=/".to_vec()]);
            let value = |kind: u32| read.auxiliary[&u64::from(kind)];
            assert_eq!(value(auxvec::AT_ENTRY), 0x40_1000);
            assert_eq!(read.string(value(auxvec::AT_EXECFN)), b"/bin/ls");
            assert_eq!(read.string(value(auxvec::AT_PLATFORM)), b"x86_64");
            assert!(
                read.string(value(auxvec::AT_RANDOM))
                    .starts_with(b"0123456789abcdef")
            );
            assert_eq!(read.string(read.built.arguments), b"ls");
        }
    }
}
