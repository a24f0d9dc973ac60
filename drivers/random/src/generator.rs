//! Keys and the streams made of them: ChaCha20 (RFC 8439).

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// A generator's key.
pub(crate) type Key = [u8; KEY_BYTES];

/// The key made of the random words of a start.
pub(crate) fn first_key(seed: [u64; 3], generation: u32) -> Key {
    let mut key = [0; KEY_BYTES];
    let words = [seed[0], seed[1], seed[2], generation.into()];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    key
}

/// The key that replaces `key`, and one to give out.
pub(crate) fn split(key: &Key) -> (Key, Key) {
    let mut stream = Stream::new(key);
    let (mut next, mut given) = ([0; KEY_BYTES], [0; KEY_BYTES]);
    stream.fill(&mut next);
    stream.fill(&mut given);
    (next, given)
}

/// The key that replaces `key` once bytes have been mixed in.
pub(crate) fn mix(key: &Key, bytes: &[u8]) -> Key {
    let mut mixed = *key;
    for chunk in bytes.chunks(KEY_BYTES) {
        for (to, from) in mixed.iter_mut().zip(chunk) {
            *to ^= from;
        }
        mixed = split(&mixed).0;
    }
    mixed
}

/// The bytes of a key.
pub(crate) struct Stream(ChaCha20Rng);

impl Stream {
    pub(crate) fn new(key: &Key) -> Stream {
        Stream(ChaCha20Rng::from_seed(*key))
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_chacha20() {
        // The key stream of an all-zero key and nonce, as in the first draft of RFC 7539.
        let mut bytes = [0; 8];
        Stream::new(&[0; KEY_BYTES]).fill(&mut bytes);
        assert_eq!(bytes, [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    }

    #[test]
    fn keys_never_repeat_and_mixing_changes_them() {
        let first = first_key([1, 2, 3], 4);
        let (next, given) = split(&first);
        assert!(first != next && next != given);
        assert_ne!(mix(&next, b"x"), next);
        assert_ne!(mix(&next, b"x"), mix(&next, b"y"));
        assert_eq!(mix(&next, b""), next);
    }
}
