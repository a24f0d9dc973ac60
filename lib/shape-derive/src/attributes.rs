//! The attributes of minicbor, as far as they are used here.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitInt, LitStr, Result};

/// What stands before a type, a variant or a field.
#[derive(Default)]
pub(crate) struct Attributes {
    /// The number.
    pub(crate) number: Option<u64>,
    /// The module that encodes a field instead of its type.
    pub(crate) with: Option<String>,
    /// It is not exported.
    pub(crate) skip: bool,
    /// The type is encoded as its only field.
    pub(crate) transparent: bool,
    /// The enum is encoded as the number of its variant.
    pub(crate) index_only: bool,
    /// The fields are encoded as a map.
    pub(crate) map: bool,
    /// It is not shown.
    pub(crate) secret: bool,
}

impl Attributes {
    pub(crate) fn read(all: &[Attribute]) -> Result<Attributes> {
        let mut read = Attributes::default();
        for attribute in all {
            let path = attribute.path();
            if path.is_ident("n") || path.is_ident("b") {
                read.number = Some(attribute.parse_args::<LitInt>()?.base10_parse()?);
            } else if path.is_ident("cbor") {
                attribute.parse_nested_meta(|meta| read.cbor(&meta))?;
            } else if path.is_ident("shape") {
                attribute.parse_nested_meta(|meta| read.own(&meta))?;
            }
        }
        Ok(read)
    }

    fn cbor(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let is = |name| meta.path.is_ident(name);
        if is("n") || is("b") {
            let number;
            syn::parenthesized!(number in meta.input);
            self.number = Some(number.parse::<LitInt>()?.base10_parse()?);
        } else if is("with") {
            self.with = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if is("skip") {
            self.skip = true;
        } else if is("transparent") {
            self.transparent = true;
        } else if is("index_only") {
            self.index_only = true;
        } else if is("map") {
            self.map = true;
        } else if !is("array") {
            return Err(meta.error("Shape does not know what this makes of the encoding"));
        }
        Ok(())
    }

    fn own(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if !meta.path.is_ident("secret") {
            return Err(meta.error("the only one is `secret`"));
        }
        self.secret = true;
        Ok(())
    }

    /// How the fields are encoded, in the outline's words.
    pub(crate) fn kind(&self, what: &str) -> String {
        let mut kind = what.to_owned();
        for (is_so, word) in [(self.index_only, " index only"), (self.map, " map")] {
            if is_so {
                kind.push_str(word);
            }
        }
        kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    /// S8: an option is one line in this file. What is not known here is refused at the build, rather
    /// than left out of what is said of a State.
    #[test]
    fn options_are_read_in_one_place_and_unknown_ones_are_refused() {
        let read = |attribute: Attribute| Attributes::read(&[attribute]);
        let both = read(parse_quote!(#[cbor(n(7), with = "minicbor::bytes")])).unwrap();
        assert_eq!(
            (both.number, both.with.as_deref()),
            (Some(7), Some("minicbor::bytes"))
        );
        assert!(read(parse_quote!(#[cbor(skip)])).unwrap().skip);
        assert!(read(parse_quote!(#[shape(secret)])).unwrap().secret);
        assert!(read(parse_quote!(#[doc = "of somebody else"])).is_ok());
        for unknown in [
            parse_quote!(#[cbor(tag(7))]),
            parse_quote!(#[cbor(n(7), nil = "nothing")]),
            parse_quote!(#[shape(hidden)]),
            parse_quote!(#[n("seven")]),
        ] {
            assert!(read(unknown).is_err());
        }
    }
}
