use abi::declaration::{Declaration, PortRange};

use super::{Device, System};
use crate::Error;

const SYSTEM: &str = include_str!("../../../system/services.toml");

fn refusal(text: &str) -> String {
    match System::parse(text) {
        Ok(_) => String::new(),
        Err(Error::Services(reason)) => reason,
        Err(other) => other.to_string(),
    }
}

/// The system with one text replaced, which must be in it.
fn changed(from: &str, to: &str) -> String {
    assert!(SYSTEM.contains(from), "{from} is not in the file");
    refusal(&SYSTEM.replacen(from, to, 1))
}

#[test]
fn the_system_is_sound_and_packs() {
    let system = System::parse(SYSTEM).unwrap();
    let packed = system.pack(&[]);
    let read: Vec<_> = packed
        .chunks(abi::declaration::DECLARATION_BYTES)
        .map(|bytes| Declaration::from_bytes(bytes).unwrap())
        .collect();
    assert_eq!(read.len(), system.declared().len());
    for declaration in read {
        let endpoint = abi::Endpoint(declaration.slot);
        let name = protocol::endpoint::name(endpoint).unwrap();
        assert_eq!(declaration.name(), name.as_bytes());
        assert!(declaration.pages > 0 && declaration.hang_ticks > 0);
    }
}

#[test]
fn what_is_permitted_beyond_is_one_protocol_to_one_service() {
    use protocol::endpoint::{HELLO, MEMORY};
    let system = System::parse(SYSTEM).unwrap();
    let permit = super::Permit {
        from: HELLO,
        to: MEMORY,
        protocol: protocol::object::NUMBER,
    };
    let read = |packed: Vec<u8>| -> Vec<Declaration> {
        let each = packed.chunks(abi::declaration::DECLARATION_BYTES);
        each.map(|bytes| Declaration::from_bytes(bytes).unwrap())
            .collect()
    };
    let mut expected = read(system.pack(&[]));
    let hello = expected.iter_mut().find(|one| one.slot == HELLO.0).unwrap();
    assert_eq!(hello.protocols[MEMORY.index()], 0);
    hello.protocols[MEMORY.index()] = 1 << protocol::object::NUMBER;
    assert_eq!(read(system.pack(&[permit])), expected);
}

#[test]
fn names_become_numbers() {
    let system = System::parse(SYSTEM).unwrap();
    let one = |name: &str| {
        system
            .declared()
            .iter()
            .find(|one| one.name == name)
            .unwrap()
    };
    let tty = &one("tty").declaration;
    assert_eq!(
        tty.ports[0],
        PortRange {
            first: 0x3f8,
            count: 8
        }
    );
    assert_eq!(tty.interrupts[0], 4);
    assert!(abi::Call::PortWrite.permitted(tty.calls));
    assert!(!abi::Call::Replace.permitted(tty.calls));
    let vfs = &one("vfs").declaration;
    assert_eq!(vfs.linux_calls[0] & 1, 1, "read");
    let rs = &one("rs").declaration;
    assert_eq!(rs.linux_calls[7], 1 << (500 - 448));
    let null = Device {
        path: "dev/null".to_owned(),
        number: 0x103,
        mode: 0o666,
    };
    assert!(one("memory").devices.contains(&null));
}

#[test]
fn what_cannot_be_is_refused_with_its_line() {
    let unknown = changed("[service.rs]\n", "[service.rs]\ncolour = 3\n");
    assert!(
        unknown.contains("colour") && unknown.contains("line "),
        "{unknown}"
    );
    let call = changed("\"PortWrite\"", "\"PortWright\"");
    assert!(
        call.starts_with("line ") && call.contains("PortWright"),
        "{call}"
    );
    let free = changed("\"PortWrite\"", "\"Receive\"");
    assert!(free.contains("every service"), "{free}");
    let slot = changed("slot = 6\n", "slot = 7\n");
    assert!(
        slot.starts_with("line ") && slot.contains("another slot"),
        "{slot}"
    );
    let twice = changed("\"getrandom\"", "\"openat\"");
    assert!(twice.contains("openat"), "{twice}");
    let upwards = changed(
        "pm = [\"inspect\"]",
        "pm = [\"inspect\"]\nrs = [\"startup\"]",
    );
    assert!(upwards.contains("stands below"), "{upwards}");
    let managers = changed("process_manager = true", "process_manager = false");
    assert!(managers.contains("process manager"), "{managers}");
}

#[test]
fn a_missing_or_unknown_service_is_named() {
    let text = SYSTEM.replace("service.hello", "service.hullo");
    assert!(refusal(&text).contains("hullo"));
    assert!(refusal("[service]\n").contains("`rs` is missing"));
}
