//! Every target accepts its own seeds, and those of all others cut in the middle.

use amp_rules_fuzz::TARGETS;

#[test]
fn every_target_accepts_its_seeds() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.len() > 2, "`{}` has {} seeds", target.name, seeds.len());
        seeds.iter().for_each(|seed| (target.run)(seed));
    }
}

#[test]
fn every_target_accepts_a_part_of_its_seeds() {
    for target in TARGETS {
        for seed in (target.seeds)().iter().step_by(7) {
            (target.run)(&seed[..seed.len() / 2]);
        }
    }
}
