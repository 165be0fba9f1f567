//! A small version of the measurement, and tests of the measurement itself.

use crate::exact::posterior;
use crate::losses::{Cell, Loss, Losses};
use crate::nature::{Class, Edge, Nature, PODS, Pattern, Setting, Shape};
use crate::page::{TEMPLATE, page};
use crate::score::{Outcome, Rival, Tally, f1, incident, losses, run};
use crate::{SETTINGS, SHARES};

const WORLDS: u64 = 200;

/// The accepted distance of the engine below the exact posterior.
const NEAR: f64 = 0.03;

#[track_caller]
fn check_near(outcome: &Outcome, rival: Rival) {
    let figures = |tally: &Tally| (f1(tally.precision, tally.recall), tally.first.value().unwrap());
    let (ours, theirs) = (figures(outcome.of(Rival::Engine)), figures(outcome.of(rival)));
    let near = ours.0 >= theirs.0 - NEAR && ours.1 >= theirs.1 - NEAR;
    assert!(near, "{} missing: {ours:?} against {theirs:?} of {rival:?}", outcome.wanted);
}

#[test]
fn without_noise_a_confirmed_root_is_a_root_and_the_roots_are_nearly_those_of_the_exact_posterior() {
    let outcomes = run(SETTINGS[0], &[0.0, 0.3], WORLDS);
    for outcome in &outcomes {
        let confirmed = outcome.of(Rival::Engine).confirmed;
        assert!(confirmed.all >= 100, "{confirmed:?}");
        assert_eq!(confirmed.right, confirmed.all, "{} missing", outcome.wanted);
        check_near(outcome, Rival::ExactSeen);
    }
    // If nothing is missing, all patterns that can be named are observed.
    check_near(&outcomes[0], Rival::Exact);
    // The value of the grade: reading unknown as false confirms patterns that are not roots.
    let careless = outcomes[1].of(Rival::UnknownAsFalse).confirmed;
    assert!(careless.right < careless.all, "{careless:?}");
}

/// Returns a nature whose patterns all have one symptom in the same table, per pod, with edges of strength `likely`.
fn nature(classes: &[Class], edges: &[(usize, usize)]) -> Nature {
    let pattern = |class: &Class| Pattern { class: *class, per_pod: true, shape: Shape::Any, symptoms: vec![0] };
    let edge = |(from, to): &(usize, usize)| Edge {
        from: *from,
        to: *to,
        strength: ("likely", 0.75),
        lag: (0, 1),
        lag_known: true,
    };
    Nature {
        setting: SETTINGS[0],
        patterns: classes.iter().map(pattern).collect(),
        edges: edges.iter().map(edge).collect(),
    }
}

#[track_caller]
fn check_posterior(nature: &Nature, cells: &[Cell], want: &[f64]) {
    let cells: Vec<Vec<[Cell; PODS]>> = cells.iter().map(|cell| vec![[*cell; PODS]]).collect();
    let got = posterior(nature, &cells);
    let near = |(got, want): (&f64, &f64)| (got - want).abs() < 1e-9;
    assert!(got.len() == want.len() && got.iter().zip(want).all(near), "{got:?}, not {want:?}");
}

/// With two causes there is one root in 0.6 of the worlds, each in 0.3, and there are two in 0.4.
#[test]
fn the_posterior_of_two_patterns_is_what_a_pencil_says() {
    let two = nature(&[Class::Cause, Class::Cause], &[(0, 1)]);
    check_posterior(&two, &[Cell::Absent, Cell::Seen], &[0.0, 1.0]);
    // Alone it would have caused the other in three of four cases.
    check_posterior(&two, &[Cell::Seen, Cell::Absent], &[1.0, 0.0]);
    // Both hold: 0.3 · 0.75 that the first caused the second, 0.4 that both started independently.
    check_posterior(&two, &[Cell::Seen, Cell::Seen], &[1.0, 0.4 / 0.625]);
    // And 0.3 that the second is alone, if the first is unknown.
    check_posterior(&two, &[Cell::Unknown, Cell::Seen], &[0.625 / 0.925, 0.7 / 0.925]);
}

#[test]
fn an_effect_is_no_root_and_what_brought_it_about_can_be_unseen() {
    let chain = nature(&[Class::Cause, Class::Effect], &[(0, 1)]);
    check_posterior(&chain, &[Cell::Unknown, Cell::Seen], &[1.0, 0.0]);
}

/// The posterior is calibrated: the share of true roots equals the probability. This detects errors in it and in the
/// generator.
#[test]
fn of_what_is_probable_by_so_much_so_much_is_so() {
    let mut bands = [(0.0, 0.0, 0); 4];
    for setting in [SETTINGS[1], SETTINGS[2]] {
        for number in 0..WORLDS {
            let incident = incident(setting, number);
            // Which components and metrics are lost is independent of the incident.
            let all = losses(&incident, number, 0.5).all;
            let losses = Losses { all: all.into_iter().filter(|loss| matches!(loss, Loss::Symptom(..))).collect() };
            let probabilities = posterior(&incident.nature, &losses.cells(&incident));
            for (at, probability) in probabilities.iter().enumerate().filter(|(_, one)| **one > 0.02) {
                let band = &mut bands[((probability * 4.0) as usize).min(3)];
                band.0 += probability;
                band.1 += f64::from(u8::from(incident.roots.contains(&at)));
                band.2 += 1;
            }
        }
    }
    for (expected, found, many) in bands {
        // Three standard deviations, and a margin because the posterior does not use times.
        let allowed = 3.0 * (f64::from(many) * 0.25).sqrt() + 0.02 * f64::from(many);
        assert!(many > 20 && (found - expected).abs() <= allowed, "{found} of {many}, expected {expected}");
    }
}

#[test]
fn as_much_is_lost_as_was_to_be_lost() {
    for wanted in SHARES {
        let share = |number: u64| {
            let incident = incident(SETTINGS[0], number);
            losses(&incident, number, wanted).share(&incident.nature)
        };
        let mean = (0..30).map(share).sum::<f64>() / 30.0;
        assert!((mean - wanted).abs() < 0.02, "{mean}, not {wanted}");
    }
}

#[test]
fn the_same_worlds_give_the_same_page() {
    let made = || page(4, &SETTINGS.map(|setting: Setting| run(setting, &SHARES, 4)));
    assert_eq!(made(), made());
}

/// `just quality` generates `docs/quality.md`; its prose is that of the template.
#[test]
fn the_page_has_the_prose_of_its_template() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/quality.md");
    let written = std::fs::read_to_string(path).unwrap();
    let mut rest = written.as_str();
    for piece in TEMPLATE.split("{{").map(|piece| piece.split_once("}}").map_or(piece, |(_, prose)| prose)) {
        let at =
            rest.find(piece).unwrap_or_else(|| panic!("run `just quality` to regenerate the page; it lacks {piece:?}"));
        rest = &rest[at + piece.len()..];
    }
}
