//! The host's end of the link: standard input goes in, output, error and status come out.

use std::io::Write;

use link::{Accepted, Decoder, FRAME_BYTES, Frame, Piece, Receiver, Sender, Stream, WINDOW_BYTES};

use crate::Error;

use super::exec::Event;

/// The streams that come out of the system.
const OUTGOING: [Stream; 3] = [Stream::Output, Stream::Error, Stream::Control];

/// All streams of one run.
#[derive(Default)]
pub(super) struct Streams {
    decoder: Decoder,
    receivers: [Receiver; 3],
    sender: Sender,
    /// Input that the system has not yet said to have.
    input: Vec<u8>,
    input_ended: bool,
    status: Option<u8>,
}

impl Streams {
    /// The command's exit status, once it came.
    pub(super) fn status(&self) -> Option<u8> {
        self.status
    }

    /// Takes what happened; answers what to write to the link.
    pub(super) fn take(&mut self, event: Event) -> Result<Vec<u8>, Error> {
        let mut answer = Vec::new();
        match event {
            Event::Input(bytes) if bytes.is_empty() => self.input_ended = true,
            Event::Input(bytes) => self.input.extend(bytes),
            Event::Link(bytes) => {
                let mut decoder = std::mem::take(&mut self.decoder);
                let mut rest = bytes.as_slice();
                while let Some(frame) = decoder.next(&mut rest) {
                    self.arrived(&frame, &mut answer)?;
                }
                self.decoder = decoder;
            }
        }
        self.send_input(&mut answer);
        Ok(answer)
    }

    fn arrived(&mut self, frame: &Frame<'_>, answer: &mut Vec<u8>) -> Result<(), Error> {
        match *frame {
            Frame::Credit {
                received, allowed, ..
            } => {
                let freed = self.sender.credit(received, allowed, self.input.len());
                self.input.drain(..freed);
            }
            Frame::Resume {
                received, allowed, ..
            } => {
                let freed = self.sender.resume(received, allowed, self.input.len());
                self.input.drain(..freed);
                for (stream, receiver) in OUTGOING.into_iter().zip(&mut self.receivers) {
                    receiver.allow(stream, 0, WINDOW_BYTES);
                    put(answer, &receiver.credit_frame(stream));
                }
            }
            Frame::Data {
                stream,
                offset,
                bytes,
            } => {
                self.received(stream, answer, |receiver| receiver.data(offset, bytes))?;
            }
            Frame::End { stream, offset } => {
                self.received(stream, answer, |receiver| receiver.end(offset))?;
            }
        }
        Ok(())
    }

    fn received<'a>(
        &mut self,
        stream: Stream,
        answer: &mut Vec<u8>,
        take: impl FnOnce(&mut Receiver) -> Accepted<'a>,
    ) -> Result<(), Error> {
        let Some(index) = OUTGOING.iter().position(|one| *one == stream) else {
            return Ok(());
        };
        match take(&mut self.receivers[index]) {
            Accepted::Bytes(bytes) => {
                match stream {
                    Stream::Output => std::io::stdout().write_all(bytes).map_err(Error::Stream)?,
                    Stream::Error => std::io::stderr().write_all(bytes).map_err(Error::Stream)?,
                    _ => self.status = self.status.or(bytes.first().copied()),
                }
                std::io::stdout().flush().map_err(Error::Stream)?;
            }
            Accepted::Gap => put(answer, &self.receivers[index].resume_frame(stream)),
            _ => {}
        }
        if let Some(frame) = self.receivers[index].allow(stream, 0, WINDOW_BYTES) {
            put(answer, &frame);
        }
        Ok(())
    }

    fn send_input(&mut self, answer: &mut Vec<u8>) {
        while let Some(piece) = self.sender.next(self.input.len(), self.input_ended) {
            let frame = match piece {
                Piece::Data {
                    index,
                    count,
                    offset,
                } => Frame::Data {
                    stream: Stream::Input,
                    offset,
                    bytes: &self.input[index..index + count],
                },
                Piece::End { offset } => Frame::End {
                    stream: Stream::Input,
                    offset,
                },
            };
            put(answer, &frame);
            self.sender.note(piece);
        }
    }
}

fn put(answer: &mut Vec<u8>, frame: &Frame<'_>) {
    let mut line = [0; FRAME_BYTES];
    let length = frame.encode(&mut line);
    answer.extend_from_slice(&line[..length]);
}
