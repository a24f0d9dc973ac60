//! The other end of the line.

use crate::HostLink;
use link::{Accepted, Decoder, FRAME_BYTES, Frame, Piece, Receiver, Sender, Stream, WINDOW_BYTES};
use pretend_kernel::Machine;

/// A host with bytes to send, which keeps what it receives.
pub(super) struct Host {
    decoder: Decoder,
    /// What it sends, from the first byte that was not acknowledged.
    kept: Vec<u8>,
    sender: Sender,
    receivers: [Receiver; 3],
    /// stdout, stderr, control.
    pub(super) received: [Vec<u8>; 3],
    /// It damages about one of so many frames that it sends; 0 for none.
    losses: u32,
    random: u32,
}

const STREAMS: [Stream; 3] = [Stream::Output, Stream::Error, Stream::Control];

impl Host {
    pub(super) fn new(input: Vec<u8>, losses: u32) -> Host {
        Host {
            decoder: Decoder::new(),
            kept: input,
            sender: Sender::default(),
            receivers: [Receiver::default(); 3],
            received: Default::default(),
            losses,
            random: 1,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.receivers.iter().all(|receiver| receiver.ended)
    }

    /// Takes what was sent, answers, and sends what it may.
    pub(super) fn turn(&mut self, m: &mut Machine<HostLink>) {
        let line = m.kernel.chip.take_sent();
        let mut bytes = line.as_slice();
        let mut answers = Vec::new();
        let mut decoder = std::mem::take(&mut self.decoder);
        while let Some(frame) = decoder.next(&mut bytes) {
            self.take(frame, &mut answers);
        }
        self.decoder = decoder;
        for (index, stream) in STREAMS.into_iter().enumerate() {
            if let Some(credit) = self.receivers[index].allow(stream, 0, WINDOW_BYTES) {
                push(&mut answers, &credit);
            }
        }
        self.send(&mut answers);
        m.arrive(&answers);
    }

    fn take(&mut self, frame: Frame<'_>, answers: &mut Vec<u8>) {
        let index = (frame.stream() as usize).wrapping_sub(1);
        let accepted = match frame {
            Frame::Data { offset, bytes, .. } => self.receivers[index].data(offset, bytes),
            Frame::End { offset, .. } => self.receivers[index].end(offset),
            Frame::Credit {
                received, allowed, ..
            } => {
                let freed = self.sender.credit(received, allowed, self.kept.len());
                self.kept.drain(..freed);
                return;
            }
            Frame::Resume {
                received, allowed, ..
            } => {
                let freed = self.sender.resume(received, allowed, self.kept.len());
                self.kept.drain(..freed);
                for (index, stream) in STREAMS.into_iter().enumerate() {
                    push(answers, &self.receivers[index].credit_frame(stream));
                }
                return;
            }
        };
        match accepted {
            Accepted::Bytes(fresh) => self.received[index].extend_from_slice(fresh),
            Accepted::Gap => push(answers, &self.receivers[index].resume_frame(STREAMS[index])),
            Accepted::End | Accepted::Dropped => {}
        }
    }

    fn send(&mut self, line: &mut Vec<u8>) {
        while let Some(piece) = self.sender.next(self.kept.len(), true) {
            self.sender.note(piece);
            let start = line.len();
            match piece {
                Piece::Data {
                    index,
                    count,
                    offset,
                } => {
                    let bytes = &self.kept[index..index + count];
                    push(
                        line,
                        &Frame::Data {
                            stream: Stream::Input,
                            offset,
                            bytes,
                        },
                    );
                }
                Piece::End { offset } => push(
                    line,
                    &Frame::End {
                        stream: Stream::Input,
                        offset,
                    },
                ),
            }
            // The generator of the C standard's example.
            self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12345);
            if self.losses > 0 && (self.random >> 16).is_multiple_of(self.losses) {
                line[start + 9] ^= 0x40;
            }
        }
    }
}

fn push(line: &mut Vec<u8>, frame: &Frame<'_>) {
    let mut bytes = [0; FRAME_BYTES];
    let length = frame.encode(&mut bytes);
    line.extend_from_slice(&bytes[..length]);
}
