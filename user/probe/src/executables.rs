//! Files that look like programs.

/// Where the program is loaded.
const ADDRESS: u64 = 0x40_0000;
/// Bytes of the file's header, and of one program header.
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

// Offsets of fields in the file's header.
const CLASS: usize = 4;
const ORDER: usize = 5;
const TYPE: usize = 16;
const MACHINE: usize = 18;
const ENTRY: usize = 24;
const HEADERS_AT: usize = 32;
const HEADER_SIZE: usize = 54;
const HEADER_COUNT: usize = 56;

// Offsets of fields of the program header, which follows.
const KIND: usize = HEADER;
const OFFSET: usize = HEADER + 8;
const VIRTUAL: usize = HEADER + 16;
const FILE_BYTES: usize = HEADER + 32;
const MEMORY_BYTES: usize = HEADER + 40;
const ALIGN: usize = HEADER + 48;

/// A file's name, for the report, and content.
pub type Case = (String, Vec<u8>);

/// A program that ends with status 0: one segment with everything.
#[must_use]
pub fn sound() -> Vec<u8> {
    // mov eax, 60; xor edi, edi; syscall
    const CODE: [u8; 9] = [0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];
    let size = HEADER + PROGRAM_HEADER + CODE.len();
    let mut file = vec![0; HEADER + PROGRAM_HEADER];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file.extend_from_slice(&CODE);
    let entry = ADDRESS + (HEADER + PROGRAM_HEADER) as u64;
    let small = [
        (TYPE, 2),
        (MACHINE, 62),
        (52, 64),
        (HEADER_SIZE, 56),
        (HEADER_COUNT, 1),
    ];
    for (at, value) in small {
        put_16(&mut file, at, value);
    }
    put_16(&mut file, 20, 1);
    put_16(&mut file, KIND, 1);
    // Readable and executable.
    put_16(&mut file, HEADER + 4, 5);
    let large = [
        (ENTRY, entry),
        (HEADERS_AT, HEADER as u64),
        (VIRTUAL, ADDRESS),
        (VIRTUAL + 8, ADDRESS),
        (FILE_BYTES, size as u64),
        (MEMORY_BYTES, size as u64),
        (ALIGN, 4096),
    ];
    for (at, value) in large {
        put_64(&mut file, at, value);
    }
    file
}

