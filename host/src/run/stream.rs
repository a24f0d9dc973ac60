//! The host's end of the link as decisions: what came is taken, what to do is answered.

use link::{Accepted, Decoder, FRAME_BYTES, Frame, Piece, Receiver, Sender, Stream, WINDOW_BYTES};

/// The streams that come out of the system.
const OUTGOING: [Stream; 3] = [Stream::Output, Stream::Error, Stream::Control];
/// How far the system may go once the command has ended: everything that the driver still keeps
/// comes at once, because the machine does not wait for a slow reader for long.
const LAST_WINDOW_BYTES: u64 = 1024 * 1024;
/// Input that is kept before more is wanted.
const INPUT_BYTES: usize = 64 * 1024;

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// Bytes came from the system over the link; none when it was closed.
    Link(Vec<u8>),
    /// Bytes came from the tool's standard input; none at its end.
    Input(Vec<u8>),
    /// Bytes of this stream have been written to where they go.
    Written(Stream, usize),
    /// Nobody takes this stream's bytes any more.
    Broken(std::io::Error),
}

/// What to do about it, in this order.
#[derive(Debug, Default)]
pub(super) struct Reaction {
    /// Bytes to write to the link.
    pub(super) line: Vec<u8>,
    /// Bytes to write to standard output or error; each is to be confirmed by `Event::Written`.
    pub(super) outputs: Vec<(Stream, Vec<u8>)>,
}

/// All streams of one run.
#[derive(Debug, Default)]
pub(super) struct Streams {
    decoder: Decoder,
    receivers: [Receiver; 3],
    /// Received bytes that have not been written yet.
    unwritten: [usize; 3],
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

    /// Whether everything that came has been written.
    pub(super) fn is_written(&self) -> bool {
        self.unwritten == [0; 3]
    }

    /// Whether more of the tool's standard input can be kept.
    pub(super) fn wants_input(&self) -> bool {
        !self.input_ended && self.input.len() < INPUT_BYTES
    }

    /// Takes bytes from the link; none when it was closed.
    pub(super) fn take_link(&mut self, bytes: &[u8]) -> Reaction {
        let mut reaction = Reaction::default();
        let mut rest = bytes;
        // Taken out because a frame borrows the decoder.
        let mut decoder = std::mem::take(&mut self.decoder);
        while let Some(frame) = decoder.next(&mut rest) {
            self.arrived(&frame, &mut reaction);
        }
        self.decoder = decoder;
        self.send_input(&mut reaction.line);
        reaction
    }

    /// Takes bytes from standard input; none at its end.
    pub(super) fn take_input(&mut self, bytes: &[u8]) -> Reaction {
        let mut reaction = Reaction::default();
        self.input.extend_from_slice(bytes);
        self.input_ended |= bytes.is_empty();
        self.send_input(&mut reaction.line);
        reaction
    }

    /// Takes the news that bytes have been written.
    pub(super) fn written(&mut self, stream: Stream, count: usize) -> Reaction {
        let mut reaction = Reaction::default();
        if let Some(at) = place(stream) {
            self.unwritten[at] = self.unwritten[at].saturating_sub(count);
            self.credit(at, &mut reaction.line);
        }
        reaction
    }

    fn arrived(&mut self, frame: &Frame<'_>, reaction: &mut Reaction) {
        let kept = self.input.len();
        let accepted = match *frame {
            Frame::Credit {
                received, allowed, ..
            } => {
                let freed = self.sender.credit(received, allowed, kept);
                self.input.drain(..freed);
                return;
            }
            Frame::Resume {
                received, allowed, ..
            } => {
                let freed = self.sender.resume(received, allowed, kept);
                self.input.drain(..freed);
                self.tell_credits(&mut reaction.line);
                return;
            }
            Frame::Data {
                stream,
                offset,
                bytes,
            } => place(stream).map(|at| self.receivers[at].data(offset, bytes)),
            Frame::End { stream, offset } => place(stream).map(|at| self.receivers[at].end(offset)),
        };
        if let Some(accepted) = accepted {
            self.accepted(frame.stream(), accepted, reaction);
        }
    }

