//! JSON, written piece by piece: a State may be larger than what a service has to spare.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

/// Bytes that are handed on at once.
const PIECE: usize = 4096;
/// Bytes of text that are shown of one value.
const TEXT: usize = 256;
/// Bytes of what is not text that are shown of one value.
const BINARY: usize = 16;

/// Takes the next piece; `false` when it wants no more.
pub type Sink<'a> = dyn FnMut(&[u8]) -> bool + 'a;

/// What has been printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Bytes.
    pub length: u64,
    /// Elements of lists and maps that were left out, because they went beyond the limit.
    pub omitted: u64,
}

/// Prints JSON. All that takes no limit: the names in types and values of a fixed size.
pub struct Printer<'a> {
    sink: &'a mut Sink<'a>,
    wanted: bool,
    piece: Vec<u8>,
    handed_on: u64,
    limit: u64,
    omitted: u64,
    /// Something stands before the next element.
    goes_on: bool,
    /// What is printed is a member of an object, else an element of a list.
    in_object: bool,
}

/// Prints JSON to a sink. Past `limit` bytes no further element of a list or map is begun; their
/// number follows behind the last one. So what was printed is always whole JSON, a little longer
/// than the limit at most. `None` when the sink wanted no more.
pub fn print<'a>(
    limit: u64,
    sink: &'a mut Sink<'a>,
    show: impl FnOnce(&mut Printer<'a>),
) -> Option<Printed> {
    let mut printer = Printer {
        sink,
        wanted: true,
        piece: Vec::new(),
        handed_on: 0,
        limit,
        omitted: 0,
        goes_on: false,
        in_object: false,
    };
    show(&mut printer);
    printer.hand_on();
    printer.wanted.then_some(Printed {
        length: printer.handed_on,
        omitted: printer.omitted,
    })
}

impl Printer<'_> {
    /// Elements left out so far.
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// An object of what `members` prints.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.between('{', members, '}', true);
    }

    /// A list of what `elements` prints.
    pub fn list(&mut self, elements: impl FnOnce(&mut Self)) {
        self.between('[', elements, ']', false);
    }

    fn between(&mut self, begin: char, inside: impl FnOnce(&mut Self), end: char, in_object: bool) {
        let around = core::mem::replace(&mut self.in_object, in_object);
        self.put(begin);
        self.goes_on = false;
        inside(self);
        self.put(end);
        self.goes_on = true;
        self.in_object = around;
    }

    /// A member of an object.
    pub fn member(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.comma();
        self.text(name);
        self.put(':');
        value(self);
        self.goes_on = true;
    }

    /// An element of a list.
    pub fn element(&mut self, value: impl FnOnce(&mut Self)) {
        self.comma();
        value(self);
        self.goes_on = true;
    }

    /// The next of several elements, unless the limit has been reached: then the rest is counted.
    pub fn next_of<T>(&mut self, all: &mut dyn Iterator<Item = T>) -> Option<T> {
        if self.wanted && self.handed_on + self.piece.len() as u64 <= self.limit {
            return all.next();
        }
        let rest = all.count() as u64;
        if rest > 0 {
            self.omitted += rest;
            let mark = |printer: &mut Self| printer.member("omitted", |p| p.number(&rest));
            if self.in_object {
                mark(self);
            } else {
                self.element(|printer| printer.object(mark));
            }
        }
        None
    }

    /// A variant with fields.
    pub fn variant(&mut self, name: &str, fields: impl FnOnce(&mut Self)) {
        self.object(|printer| printer.member(name, fields));
    }

    /// A name.
    pub fn word(&mut self, word: &str) {
        self.text(word);
    }

    /// A number or truth value.
    pub fn number(&mut self, number: &dyn fmt::Display) {
        // The printer takes everything.
        let _ = write!(self, "{number}");
    }

    /// Nothing.
    pub fn null(&mut self) {
        let _ = self.write_str("null");
    }

    /// Something that is not shown.
    pub fn secret(&mut self) {
        self.object(|printer| printer.member("secret", |printer| printer.number(&true)));
    }

    /// Text; of a long one the beginning.
    pub fn text(&mut self, text: &str) {
        let end = text.floor_char_boundary(TEXT);
        self.put('"');
        for character in text[..end].chars() {
            match character {
                '"' | '\\' => {
                    self.put('\\');
                    self.put(character);
                }
                control if control < ' ' => {
                    let _ = write!(self, "\\u{:04x}", u32::from(control));
                }
                other => self.put(other),
            }
        }
        if end < text.len() {
            let _ = self.write_str("...");
        }
        self.put('"');
    }

    /// Bytes: as text if that is what they are, else how many and the first ones.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let is_text = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        if let Ok(text) = core::str::from_utf8(bytes)
            && bytes.len() <= TEXT
            && bytes.iter().all(is_text)
        {
            return self.text(text);
        }
        let mut first = String::new();
        for byte in bytes.iter().take(BINARY) {
            let _ = write!(first, "{byte:02x}");
        }
        self.object(|printer| {
            printer.member("bytes", |printer| printer.number(&bytes.len()));
            printer.member("first", |printer| printer.text(&first));
        });
    }

    /// What `value` prints, as the name of a member: text as it is, everything else as text.
    pub fn name_of(&mut self, value: impl FnOnce(&mut Printer<'_>)) -> String {
        let mut name = Vec::new();
        let mut sink = |piece: &[u8]| {
            name.extend_from_slice(piece);
            true
        };
        let _ = print(PIECE as u64, &mut sink, |printer| value(printer));
        let name = String::from_utf8(name).unwrap_or_default();
        let bare = name.strip_prefix('"').and_then(|n| n.strip_suffix('"'));
        match bare {
            Some(bare) if !bare.contains('\\') => bare.into(),
            _ => name,
        }
    }

    fn comma(&mut self) {
        if self.goes_on {
            self.put(',');
        }
        self.goes_on = false;
    }

    fn put(&mut self, character: char) {
        let _ = self.write_char(character);
    }

    fn hand_on(&mut self) {
        if self.wanted {
            self.wanted = (self.sink)(&self.piece);
            self.handed_on += self.piece.len() as u64;
        }
        self.piece.clear();
    }
}

impl Write for Printer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            let room = PIECE - self.piece.len();
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            self.piece.extend_from_slice(now);
            if self.piece.len() == PIECE {
                self.hand_on();
            }
            bytes = rest;
        }
        Ok(())
    }
}

impl fmt::Debug for Printer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.handed_on + self.piece.len() as u64;
        write!(f, "a printer after {length} bytes")
    }
}
