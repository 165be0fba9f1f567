//! The `incident.yaml` of an incident folder.

use std::fs;

use amp_rules_fixtures::Incident;

/// Reads an `incident.yaml`, and shows what is wrong with it.
///
/// # Panics
///
/// Reading twice gives another result.
pub fn incident(data: &[u8]) {
    crate::folder::with_folder(|folder| {
        fs::write(folder.join("incident.yaml"), data).expect("the input");
        let read = || match Incident::read(folder) {
            Ok(Some(incident)) => {
                let scope = incident.scope();
                format!("{scope:?} {:?} {}", incident.tables, incident.now())
            }
            Ok(None) => unreachable!("the file exists"),
            Err(error) => error.to_string(),
        };
        assert_eq!(read(), read());
    });
}
