//! Published names, at ds: which service serves a device or a file-system type.
//!
//! After a crash: opening a device and mounting answer what the question was ended with (`EFAULT` after
//! two crashes, `EIO` when ds is down). What is open already does not need ds.

use crate::{answer, protocol, word_enum};
use abi::Endpoint;

word_enum! {
    /// What a number names.
    pub enum Kind {
        /// The driver of the character devices with this major number.
        CharacterDevice = 1,
        /// A file system: the number is a `FileSystem`.
        FileSystem = 2,
    }
}

word_enum! {
    /// File-system types.
    pub enum FileSystem {
        /// The root in memory.
        Ram = 1,
        /// The proc file system.
        Proc = 2,
    }
}

answer! {
    /// The answer to [`Find`].
    pub struct Found {
        /// The service that published it.
        pub server: Endpoint,
    }
}

protocol! {
    number 9, version 1;

    /// The asking service serves this. Publishing again is success.
    Publish = 1 { kind: Kind, number: u64 } -> (), repeatable;
    /// Who serves this; waits until somebody does when `wait`, else `NOENT`.
    Find = 2 { kind: Kind, number: u64, wait: bool } -> Found, repeatable;
    /// The `index`-th published name, for proc; `NOENT` past the end.
    List = 3 { index: u32 } -> Published, repeatable;
}

answer! {
    /// The answer to [`List`].
    pub struct Published {
        /// What.
        pub kind: Kind,
        /// Which.
        pub number: u64,
        /// By whom.
        pub server: Endpoint,
    }
}
