//! Who a scenario speaks of.
//!
//! Input: the entity texts of a row: `rs/*4`, `ds/[1..9]`, `rs/p1`, `rs/3 pods`, `cluster`. Output: pods by text. `rs/*4`
//! are four ReplicaSet pods, `rs-1` and so on, those that the row calls by a name of their own among them; `rs/*` are all
//! ReplicaSet pods that the row names, at least two.

use std::collections::{BTreeMap, BTreeSet};

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pod {
    /// `ReplicaSet` or `DaemonSet`.
    pub(crate) controller: &'static str,
    /// Its name.
    pub(crate) name: String,
}

enum Part {
    All,
    First(usize),
    Range(usize, usize),
    Some(usize),
    Named(String),
}

/// Everybody in a row.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    /// How many pods a group has.
    sizes: BTreeMap<String, usize>,
    /// Those of them with a name of their own.
    names: BTreeMap<String, BTreeSet<String>>,
}

fn controller(group: &str) -> Result<&'static str, String> {
    match group.split('-').next() {
        Some("rs") => Ok("ReplicaSet"),
        Some("ds") => Ok("DaemonSet"),
        _ => Err(format!("`{group}` is no group of pods")),
    }
}

/// The groups of a text with the part of each that is meant; remarks in parentheses are dropped.
fn parts(text: &str) -> Result<Vec<(String, Part)>, String> {
    let text = text.split(" (").next().unwrap_or_default();
    let text = text.split(" job=").next().unwrap_or_default();
    let mut all = Vec::new();
    for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
        let (group, part) = one.split_once('/').unwrap_or((one, "*"));
        let group = match group {
            "cluster" | "all" => {
                all.extend([("rs".to_owned(), Part::All), ("ds".to_owned(), Part::All)]);
                continue;
            }
            "ReplicaSet" => "rs",
            "DaemonSet" => "ds",
            group => group,
        };
        controller(group)?;
        let word = part.split_whitespace().next().unwrap_or_default();
        let range = |text: &str| {
            let (first, last) = text.split_once("..")?;
            Some((first.trim_start_matches('p').parse().ok()?, last.trim_start_matches('p').parse().ok()?))
        };
        let part = if part == "*" {
            Part::All
        } else if let Some(many) = word.strip_prefix('*').and_then(|many| many.parse().ok()) {
            Part::First(many)
        } else if let Some((first, last)) = word.strip_prefix('[').and_then(|inner| range(inner.trim_end_matches(']')))
        {
            Part::Range(first, last)
        } else if let Some((first, last)) = range(word) {
            all.extend((first..=last).map(|number: usize| (group.to_owned(), Part::Named(format!("p{number}")))));
            continue;
        } else if let Some(many) = part.split_once(" pod").and_then(|(many, _)| many.trim().parse().ok()) {
            Part::Some(many)
        } else {
            Part::Named(word.to_owned())
        };
        all.push((group.to_owned(), part));
    }
    Ok(all)
}

impl Cast {
    /// The cast that these texts name.
    pub(crate) fn of(texts: &[String]) -> Result<Self, String> {
        let mut cast = Self::default();
        let mut all: BTreeSet<&str> = BTreeSet::new();
        for text in texts {
            for (group, part) in parts(text)? {
                let size = match part {
                    Part::All => {
                        all.insert(controller(&group)?);
                        0
                    }
                    Part::First(many) | Part::Some(many) | Part::Range(_, many) => many,
                    Part::Named(name) => {
                        cast.names.entry(group.clone()).or_default().insert(name);
                        0
                    }
                };
                let known = cast.sizes.entry(group).or_default();
                *known = size.max(*known);
            }
        }
        // Where a row speaks of all pods of a controller there are two at least.
        for (kind, group) in [("ReplicaSet", "rs"), ("DaemonSet", "ds")] {
            let lacking = 2_usize.saturating_sub(cast.everybody().iter().filter(|pod| pod.controller == kind).count());
            if all.contains(kind) && lacking > 0 {
                let size = cast.members(group).len() + lacking;
                cast.sizes.insert(group.to_owned(), size);
            }
        }
        Ok(cast)
    }

    /// The pods of a group, those without a name of their own first.
    fn members(&self, group: &str) -> Vec<Pod> {
        let Ok(controller) = controller(group) else { return Vec::new() };
        let names: Vec<&String> = self.names.get(group).into_iter().flatten().collect();
        let numbered = self.sizes.get(group).copied().unwrap_or(0).saturating_sub(names.len());
        let numbered = (1..=numbered).map(|number| format!("{group}-{number}"));
        numbered.chain(names.into_iter().cloned()).map(|name| Pod { controller, name }).collect()
    }

    /// All pods.
    pub(crate) fn everybody(&self) -> Vec<Pod> {
        let groups: BTreeSet<&String> = self.sizes.keys().chain(self.names.keys()).collect();
        groups.into_iter().flat_map(|group| self.members(group)).collect()
    }

    /// The pods that a text means.
    pub(crate) fn pods(&self, text: &str) -> Result<Vec<Pod>, String> {
        let everybody = self.everybody();
        let mut meant = Vec::new();
        for (group, part) in parts(text)? {
            let kind = controller(&group)?;
            let members = self.members(&group);
            match part {
                Part::All if matches!(group.as_str(), "rs" | "ds") => {
                    meant.extend(everybody.iter().filter(|pod| pod.controller == kind).cloned())
                }
                Part::All => meant.extend(members),
                Part::First(many) | Part::Some(many) => meant.extend(members.into_iter().take(many)),
                Part::Range(first, last) => meant.extend(members.into_iter().take(last).skip(first.saturating_sub(1))),
                Part::Named(name) => {
                    let own = everybody.iter().find(|pod| {
                        pod.controller == kind && (pod.name == name || pod.name.ends_with(&format!("-{name}")))
                    });
                    meant.push(own.cloned().ok_or_else(|| format!("nobody is called `{name}`"))?);
                }
            }
        }
        let mut seen = BTreeSet::new();
        meant.retain(|pod| seen.insert(pod.clone()));
        Ok(meant)
    }
}

#[cfg(test)]
mod tests {
    use super::Cast;

    fn names(cast: &Cast, text: &str) -> Vec<String> {
        cast.pods(text).unwrap().into_iter().map(|pod| pod.name).collect()
    }

    #[test]
    fn groups_hold_numbered_and_named_pods() {
        let texts = ["rs/*,ds/*", "rs/*4", "ds/[2..4]", "rs/p2", "rs/idle", "rs-hashB/*2"].map(str::to_owned);
        let cast = Cast::of(&texts).unwrap();
        assert_eq!(names(&cast, "rs/*4"), ["rs-1", "rs-2", "idle", "p2"]);
        assert_eq!(names(&cast, "rs/*").len(), 6);
        assert_eq!(names(&cast, "ds/[2..4]"), ["ds-2", "ds-3", "ds-4"]);
        assert_eq!(names(&cast, "rs/p2"), ["p2"]);
        assert_eq!(names(&cast, "rs/2 pods"), ["rs-1", "rs-2"]);
        assert_eq!(names(&cast, "cluster").len(), 10);
        assert!(cast.pods("rs/nobody").is_err());
    }

    #[test]
    fn all_pods_of_a_controller_are_two_at_least() {
        let cast = Cast::of(&["rs/*,ds/*", "rs/p1"].map(str::to_owned)).unwrap();
        assert_eq!(names(&cast, "rs/*").len(), 2);
        assert_eq!(names(&cast, "ds/*").len(), 2);
    }
}
