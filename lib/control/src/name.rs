//! Names of services as people type them.

use alloc::string::String;

use abi::image::NAME_BYTES;
use minicbor::decode::{Decoder, Error};
use minicbor::encode::{self, Encoder, Write};
use minicbor::{Decode, Encode};

/// A service's name: 1 to 16 lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceName(String);

/// The text is no service's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadName;

impl ServiceName {
    /// Checks a name.
    ///
    /// # Errors
    /// `BadName` if it is empty, too long or has other characters.
    pub fn new(text: &str) -> Result<ServiceName, BadName> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > NAME_BYTES || !text.bytes().all(allowed) {
            return Err(BadName);
        }
        Ok(ServiceName(text.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<C> Encode<C> for ServiceName {
    fn encode<W: Write>(
        &self,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for ServiceName {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        ServiceName::new(decoder.str()?).map_err(|BadName| Error::message("not a service's name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for good in ["vfs", "host-link", "a", "0123456789abcdef"] {
            assert_eq!(ServiceName::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "Vfs",
            "v fs",
            "../vfs",
            "0123456789abcdefg",
            "v\0",
            "\u{e9}",
        ] {
            assert_eq!(ServiceName::new(bad), Err(BadName), "{bad:?}");
        }
    }
}
