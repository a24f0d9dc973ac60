//! The types of the language and of `abi`.

use crate::{Outline, Printer, Shape};
use abi::declaration::Policy;
use abi::slot::{Failure, Phase, Refusal};
use abi::{Endpoint, Errno, Pid, RequestId, SpaceId, Time};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use minicbor::bytes::ByteVec;

macro_rules! numbers {
    ($print:ident as $wide:ty: $($number:ty),*) => {$(
        impl Shape for $number {
            fn outline(outline: &mut Outline) {
                outline.leaf(stringify!($number));
            }

            fn show(&self, printer: &mut Printer<'_>) {
                printer.$print(<$wide>::from(*self));
            }
        }
    )*};
}

numbers!(truth as bool: bool);
numbers!(unsigned as u64: u16, u32, u64);
numbers!(signed as i64: i8, i16, i32, i64);

impl Shape for u8 {
    fn outline(outline: &mut Outline) {
        outline.leaf("u8");
    }

    fn show(&self, printer: &mut Printer<'_>) {
        printer.unsigned(u64::from(*self));
    }

    fn show_all(all: &[u8], printer: &mut Printer<'_>) {
        printer.bytes(all);
    }
}

/// Those of `abi` are encoded as the number in them.
macro_rules! names {
    ($($name:ident($number:ty)),*) => {$(
        impl Shape for $name {
            fn outline(outline: &mut Outline) {
                <$number as Shape>::outline(outline);
            }

            fn show(&self, printer: &mut Printer<'_>) {
                self.0.show(printer);
            }
        }
    )*};
}

names!(
    Endpoint(u16),
    Errno(u32),
    Pid(u32),
    RequestId(u64),
    SpaceId(u32),
    Time(u64)
);

/// Those of `abi` that are one of a few, encoded as their number.
macro_rules! choices {
    ($($name:ident { $($variant:ident),* $(,)? })*) => {$(
        impl Shape for $name {
            fn outline(outline: &mut Outline) {
                outline.group(stringify!($name), |outline| {
                    $(outline.leaf(stringify!($variant));)*
                });
            }

            fn show(&self, printer: &mut Printer<'_>) {
                printer.text(match self {
                    $($name::$variant => stringify!($variant),)*
                });
            }
        }
    )*};
}

choices! {
    Policy { Stateful, Fresh, Leave, Script }
    Phase {
        Absent, Loaded, Exporting, Importing, Ready, Running, Frozen, Crashed, Down,
    }
    Refusal { None, Undecodable, UnknownVersion, Inconsistent, Other }
    Failure {
        None, BadMemoryAccess, BadInstruction, Panic, Hang, RightsViolation, Refused, Deadline,
        OtherMember, NoMemory, Killed, WildBranch, StackOverflow, LostTrack, Runaway,
    }
}

impl Shape for String {
    fn outline(outline: &mut Outline) {
        outline.leaf("text");
    }

    fn show(&self, printer: &mut Printer<'_>) {
        printer.text(self);
    }
}

impl Shape for ByteVec {
    fn outline(outline: &mut Outline) {
        // As a field of bytes that is encoded with this module.
        outline.leaf("minicbor::bytes");
    }

    fn show(&self, printer: &mut Printer<'_>) {
        printer.bytes(self);
    }
}

impl<T: Shape> Shape for Option<T> {
    fn outline(outline: &mut Outline) {
        outline.made_of("option", &[T::outline]);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        match self {
            Some(value) => value.show(printer),
            None => printer.null(),
        }
    }
}

impl<T: Shape> Shape for Box<T> {
    fn outline(outline: &mut Outline) {
        T::outline(outline);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        (**self).show(printer);
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn outline(outline: &mut Outline) {
        outline.made_of("list", &[T::outline]);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        T::show_all(self, printer);
    }
}

impl<T: Shape, const N: usize> Shape for [T; N] {
    fn outline(outline: &mut Outline) {
        outline.made_of(&alloc::format!("array of {N}"), &[T::outline]);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        T::show_all(self, printer);
    }
}

macro_rules! tuples {
    ($($($element:ident $place:tt),*;)*) => {$(
        impl<$($element: Shape),*> Shape for ($($element,)*) {
            fn outline(outline: &mut Outline) {
                outline.made_of("tuple", &[$($element::outline),*]);
            }

            fn show(&self, printer: &mut Printer<'_>) {
                printer.begin_list();
                $(self.$place.show(printer);)*
                printer.end();
            }
        }
    )*};
}

tuples! {
    ;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
}
