//! The chip and the terminal: bytes in and out.

use crate::happening::{note, tell_process_manager};
use crate::transmit::PIECES;
use crate::{CHANGED, Context, State};
use abi::Call;
use service::System;
use terminal::{ControlFlags, Flow, Settings, Wake};
use uart::{FIFO_BYTES, Format, Interrupts, Parity, Ports, Register, Stop, Uart, Width};

/// The first port.
const BASE: u16 = 0x3f8;
/// Rounds of receiving and sending before the service listens to others again.
const ROUNDS: usize = 16;

/// The chip's registers by kernel calls.
pub(crate) struct Registers<'a>(&'a dyn System);

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

    fn write_data(&mut self, bytes: &[u8]) {
        let _ = self.0.port_write(BASE, bytes);
    }
}

/// The chip.
pub(crate) fn chip(cx: &Context) -> Uart<Registers<'_>> {
    Uart::new(Registers(cx.system()))
}

/// The format of characters that the settings ask for.
pub(crate) fn format(settings: &Settings) -> Format {
    let control = settings.control;
    let width = match control & ControlFlags::CSIZE {
        ControlFlags::CS8 => Width::Eight,
        ControlFlags::CS7 => Width::Seven,
        size if size.is_empty() => Width::Five,
        _ => Width::Six,
    };
    let parity = match control & (ControlFlags::PARENB | ControlFlags::PARODD) {
        flags if !flags.contains(ControlFlags::PARENB) => Parity::None,
        flags if flags.contains(ControlFlags::PARODD) => Parity::Odd,
        _ => Parity::Even,
    };
    let stop = match control.contains(ControlFlags::CSTOPB) {
        true => Stop::Two,
        false => Stop::One,
    };
    Format {
        speed: settings.output_speed,
        width,
        parity,
        stop,
    }
}

/// Takes the chip over from the predecessor, or from the firmware.
pub(crate) fn take_over(cx: &Context) {
    let found = cx.step("take over", |state| {
        let mut chip = chip(cx);
        let format = format(state.terminal().settings());
        let taken = chip.take_over(&format);
        chip.set_break(&format, state.break_condition());
        let sent = chip.pieces_sent();
        let number = state.with(|_, transmit| {
            transmit.believe(sent);
            transmit.number()
        });
        chip.set_pieces_sent(number);
        if let Ok(Some(byte)) = taken {
            // Typed before there was a driver.
            take_byte(cx, state, byte);
        }
        taken.is_ok()
    });
    if !found {
        cx.log("tty: there is no serial port");
    }
    tell_process_manager(cx);
    serve(cx);
}

/// Receives and sends all that can be, then waits for the next interrupt.
pub(crate) fn serve(cx: &Context) {
    look_at_carrier(cx);
    for _ in 0..ROUNDS {
        let received = receive(cx);
        let sent = send(cx);
        if !received && !sent {
            break;
        }
    }
    let enabled = cx.system().call(Call::InterruptEnable, &[0]);
    if enabled.is_err() {
        cx.log("tty: the interrupt cannot be enabled");
    }
    // What is there by now raises the line again.
    cx.step("arm", |state| arm(cx, state));
}

/// Hangs up if the carrier was lost.
fn look_at_carrier(cx: &Context) {
    let lost = cx.step("carrier", |state| {
        let lost = chip(cx).has_lost_carrier() && !local(state);
        if lost {
            let happening = state.hang_up();
            note(state, &happening);
        }
        lost
    });
    if lost {
        tell_process_manager(cx);
        cx.wake(CHANGED);
    }
}

/// Takes up to a FIFO of bytes from the chip. Whether there were any.
fn receive(cx: &Context) -> bool {
    for taken in 0..FIFO_BYTES {
        let Some(news) = cx.step("receive", |state| receive_one(cx, state)) else {
            return taken > 0;
        };
        if news & SIGNALS != 0 {
            tell_process_manager(cx);
        }
        if news & CHANGES != 0 {
            cx.wake(CHANGED);
        }
    }
    true
}

/// A received byte had signals sent.
const SIGNALS: u8 = 1;
/// A received byte changed what somebody may wait for.
const CHANGES: u8 = 2;

/// Takes a byte from the chip and says what is new; nothing if there is none. Taking it is the last
/// kernel call of the closure, so the byte is in the chip or in the State, wherever a crash falls.
fn receive_one(cx: &Context, state: &mut State) -> Option<u8> {
    // While the terminal is full the rest waits in the chip, and beyond it the sender.
    if !state.terminal().has_room() {
        return None;
    }
    let arrival = chip(cx).receive();
    if arrival.overrun {
        state.count_overrun();
    }
    match arrival.byte {
        Some(byte) => Some(take_byte(cx, state, byte)),
        None => arrival.taken.then_some(0),
    }
}

/// Gives a byte to the terminal and says what is new.
fn take_byte(cx: &Context, state: &mut State, byte: u8) -> u8 {
    let settings = state.terminal().settings();
    if !settings.control.contains(ControlFlags::CREAD) {
        return 0;
    }
    let happening = state.with(|terminal, transmit| terminal.receive(byte, transmit));
    state.set_last_byte(cx.now());
    note(state, &happening);
    let signals = if happening.signals.is_empty() {
        0
    } else {
        SIGNALS
    };
    let changes = happening.wake.intersects(Wake::READERS | Wake::WRITERS);
    signals | if changes { CHANGES } else { 0 }
}

/// Whether the line does without a carrier.
fn local(state: &State) -> bool {
    let settings = state.terminal().settings();
    settings.control.contains(ControlFlags::CLOCAL)
}

/// Sends what waits, as far as the chip takes it. Whether there was any. It is a closure of its own
/// to which nothing may be added: see [`crate::transmit::Transmit`].
pub(crate) fn send(cx: &Context) -> bool {
    let sent = cx.step("send", |state| {
        if state.terminal().flow() != Flow::Running || state.transmit().is_empty() {
            return false;
        }
        let mut chip = chip(cx);
        let mut count = 0;
        for (piece, number) in state.transmit().pieces() {
            if !chip.has_room() {
                break;
            }
            chip.send_piece(piece, number);
            count += 1;
        }
        state.with(|_, transmit| transmit.sent(count));
        count > 0
    });
    if sent {
        cx.step("echo", |state| {
            state.with(|terminal, transmit| terminal.pump(transmit));
        });
        cx.wake(CHANGED);
    }
    sent
}

/// Says what the chip is to interrupt for.
pub(crate) fn arm(cx: &Context, state: &State) {
    let mut wanted = Interrupts::QUIET;
    wanted.set(Interrupts::RECEIVED, state.terminal().has_room());
    let sends = state.terminal().flow() == Flow::Running && !state.transmit().is_empty();
    wanted.set(Interrupts::ROOM, sends);
    chip(cx).set_interrupts(wanted);
}

const _: () = assert!(PIECES * FIFO_BYTES <= crate::transmit::CAPACITY);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_formats() {
        let mut settings = Settings {
            output_speed: 9600,
            ..Settings::default()
        };
        assert_eq!(
            format(&settings),
            Format {
                speed: 9600,
                ..Format::FASTEST
            }
        );
        settings.control.remove(ControlFlags::CSIZE);
        settings
            .control
            .insert(ControlFlags::CS7 | ControlFlags::PARENB | ControlFlags::CSTOPB);
        let format = format(&settings);
        assert_eq!(
            (format.width, format.parity, format.stop),
            (Width::Seven, Parity::Even, Stop::Two)
        );
    }
}
