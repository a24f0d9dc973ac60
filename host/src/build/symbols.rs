//! The names of the services' functions, which `service crashes` shows instead of numbers.

use object::{File, Object, ObjectSymbol, SymbolKind};

use crate::Error;

/// A longer name is cut: what generic functions are made of seldom helps.
const NAME_CHARACTERS: usize = 100;

/// A line for each function of a linked ELF file: its offset in the image, and its name.
pub(super) fn table(name: &str, elf: &[u8]) -> Result<Vec<u8>, Error> {
    let file = File::parse(elf).map_err(|error| Error::artifact(name, error))?;
    let lines = Functions::of(&file)
        .0
        .into_iter()
        .map(|(offset, name)| format!("{offset:x} {name}\n"));
    Ok(lines.collect::<String>().into_bytes())
}

/// The functions of a linked file: where they start, and their names, in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Functions(Vec<(u64, String)>);

impl Functions {
    /// Those of a linked ELF file.
    pub(crate) fn of(file: &File<'_>) -> Functions {
        let mut functions: Vec<(u64, String)> = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            .filter_map(|symbol| Some((symbol.address(), short(symbol.name().ok()?))))
            .collect();
        functions.sort_unstable();
        functions.dedup_by_key(|(start, _)| *start);
        Functions(functions)
    }

    /// These functions, in ascending order.
    #[cfg(test)]
    pub(crate) fn named(functions: &[(u64, &str)]) -> Functions {
        let owned = |(start, name): &(u64, &str)| (*start, (*name).to_owned());
        Functions(functions.iter().map(owned).collect())
    }

    /// The function at an address: where it starts, and its name.
    pub(crate) fn at(&self, address: u64) -> Option<(u64, &str)> {
        let behind = self.0.partition_point(|(start, _)| *start <= address);
        let (start, name) = self.0.get(behind.checked_sub(1)?)?;
        Some((*start, name))
    }
}

/// A mangled name as the source has it, without the hash.
fn short(mangled: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(mangled));
    let one_line = |character: &char| !character.is_control();
    name.chars()
        .filter(one_line)
        .take(NAME_CHARACTERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_source() {
        let name = "_RNvNtCs1234_7mycrate3foo3bar";
        assert_eq!(short(name), "mycrate::foo::bar");
        let former = "_ZN4core3fmt5write17h0123456789abcdefE";
        assert_eq!(short(former), "core::fmt::write");
        let of_trait = "_ZN27_$LT$pm..A$u20$as$u20$B$GT$4takeE";
        assert_eq!(short(of_trait), "<pm::A as B>::take");
        assert_eq!(short("_start"), "_start");
        assert_eq!(short("_ZN99cut"), "_ZN99cut");
        assert_eq!(short(&"x".repeat(500)).len(), NAME_CHARACTERS);
    }

    #[test]
    fn what_is_no_elf_file_is_refused() {
        assert!(table("x", b"nothing").is_err());
    }
}
