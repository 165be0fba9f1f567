//! What one run looks at, from the command line: subject, window, parameters, reports.
//!
//! Options, and what an incident folder says of itself, in; a [`Scope`] out. Options win. This is the only place that
//! reads the clock, and only where no instant was given and no folder is read.

use std::time::Duration;

use amp_rules_core::RuleSet;
use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::time::{Time, Window, parse_duration};
use clap::Args;

use crate::exit::Failure;

/// The length of a window where nothing is said.
const DAY: Duration = Duration::from_secs(86_400);

/// Of whom and when.
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    /// The cluster, as its telemetry names it (a resource id).
    #[arg(long, value_name = "ID")]
    pub cluster: Option<String>,
    /// Another key of what is looked at: `--subject region=eastus`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub subject: Vec<String>,
    /// The end of the window, RFC 3339; nothing after it is looked at.
    #[arg(long, value_name = "TIME", conflicts_with = "to")]
    pub now: Option<String>,
    /// The length of the window, such as 24h or 1h30m.
    #[arg(long, value_name = "DURATION", conflicts_with = "from")]
    pub last: Option<String>,
    /// The start of the window, RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The end of the window, RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Set a parameter of the rules: `--set hpa_max_replicas=10`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A complaint that somebody has made: a pattern, and of whom (`pipeline-down`, `pod-oom-killed@podname=p1`).
    #[arg(long, value_name = "PATTERN[@KEY=VALUE,…]")]
    pub reported: Vec<String>,
}

/// Where an instant comes from when none is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// From the clock of this machine.
    Clock,
    /// From nowhere: the sentence says what to give instead.
    Nothing(String),
}

/// The scope that the options describe, on top of what is known already.
///
/// # Errors
///
/// A value that cannot be read, or too little to go by.
pub fn of(options: &Options, known: Option<Scope>, rules: &RuleSet, otherwise: &Otherwise) -> Result<Scope, Failure> {
    let window = window(options, known.as_ref().map(|known| known.window), otherwise)?;
    let mut scope = known.unwrap_or_else(|| Scope::new(window));
    scope.window = window;
    if let Some(cluster) = &options.cluster {
        scope.subject.insert("cluster".to_owned(), cluster.clone());
    }
    for pair in &options.subject {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .ok_or_else(|| Failure::usage(&format!("cannot use `--subject {pair}`: expected KEY=VALUE")))?;
        scope.subject.insert(key.to_owned(), value.to_owned());
    }
    for pair in &options.set {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(&format!("cannot use `--set {pair}`: expected NAME=VALUE, such as hpa_max_replicas=10"))
        })?;
        scope.parameters.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    for text in &options.reported {
        scope.reports.push(report(text, rules)?);
    }
    scope.reports.sort();
    scope.reports.dedup();
    Ok(scope)
}

fn window(options: &Options, known: Option<Window>, otherwise: &Otherwise) -> Result<Window, Failure> {
    let length = options
        .last
        .as_deref()
        .map(|text| {
            parse_duration(text).filter(|length| *length > Duration::ZERO).ok_or_else(|| {
                Failure::usage(&format!("cannot use `--last {text}`: expected a duration such as 24h or 1h30m"))
            })
        })
        .transpose()?;
    let given = instant("--now", options.now.as_deref())?.or(instant("--to", options.to.as_deref())?);
    let from = instant("--from", options.from.as_deref())?;
    let to = match (given, known, otherwise) {
        (Some(to), _, _) => to,
        (None, Some(known), _) => known.to,
        (None, None, Otherwise::Clock) => clock(),
        (None, None, Otherwise::Nothing(sentence)) => return Err(Failure::usage(sentence)),
    };
    let from = match (from, length, known) {
        (Some(from), _, _) => from,
        (None, Some(length), _) => to.saturating_sub(length),
        (None, None, Some(known)) => to.saturating_add_ticks(known.ticks().saturating_neg()),
        (None, None, None) => to.saturating_sub(DAY),
    };
    Ok(Window { from, to })
}

