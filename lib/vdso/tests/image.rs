//! The linked image: found and called as C libraries do, with a clock page before it.
#![expect(unsafe_code, reason = "maps the image and calls the functions in it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;
use std::ptr;
use std::sync::atomic::Ordering;

use elf::ElfBytes;
use elf::abi::{PF_W, PT_DYNAMIC, PT_LOAD};
use elf::endian::LittleEndian;
use elf::hash::sysv_hash;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};
use vdso::clock::{TimeSpecification, TimeValue};
use vdso::page::ClockPage;

const PAGE_SIZE: usize = 4096;
const NAMES: [&str; 5] = [
    "__vdso_clock_gettime",
    "__vdso_clock_getres",
    "__vdso_gettimeofday",
    "__vdso_time",
    "__vdso_getcpu",
];

/// Builds the image in a folder of its own, as the head of `src/lib.rs` says.
fn build(name: &str, flags: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "-p",
            "vdso",
            "--bin",
            "vdso",
            "--features",
            "image",
        ])
        .args([
            "--profile",
            "system",
            "--target",
            "x86_64-unknown-linux-gnu",
            "--target-dir",
        ])
        .arg(&folder)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", flags)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success());
    std::fs::read(folder.join("x86_64-unknown-linux-gnu/system/vdso")).unwrap()
}

/// A clock page with the image behind it, mapped as the kernel maps them.
struct Mapped {
    page: *mut ClockPage,
    image: *mut u8,
}

impl Mapped {
    fn new(image: &[u8]) -> Mapped {
        let length = PAGE_SIZE + image.len().next_multiple_of(PAGE_SIZE);
        // SAFETY: new private memory; nothing else lies there.
        let start = unsafe {
            rustix::mm::mmap_anonymous(
                ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )
        }
        .unwrap()
        .cast::<u8>();
        let text = start.wrapping_add(PAGE_SIZE);
        // SAFETY: the mapping is large enough and ours; then it becomes code.
        unsafe {
            ptr::copy_nonoverlapping(image.as_ptr(), text, image.len());
            rustix::mm::mprotect(
                text.cast(),
                length - PAGE_SIZE,
                MprotectFlags::READ | MprotectFlags::EXEC,
            )
            .unwrap();
        }
        Mapped {
            page: start.cast(),
            image: text,
        }
    }

    fn page(&self) -> &ClockPage {
        // SAFETY: the zeroed first page of the mapping, which lives as long as the process.
        unsafe { &*self.page }
    }
}

/// The offset of a function, by both hash tables and its version.
fn find(file: &ElfBytes<'_, LittleEndian>, name: &str) -> usize {
    let common = file.find_common_data().unwrap();
    let (symbols, strings) = (common.dynsyms.unwrap(), common.dynsyms_strs.unwrap());
    let (by_old, old) = common
        .sysv_hash
        .unwrap()
        .find(name.as_bytes(), &symbols, &strings)
        .unwrap()
        .unwrap();
    let (by_gnu, _) = common
        .gnu_hash
        .unwrap()
        .find(name.as_bytes(), &symbols, &strings)
        .unwrap()
        .unwrap();
    assert_eq!(by_old, by_gnu);
    let versions = file.symbol_version_table().unwrap().unwrap();
    let mut definition = versions.get_definition(by_old).unwrap().unwrap();
    assert_eq!(definition.hash, 0x03ae_75f6);
    assert_eq!(definition.hash, sysv_hash(b"LINUX_2.6"));
    assert_eq!(definition.names.next().unwrap().unwrap(), "LINUX_2.6");
    assert!(!definition.hidden);
    usize::try_from(old.st_value).unwrap()
}

fn check_form(image: &[u8]) {
    let file = ElfBytes::<LittleEndian>::minimal_parse(image).unwrap();
    let segments: Vec<_> = file.segments().unwrap().iter().collect();
    let loads: Vec<_> = segments
        .iter()
        .filter(|segment| segment.p_type == PT_LOAD)
        .collect();
    assert_eq!(loads.len(), 1);
    assert_eq!((loads[0].p_offset, loads[0].p_vaddr), (0, 0));
    assert_eq!(loads[0].p_filesz, loads[0].p_memsz);
    assert_eq!(
        segments
            .iter()
            .filter(|segment| segment.p_type == PT_DYNAMIC)
            .count(),
        1
    );
    assert!(segments.iter().all(|segment| segment.p_flags & PF_W == 0));
    for entry in file.dynamic().unwrap().unwrap() {
        use elf::abi::{DT_JMPREL, DT_NEEDED, DT_PLTGOT, DT_REL, DT_RELA, DT_TEXTREL};
        assert!(
            ![DT_NEEDED, DT_REL, DT_RELA, DT_JMPREL, DT_PLTGOT, DT_TEXTREL].contains(&entry.d_tag)
        );
    }
    for name in NAMES {
        assert_ne!(find(&file, name), 0, "{name}");
    }
}

