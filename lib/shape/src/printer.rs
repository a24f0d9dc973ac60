//! JSON, written piece by piece: a State may be larger than what a service has to spare.

use crate::Shape;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

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

/// What elements or members are in.
#[derive(Clone, Copy)]
enum Inside {
    Object,
    List,
}

impl Inside {
    const fn brackets(self) -> (char, char) {
        match self {
            Inside::Object => ('{', '}'),
            Inside::List => ('[', ']'),
        }
    }
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
    /// What is being printed is in these.
    around: Vec<Inside>,
}

/// Prints JSON to a sink. Past `limit` bytes no further element of a list or map is begun; their
/// number follows behind the last one. So what was printed is always whole JSON, a little longer
/// than the limit at most. `None` when the sink wanted no more.
pub fn print<'a>(
    limit: u64,
    sink: &'a mut Sink<'a>,
    show: &mut dyn FnMut(&mut Printer<'a>),
) -> Option<Printed> {
    let mut printer = Printer {
        sink,
        wanted: true,
        piece: Vec::new(),
        handed_on: 0,
        limit,
        omitted: 0,
        goes_on: false,
        around: Vec::new(),
    };
    show(&mut printer);
    printer.hand_on();
    printer.wanted.then_some(Printed {
        length: printer.handed_on,
        omitted: printer.omitted,
    })
}

// The derive makes a call of one of these for each field of every type. None of them takes a closure,
// and none is copied to where it is called: so what a type adds to an image is little more than names.
impl Printer<'_> {
    /// Elements left out so far.
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Begins an object.
    #[inline(never)]
    pub fn begin_object(&mut self) {
        self.begin(Inside::Object);
    }

    /// Begins a list.
    #[inline(never)]
    pub fn begin_list(&mut self) {
        self.begin(Inside::List);
    }

    fn begin(&mut self, inside: Inside) {
        self.comma();
        self.put(inside.brackets().0);
        self.around.push(inside);
        self.goes_on = false;
    }

    /// Ends what was begun last.
    #[inline(never)]
    pub fn end(&mut self) {
        if let Some(inside) = self.around.pop() {
            self.put(inside.brackets().1);
        }
        self.goes_on = true;
    }

    /// The name of the next member of an object.
    #[inline(never)]
    pub fn name(&mut self, name: &str) {
        self.text(name);
        self.put(':');
        self.goes_on = false;
    }

    /// Begins a variant with fields.
    #[inline(never)]
    pub fn begin_variant(&mut self, name: &str) {
        self.begin_object();
        self.name(name);
    }

    /// The next of several elements or entries, unless the limit has been reached: then the rest is
    /// counted.
    pub fn next_of<T>(&mut self, all: &mut dyn Iterator<Item = T>) -> Option<T> {
        if self.has_room() {
            return all.next();
        }
        self.leave_out(all.count() as u64);
        None
    }

    fn has_room(&self) -> bool {
        self.wanted && self.handed_on + self.piece.len() as u64 <= self.limit
    }

    fn leave_out(&mut self, rest: u64) {
        if rest == 0 {
            return;
        }
        self.omitted += rest;
        let in_list = matches!(self.around.last(), Some(Inside::List));
        if in_list {
            self.begin_object();
        }
        self.name("omitted");
        self.unsigned(rest);
        if in_list {
            self.end();
        }
    }

    /// A number.
    #[inline(never)]
    pub fn unsigned(&mut self, number: u64) {
        self.comma();
        let mut digits = [0; 20];
        let (mut at, mut rest) = (digits.len(), number);
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10).to_le_bytes()[0];
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.raw(&digits[at..]);
    }

    /// A number.
    #[inline(never)]
    pub fn signed(&mut self, number: i64) {
        self.comma();
        if number < 0 {
            self.put('-');
        }
        self.goes_on = false;
        self.unsigned(number.unsigned_abs());
    }

    /// A truth value.
    #[inline(never)]
    pub fn truth(&mut self, is_so: bool) {
        self.comma();
        self.raw(if is_so { b"true" } else { b"false" });
    }

    /// Nothing.
    #[inline(never)]
    pub fn null(&mut self) {
        self.comma();
        self.raw(b"null");
    }

    /// Something that is not shown.
    #[inline(never)]
    pub fn secret(&mut self) {
        self.begin_object();
        self.name("secret");
        self.truth(true);
        self.end();
    }

    /// Text; of a long one the beginning.
    #[inline(never)]
    pub fn text(&mut self, text: &str) {
        self.comma();
        let end = text.floor_char_boundary(TEXT);
        self.put('"');
        for character in text[..end].chars() {
            match character {
                '"' | '\\' => {
                    self.put('\\');
                    self.put(character);
                }
                control if control < ' ' => {
                    self.raw(b"\\u00");
                    self.hexadecimal(u32::from(control).to_le_bytes()[0]);
                }
                other => self.put(other),
            }
        }
        if end < text.len() {
            self.raw(b"...");
        }
        self.put('"');
    }

    /// Bytes: as text if that is what they are, else how many and the first ones.
    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        let is_text = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        if let Ok(text) = core::str::from_utf8(bytes)
            && bytes.len() <= TEXT
            && bytes.iter().all(is_text)
        {
            return self.text(text);
        }
        self.begin_object();
        self.name("bytes");
        self.unsigned(bytes.len() as u64);
        self.name("first");
        self.comma();
        self.put('"');
        for byte in bytes.iter().take(BINARY) {
            self.hexadecimal(*byte);
        }
        self.put('"');
        self.end();
    }

    fn hexadecimal(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |value: u8| DIGITS[usize::from(value % 16)];
        self.raw(&[digit(byte / 16), digit(byte)]);
    }

    /// Separates what comes from what was before.
    fn comma(&mut self) {
        if core::mem::replace(&mut self.goes_on, true) {
            self.raw(b",");
        }
    }

    fn put(&mut self, character: char) {
        self.raw(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    #[inline(never)]
    fn raw(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = PIECE - self.piece.len();
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            self.piece.extend_from_slice(now);
            if self.piece.len() == PIECE {
                self.hand_on();
            }
            bytes = rest;
        }
    }

    fn hand_on(&mut self) {
        if self.wanted {
            self.wanted = (self.sink)(&self.piece);
            self.handed_on += self.piece.len() as u64;
        }
        self.piece.clear();
    }
}

/// A value as the name of a member: text as it is, everything else as text.
#[must_use]
pub fn name_of<T: Shape>(value: &T) -> String {
    let mut name = Vec::new();
    let mut sink = |piece: &[u8]| {
        name.extend_from_slice(piece);
        true
    };
    let _ = print(PIECE as u64, &mut sink, &mut |printer| value.show(printer));
    let name = String::from_utf8(name).unwrap_or_default();
    let bare = name.strip_prefix('"').and_then(|n| n.strip_suffix('"'));
    match bare {
        Some(bare) if !bare.contains('\\') => bare.into(),
        _ => name,
    }
}

impl fmt::Debug for Printer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.handed_on + self.piece.len() as u64;
        write!(f, "a printer after {length} bytes")
    }
}
