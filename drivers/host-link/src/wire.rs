//! What is under way, and what frames do. Nothing here outlives the instance.

use crate::port::Port;
use crate::state::State;
use alloc::vec::Vec;
use link::{Accepted, Decoder, FRAME_BYTES, Frame, Piece, Stream};
use uart::FIFO_BYTES;

/// Frames half received and half sent, and what has to be said.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    decoder: Decoder,
    /// The frame that is being sent.
    frame: Vec<u8>,
    /// How much of it was sent.
    sent: usize,
    /// Bytes are missing: ask for them.
    must_resume: bool,
    /// The host wants to know how far it may go.
    must_credit: bool,
    /// Where a gap was reported.
    asked: Option<u64>,
    /// The stream whose turn it was last.
    last: Option<Port>,
}

/// Begins anew: asks for what is missing and sends again what the host may not have.
pub(crate) fn begin(state: &mut State) {
    for port in Port::WRITTEN {
        state.with_outgoing(port, |outgoing| outgoing.rewind());
    }
    state.with_incoming(|incoming| incoming.allow());
    *state.wire_mut() = Wire {
        must_resume: true,
        ..Wire::default()
    };
}

/// Asks for what is missing.
pub(crate) fn ask_again(state: &mut State) {
    state.wire_mut().must_resume = true;
}

/// The host is to hear how far it may go.
pub(crate) fn tell_credit(state: &mut State) {
    state.wire_mut().must_credit = true;
}

/// Takes bytes that came over the line.
pub(crate) fn receive(state: &mut State, mut bytes: &[u8]) {
    // Taken out so that frames can point into it while the State changes.
    let mut decoder = core::mem::take(&mut state.wire_mut().decoder);
    let noise = decoder.skipped();
    while let Some(frame) = decoder.next(&mut bytes) {
        take(state, frame);
    }
    if decoder.skipped() > noise {
        ask_again(state);
    }
    state.wire_mut().decoder = decoder;
}

fn take(state: &mut State, frame: Frame<'_>) {
    match frame {
        Frame::Data {
            stream: Stream::Input,
            offset,
            bytes,
        } => {
            let end = offset.saturating_add(bytes.len() as u64);
            if state.incoming().may_reach(end) {
                accept(state, |receiver| receiver.data(offset, bytes));
            }
        }
        Frame::End {
            stream: Stream::Input,
            offset,
        } => {
            accept(state, |receiver| receiver.end(offset));
        }
        Frame::Credit {
            stream,
            received,
            allowed,
        } if stream != Stream::Input => {
            let port = Port::of_stream(stream);
            state.with_outgoing(port, |outgoing| outgoing.credit(received, allowed));
        }
        Frame::Resume {
            stream,
            received,
            allowed,
        } if stream != Stream::Input => {
            let port = Port::of_stream(stream);
            state.with_outgoing(port, |outgoing| outgoing.resume(received, allowed));
            // Who resumes does not know ours either.
            tell_credit(state);
        }
        // What only the host may hear.
        Frame::Data { .. } | Frame::End { .. } | Frame::Credit { .. } | Frame::Resume { .. } => {}
    }
}

fn accept<'a>(state: &mut State, accept: impl FnOnce(&mut link::Receiver) -> Accepted<'a>) {
    let mut asked = state.wire_mut().asked;
    let accepted = state.with_incoming(|incoming| incoming.receive(&mut asked, accept));
    state.wire_mut().asked = asked;
    if accepted == Accepted::Gap {
        ask_again(state);
    }
}

/// The next bytes to send, at most a FIFO; nothing if there are none. The caller sends them.
pub(crate) fn next_piece(state: &mut State) -> Option<Vec<u8>> {
    if state.wire().sent >= state.wire().frame.len() {
        let frame = next_frame(state)?;
        let wire = state.wire_mut();
        (wire.frame, wire.sent) = (frame, 0);
    }
    let wire = state.wire_mut();
    let end = wire.frame.len().min(wire.sent + FIFO_BYTES);
    let piece = wire.frame[wire.sent..end].to_vec();
    wire.sent = end;
    Some(piece)
}

/// Whether there is something to send.
pub(crate) fn wants_to_send(state: &State) -> bool {
    let wire = state.wire();
    let begun = wire.sent < wire.frame.len();
    let streams = Port::WRITTEN.iter();
    begun
        || wire.must_resume
        || wire.must_credit
        || streams
            .map(|port| state.outgoing(*port))
            .any(|outgoing| outgoing.next().is_some())
}

fn next_frame(state: &mut State) -> Option<Vec<u8>> {
    let receiver = state.incoming().receiver(None);
    let wire = state.wire_mut();
    let must_credit = core::mem::take(&mut wire.must_credit);
    if core::mem::take(&mut wire.must_resume) {
        return Some(encode(&receiver.resume_frame(Stream::Input)));
    }
    if must_credit {
        return Some(encode(&receiver.credit_frame(Stream::Input)));
    }
    let port = next_port(state)?;
    let stream = port.stream();
    let outgoing = state.outgoing(port);
    let piece = outgoing.next()?;
    let frame = match piece {
        Piece::Data {
            index,
            count,
            offset,
        } => {
            let bytes = outgoing.part(index, count);
            encode(&Frame::Data {
                stream,
                offset,
                bytes,
            })
        }
        Piece::End { offset } => encode(&Frame::End { stream, offset }),
    };
    state.with_outgoing(port, |outgoing| outgoing.note(piece));
    let wire = state.wire_mut();
    wire.last = Some(port);
    // That was the last of all. A resume makes the host say at once what it has.
    wire.must_resume |= port == Port::Control && matches!(piece, Piece::End { .. });
    Some(frame)
}

/// The stream whose turn it is: stdout and stderr by turns, control when these have nothing.
fn next_port(state: &State) -> Option<Port> {
    let order = match state.wire().last {
        Some(Port::Output) => [Port::Error, Port::Output, Port::Control],
        _ => Port::WRITTEN,
    };
    order
        .into_iter()
        .find(|port| state.outgoing(*port).next().is_some())
}

fn encode(frame: &Frame<'_>) -> Vec<u8> {
    let mut line = [0; FRAME_BYTES];
    let length = frame.encode(&mut line);
    line[..length].to_vec()
}
