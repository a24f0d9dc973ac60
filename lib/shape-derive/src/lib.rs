//! `#[derive(Shape)]`: what `#[derive(Encode, Decode)]` of minicbor makes of a type, said in words.
//!
//! It reads the same attributes (`n`, `b`, `cbor`), so that what it says cannot differ from what is
//! exported. An attribute of minicbor that it does not know is refused, rather than left out. One is
//! its own: a field that is `#[shape(secret)]` is exported, and never shown.

mod attributes;
mod body;

use body::Body;
use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, GenericParam, parse_macro_input, parse_quote};

/// See the crate.
#[proc_macro_derive(Shape, attributes(n, b, cbor, shape))]
pub fn shape(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implementation(input)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

fn implementation(mut input: DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let Body { outline, show } = body::of(&input)?;
    for parameter in &mut input.generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(parse_quote!(::shape::Shape));
        }
    }
    let (name, (generics, arguments, bounds)) = (&input.ident, input.generics.split_for_impl());
    Ok(quote! {
        impl #generics ::shape::Shape for #name #arguments #bounds {
            fn outline(outline: &mut ::shape::Outline) {
                #outline
            }

            #[inline(never)]
            fn show(&self, printer: &mut ::shape::Printer<'_>) {
                #show
            }
        }
    })
}