/// The instant that the clock of this machine shows.
pub(crate) fn clock() -> Time {
    jiff::Timestamp::now().to_string().parse::<Time>().unwrap_or(Time::MAX)
}

fn instant(option: &str, text: Option<&str>) -> Result<Option<Time>, Failure> {
    text.map(|text| {
        text.parse::<Time>().map_err(|_| {
            Failure::usage(&format!("cannot use `{option} {text}`: expected an instant such as 2025-08-05T12:00:00Z"))
        })
    })
    .transpose()
}

/// `pattern`, `pattern@key=value,key=value`, or `pattern@value` with a value of the finest key of the pattern's scope.
fn report(text: &str, rules: &RuleSet) -> Result<UserReport, Failure> {
    let (pattern, rest) = text.split_once('@').map_or((text, None), |(pattern, rest)| (pattern, Some(rest)));
    let mut report = UserReport::new(pattern);
    for part in rest.into_iter().flat_map(|rest| rest.split(',')) {
        match part.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                report.entity.insert(key.trim().to_owned(), value.trim().to_owned());
            }
            Some(_) => {
                return Err(Failure::usage(&format!("cannot use `--reported {text}`: `{part}` is no KEY=VALUE")));
            }
            None => {
                let key = finest_key(pattern, rules).filter(|_| !part.is_empty()).ok_or_else(|| {
                    Failure::usage(&format!(
                        "cannot use `--reported {text}`: expected PATTERN@KEY=VALUE, such as pod-oom-killed@podname=p1"
                    ))
                })?;
                report.entity.insert(key, part.trim().to_owned());
            }
        }
    }
    Ok(report)
}

fn finest_key(pattern: &str, rules: &RuleSet) -> Option<String> {
    let index = rules.pattern_index(pattern)?;
    let scope = &rules.patterns.get(index)?.pattern.scope;
    rules.schema.entity(scope)?.keys.last().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse::<Time>().unwrap()
    }

    fn options(change: impl FnOnce(&mut Options)) -> Options {
        let mut options = Options::default();
        change(&mut options);
        options
    }

    #[test]
    fn a_window_ends_now_and_is_a_day_long_unless_said() {
        let options = options(|options| options.now = Some("2025-08-05T12:00:00Z".to_owned()));
        let window = window(&options, None, &Otherwise::Nothing(String::new())).unwrap();
        assert_eq!(window, Window { from: at("2025-08-04T12:00:00Z"), to: at("2025-08-05T12:00:00Z") });
    }

    #[test]
    fn options_win_over_what_a_folder_says() {
        let known = Window { from: at("2025-08-05T00:00:00Z"), to: at("2025-08-05T12:00:00Z") };
        let otherwise = Otherwise::Nothing(String::new());
        let moved = options(|options| options.now = Some("2025-08-05T06:00:00Z".to_owned()));
        assert_eq!(window(&moved, Some(known), &otherwise).unwrap().from, at("2025-08-04T18:00:00Z"));
        let shorter = options(|options| options.last = Some("1h".to_owned()));
        assert_eq!(window(&shorter, Some(known), &otherwise).unwrap().from, at("2025-08-05T11:00:00Z"));
    }

    #[test]
    fn without_an_instant_the_reader_is_told_what_to_give() {
        let failure = window(&Options::default(), None, &Otherwise::Nothing("give --now".to_owned())).unwrap_err();
        assert_eq!(failure.message, "amp-rules: give --now");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_named_with_what_was_expected() {
        for (wrong, part) in [
            (options(|options| options.now = Some("noon".to_owned())), "`--now noon`: expected an instant"),
            (options(|options| options.last = Some("24".to_owned())), "`--last 24`: expected a duration"),
            (options(|options| options.last = Some("0s".to_owned())), "`--last 0s`: expected a duration"),
        ] {
            let failure = window(&wrong, None, &Otherwise::Clock).unwrap_err();
            assert!(failure.message.contains(part), "{}", failure.message);
        }
    }
}
