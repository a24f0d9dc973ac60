//! The names of a service's functions, as the image's builder writes them: a line each, with the
//! function's offset in the image as a hexadecimal number, in ascending order.

use std::fmt::Write;
use std::fs;

/// The folder with a file for each image, `NAME-VERSION`.
const FOLDER: &str = "/usr/lib/evernix/symbols";

/// The functions of an image.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    /// Offsets and names, ascending.
    functions: Vec<(u64, String)>,
}

impl Symbols {
    /// Those of an image of the system; none for others.
    #[must_use]
    pub fn of(name: &str, version: u32) -> Symbols {
        let text = fs::read_to_string(format!("{FOLDER}/{name}-{version}"));
        Symbols::read(&text.unwrap_or_default())
    }

    /// Reads them; lines that are none are left out.
    #[must_use]
    pub fn read(text: &str) -> Symbols {
        let function = |line: &str| {
            let (offset, name) = line.split_once(' ')?;
            Some((u64::from_str_radix(offset, 16).ok()?, name.to_owned()))
        };
        let mut functions: Vec<_> = text.lines().filter_map(function).collect();
        functions.sort_unstable();
        Symbols { functions }
    }

    /// An offset as a function and the distance from its start, or as a number.
    #[must_use]
    pub fn describe(&self, offset: u64) -> String {
        let mut text = format!("{offset:#x}");
        let behind = self
            .functions
            .partition_point(|(start, _)| *start <= offset);
        if let Some((start, name)) = behind.checked_sub(1).and_then(|at| self.functions.get(at)) {
            // Writing to a string does not fail.
            let _ = write!(text, " {name}+{:#x}", offset - start);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_belongs_to_the_function_before_it() {
        let symbols = Symbols::read("10 first\nnothing\n2a second<of its kind>\n");
        assert_eq!(symbols.describe(0xf), "0xf");
        assert_eq!(symbols.describe(0x10), "0x10 first+0x0");
        assert_eq!(symbols.describe(0x29), "0x29 first+0x19");
        assert_eq!(symbols.describe(0x30), "0x30 second<of its kind>+0x6");
        assert_eq!(Symbols::default().describe(7), "0x7");
    }
}
