use crate::{Outline, Printed, Printer, Shape, print};
use abi::Pid;
use minicbor::{Decode, Encode};
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

#[derive(Encode, Decode, Shape)]
#[cbor(transparent)]
struct Number(#[n(0)] u64);

#[derive(Encode, Decode, Shape)]
#[cbor(index_only)]
enum Colour {
    #[n(1)]
    Red,
    #[n(0)]
    Blue,
}

#[derive(Encode, Decode, Shape)]
enum Item {
    #[n(0)]
    Nothing,
    #[n(2)]
    Pair(#[n(0)] u8, #[n(1)] bool),
    #[n(1)]
    One(#[n(0)] Number),
    #[n(4)]
    Named {
        #[n(0)]
        name: String,
    },
}

#[derive(Default, Encode, Decode, Shape)]
struct Whole<T> {
    #[n(3)]
    items: Vec<T>,
    #[n(0)]
    process: Option<Pid>,
    #[cbor(n(1), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[n(2)]
    #[shape(secret)]
    key: [u8; 2],
    #[cbor(skip)]
    passing: Vec<u8>,
}

fn json<T: Shape>(value: &T, limit: u64) -> (String, Printed) {
    let mut text = Vec::new();
    let mut sink = |piece: &[u8]| {
        text.extend_from_slice(piece);
        true
    };
    let printed = print(limit, &mut sink, &mut |printer: &mut Printer<'_>| {
        value.show(printer);
    });
    (String::from_utf8(text).unwrap(), printed.unwrap())
}

/// S5: a field is marked in one place as not transferred. It is in neither the encoding nor the outline,
/// and is empty in what is decoded.
#[test]
fn a_field_that_is_marked_is_not_transferred() {
    let whole = |passing: &[u8]| Whole::<u64> {
        bytes: b"goes along".to_vec(),
        passing: passing.to_vec(),
        ..Whole::default()
    };
    let bytes = minicbor::to_vec(whole(b"stays behind")).unwrap();
    assert_eq!(bytes, minicbor::to_vec(whole(b"")).unwrap());
    let decoded: Whole<u64> = minicbor::decode(&bytes).unwrap();
    assert_eq!(
        (&*decoded.bytes, &*decoded.passing),
        (&b"goes along"[..], &b""[..])
    );
    assert!(!Outline::of::<Whole<u64>>().contains("passing"));
}

/// S8: the one derive for what is transferred (`lib/shape-derive`: its options are in one file) says all
/// that the encoding depends on; the recorded States are checked against it (`simulation/tests/states.rs`).
#[test]
fn an_outline_has_all_that_the_encoding_depends_on() {
    let expected = "\
struct
  0 process: option
    u32
  1 bytes: minicbor::bytes
  2 key: array of 2
    u8
  3 items: list
    enum
      0 Nothing
      1 One
        0 0: u64
      2 Pair
        0 0: u8
        1 1: bool
      4 Named
        0 name: text
";
    assert_eq!(Outline::of::<Whole<Item>>(), expected);
    assert_eq!(
        Outline::of::<Colour>(),
        "enum index only\n  0 Blue\n  1 Red\n"
    );
}

#[test]
fn values_have_their_names() {
    let whole = Whole {
        items: vec![
            Item::Nothing,
            Item::Pair(7, true),
            Item::One(Number(3)),
            Item::Named {
                name: "a\"\n".to_string(),
            },
        ],
        process: Some(Pid(5)),
        bytes: b"some text".to_vec(),
        key: [1, 2],
        passing: vec![1],
    };
    let expected = concat!(
        r#"{"process":5,"bytes":"some text","key":{"secret":true},"items":["#,
        r#""Nothing",{"Pair":[7,true]},{"One":3},{"Named":{"name":"a\"\u000a"}}]}"#
    );
    let (text, printed) = json(&whole, 1000);
    assert_eq!((text.as_str(), whole.passing.len()), (expected, 1));
    assert_eq!((printed.length, printed.omitted), (text.len() as u64, 0));
}

#[test]
fn what_is_not_text_is_a_length_and_a_beginning() {
    let (text, _) = json(&vec![0_u8; 5000], 1000);
    let zeroes = "0".repeat(32);
    assert_eq!(text, std::format!(r#"{{"bytes":5000,"first":"{zeroes}"}}"#));
    let (text, _) = json(&(i64::MIN, u64::MAX, -1_i8), 1000);
    assert_eq!(text, "[-9223372036854775808,18446744073709551615,-1]");
    let (text, _) = json(&"é".repeat(200), 1000);
    assert_eq!(text, std::format!(r#""{}...""#, "é".repeat(128)));
}

#[test]
fn beyond_the_limit_elements_are_counted() {
    let all = vec![vec![1_u32; 10]; 10];
    let (text, printed) = json(&all, 30);
    assert!(printed.omitted > 80 / 10 && text.len() < 80, "{text}");
    assert!(text.ends_with(r#"{"omitted":8}]"#), "{text}");
    assert_eq!(text.matches('[').count(), text.matches(']').count());
}

#[test]
fn a_long_text_comes_in_pieces_until_nobody_wants_more() {
    let all = vec![1_u32; 10_000];
    let mut pieces = 0;
    let mut sink = |piece: &[u8]| {
        pieces += 1;
        assert!(piece.len() <= 4096);
        pieces < 2
    };
    assert_eq!(print(u64::MAX, &mut sink, &mut |p| all.show(p)), None);
    assert_eq!(pieces, 2);
    assert_eq!(json(&all, u64::MAX).0.len(), 20_001);
}
