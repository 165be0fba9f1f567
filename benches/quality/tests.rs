//! A small version of the measurement, and tests of the measurement itself.

use crate::exact::posterior;
use crate::incident::{Part, Row};
use crate::losses::{Cell, Loss, Losses};
use crate::model::{Class, Edge, Model, PODS, Pattern, Setting, Shape};
use crate::page::{TEMPLATE, page};
use crate::score::{Method, Outcome, Scores, f1, incident, losses, run};
use crate::{SETTINGS, SHARES};

const WORLDS: u64 = 200;

/// The accepted distance of the engine below the exact posterior.
const NEAR: f64 = 0.03;

#[track_caller]
fn check_near(outcome: &Outcome, method: Method) {
    let figures = |scores: &Scores| (f1(scores.precision, scores.recall), scores.first.value().unwrap());
    let (ours, theirs) = (figures(outcome.of(Method::Engine)), figures(outcome.of(method)));
    let near = ours.0 >= theirs.0 - NEAR && ours.1 >= theirs.1 - NEAR;
    assert!(near, "{} missing: {ours:?} against {theirs:?} of {method:?}", outcome.wanted);
}

#[test]
fn without_noise_confirmed_roots_are_true_and_scores_are_near_the_exact_posterior() {
    let outcomes = run(SETTINGS[0], &[0.0, 0.3], WORLDS);
    for outcome in &outcomes {
        let confirmed = outcome.of(Method::Engine).confirmed;
        assert!(confirmed.all >= 100, "{confirmed:?}");
        assert_eq!(confirmed.right, confirmed.all, "{} missing", outcome.wanted);
        check_near(outcome, Method::ExactSeen);
    }
    // If nothing is missing, all patterns that can be named are observed.
    check_near(&outcomes[0], Method::Exact);
    // The value of the grade: reading unknown as false confirms patterns that are not roots.
    let wrong = outcomes[1].of(Method::UnknownAsFalse).confirmed;
    assert!(wrong.right < wrong.all, "{wrong:?}");
}

/// What real agents do – lines that come late, restarts, declared gaps, rows that are lost – confirms no wrong root either.
#[test]
fn late_lines_restarts_and_gaps_confirm_no_wrong_root() {
    for setting in [SETTINGS[3], SETTINGS[4]] {
        for outcome in run(setting, &[0.0, 0.3], WORLDS / 4) {
            let confirmed = outcome.of(Method::Engine).confirmed;
            assert!(confirmed.all >= 20, "{}: {confirmed:?}", setting.name);
            assert_eq!(confirmed.right, confirmed.all, "{}, {} missing", setting.name, outcome.wanted);
        }
    }
}

/// Without losses an incident that is over leaves no root, and the roots of the later one are found.
#[test]
fn an_earlier_incident_is_over() {
    let outcomes = run(SETTINGS[5], &[0.0], WORLDS / 10);
    let scores = outcomes[0].of(Method::Engine);
    assert_eq!(scores.precision.right, scores.precision.all, "{scores:?}");
    assert_eq!(scores.first.right, scores.first.all, "{scores:?}");
}

/// The rows of the settings differ in what their names say.
#[test]
fn settings_generate_what_they_name() {
    let rows = |setting: Setting, test: &dyn Fn(&Row) -> bool| -> usize {
        (0..20).map(|number| incident(setting, number).rows.iter().filter(|row| test(row)).count()).sum()
    };
    let restarts = |row: &Row| row.part == Part::Restart;
    assert_eq!(rows(SETTINGS[0], &restarts), 0);
    assert!((20..=40).contains(&rows(SETTINGS[3], &restarts)), "half of 60 pods: {}", rows(SETTINGS[3], &restarts));
    let heartbeats = |row: &Row| row.part == Part::Heartbeat;
    let kept = rows(SETTINGS[4], &heartbeats) as f64 / rows(SETTINGS[0], &heartbeats) as f64;
    assert!((0.87..0.93).contains(&kept), "{kept} of the rows are kept");
    let earlier = |row: &Row| matches!(row.part, Part::Symptom(_, _, true)) && row.at < SETTINGS[5].recent();
    assert!(rows(SETTINGS[5], &earlier) > 100);
    let gaps = losses(&incident(SETTINGS[4], 1), 1, 0.0);
    assert!(gaps.all.is_empty() && gaps.gaps.len() == 2, "{gaps:?}");
}

