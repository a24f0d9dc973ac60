//! What a serial line cannot promise. Its chip forgets a byte once it is read, and sends what is
//! written to it at once; so when the driver dies between a port and its State, one byte typed is
//! lost, or one FIFO of bytes is sent twice (see the heads of the drivers).

use crate::player::Noted;
use crate::run::Outcome;
use protocol::endpoint;
use uart::FIFO_BYTES;

/// The name under which programs note what they read from the line.
pub const READ: &str = "read";

/// The outcome as it would be had the line promised more, if it is within these limits.
#[must_use]
pub fn forgiven(calm: &Outcome, mut outcome: Outcome) -> Outcome {
    let lost_at_most_one = lacks_one(&read(calm), &read(&outcome));
    if lost_at_most_one && let Some(noted) = calm.notes.get(READ) {
        outcome.notes.insert(READ, noted.clone());
    }
    // It counts the pieces that it sends, and they are cut differently.
    if let Some(state) = calm.states.get(&endpoint::TTY) {
        outcome.states.insert(endpoint::TTY, state.clone());
    }
    let printed = &outcome.printed;
    if lacks_one(&calm.printed, printed) || repeats_a_piece(&calm.printed, printed) {
        outcome.printed.clone_from(&calm.printed);
    }
    outcome
}

fn read(outcome: &Outcome) -> Vec<u8> {
    let noted = outcome.notes.get(READ).into_iter().flatten();
    let bytes = noted.filter_map(|noted| match noted {
        Noted::Bytes(bytes) => Some(bytes.as_slice()),
        Noted::Number(_) => None,
    });
    bytes.flatten().copied().collect()
}

/// Whether `after` is `before`, or that without one of its bytes.
fn lacks_one(before: &[u8], after: &[u8]) -> bool {
    before == after
        || before.len() == after.len() + 1
            && (0..before.len()).any(|gone| {
                let (head, tail) = (&before[..gone], &before[gone + 1..]);
                after.strip_prefix(head) == Some(tail)
            })
}

/// Whether `after` is `before` with at most a FIFO's bytes sent twice.
fn repeats_a_piece(before: &[u8], after: &[u8]) -> bool {
    let Some(more) = after.len().checked_sub(before.len()) else {
        return false;
    };
    more <= FIFO_BYTES
        && (more..=before.len()).any(|end| {
            let (head, tail) = before.split_at(end);
            let piece = &head[end - more..];
            after
                .strip_prefix(head)
                .and_then(|rest| rest.strip_prefix(piece))
                == Some(tail)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_may_be_lost() {
        assert!(lacks_one(b"yes", b"yes"));
        assert!(lacks_one(b"yes", b"es"));
        assert!(lacks_one(b"yes", b"ye"));
        assert!(!lacks_one(b"yes", b"y"));
        assert!(!lacks_one(b"yes", b"yess"));
        assert!(!lacks_one(b"yes", b"oh"));
    }

    #[test]
    fn one_piece_may_be_repeated() {
        assert!(repeats_a_piece(b"abcd", b"abcbcd"));
        assert!(repeats_a_piece(b"abcd", b"abcdabcd"));
        assert!(!repeats_a_piece(b"abcd", b"abcad"));
        assert!(!repeats_a_piece(b"abcd", b"abc"));
        let long = [7; 20];
        assert!(repeats_a_piece(&long, &[7; 36]));
        assert!(!repeats_a_piece(&long, &[7; 37]));
    }
}
