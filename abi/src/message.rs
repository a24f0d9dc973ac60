//! Messages, replies, and the names of requests.

/// The identity of a request, unique for ever. Zero names none.
///
/// The low 16 bits are the index of the kernel's record, so finding one needs no search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(transparent)
)]
#[repr(transparent)]
pub struct RequestId(#[cfg_attr(feature = "cbor", n(0))] pub u64);

impl RequestId {
    /// No request.
    pub const NONE: RequestId = RequestId(0);
}

/// Words of payload in a [`Message`].
pub const MESSAGE_WORDS: usize = 7;
/// Words of payload in a [`Reply`] besides its result.
pub const REPLY_WORDS: usize = 6;
/// The protocol of a program's own system calls: kind is the call's number, the words its arguments.
pub const PROTOCOL_LINUX: u16 = 0;
/// The protocol in which the kernel reports what stopped a program; see [`kernel_kind`].
pub const PROTOCOL_KERNEL: u16 = 1;
/// Protocol numbers are below this, so that a set of them fits a word.
pub const PROTOCOLS: u16 = 64;

/// A request's content: a protocol's number and version, the kind of message, and its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Message {
    /// The protocol's number, below [`PROTOCOLS`].
    pub protocol: u16,
    /// The protocol's version.
    pub version: u16,
    /// The message's number within the protocol.
    pub kind: u32,
    /// The payload. Unused words are 0.
    pub words: [u64; MESSAGE_WORDS],
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Reply {
    /// A value, or a negative errno.
    pub result: i64,
    /// The payload. Unused words are 0. A program's reply has none.
    pub words: [u64; REPLY_WORDS],
    /// A signal for the process the request was made for, or 0; the process manager is asked to
    /// deliver it before the program goes on. It is passed up a chain of services by them.
    pub signal: u32,
    /// 1 when the signal is for the whole process group.
    pub signal_group: u32,
}

impl Reply {
    /// A reply with a result and nothing else.
    #[must_use]
    pub const fn value(result: i64) -> Reply {
        Reply {
            result,
            words: [0; REPLY_WORDS],
            signal: 0,
            signal_group: 0,
        }
    }
}

/// The submitter's name for a request it makes. Submitting a live tag again does nothing.
///
/// With `generation` 0 the request belongs to the slot: its completion goes to whichever instance
/// is there. Otherwise it belongs to the instance of that generation alone, and the commit that
/// replaces the instance cancels it and drops its reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct Tag {
    /// The request on whose behalf it is made (its caller is passed on), or [`RequestId::NONE`].
    pub parent: RequestId,
    /// Tells apart the requests made for one parent.
    pub index: u32,
    /// 0, or the generation of the instance.
    pub generation: u32,
}

/// Kinds of [`PROTOCOL_KERNEL`] messages: what stopped a program. The request is made for the
/// stopped process; its whole address space is lent as lease 0. The words are in the order given.
pub mod kernel_kind {
    /// To vm: a page is absent or not writable. Words: address, length in bytes, access
    /// (bits of [`crate::lease::Access`], 4 for execute), 1 when the page is present.
    /// Result 0 lets the thread try again (or the copy that missed); an error is turned into
    /// [`EXCEPTION`] with vector 14, or ends the copy with `BadAddress`. For an instruction
    /// the length is 1.
    pub const PAGE_FAULT: u32 = 1;
    /// To pm: a processor exception. Words: vector, error code, address, and for vector 14 the
    /// positive errno of vm. Result 0 resumes.
    pub const EXCEPTION: u32 = 2;
    /// To pm: the thread is about to return to user mode and was interrupted, or its reply
    /// carried a signal. Words: signal of the reply or 0, 1 if it is for the process group, and
    /// the result of the call the thread was in (already in rax). Result 0 resumes.
    pub const INTERRUPTED: u32 = 3;
}
