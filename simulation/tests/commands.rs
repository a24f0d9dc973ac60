//! Commands that come to rs while it carries out another one. (On one processor no program runs in the
//! middle of an update; here everybody runs whenever he can.)

use control::{Reason, Response, Updated};
use protocol::endpoint;
use simulation::case::Case;
use simulation::cases;
use simulation::disturbance::{Disturbance, Order};
use simulation::player::{Noted, ORDERS};
use simulation::run::{Played, differences, play};

/// How often the order of turns is drawn anew.
const SEEDS: u64 = 60;

/// Plays the case with these orders. Programs must see what they see without.
fn ordered(case: &Case, seed: u64, orders: &[Order]) -> Played {
    let questions = vec![Order::Status(endpoint::RS); orders.len()];
    let calm = play(case, seed, &Disturbance::at_once(questions)).expect("a run");
    let played = play(case, seed, &Disturbance::at_once(orders.to_vec())).expect("a run");
    for (name, noted) in &calm.outcome.notes {
        let now = &played.outcome.notes[name];
        assert!(*name == ORDERS || noted == now, "{name}, seed {seed}");
    }
    assert_eq!(played.outcome.requests, calm.outcome.requests);
    let is_down = |order: &Order| matches!(order, Order::Down(_));
    if !orders.iter().any(is_down) {
        let differ = differences(&calm.outcome, &played.outcome);
        assert!(differ.is_empty(), "{differ:?}, seed {seed}");
    }
    played
}

/// What rs has answered.
fn answers(played: &Played) -> Vec<Response> {
    let decode = |noted: &Noted| match noted {
        Noted::Bytes(bytes) => control::decode_response(bytes).expect("an answer"),
        Noted::Number(number) => panic!("{number}"),
    };
    played.outcome.notes[ORDERS].iter().map(decode).collect()
}

/// The versions that an update has made of others.
fn changes(updated: &Updated) -> Vec<(u32, u32)> {
    let mut all: Vec<_> = updated
        .members
        .iter()
        .map(|one| (one.from, one.to))
        .collect();
    all.dedup();
    all
}

/// Updates at once, of all services or of the same one: they are done one after the other, whole, and
/// each begins with what one before has made.
#[test]
fn updates_that_come_together_take_turns() {
    let versions = [2, 1, 2];
    take_turns(&versions.map(Order::UpdateAll));
    take_turns(&versions.map(|version| Order::Update(endpoint::PFS, version)));
}

fn take_turns(orders: &[Order]) {
    let case = cases::updates::ordered_by_two().expect("a case");
    for seed in 1..=SEEDS {
        let played = ordered(&case, seed, orders);
        let mut made: Vec<Vec<(u32, u32)>> = Vec::new();
        for answer in answers(&played) {
            match answer {
                Response::Updated(updated) => made.push(changes(&updated)),
                other => panic!("{other:?}, seed {seed}"),
            }
        }
        assert_eq!(made.len(), orders.len(), "seed {seed}");
        assert!(
            made.iter().all(|one| one.len() == 1),
            "{made:?}, seed {seed}"
        );
    }
}

/// A member of an update is not taken down in the middle of it: that is told, and nothing has changed.
/// Before and afterwards it is.
#[test]
fn a_member_of_an_update_is_not_taken_down() {
    let case = cases::updates::ordered_by_two().unwrap();
    let orders = [
        Order::Update(endpoint::HELLO, 2),
        Order::Down(endpoint::HELLO),
        Order::Refresh(endpoint::HELLO),
    ];
    let mut busy = 0;
    for seed in 1..=SEEDS {
        let answers = answers(&ordered(&case, seed, &orders));
        assert_eq!(answers.len(), orders.len());
        let reasons: Vec<Reason> = answers
            .iter()
            .filter_map(|answer| match answer {
                Response::Refused(refused) => Some(refused[0].reason),
                _ => None,
            })
            .collect();
        match reasons[..] {
            [] => assert!(answers.contains(&Response::Ok)),
            [Reason::NotUp] | [Reason::NotUp, Reason::NotUp] => {
                assert!(answers.contains(&Response::Ok));
            }
            // It is up all the time: it was refreshed and updated.
            [Reason::Busy] => busy += 1,
            _ => panic!("{answers:?}, seed {seed}"),
        }
    }
    assert!(busy > 0, "nobody was disturbed");
    println!("{busy} of {SEEDS} came in the middle");
}
