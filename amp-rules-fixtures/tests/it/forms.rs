//! One incident in every form in which people have it: the root and its chain are the same.

use std::collections::BTreeMap;
use std::fs;

use amp_rules_fixtures::{FixtureSource, cases};

use crate::support::{file_name, pack_folder, pack_rules};

#[test]
fn one_incident_has_one_root_in_every_form() {
    let rules = pack_rules();
    let mut folders: Vec<_> =
        fs::read_dir(pack_folder().join("incidents/forms")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 9, "only {} forms", folders.len());
    let mut wrong = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let mut source = FixtureSource::open(folder, &rules.schema).unwrap();
        let summary = source.summary(source.subject_keys());
        let scope = source.scope_of_rows(&summary, &BTreeMap::new()).unwrap().scope;
        let diagnosis = cases::diagnose(&rules, &scope, &source).unwrap();
        let roots: Vec<&str> = diagnosis.roots.iter().map(|root| root.pattern.as_str()).collect();
        let chain: Vec<&str> =
            diagnosis.roots.iter().flat_map(|root| &root.chain).map(|link| link.pattern.as_str()).collect();
        let links = ["token-config-missing", "otlp-export-refused", "data-loss"];
        if roots != ["amcs-config-missing"] || !links.iter().all(|link| chain.contains(link)) {
            wrong.push(format!("{}: {roots:?}, chain {chain:?}", file_name(folder)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