/// Returns a model whose patterns all have one symptom in the same table, per pod, with edges of strength `likely`.
fn model(classes: &[Class], edges: &[(usize, usize)]) -> Model {
    let pattern = |class: &Class| Pattern { class: *class, per_pod: true, shape: Shape::Any, symptoms: vec![0] };
    let edge = |(from, to): &(usize, usize)| Edge {
        from: *from,
        to: *to,
        strength: ("likely", 0.75),
        lag: (0, 1),
        lag_known: true,
    };
    Model {
        setting: SETTINGS[0],
        patterns: classes.iter().map(pattern).collect(),
        edges: edges.iter().map(edge).collect(),
    }
}

#[track_caller]
fn check_posterior(model: &Model, cells: &[Cell], want: &[f64]) {
    let cells: Vec<Vec<[Cell; PODS]>> = cells.iter().map(|cell| vec![[*cell; PODS]]).collect();
    let got = posterior(model, &cells);
    let near = |(got, want): (&f64, &f64)| (got - want).abs() < 1e-9;
    assert!(got.len() == want.len() && got.iter().zip(want).all(near), "{got:?}, not {want:?}");
}

/// With two causes there is one root in 0.6 of the worlds, each in 0.3, and there are two in 0.4.
#[test]
fn posterior_of_two_patterns_matches_manual_calculation() {
    let two = model(&[Class::Cause, Class::Cause], &[(0, 1)]);
    check_posterior(&two, &[Cell::Absent, Cell::Seen], &[0.0, 1.0]);
    // Alone it would have caused the other in three of four cases.
    check_posterior(&two, &[Cell::Seen, Cell::Absent], &[1.0, 0.0]);
    // Both hold: 0.3 · 0.75 that the first caused the second, 0.4 that both started independently.
    check_posterior(&two, &[Cell::Seen, Cell::Seen], &[1.0, 0.4 / 0.625]);
    // And 0.3 that the second is alone, if the first is unknown.
    check_posterior(&two, &[Cell::Unknown, Cell::Seen], &[0.625 / 0.925, 0.7 / 0.925]);
}

#[test]
fn unobserved_cause_of_an_effect_is_the_root() {
    let chain = model(&[Class::Cause, Class::Effect], &[(0, 1)]);
    check_posterior(&chain, &[Cell::Unknown, Cell::Seen], &[1.0, 0.0]);
}

/// The posterior is calibrated: the share of true roots equals the probability. This detects errors in it and in the
/// generator.
#[test]
fn posterior_is_calibrated() {
    let mut bands = [(0.0, 0.0, 0); 4];
    for setting in [SETTINGS[1], SETTINGS[2]] {
        for number in 0..WORLDS {
            let incident = incident(setting, number);
            // Which components and metrics are lost is independent of the incident.
            let all = losses(&incident, number, 0.5).all;
            let all = all.into_iter().filter(|loss| matches!(loss, Loss::Symptom(..))).collect();
            let losses = Losses { all, ..Losses::default() };
            let probabilities = posterior(&incident.model, &losses.cells(&incident));
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
fn lost_share_is_near_the_requested_share() {
    for wanted in SHARES {
        let share = |number: u64| {
            let incident = incident(SETTINGS[0], number);
            losses(&incident, number, wanted).share(&incident.model)
        };
        let mean = (0..30).map(share).sum::<f64>() / 30.0;
        assert!((mean - wanted).abs() < 0.02, "{mean}, not {wanted}");
    }
}

#[test]
fn page_is_deterministic() {
    let generate = || page(4, &SETTINGS.map(|setting: Setting| run(setting, &SHARES, 4)));
    assert_eq!(generate(), generate());
}

/// `just quality` generates `docs/quality.md`; its prose is that of the template.
#[test]
fn committed_page_contains_the_prose_of_the_template() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/quality.md");
    let written = std::fs::read_to_string(path).unwrap();
    let mut rest = written.as_str();
    for piece in TEMPLATE.split("{{").map(|piece| piece.split_once("}}").map_or(piece, |(_, prose)| prose)) {
        let at =
            rest.find(piece).unwrap_or_else(|| panic!("run `just quality` to regenerate the page; it lacks {piece:?}"));
        rest = &rest[at + piece.len()..];
    }
}
