//! What clients of former versions say.

use abi::Message;
use protocol::declare::pack;
use protocol::scheduling;
use protocol::scheduling::Request;

/// A message as a client that was built for the former version of its protocol sends it.
pub(crate) fn former(message: &Message) -> Message {
    let words = match Request::decode(message) {
        // It was sent with 20 added.
        Some(Request::SetNice(question)) => {
            let raised = i64::from(question.nice) + 20;
            vec![question.process.0.into(), raised.cast_unsigned()]
        }
        Some(_) => message.words.to_vec(),
        None => return *message,
    };
    pack(scheduling::NUMBER, 1, message.kind, &words)
}