    fn accepted(&mut self, stream: Stream, accepted: Accepted<'_>, reaction: &mut Reaction) {
        let Some(at) = place(stream) else { return };
        match accepted {
            Accepted::Bytes(bytes) if stream == Stream::Control => {
                self.status = self.status.or(bytes.first().copied());
                self.tell_credits(&mut reaction.line);
                return;
            }
            Accepted::Bytes(bytes) if !bytes.is_empty() => {
                self.unwritten[at] += bytes.len();
                reaction.outputs.push((stream, bytes.to_vec()));
            }
            Accepted::Gap => put(&mut reaction.line, &self.receivers[at].resume_frame(stream)),
            Accepted::Bytes(_) | Accepted::End | Accepted::Dropped => {}
        }
        self.credit(at, &mut reaction.line);
    }

    /// Sends a credit when there is enough news for one, or when nothing waits here: the driver
    /// keeps what it does not know to have arrived.
    fn credit(&mut self, at: usize, line: &mut Vec<u8>) {
        let (pending, window) = (self.unwritten[at], self.window());
        let receiver = &mut self.receivers[at];
        let news = receiver.allow(OUTGOING[at], pending, window);
        match news {
            Some(frame) => put(line, &frame),
            None if pending == 0 => put(line, &receiver.credit_frame(OUTGOING[at])),
            None => {}
        }
    }

    fn window(&self) -> u64 {
        match self.status {
            Some(_) => LAST_WINDOW_BYTES,
            None => WINDOW_BYTES,
        }
    }

    /// Sends all credits: the driver has started, or may go further.
    fn tell_credits(&mut self, line: &mut Vec<u8>) {
        for (at, stream) in OUTGOING.into_iter().enumerate() {
            let window = self.window();
            self.receivers[at].allow(stream, self.unwritten[at], window);
            put(line, &self.receivers[at].credit_frame(stream));
        }
    }

    fn send_input(&mut self, line: &mut Vec<u8>) {
        while let Some(piece) = self.sender.next(self.input.len(), self.input_ended) {
            let stream = Stream::Input;
            let frame = match piece {
                Piece::Data {
                    index,
                    count,
                    offset,
                } => Frame::Data {
                    stream,
                    offset,
                    bytes: &self.input[index..index + count],
                },
                Piece::End { offset } => Frame::End { stream, offset },
            };
            put(line, &frame);
            self.sender.note(piece);
        }
    }
}

fn place(stream: Stream) -> Option<usize> {
    OUTGOING.iter().position(|one| *one == stream)
}

