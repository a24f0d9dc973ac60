//! How long a program's calls take while services are updated: in counts of the processor's counter,
//! which are guest instructions where the emulator counts them (`--icount`).
#![expect(
    unsafe_code,
    reason = "the processor's counter, and calls measured alone"
)]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use abi::slot::{Fault, Phase};
use control::{Response, ServiceName};

use crate::ask;

/// The calls end when this file is there.
const STOP: &str = "/tmp/crasher-stop";
/// How long calls are measured around what is done.
const MARGIN: Duration = Duration::from_millis(100);
/// Those that the measured calls and who measures ask: only they meet a fault.
const ASKED: [&str; 7] = ["rs", "pm", "vfs", "vm", "ramfs", "pfs", "memory"];
/// How long after an update the next one begins: a call should meet one of them, not several.
const PACE: Duration = Duration::from_millis(20);
/// How often a service is updated there and back.
const TIMES: usize = 3;
/// How often a service is looked at that is to crash.
const LOOKS: u32 = 400;

/// Times of calls, sorted.
struct Times(Vec<u64>);

impl Times {
    /// The time that so many of a thousand do not exceed.
    fn part(&self, thousandth: usize) -> u64 {
        let at = self.0.len().saturating_sub(1) * thousandth / 1000;
        self.0.get(at).copied().unwrap_or_default()
    }
}

/// Makes calls of all core services until somebody wants an end, and tells how long they took.
///
/// # Errors
/// A call that fails.
pub fn calls() -> io::Result<()> {
    let mut times = Vec::new();
    let (mut reader, mut writer) = io::pipe()?;
    let mut zero = File::open("/dev/zero")?;
    let mut byte = [0];
    while !Path::new(STOP).exists() {
        times.push(measure(|| fs::metadata("/tmp"))?);
        times.push(measure(|| zero.read(&mut byte))?);
        times.push(measure(|| writer.write(&byte))?);
        times.push(measure(|| reader.read(&mut byte))?);
        // SAFETY: these calls have no pointers.
        times.push(measure(|| Ok(unsafe { libc::getppid() }))?);
        times.push(measure(page)?);
    }
    times.sort_unstable();
    let times = Times(times);
    let (count, most) = (times.0.len(), times.part(1000));
    println!("{count} {} {} {most}", times.part(500), times.part(990));
    Ok(())
}

fn measure<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<u64> {
    // SAFETY: reading the counter has no other effect.
    let before = unsafe { core::arch::x86_64::_rdtsc() };
    call()?;
    // SAFETY: as above.
    Ok(unsafe { core::arch::x86_64::_rdtsc() } - before)
}

/// A page is mapped, written and unmapped.
fn page() -> io::Result<()> {
    let (access, kind) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    // SAFETY: a new mapping, which is used only here and in its bounds, and unmapped before the end.
    unsafe {
        let page = libc::mmap(std::ptr::null_mut(), 4096, access, kind, -1, 0);
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        page.cast::<u8>().write_volatile(1);
        libc::munmap(page, 4096);
    }
    Ok(())
}

/// Those of some services that crash when they are to.
fn asked(services: &[ServiceName]) -> impl Iterator<Item = &ServiceName> {
    services
        .iter()
        .filter(|service| ASKED.contains(&service.as_str()))
}

/// A line for what is done to services while calls are measured: how many calls, the time that half of
/// them, 99 in 100, and all do not exceed, and the longest pause of the updates.
///
/// # Errors
/// What cannot be asked, in words.
pub fn run(services: &[ServiceName]) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    println!(
        "{:<24} {:>8} {:>9} {:>9} {:>9} {:>9}",
        "", "CALLS", "P50", "P99", "MAX", "PAUSE"
    );
    line("nothing", || Ok(0)).map_err(told)?;
    for service in services {
        line(&format!("update {}", service.as_str()), || {
            updates(std::slice::from_ref(service))
        })
        .map_err(told)?;
    }
    line("update all", || updates(services)).map_err(told)?;
    for service in asked(services) {
        line(&format!("crash {}", service.as_str()), || crashes(service)).map_err(told)?;
    }
    Ok(())
}

fn line(name: &str, what: impl FnOnce() -> io::Result<u64>) -> io::Result<()> {
    let _ = fs::remove_file(STOP);
    let mut child = Command::new("/proc/self/exe");
    let child = child.arg("calls").stdout(Stdio::piped()).spawn()?;
    sleep(MARGIN);
    let pause = what()?;
    sleep(MARGIN);
    File::create(STOP)?;
    let done = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    let words: Vec<&str> = said.split_whitespace().collect();
    let [count, half, most, longest] = words[..] else {
        return Err(io::Error::other(format!("{done:?}")));
    };
    println!("{name:<24} {count:>8} {half:>9} {most:>9} {longest:>9} {pause:>9}");
    Ok(())
}

/// The longest pause.
fn updates(services: &[ServiceName]) -> io::Result<u64> {
    let mut longest = 0;
    for _ in 0..TIMES {
        for version in [2, 1] {
            match ask::update(services, version)? {
                Response::Updated(updated) => longest = longest.max(updated.pause),
                other => return Err(io::Error::other(format!("{other:?}"))),
            }
            sleep(PACE);
        }
    }
    Ok(longest)
}

/// A service crashes at its next request, and comes back.
fn crashes(service: &ServiceName) -> io::Result<u64> {
    for _ in 0..TIMES {
        let before = ask::status_of(service)?.restarts;
        ask::end(service, Fault::BadMemoryAccess, 0)?;
        let mut left = LOOKS;
        loop {
            let status = ask::status_of(service)?;
            if status.restarts > before && status.phase == Phase::Running {
                break;
            }
            left -= 1;
            if left == 0 {
                return Err(io::Error::other(format!("no crash: {status:?}")));
            }
            sleep(Duration::from_millis(5));
        }
    }
    Ok(0)
}
