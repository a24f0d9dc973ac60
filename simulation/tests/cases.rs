//! Every case, disturbed at every point of its small ones and at a sample of the others.

use simulation::campaign::Campaign;
use simulation::cases;
use simulation::probe::Kind;

#[test]
fn boot() {
    let case = cases::boot::case().unwrap();
    let campaign = Campaign::new(&case, 1).unwrap();
    let start = std::time::Instant::now();
    let mut n = 0;
    let mut bad = std::collections::BTreeMap::<String, (usize, String)>::new();
    for d in campaign.deaths(&Kind::ALL).chain(campaign.updates()) {
        n += 1;
        if let Err(failed) = campaign.play(&d) {
            let text = failed.to_string();
            let key: String = match &failed.wrong {
                simulation::world::Wrong::Differs(all) => all
                    .iter()
                    .map(|one| one.chars().take(20).collect::<String>())
                    .collect::<Vec<_>>()
                    .join("+"),
                wrong => format!("{wrong:?}").chars().take(60).collect(),
            };
            bad.entry(key).or_insert((0, text)).0 += 1;
        }
    }
    for (n, text) in bad.values() {
        eprintln!("{n} x {text}");
    }
    eprintln!("{n} runs, {:?}", start.elapsed());
    assert!(bad.is_empty());
}
