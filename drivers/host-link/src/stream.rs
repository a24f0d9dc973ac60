//! The streams: bytes that wait, and how far the other end is.

use alloc::vec::Vec;
use link::{Piece, Receiver, Sender, WINDOW_BYTES};
use minicbor::{Decode, Encode};
use service::Start;
use shape::Shape;

/// Bytes that wait for the host at most, in each stream.
const CAPACITY: usize = 16 * 1024;

/// A stream to the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Outgoing {
    /// The first byte that the host is not known to have.
    #[n(0)]
    acknowledged: u64,
    /// How far the host lets it go.
    #[n(1)]
    allowed: u64,
    /// The bytes from `acknowledged` on.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    bytes: Vec<u8>,
    /// It ends after them.
    #[n(3)]
    ends: bool,
    /// How far this instance has sent it.
    #[n(4)]
    sent: u64,
    /// Whether this instance has sent its end.
    #[n(5)]
    end_sent: bool,
}

/// A stream that has not begun.
pub(crate) static NOT_BEGUN: Outgoing = Outgoing {
    acknowledged: 0,
    allowed: 0,
    bytes: Vec::new(),
    ends: false,
    sent: 0,
    end_sent: false,
};

impl Outgoing {
    /// Bytes that can be taken now.
    pub(crate) fn room(&self) -> usize {
        CAPACITY.saturating_sub(self.bytes.len())
    }

    /// Whether the host has everything.
    pub(crate) fn is_delivered(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether nothing more can be written.
    pub(crate) fn has_ended(&self) -> bool {
        self.ends
    }

    /// Takes bytes, at most as many as there is [room](Outgoing::room) for.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Nothing more will be written.
    pub(crate) fn end(&mut self) {
        self.ends = true;
    }

    /// Sends again what the host is not known to have.
    pub(crate) fn rewind(&mut self) {
        self.sent = self.acknowledged;
        self.end_sent = false;
    }

    /// The host has received so much and allows so much.
    pub(crate) fn credit(&mut self, received: u64, allowed: u64) {
        self.join(received);
        self.told(|sender, kept| sender.credit(received, allowed, kept));
    }

    /// The same, and the host wants the rest again.
    pub(crate) fn resume(&mut self, received: u64, allowed: u64) {
        self.join(received);
        self.told(|sender, kept| sender.resume(received, allowed, kept));
    }

    /// Goes on where the host is, if that is beyond all that is known of: a driver that started without
    /// its State does not know how far the one before it came.
    fn join(&mut self, received: u64) {
        if received > self.acknowledged + self.bytes.len() as u64 {
            (self.acknowledged, self.sent) = (received, received);
        }
    }

    /// What to send next.
    pub(crate) fn next(&self) -> Option<Piece> {
        self.sender().next(self.bytes.len(), self.ends)
    }

    /// These of the bytes.
    pub(crate) fn part(&self, index: usize, count: usize) -> &[u8] {
        self.bytes.get(index..index + count).unwrap_or(&[])
    }

    /// A piece was sent.
    pub(crate) fn note(&mut self, piece: Piece) {
        let mut sender = self.sender();
        sender.note(piece);
        self.set_sender(sender);
    }

    fn told(&mut self, tell: impl FnOnce(&mut Sender, usize) -> usize) {
        let mut sender = self.sender();
        let freed = tell(&mut sender, self.bytes.len());
        self.bytes.drain(..freed.min(self.bytes.len()));
        self.set_sender(sender);
    }

    fn sender(&self) -> Sender {
        Sender {
            acknowledged: self.acknowledged,
            sent: self.sent,
            allowed: self.allowed,
            end_sent: self.end_sent,
        }
    }

    fn set_sender(&mut self, sender: Sender) {
        self.acknowledged = sender.acknowledged;
        self.sent = sender.sent;
        self.allowed = sender.allowed;
        self.end_sent = sender.end_sent;
    }
}

/// The stream from the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Incoming {
    /// Bytes received so far.
    #[n(0)]
    received: u64,
    /// How far the host may go.
    #[n(1)]
    allowed: u64,
    /// It has ended.
    #[n(2)]
    ended: bool,
    /// The last of the received bytes: nobody has read them yet.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    bytes: Vec<u8>,
}

impl Incoming {
    /// The stream of a driver that starts without a State. At the boot it begins; later it is at its
    /// end, because the driver before may have had more of it than was read.
    pub(crate) fn fresh(start: &Start) -> Incoming {
        Incoming {
            ended: start.generation > 1,
            ..Incoming::default()
        }
    }

    /// Bytes to read.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether nothing more will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Forgets bytes that were read. Whether the host is to hear that it may go on.
    pub(crate) fn consume(&mut self, count: usize) -> bool {
        self.bytes.drain(..count.min(self.bytes.len()));
        self.allow()
    }

    /// Lets the host go on as far as there is room. Whether that is worth telling.
    pub(crate) fn allow(&mut self) -> bool {
        let mut receiver = self.receiver(None);
        let news = receiver.allow(link::Stream::Input, self.bytes.len(), WINDOW_BYTES);
        self.allowed = receiver.allowed;
        news.is_some()
    }

    /// Uses the receiving end; `asked` is where this instance has reported a gap. Fresh bytes are
    /// kept.
    pub(crate) fn receive<'a>(
        &mut self,
        asked: &mut Option<u64>,
        accept: impl FnOnce(&mut Receiver) -> link::Accepted<'a>,
    ) -> link::Accepted<'a> {
        let mut receiver = self.receiver(*asked);
        let accepted = accept(&mut receiver);
        if let link::Accepted::Bytes(fresh) = accepted {
            self.bytes.extend_from_slice(fresh);
        }
        self.received = receiver.received;
        self.ended = receiver.ended;
        *asked = receiver.asked;
        accepted
    }

    /// The receiving end.
    pub(crate) fn receiver(&self, asked: Option<u64>) -> Receiver {
        Receiver {
            received: self.received,
            allowed: self.allowed,
            ended: self.ended,
            asked,
        }
    }

    /// Whether the host was allowed to send up to this offset.
    pub(crate) fn may_reach(&self, end: u64) -> bool {
        end <= self.allowed
    }
}
