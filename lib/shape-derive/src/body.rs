//! The bodies of the two functions.

use crate::attributes::Attributes;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Ident, Result, Type};

/// What the functions do.
pub(crate) struct Body {
    pub(crate) outline: TokenStream,
    pub(crate) show: TokenStream,
}

/// A field that is exported.
struct Field<'a> {
    number: u64,
    /// Its name, or its place where it has none.
    name: String,
    /// What a pattern binds it to.
    binding: Ident,
    of: &'a Type,
    with: Option<String>,
    secret: bool,
}

/// The bodies for a type.
pub(crate) fn of(input: &DeriveInput) -> Result<Body> {
    let attributes = Attributes::read(&input.attrs)?;
    match &input.data {
        Data::Struct(data) => of_struct(&attributes, &data.fields, &input.ident),
        Data::Enum(data) => of_enum(&attributes, data, &input.ident),
        Data::Union(_) => Err(Error::new_spanned(&input.ident, "a union has no shape")),
    }
}

fn of_struct(attributes: &Attributes, all: &Fields, name: &Ident) -> Result<Body> {
    let fields = exported(all, attributes.transparent)?;
    let pattern = pattern(all, &fields);
    if attributes.transparent {
        let [field] = fields.as_slice() else {
            return Err(Error::new_spanned(name, "one field can be transparent"));
        };
        let (outline, show) = (bare(field), shown(field));
        return Ok(Body {
            outline,
            show: quote! { let #name #pattern = self; #show },
        });
    }
    let kind = attributes.kind("struct");
    let (members, values) = (members(&fields), values(all, &fields));
    Ok(Body {
        outline: quote! { outline.group(#kind, |outline| { #members }); },
        show: quote! { let #name #pattern = self; #values },
    })
}

fn of_enum(attributes: &Attributes, data: &syn::DataEnum, name: &Ident) -> Result<Body> {
    let mut variants = Vec::new();
    let mut arms = TokenStream::new();
    for variant in &data.variants {
        let number = Attributes::read(&variant.attrs)?.number;
        let number = number.ok_or_else(|| Error::new_spanned(variant, "it has no number"))?;
        let fields = exported(&variant.fields, false)?;
        let (ident, text) = (&variant.ident, variant.ident.to_string());
        let (label, members) = (format!("{number} {text}"), members(&fields));
        variants.push((
            number,
            quote! { outline.group(#label, |outline| { #members }); },
        ));
        let pattern = pattern(&variant.fields, &fields);
        arms.extend(if fields.is_empty() {
            quote! { #name::#ident #pattern => printer.text(#text), }
        } else {
            let values = match (&variant.fields, fields.as_slice()) {
                (Fields::Unnamed(_), [only]) => shown(only),
                _ => values(&variant.fields, &fields),
            };
            quote! {
                #name::#ident #pattern => {
                    printer.begin_variant(#text);
                    #values
                    printer.end();
                }
            }
        });
    }
    // What counts is the number, not the place in the source.
    variants.sort_by_key(|(number, _)| *number);
    let variants = variants.into_iter().map(|(_, outline)| outline);
    let kind = attributes.kind("enum");
    Ok(Body {
        outline: quote! { outline.group(#kind, |outline| { #(#variants)* }); },
        show: quote! { match self { #arms } },
    })
}

/// The fields that are exported, by number.
fn exported(all: &Fields, is_transparent: bool) -> Result<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    for (place, field) in all.iter().enumerate() {
        let attributes = Attributes::read(&field.attrs)?;
        if attributes.skip {
            continue;
        }
        let number = attributes.number.or(is_transparent.then_some(0));
        let number = number.ok_or_else(|| Error::new_spanned(field, "it has no number"))?;
        let name = match &field.ident {
            Some(name) => name.to_string(),
            None => place.to_string(),
        };
        fields.push(Field {
            number,
            name,
            binding: format_ident!("field_{place}"),
            of: &field.ty,
            with: attributes.with,
            secret: attributes.secret,
        });
    }
    fields.sort_by_key(|field| field.number);
    Ok(fields)
}

/// A pattern that binds the fields that are exported.
fn pattern(all: &Fields, exported: &[Field<'_>]) -> TokenStream {
    let bindings = all.iter().enumerate().map(|(place, field)| {
        let binding = format_ident!("field_{place}");
        let is_bound = exported
            .iter()
            .any(|field| field.binding == binding && !field.secret);
        match (&field.ident, is_bound) {
            (Some(name), true) => quote! { #name: #binding, },
            (Some(name), false) => quote! { #name: _, },
            (None, true) => quote! { #binding, },
            (None, false) => quote! { _, },
        }
    });
    match all {
        Fields::Named(_) => quote! { { #(#bindings)* } },
        Fields::Unnamed(_) => quote! { ( #(#bindings)* ) },
        Fields::Unit => TokenStream::new(),
    }
}

/// The outlines of fields, each behind its number and name.
fn members(fields: &[Field<'_>]) -> TokenStream {
    let each = fields.iter().map(|field| {
        let (label, outline) = (format!("{} {}", field.number, field.name), bare(field));
        quote! { outline.label(#label); #outline }
    });
    quote! { #(#each)* }
}

/// The outline of a field.
fn bare(field: &Field<'_>) -> TokenStream {
    let of = field.of;
    match &field.with {
        Some(with) => quote! { outline.leaf(#with); },
        None => quote! { <#of as ::shape::Shape>::outline(outline); },
    }
}

/// Shows a field.
fn shown(field: &Field<'_>) -> TokenStream {
    let binding = &field.binding;
    if field.secret {
        quote! { printer.secret(); }
    } else {
        quote! { ::shape::Shape::show(#binding, printer); }
    }
}

/// Shows all fields.
fn values(all: &Fields, fields: &[Field<'_>]) -> TokenStream {
    let are_named = matches!(all, Fields::Named(_));
    let each = fields.iter().map(|field| {
        let (name, shown) = (&field.name, shown(field));
        let name = are_named.then(|| quote! { printer.name(#name); });
        quote! { #name #shown }
    });
    let begin = match are_named {
        true => quote! { printer.begin_object(); },
        false => quote! { printer.begin_list(); },
    };
    quote! { #begin #(#each)* printer.end(); }
}
