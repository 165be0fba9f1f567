//! The digest of a pack.
//!
//! Input: the files. Output: `sha256:…`. Line ends, a byte order mark and the folder of the pack do not count, nor do
//! cases, incidents and scenarios, since they do not affect a diagnosis.

use sha2::{Digest, Sha256};

use crate::rules::diagnostic::RuleFile;
use crate::rules::syntax::FileKind;

/// Returns the digest of the rules among these files.
pub(super) fn digest(files: &[(&RuleFile, FileKind)]) -> String {
    let mut parts: Vec<(FileKind, String, String)> = files
        .iter()
        .filter(|(_, kind)| !matches!(kind, FileKind::Cases | FileKind::Incident | FileKind::Scenario))
        .map(|(file, kind)| {
            let name = match kind {
                FileKind::Query => file.name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
                FileKind::Pack
                | FileKind::Pattern
                | FileKind::Cases
                | FileKind::Incident
                | FileKind::Indicators
                | FileKind::Workflow
                | FileKind::Scenario => String::new(),
            };
            (*kind, name, normal(&file.text))
        })
        .collect();
    parts.sort();
    let mut hash = Sha256::new();
    for (kind, name, text) in parts {
        for part in [kind.file_name(), &name, &text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn normal(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n").trim_end().to_owned()
}
