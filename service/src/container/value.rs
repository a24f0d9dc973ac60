//! A single value.

use super::settle;
use crate::epoch;
use crate::simulated::{self, Rule};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// A value that changes as a whole.
#[derive(Clone, Debug, Default)]
pub struct Value<T> {
    now: T,
    before: Option<T>,
    epoch: u64,
}

impl<T: Clone> Value<T> {
    /// A container holding `value`.
    pub fn new(value: T) -> Self {
        Value {
            now: value,
            before: None,
            epoch: 0,
        }
    }

    /// The value.
    pub fn get(&self) -> &T {
        &self.now
    }

    /// Replaces the value.
    pub fn set(&mut self, value: T) {
        self.change(|now| *now = value);
    }

    /// Changes the value in place.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        if self.epoch != epoch::open() {
            self.before = Some(self.now.clone());
            settle();
            self.epoch = epoch::open();
            settle();
            epoch::changed();
        }
        simulated::changing();
        change(&mut self.now)
    }

    /// The value, out of its container: for conversions between versions.
    pub fn into_inner(self) -> T {
        self.now
    }
}

impl<C, T: Encode<C>> Encode<C> for Value<T> {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let cut_short =
            self.epoch != 0 && self.epoch == epoch::open() && simulated::holds(Rule::Undo);
        let true_value = self
            .before
            .as_ref()
            .filter(|_| cut_short)
            .unwrap_or(&self.now);
        true_value.encode(encoder, context)
    }
}

impl<'b, C, T: Decode<'b, C>> Decode<'b, C> for Value<T> {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        Ok(Value {
            now: T::decode(decoder, context)?,
            before: None,
            epoch: 0,
        })
    }

    fn nil() -> Option<Self> {
        T::nil().map(|now| Value {
            now,
            before: None,
            epoch: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minicbor::{decode as read, to_vec};

    fn reload(value: &Value<u32>) -> u32 {
        let bytes = to_vec(value).unwrap();
        *read::<Value<u32>>(&bytes).unwrap().get()
    }

    #[test]
    fn a_closure_cut_short_is_taken_back() {
        let mut value = Value::new(1);
        epoch::begin();
        value.set(2);
        epoch::end();
        assert_eq!(reload(&value), 2);
        epoch::begin();
        value.set(3);
        value.set(4);
        assert_eq!(reload(&value), 2);
        epoch::end();
        assert_eq!(reload(&value), 4);
    }
}
