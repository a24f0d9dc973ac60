//! The chip: bytes in and out.

use crate::{CHANGED, Context, State, wire};
use abi::Call;
use alloc::vec::Vec;
use service::System;
use uart::{FIFO_BYTES, Format, Interrupts, Ports, Register, Uart};

/// The first port.
const BASE: u16 = 0x2f8;
/// Rounds of receiving and sending before the service listens to others again.
const ROUNDS: usize = 16;
/// Bytes received in one closure at most.
const BATCH: usize = 8 * FIFO_BYTES;
/// Pieces sent in one closure at most.
const PIECES: usize = 64;

/// The chip's registers by kernel calls.
struct Registers<'a>(&'a dyn System);

impl Ports for Registers<'_> {
    fn read(&mut self, register: Register) -> u8 {
        let port = u64::from(BASE + u16::from(register.offset()));
        // A port that may not be read is like one without a chip.
        let value = self.0.call(Call::PortRead, &[port, 1]).unwrap_or(u64::MAX);
        value.to_le_bytes()[0]
    }

    fn write(&mut self, register: Register, value: u8) {
        let port = BASE + u16::from(register.offset());
        // Refused, it is like a write where there is no chip.
        let _ = self.0.port_write(port, &[value]);
    }

    fn read_data(&mut self, bytes: &mut [u8]) {
        // Refused, it is like a read where there is no chip.
        if self.0.port_read_bytes(BASE, bytes).is_err() {
            bytes.fill(u8::MAX);
        }
    }

    fn write_data(&mut self, bytes: &[u8]) {
        let _ = self.0.port_write(BASE, bytes);
    }
}

fn chip(cx: &Context) -> Uart<Registers<'_>> {
    Uart::new(Registers(cx.system()))
}

/// Takes the chip over and opens the line.
pub(crate) fn take_over(cx: &Context) {
    let found = cx.step("take over", |state| {
        wire::begin(state);
        chip(cx).take_over(&Format::FASTEST).is_ok()
    });
    if !found {
        cx.log("host-link: there is no second serial port");
    }
    serve(cx);
}

/// Receives and sends all that can be, then waits for the next interrupt.
pub(crate) fn serve(cx: &Context) {
    for _ in 0..ROUNDS {
        let received = receive(cx);
        let sent = send(cx);
        if !received && !sent {
            break;
        }
    }
    let enabled = cx.system().call(Call::InterruptEnable, &[0]);
    if enabled.is_err() {
        cx.log("host-link: the interrupt cannot be enabled");
    }
    // What is there by now raises the line again.
    cx.step("arm", |state| arm(cx, state));
}

/// Takes bytes from the chip. Whether there were any.
fn receive(cx: &Context) -> bool {
    let received = cx.step("receive", |state| {
        let arrived = take_from_chip(&mut chip(cx));
        if arrived.overrun {
            wire::ask_again(state);
        }
        wire::receive(state, &arrived.bytes);
        !arrived.bytes.is_empty()
    });
    if received {
        cx.wake(CHANGED);
    }
    received
}

/// What came in one closure.
struct Arrived {
    bytes: Vec<u8>,
    overrun: bool,
}

fn take_from_chip(chip: &mut Uart<Registers<'_>>) -> Arrived {
    let mut bytes = Vec::with_capacity(BATCH);
    let mut overrun = false;
    while bytes.len() + FIFO_BYTES <= BATCH {
        if let Some(many) = chip.receive_many() {
            bytes.extend_from_slice(&many);
            continue;
        }
        let arrival = chip.receive();
        overrun |= arrival.overrun;
        bytes.extend(arrival.byte);
        if !arrival.taken {
            break;
        }
    }
    Arrived { bytes, overrun }
}

/// Sends what is to be sent, as far as the chip takes it. Whether there was any. It is a closure of
/// its own: the host must not see what a crash can take back.
pub(crate) fn send(cx: &Context) -> bool {
    cx.step("send", |state| {
        let mut chip = chip(cx);
        for sent in 0..PIECES {
            if !wire::wants_to_send(state) || !chip.has_room() {
                return sent > 0;
            }
            if let Some(piece) = wire::next_piece(state) {
                chip.send(&piece);
            }
        }
        true
    })
}

/// Says what the chip is to interrupt for.
pub(crate) fn arm(cx: &Context, state: &State) {
    let mut wanted = Interrupts::RECEIVED | Interrupts::LINE;
    wanted.set(Interrupts::ROOM, wire::wants_to_send(state));
    chip(cx).set_interrupts(wanted);
}