type ClockCall = unsafe extern "C" fn(i32, *mut TimeSpecification) -> i32;
type DayCall = unsafe extern "C" fn(*mut TimeValue, *mut [i32; 2]) -> i32;
type SecondsCall = unsafe extern "C" fn(*mut i64) -> i64;
type ProcessorCall = unsafe extern "C" fn(*mut u32, *mut u32, *mut u8) -> i32;

/// The functions of a mapped image.
struct Functions {
    time: ClockCall,
    resolution: ClockCall,
    day: DayCall,
    seconds: SecondsCall,
    processor: ProcessorCall,
}

impl Functions {
    fn of(image: &[u8], mapped: &Mapped) -> Functions {
        let file = ElfBytes::<LittleEndian>::minimal_parse(image).unwrap();
        let at = |name| mapped.image.wrapping_add(find(&file, name));
        // SAFETY: the signatures are those of src/main.rs; the image is mapped executable for ever.
        unsafe {
            Functions {
                time: std::mem::transmute::<*mut u8, ClockCall>(at(NAMES[0])),
                resolution: std::mem::transmute::<*mut u8, ClockCall>(at(NAMES[1])),
                day: std::mem::transmute::<*mut u8, DayCall>(at(NAMES[2])),
                seconds: std::mem::transmute::<*mut u8, SecondsCall>(at(NAMES[3])),
                processor: std::mem::transmute::<*mut u8, ProcessorCall>(at(NAMES[4])),
            }
        }
    }
}

/// What the functions tell while the clock stands.
fn check_values(functions: &Functions) {
    let mut time = TimeSpecification {
        seconds: -1,
        nanoseconds: -1,
    };
    let mut value = TimeValue {
        seconds: -1,
        microseconds: -1,
    };
    let (mut zone, mut stored, mut cpu) = ([7; 2], 0, 9);
    // SAFETY: all pointers are of living variables or null where that is allowed.
    unsafe {
        for clock in [1, 4, 6, 7] {
            assert_eq!((functions.time)(clock, &raw mut time), 0);
            assert_eq!(
                time,
                TimeSpecification {
                    seconds: 5,
                    nanoseconds: 7
                }
            );
        }
        for clock in [0, 5] {
            assert_eq!((functions.time)(clock, &raw mut time), 0);
            assert_eq!(
                time,
                TimeSpecification {
                    seconds: 1_700_000_005,
                    nanoseconds: 1007
                }
            );
        }
        assert_eq!((functions.resolution)(1, &raw mut time), 0);
        assert_eq!(time, TimeSpecification::RESOLUTION);
        assert_eq!((functions.day)(&raw mut value, &raw mut zone), 0);
        assert_eq!(
            (value.seconds, value.microseconds, zone),
            (1_700_000_005, 1, [0; 2])
        );
        assert_eq!((functions.seconds)(&raw mut stored), 1_700_000_005);
        assert_eq!(
            (stored, (functions.seconds)(ptr::null_mut())),
            (1_700_000_005, 1_700_000_005)
        );
        assert_eq!(
            (functions.processor)(&raw mut cpu, ptr::null_mut(), ptr::null_mut()),
            0
        );
        assert_eq!(cpu, 0);
    }
}

fn check_calls(image: &[u8]) {
    let mapped = Mapped::new(image);
    let functions = Functions::of(image, &mapped);
    let page = mapped.page();
    page.base_nanoseconds
        .store(5_000_000_007, Ordering::Relaxed);
    page.real_offset
        .store(1_700_000_000_000_001_000, Ordering::Relaxed);
    page.shift.store(32, Ordering::Relaxed);
    check_values(&functions);
    let mut time = TimeSpecification {
        seconds: -1,
        nanoseconds: -1,
    };
    // SAFETY: the pointer is of a living variable.
    unsafe {
        // Processor time and unknown clocks are the kernel's.
        assert_eq!((functions.time)(2, &raw mut time), 0);
        assert!(time.seconds >= 0 && time.seconds < 1000);
        assert_eq!((functions.time)(99, &raw mut time), -22);
        assert_eq!((functions.resolution)(99, &raw mut time), -22);
        // The counter goes on.
        page.multiplier.store(1 << 30, Ordering::Relaxed);
        assert_eq!((functions.time)(1, &raw mut time), 0);
        let before = time;
        assert_eq!((functions.time)(1, &raw mut time), 0);
        assert!((time.seconds, time.nanoseconds) > (before.seconds, before.nanoseconds));
    }
}

#[test]
fn the_image_serves_a_program() {
    let image = build("plain", "-Crelocation-model=pic -Cforce-unwind-tables=no");
    check_form(&image);
    check_calls(&image);
}

#[test]
fn the_flags_of_services_do_no_harm() {
    let image = build(
        "as-services",
        "-Awarnings -Ctarget-feature=-sse,-sse2,-mmx,+soft-float -Cno-redzone=yes \
         -Cforce-unwind-tables=no",
    );
    check_form(&image);
    check_calls(&image);
}
