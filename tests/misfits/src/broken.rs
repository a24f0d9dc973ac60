//! Replacements that never get as far as serving: each does its one thing when it is handed the
//! State. And a State that keeps nothing.
#![expect(unsafe_code, reason = "a store to nowhere")]

use crate::kernel;
use abi::Call;
use abi::slot::Refusal;
use alloc::boxed::Box;
use alloc::format;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use service::description::Descriptions;
use service::objects::{Device, Objects, serve_device};
use service::{Cx, Handler, Service};
use shape::{Outline, Printer, Shape};

const PANIC: u8 = 0;
const STORE: u8 = 1;
const HANG: u8 = 2;
const REFUSE: u8 = 3;
const CONTRADICT: u8 = 4;
const UNDECODABLE: u8 = 5;
const ESTRANGED: u8 = 6;
const GREEDY: u8 = 7;
const IMPATIENT: u8 = 8;
const FORGET: u8 = 9;

/// A replacement that fails in the given way.
#[derive(Debug)]
pub struct Broken<const WAY: u8>;

/// It panics.
pub type Panicking = Broken<PANIC>;
/// It stores to nowhere.
pub type Crashing = Broken<STORE>;
/// It never gets ready.
pub type Hanging = Broken<HANG>;
/// It refuses for a reason of its own.
pub type Refusing = Broken<REFUSE>;
/// It finds that the State contradicts itself.
pub type Contradicted = Broken<CONTRADICT>;
/// It cannot decode the State.
pub type Undecoding = Broken<UNDECODABLE>;
/// It knows other versions of the State.
pub type Estranged = Broken<ESTRANGED>;
/// It takes all the memory that it can get.
pub type Greedy = Broken<GREEDY>;
/// It does what only those may do who are in their place.
pub type Impatient = Broken<IMPATIENT>;

/// The State of a [`Broken`] service.
#[derive(Debug, Default)]
pub struct Given<const WAY: u8> {
    open: Descriptions<()>,
}

/// A State that forgets what it is handed, and goes on.
pub type Forgetful = Given<FORGET>;

impl<const WAY: u8> Given<WAY> {
    /// The openings.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<()> {
        &self.open
    }

    /// The openings, to change.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<()> {
        &mut self.open
    }
}

impl<C, const WAY: u8> Encode<C> for Given<WAY> {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.null()?.ok()
    }
}

impl<'b, C, const WAY: u8> Decode<'b, C> for Given<WAY> {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        fail(WAY)?;
        decoder.skip()?;
        Ok(Self::default())
    }
}

impl<const WAY: u8> Shape for Given<WAY> {
    fn outline(outline: &mut Outline) {
        outline.leaf("null");
    }

    fn show(&self, printer: &mut Printer<'_>) {
        printer.null();
    }
}

impl<const WAY: u8> service::State for Given<WAY> {
    const VERSION: u32 = if WAY == ESTRANGED { 7 } else { 1 };
    type Other = Self;
    const OTHER_VERSION: u32 = Self::VERSION + 1;

    fn fresh(_: &service::Start) -> Self {
        Self::default()
    }
}

fn fail(way: u8) -> Result<(), decode::Error> {
    match way {
        PANIC => panic!("a replacement that panics"),
        STORE => {
            let nowhere: *mut u64 = core::ptr::without_provenance_mut(8);
            // SAFETY: none: the store faults, which is what it is for.
            unsafe { nowhere.write_volatile(1) };
            Ok(())
        }
        HANG => loop {
            core::hint::spin_loop();
        },
        REFUSE => report(Refusal::Other),
        CONTRADICT => report(Refusal::Inconsistent),
        UNDECODABLE => Err(decode::Error::message("not understood")),
        GREEDY => take_all(),
        IMPATIENT => act(),
        _ => Ok(()),
    }
}

/// Tells the kernel by itself, which ends it.
fn report(refusal: Refusal) -> Result<(), decode::Error> {
    let _ = kernel::call(Call::Ready as u64, [refusal as u64, 0, 0, 0, 0, 0]);
    Ok(())
}

/// Allocates until the allocator gives up.
fn take_all() -> Result<(), decode::Error> {
    loop {
        core::mem::forget(core::hint::black_box(Box::new([0_u8; 1 << 16])));
    }
}

/// Every kernel call that a candidate may not make, all of which are refused; then it refuses.
fn act() -> Result<(), decode::Error> {
    const ALLOWED: [Call; 6] = [
        Call::Grow,
        Call::Clock,
        Call::Log,
        Call::StartInformation,
        Call::Ready,
        Call::Abort,
    ];
    for (call, _) in Call::ALL.iter().filter(|(call, _)| !ALLOWED.contains(call)) {
        if let Ok(value) = kernel::call(*call as u64, [0; 6]) {
            log(&format!("impatient: {call:?} was answered with {value}"));
        }
    }
    log("impatient: all was tried");
    report(Refusal::Other)
}

fn log(line: &str) {
    let at = line.as_ptr().expose_provenance() as u64;
    let _ = kernel::call(Call::Log as u64, [at, line.len() as u64, 0, 0, 0, 0]);
}

impl<const WAY: u8> Service for Broken<WAY> {
    type State = Given<WAY>;

    fn handle(cx: Cx<Self>) -> Handler {
        serve_device(cx)
    }
}

impl<const WAY: u8> Device for Broken<WAY> {
    const MAJORS: &'static [u32] = &[];

    fn device(_: u32, _: u32) -> Option<()> {
        None
    }
}

impl<const WAY: u8> Objects for Broken<WAY> {
    type Object = ();

    fn descriptions(state: &mut Given<WAY>) -> &mut Descriptions<()> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &Given<WAY>) -> &Descriptions<()> {
        state.descriptions()
    }
}
