//! Disturbances by chance.

use crate::case::Case;
use crate::chance::Chance;
use crate::disturbance::{Disturbance, Order, When};
use crate::probe::{Counts, Kind, Point};
use crate::registry::SERVICES;
use abi::Endpoint;

/// Deaths of one service in a run, at most: after two without work done in between rs gives up its
/// State.
const DEATHS_OF_ONE: usize = 2;
/// Out of so many recoveries one is disturbed as well.
const RECOVERIES_UNDISTURBED: u64 = 4;
/// Services that die in one run, at most.
const MOST_DEATHS: u64 = 3;
/// Out of so many runs one has no orders.
const WITHOUT_ORDERS: u64 = 3;

/// A disturbance: a few deaths, and perhaps an update and its way back.
#[must_use]
pub fn disturbance(case: &Case, counts: &Counts, chance: &mut Chance) -> Disturbance {
    let mut disturbance = Disturbance::none();
    for _ in 0..chance.below(MOST_DEATHS + 1) {
        let slot = chance.one_of(SERVICES).unwrap_or_default();
        if let Some(point) = point(case, slot, counts, chance) {
            add(&mut disturbance, point);
            if !case.counts_boot && chance.below(RECOVERIES_UNDISTURBED) == 0 {
                let kind = [Kind::Export, Kind::Start];
                let kind = chance.one_of(&kind).unwrap_or(Kind::Start);
                add(
                    &mut disturbance,
                    Point {
                        kind,
                        number: 0,
                        ..point
                    },
                );
            }
        }
    }
    if chance.below(WITHOUT_ORDERS) > 0 || disturbance.deaths.is_empty() {
        let at = chance.one_of(SERVICES).unwrap_or_default();
        let whom = chance.one_of(SERVICES).unwrap_or_default();
        let number = chance.below(counts.get(&(at, Kind::Event)).copied().unwrap_or(1));
        let at = Point {
            slot: at,
            kind: Kind::Event,
            number,
        };
        let orders = match chance.below(2) {
            0 => vec![Order::Refresh(whom)],
            _ => vec![Order::Update(whom, 2), Order::Update(whom, 1)],
        };
        disturbance.orders = Some((When::At(at), orders));
    }
    disturbance
}

/// Adds a death, unless the service has died so often that rs would start it afresh.
fn add(disturbance: &mut Disturbance, point: Point) {
    let deaths = disturbance.deaths.iter();
    let before = deaths.filter(|death| death.slot == point.slot).count();
    if before < DEATHS_OF_ONE {
        disturbance.deaths.push(point);
    }
}

/// A point of a service. Every kind is as likely as the others, however many points it has.
fn point(case: &Case, slot: Endpoint, counts: &Counts, chance: &mut Chance) -> Option<Point> {
    let kinds: Vec<(Kind, u64)> = counts
        .iter()
        // A machine whose first transaction fails does not start.
        .filter(|((of, kind), _)| *of == slot && !(case.counts_boot && *kind == Kind::Start))
        .map(|((_, kind), count)| (*kind, *count))
        .collect();
    let (kind, count) = chance.one_of(&kinds)?;
    Some(Point {
        slot,
        kind,
        number: chance.below(count),
    })
}
