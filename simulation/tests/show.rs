//! What services show of what they know: valid JSON, whatever room there is.

use control::StateAnswer;
use protocol::endpoint;
use serde_json::Value;
use simulation::cases;
use simulation::disturbance::{Disturbance, Order};
use simulation::player::{Noted, ORDERS};
use simulation::registry::SERVICES;
use simulation::run::play;

/// What rs's operator is answered, in order.
fn answers(orders: Vec<Order>) -> Vec<Value> {
    let case = cases::updates::case().expect("a case");
    let played = play(&case, 1, &Disturbance::at_once(orders)).expect("a calm run");
    let json = |noted: &Noted| match noted {
        Noted::Bytes(bytes) => match control::decode_state(bytes) {
            Ok(StateAnswer::Shown(json)) => Some(serde_json::from_str(json).expect("JSON")),
            _ => None,
        },
        Noted::Number(_) => None,
    };
    played.outcome.notes[ORDERS]
        .iter()
        .filter_map(json)
        .collect()
}

#[test]
fn every_service_shows_what_it_knows_in_both_versions() {
    let show = SERVICES.iter().map(|slot| Order::State(*slot));
    let update = std::iter::once(Order::UpdateAll(2));
    let shown = answers(show.clone().chain(update).chain(show).collect());
    assert_eq!(shown.len(), 2 * SERVICES.len());
    for (number, document) in shown.iter().enumerate() {
        let slot = SERVICES[number % SERVICES.len()];
        assert_eq!(document["service"], endpoint::name(slot).unwrap());
        assert_eq!(document["state_version"], 1 + number / SERVICES.len());
        assert!(document["state"].is_object() && document["journal"].is_object());
    }
    let shown = |slot, version: usize| {
        let at = SERVICES.iter().position(|known| *known == slot).unwrap();
        &shown[at + (version - 1) * SERVICES.len()]
    };
    // A reader waits at a pipe: its request is in the journal, its pipe in the State.
    let pfs = shown(endpoint::PFS, 2);
    let pipe = &pfs["state"]["pipes"]["1"];
    assert_eq!(
        (&pipe["readers"], &pipe["writers"]),
        (&1.into(), &1.into()),
        "{pfs}"
    );
    // The operator's page is too small for all that ramfs knows.
    let ramfs = shown(endpoint::RAMFS, 1);
    assert!(ramfs["omitted"].as_u64() > Some(0), "{ramfs}");
}
