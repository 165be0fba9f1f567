//! The pods of a corpus scenario.
//!
//! Input: the entity texts of a row: `rs/*4`, `ds/[1..9]`, `rs/p1`, `rs/3 pods`, `cluster`. Output: pods by text. `rs/*4`
//! are four ReplicaSet pods, `rs-1` and so on, including those that the row names; `rs/*` are all ReplicaSet pods of the
//! row, at least two.

use std::collections::{BTreeMap, BTreeSet};

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pod {
    /// `ReplicaSet` or `DaemonSet`.
    pub(crate) controller: &'static str,
    /// The name.
    pub(crate) name: String,
}

/// A part of a group.
enum Part {
    All,
    First(usize),
    Range(usize, usize),
    Some(usize),
    Named(String),
}

/// All pods of a row.
#[derive(Debug, Default)]
pub(crate) struct Pods {
    /// The number of pods per group.
    sizes: BTreeMap<String, usize>,
    /// The names of named pods per group.
    names: BTreeMap<String, BTreeSet<String>>,
}

fn controller(group: &str) -> Result<&'static str, String> {
    match group.split('-').next() {
        Some("rs") => Ok("ReplicaSet"),
        Some("ds") => Ok("DaemonSet"),
        _ => Err(format!("`{group}` is not a group of pods")),
    }
}

/// The groups of a text with their selected parts. Remarks in parentheses are dropped.
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
        } else if let Some(count) = word.strip_prefix('*').and_then(|count| count.parse().ok()) {
            Part::First(count)
        } else if let Some((first, last)) = word.strip_prefix('[').and_then(|inner| range(inner.trim_end_matches(']')))
        {
            Part::Range(first, last)
        } else if let Some((first, last)) = range(word) {
            all.extend((first..=last).map(|number: usize| (group.to_owned(), Part::Named(format!("p{number}")))));
            continue;
        } else if let Some(count) = part.split_once(" pod").and_then(|(count, _)| count.trim().parse().ok()) {
            Part::Some(count)
        } else {
            Part::Named(word.to_owned())
        };
        all.push((group.to_owned(), part));
    }
    Ok(all)
}

impl Pods {
    /// Collects the pods that the texts name.
    pub(crate) fn of(texts: &[String]) -> Result<Self, String> {
        let mut pods = Self::default();
        let mut all: BTreeSet<&str> = BTreeSet::new();
        for text in texts {
            for (group, part) in parts(text)? {
                let size = match part {
                    Part::All => {
                        all.insert(controller(&group)?);
                        0
                    }
                    Part::First(count) | Part::Some(count) | Part::Range(_, count) => count,
                    Part::Named(name) => {
                        pods.names.entry(group.clone()).or_default().insert(name);
                        0
                    }
                };
                let known = pods.sizes.entry(group).or_default();
                *known = size.max(*known);
            }
        }
        // A row about all pods of a controller has at least two of them.
        for (kind, group) in [("ReplicaSet", "rs"), ("DaemonSet", "ds")] {
            let lacking = 2_usize.saturating_sub(pods.all().iter().filter(|pod| pod.controller == kind).count());
            if all.contains(kind) && lacking > 0 {
                let size = pods.members(group).len() + lacking;
                pods.sizes.insert(group.to_owned(), size);
            }
        }
        Ok(pods)
    }

    /// The pods of a group, numbered ones first.
    fn members(&self, group: &str) -> Vec<Pod> {
        let Ok(controller) = controller(group) else { return Vec::new() };
        let names: Vec<&String> = self.names.get(group).into_iter().flatten().collect();
        let numbered = self.sizes.get(group).copied().unwrap_or(0).saturating_sub(names.len());
        let numbered = (1..=numbered).map(|number| format!("{group}-{number}"));
        numbered.chain(names.into_iter().cloned()).map(|name| Pod { controller, name }).collect()
    }

    /// All pods.
    pub(crate) fn all(&self) -> Vec<Pod> {
        let groups: BTreeSet<&String> = self.sizes.keys().chain(self.names.keys()).collect();
        groups.into_iter().flat_map(|group| self.members(group)).collect()
    }

    /// The pods that a text selects.
    pub(crate) fn select(&self, text: &str) -> Result<Vec<Pod>, String> {
        let all_pods = self.all();
        let mut selected = Vec::new();
        for (group, part) in parts(text)? {
            let kind = controller(&group)?;
            let members = self.members(&group);
            match part {
                Part::All if matches!(group.as_str(), "rs" | "ds") => {
                    selected.extend(all_pods.iter().filter(|pod| pod.controller == kind).cloned())
                }
                Part::All => selected.extend(members),
                Part::First(count) | Part::Some(count) => selected.extend(members.into_iter().take(count)),
                Part::Range(first, last) => {
                    selected.extend(members.into_iter().take(last).skip(first.saturating_sub(1)))
                }
                Part::Named(name) => {
                    let own = all_pods.iter().find(|pod| {
                        pod.controller == kind && (pod.name == name || pod.name.ends_with(&format!("-{name}")))
                    });
                    selected.push(own.cloned().ok_or_else(|| format!("there is no pod `{name}`"))?);
                }
            }
        }
        let mut seen = BTreeSet::new();
        selected.retain(|pod| seen.insert(pod.clone()));
        Ok(selected)
    }
}

#[cfg(test)]
mod tests {
    use super::Pods;

    fn names(pods: &Pods, text: &str) -> Vec<String> {
        pods.select(text).unwrap().into_iter().map(|pod| pod.name).collect()
    }

    #[test]
    fn groups_hold_numbered_and_named_pods() {
        let texts = ["rs/*,ds/*", "rs/*4", "ds/[2..4]", "rs/p2", "rs/idle", "rs-hashB/*2"].map(str::to_owned);
        let pods = Pods::of(&texts).unwrap();
        assert_eq!(names(&pods, "rs/*4"), ["rs-1", "rs-2", "idle", "p2"]);
        assert_eq!(names(&pods, "rs/*").len(), 6);
        assert_eq!(names(&pods, "ds/[2..4]"), ["ds-2", "ds-3", "ds-4"]);
        assert_eq!(names(&pods, "rs/p2"), ["p2"]);
        assert_eq!(names(&pods, "rs/2 pods"), ["rs-1", "rs-2"]);
        assert_eq!(names(&pods, "cluster").len(), 10);
        assert!(pods.select("rs/other").is_err());
    }

    #[test]
    fn all_pods_of_a_controller_are_at_least_two() {
        let pods = Pods::of(&["rs/*,ds/*", "rs/p1"].map(str::to_owned)).unwrap();
        assert_eq!(names(&pods, "rs/*").len(), 2);
        assert_eq!(names(&pods, "ds/*").len(), 2);
    }
}