fn put_16(file: &mut [u8], at: usize, value: u16) {
    file[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

fn put_64(file: &mut [u8], at: usize, value: u64) {
    file[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// All of them, a sound one first.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut all = vec![("sound".to_owned(), sound())];
    all.extend(cut_short());
    all.extend(wrong_small_fields());
    all.extend(wrong_large_fields());
    all.extend(wrong_segments());
    all.extend(scripts());
    all
}

/// Cut at each field of the headers, and inside the code.
fn cut_short() -> impl Iterator<Item = Case> {
    let places = [
        0, 1, 4, 5, 6, 7, 16, 18, 20, 24, 32, 40, 48, 52, 54, 56, 58, 60, 62, 63, 64, 68, 72, 80,
        88, 96, 104, 112, 119, 120, 124,
    ];
    places.into_iter().map(|length| {
        let mut file = sound();
        file.truncate(length);
        (format!("cut-at-{length}"), file)
    })
}

fn wrong_small_fields() -> impl Iterator<Item = Case> {
    let bytes = [("class", CLASS), ("order", ORDER)];
    let bytes = bytes.into_iter().map(|(name, at)| {
        let mut file = sound();
        file[at] = 9;
        (name.to_owned(), file)
    });
    let words = [
        ("type-none", TYPE, 0),
        ("type-object", TYPE, 1),
        ("type-core", TYPE, 4),
        ("machine-arm", MACHINE, 183),
        ("machine-386", MACHINE, 3),
        ("headers-of-no-size", HEADER_SIZE, 0),
        ("headers-of-one-byte", HEADER_SIZE, 1),
        ("headers-of-64-KiB", HEADER_SIZE, u16::MAX),
        ("no-headers", HEADER_COUNT, 0),
        ("64-Ki-headers", HEADER_COUNT, u16::MAX),
        ("2-headers", HEADER_COUNT, 2),
    ];
    bytes.chain(words.into_iter().map(|(name, at, value)| {
        let mut file = sound();
        put_16(&mut file, at, value);
        (name.to_owned(), file)
    }))
}

/// Values that no address, offset or size should have.
const ABSURD: [(&str, u64); 9] = [
    ("0", 0),
    ("1", 1),
    ("2^32", 1 << 32),
    ("top", 0x7fff_ffff_f000),
    ("non-canonical", 0x8000_0000_0000),
    ("kernel", 0xffff_8000_0010_0000),
    ("image", 0xffff_ffff_8010_0000),
    ("largest", u64::MAX),
    ("half", 1 << 63),
];

fn wrong_large_fields() -> impl Iterator<Item = Case> {
    let fields = [
        ("entry", ENTRY),
        ("headers-at", HEADERS_AT),
        ("offset", OFFSET),
        ("address", VIRTUAL),
        ("file-bytes", FILE_BYTES),
        ("memory-bytes", MEMORY_BYTES),
        ("align", ALIGN),
    ];
    let all = fields.into_iter().flat_map(|(field, at)| {
        ABSURD.into_iter().map(move |(what, value)| {
            let mut file = sound();
            put_64(&mut file, at, value);
            (format!("{field}-{what}"), file)
        })
    });
    // The right offset is 0.
    all.filter(|(_, file)| *file != sound())
}

/// A second program header, which the code gives way to: `change` gets the offset of it.
fn with_second(change: impl Fn(&mut Vec<u8>, usize)) -> Vec<u8> {
    let mut file = sound();
    let second = file[HEADER..HEADER + PROGRAM_HEADER].to_vec();
    let at = HEADER + PROGRAM_HEADER;
    file.splice(at..at, second);
    let size = file.len() as u64;
    put_16(&mut file, HEADER_COUNT, 2);
    put_64(&mut file, ENTRY, ADDRESS + (at + PROGRAM_HEADER) as u64);
    put_64(&mut file, FILE_BYTES, size);
    put_64(&mut file, MEMORY_BYTES, size);
    change(&mut file, at);
    file
}

fn wrong_segments() -> Vec<Case> {
    let overlapping = with_second(|_, _| ());
    let out_of_order = with_second(|file, at| put_64(file, at + 16, ADDRESS - 0x10_0000));
    let interpreter = |at: u64, length: u64| {
        with_second(move |file, header| {
            put_16(file, header, 3);
            put_64(file, header + 8, at);
            put_64(file, header + 32, length);
        })
    };
    let mut missing = interpreter(0, 0);
    let name = missing.len() as u64;
    missing.extend_from_slice(b"/missing/interpreter\0");
    let header = HEADER + PROGRAM_HEADER;
    put_64(&mut missing, header + 8, name);
    put_64(&mut missing, header + 32, 21);
    let mut itself = missing.clone();
    put_64(&mut itself, header + 32, 20);
    [
        ("segments-overlap", overlapping),
        ("segments-out-of-order", out_of_order),
        ("interpreter-missing", missing),
        ("interpreter-without-end", itself),
        ("interpreter-of-no-bytes", interpreter(0, 0)),
        ("interpreter-of-one-byte", interpreter(0, 1)),
        ("interpreter-too-long", interpreter(0, 1 << 40)),
        ("interpreter-beyond", interpreter(1 << 40, 16)),
        ("interpreter-is-negative", interpreter(u64::MAX, u64::MAX)),
    ]
    .map(|(name, file)| (name.to_owned(), file))
    .into()
}

fn scripts() -> impl Iterator<Item = Case> {
    let mut long = b"#!/".to_vec();
    long.resize(5000, b'x');
    [
        ("script-of-nobody", b"#!".to_vec()),
        ("script-of-spaces", b"#!      \n".to_vec()),
        ("script-of-missing", b"#!/missing\n".to_vec()),
        ("script-of-folder", b"#!/\n".to_vec()),
        ("script-of-itself", b"#!./candidate\n".to_vec()),
        ("script-too-long", long),
        ("zeroes", vec![0; 8192]),
        ("text", b"this is no program\n".to_vec()),
    ]
    .into_iter()
    .map(|(name, file)| (name.to_owned(), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_is_sound_and_names_tell_apart() {
        let all = cases();
        assert!(all[1..].iter().all(|(_, file)| *file != sound()));
        let mut names: Vec<_> = all.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all.len());
    }
}
