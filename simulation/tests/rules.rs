//! Each rule on which the correctness of services over crashes stands, left out: the simulation
//! has to see that. A rule whose absence nobody sees would not be needed, or a case is missing.

use kernel_core::Rule as KernelRule;
use protocol::endpoint;
use service::simulated::Rule;
use simulation::campaign::Campaign;
use simulation::cases::{self, Maker};
use simulation::disturbance::{Disturbance, Omission};
use simulation::probe::Kind;
use simulation::run::{Played, play};

/// Seeds tried one after the other: who is slow, and who is quick, matters to some rules.
const SEEDS: u64 = 8;

/// Whether some death, or some update, in a case comes out wrong without a rule. With the rule the
/// same must come out right: else something else is wrong.
fn is_missed(
    omission: Omission,
    maker: Maker,
    disturbances: impl Fn(&Campaign<'_>) -> Vec<Disturbance>,
) -> bool {
    let without = |disturbance: Disturbance| Disturbance {
        without: Some(omission),
        ..disturbance
    };
    let case = maker().unwrap_or_else(|text| panic!("{text}"));
    (1..=SEEDS).any(|seed| {
        let campaign = Campaign::new(&case, seed).unwrap_or_else(|failed| panic!("{failed}"));
        let all = disturbances(&campaign);
        let mut runs = all.into_iter().enumerate();
        let seen = runs.find_map(|(run, disturbance)| {
            let failed = campaign.play(&without(disturbance.clone())).err()?;
            Some((run, disturbance, failed))
        });
        let Some((run, disturbance, failed)) = seen else {
            return false;
        };
        let (case, wrong) = (case.name, failed.wrong.kind());
        eprintln!("{omission:?}: {case}, seed {seed}, run {run}: {wrong}");
        if let Err(failed) = campaign.play(&disturbance) {
            panic!("{omission:?} is not the cause: {failed}");
        }
        true
    })
}

fn everywhere(campaign: &Campaign<'_>) -> Vec<Disturbance> {
    let deaths = campaign.deaths(&Kind::ALL);
    deaths.chain(campaign.updates()).collect()
}

fn framework(rule: Rule, maker: Maker) {
    assert!(
        is_missed(Omission::Framework(rule), maker, everywhere),
        "{rule:?}"
    );
}

fn kernel(rule: KernelRule, maker: Maker) {
    assert!(
        is_missed(Omission::Kernel(rule), maker, everywhere),
        "{rule:?}"
    );
}

#[test]
fn closures_cut_short_are_undone() {
    framework(Rule::Undo, cases::processes::case);
}

#[test]
fn the_journal_is_exported() {
    framework(Rule::Journal, cases::processes::case);
}

#[test]
fn questions_are_not_asked_again() {
    framework(Rule::Answers, cases::processes::case);
}

#[test]
fn steps_are_not_made_again() {
    framework(Rule::Steps, cases::processes::case);
}

#[test]
fn answers_are_kept_until_they_are_given() {
    framework(Rule::Done, cases::files::case);
}

#[test]
fn observations_are_journalled() {
    framework(Rule::Observations, cases::processes::case);
}

#[test]
fn uses_of_a_label_are_told_apart() {
    framework(Rule::Uses, cases::processes::case);
}

#[test]
fn the_journal_is_swept() {
    framework(Rule::Sweep, cases::processes::case);
}

#[test]
fn waiting_requests_remember_how_far_they_are() {
    framework(Rule::Mark, cases::floods::case);
}

#[test]
fn delivered_requests_are_put_back() {
    kernel(KernelRule::Requeue, cases::files::case);
}

#[test]
fn requests_keep_their_order() {
    kernel(KernelRule::Order, cases::turns::case);
}

#[test]
fn completions_are_delivered_again() {
    kernel(KernelRule::Completions, cases::files::case);
}

#[test]
fn bits_are_raised_at_the_commit() {
    kernel(KernelRule::Notifications, cases::keys::case);
}

#[test]
fn submissions_of_instances_are_cancelled() {
    kernel(KernelRule::Disown, cases::polls::case);
}

#[test]
fn kept_pages_move() {
    kernel(KernelRule::Kept, cases::files::case);
}

#[test]
fn live_tags_are_submitted_once() {
    // Only matters when an answer takes longer than bringing back the one who asked.
    let slow = |campaign: &Campaign<'_>| {
        campaign.pairs((endpoint::VM, Kind::Event), (endpoint::PM, Kind::Call))
    };
    let rule = Omission::Kernel(KernelRule::Tags);
    assert!(is_missed(rule, cases::processes::case, slow));
}

#[test]
fn cancellations_are_told_again() {
    kernel(KernelRule::Cancellations, cases::signals::case);
}

#[test]
fn a_poisoned_request_is_ended() {
    let case = cases::poison::case().unwrap();
    let with = cases::poison::disturbance();
    let without = Disturbance {
        without: Some(Omission::Kernel(KernelRule::Poison)),
        ..with.clone()
    };
    let noted =
        |played: Played| played.outcome.notes[cases::poison::POISONED] == cases::poison::expected();
    let is_noted = |disturbance| play(&case, 1, disturbance).is_ok_and(noted);
    assert!(is_noted(&with) && !is_noted(&without));
}