fn put(line: &mut Vec<u8>, frame: &Frame<'_>) {
    let mut bytes = [0; FRAME_BYTES];
    let length = frame.encode(&mut bytes);
    line.extend_from_slice(&bytes[..length]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(frames: &[Frame<'_>]) -> Vec<u8> {
        let mut line = Vec::new();
        frames.iter().for_each(|frame| put(&mut line, frame));
        line
    }

    const RESUME: Frame<'static> = Frame::Resume {
        stream: Stream::Input,
        received: 0,
        allowed: 1500,
    };

    fn data(stream: Stream, offset: u64, bytes: &[u8]) -> Frame<'_> {
        Frame::Data {
            stream,
            offset,
            bytes,
        }
    }

    #[test]
    fn the_driver_gets_credits_and_input_when_it_starts() {
        let mut streams = Streams::default();
        // Before the driver runs only the end of an empty input could be sent.
        assert!(streams.take_input(b"hello").line.is_empty());
        let credit = |stream| Frame::Credit {
            stream,
            received: 0,
            allowed: WINDOW_BYTES,
        };
        let expected = [
            credit(Stream::Output),
            credit(Stream::Error),
            credit(Stream::Control),
            data(Stream::Input, 0, b"hello"),
        ];
        assert_eq!(streams.take_link(&line(&[RESUME])).line, line(&expected));
        let end = Frame::End {
            stream: Stream::Input,
            offset: 5,
        };
        assert_eq!(streams.take_input(&[]).line, line(&[end]));
    }

    #[test]
    fn input_waits_for_credit_and_is_kept_until_it_has_arrived() {
        let mut streams = Streams::default();
        streams.take_link(&line(&[RESUME]));
        streams.take_input(&[7; 2000]);
        assert_eq!(streams.sender.sent, 1500);
        streams.take_input(&vec![7; INPUT_BYTES]);
        assert!(!streams.wants_input());
        let credit = Frame::Credit {
            stream: Stream::Input,
            received: 1500,
            allowed: 100_000,
        };
        streams.take_link(&line(&[credit]));
        assert_eq!(streams.sender.sent, 2000 + INPUT_BYTES as u64);
        // A driver that starts again with what it had.
        let again = Frame::Resume {
            stream: Stream::Input,
            received: 1600,
            allowed: 100_000,
        };
        let sent = streams.take_link(&line(&[again])).line;
        let first = line(&[data(Stream::Input, 1600, &[7; 1024])]);
        assert!(sent.windows(first.len()).any(|part| part == first));
        assert_eq!(streams.input.len(), 400 + INPUT_BYTES);
    }

    #[test]
    fn output_is_credited_when_it_has_been_written() {
        let mut streams = Streams::default();
        streams.take_link(&line(&[RESUME]));
        let mut offset = 0;
        while offset < WINDOW_BYTES {
            let frame = data(Stream::Output, offset, &[1; 1024]);
            let reaction = streams.take_link(&line(&[frame]));
            assert_eq!(reaction.outputs, [(Stream::Output, vec![1; 1024])]);
            assert!(reaction.line.is_empty(), "nothing was written yet");
            offset += 1024;
        }
        assert!(!streams.is_written());
        let half = usize::try_from(WINDOW_BYTES / 2).unwrap();
        assert!(!streams.written(Stream::Output, half).line.is_empty());
        streams.written(Stream::Output, half);
        assert!(streams.is_written());
    }

    #[test]
    fn what_comes_twice_is_written_once_and_the_status_is_the_first_byte() {
        let mut streams = Streams::default();
        let frame = data(Stream::Error, 0, b"x");
        let twice = streams.take_link(&line(&[frame, frame]));
        assert_eq!(twice.outputs, [(Stream::Error, b"x".to_vec())]);
        assert_eq!(streams.status(), None);
        streams.take_link(&line(&[data(Stream::Control, 0, &[42])]));
        streams.take_link(&line(&[data(Stream::Control, 0, &[42])]));
        assert_eq!(streams.status(), Some(42));
    }

    #[test]
    fn the_driver_hears_what_has_arrived_before_the_machine_ends() {
        let mut streams = Streams::default();
        streams.take_link(&line(&[RESUME]));
        streams.take_link(&line(&[data(Stream::Output, 0, b"bye")]));
        let credit = |stream, received, allowed| Frame::Credit {
            stream,
            received,
            allowed,
        };
        let heard = line(&[credit(Stream::Output, 3, WINDOW_BYTES)]);
        assert_eq!(streams.written(Stream::Output, 3).line, heard);
        let last = streams.take_link(&line(&[data(Stream::Control, 0, &[0])]));
        let credits = line(&[
            credit(Stream::Output, 3, 3 + LAST_WINDOW_BYTES),
            credit(Stream::Error, 0, LAST_WINDOW_BYTES),
            credit(Stream::Control, 1, 1 + LAST_WINDOW_BYTES),
        ]);
        assert_eq!(last.line, credits);
    }
}
