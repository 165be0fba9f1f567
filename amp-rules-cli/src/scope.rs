//! The scope of one run from the command line: subject, window, parameters, user reports.
//!
//! Options and the scope of an incident folder in; a [`Scope`] out. Options take precedence. This is the only place that
//! reads the clock, and only if no end is given and no folder is read.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::RuleSet;
use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::time::{Time, Window, parse_duration};
use clap::Args;

use crate::exit::Failure;

/// The default length of a window.
const DAY: Duration = Duration::from_secs(86_400);

/// Subject, window and parameters of a run.
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    /// The cluster to diagnose, by the resource id in its telemetry.
    #[arg(long, value_name = "ID")]
    pub cluster: Option<String>,
    /// Another key of the subject: `--subject region=eastus`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub subject: Vec<String>,
    /// The end of the window (RFC 3339); later rows are ignored.
    #[arg(long, value_name = "TIME", conflicts_with = "to")]
    pub now: Option<String>,
    /// The length of the window, such as 24h or 1h30m.
    #[arg(long, value_name = "DURATION", conflicts_with = "from")]
    pub last: Option<String>,
    /// The start of the window (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The end of the window (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Set a parameter of the rules: `--set hpa_max_replicas=10`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A complaint or impact that a user reported, with its entity: `pipeline-down`, `pod-oom-killed@podname=p1`.
    #[arg(long, value_name = "PATTERN[@KEY=VALUE,…]")]
    pub reported: Vec<String>,
}

/// Where the end of the window comes from if none is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultEnd {
    /// The clock of this machine.
    Clock,
    /// The end is required; the text is the usage error without it.
    Required(String),
}

/// Returns the scope of the options; `known` supplies what they leave out.
///
/// # Errors
///
/// A value is invalid, or the end of the window is required and missing.
pub fn of(
    options: &Options,
    known: Option<Scope>,
    rules: &RuleSet,
    default_end: &DefaultEnd,
) -> Result<Scope, Failure> {
    let window = window(options, known.as_ref().map(|known| known.window), default_end)?;
    let mut scope = known.unwrap_or_else(|| Scope::new(window));
    scope.window = window;
    scope.subject.extend(subject(options)?);
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

/// The keys of the subject that the options give.
///
/// # Errors
///
/// A value is invalid.
pub fn subject(options: &Options) -> Result<BTreeMap<String, String>, Failure> {
    let mut subject = BTreeMap::new();
    if let Some(cluster) = &options.cluster {
        subject.insert("cluster".to_owned(), cluster.clone());
    }
    for pair in &options.subject {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .ok_or_else(|| Failure::usage(&format!("cannot use `--subject {pair}`: expected KEY=VALUE")))?;
        subject.insert(key.to_owned(), value.to_owned());
    }
    Ok(subject)
}

fn window(options: &Options, known: Option<Window>, default_end: &DefaultEnd) -> Result<Window, Failure> {
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
    let to = match (given, known, default_end) {
        (Some(to), _, _) => to,
        (None, Some(known), _) => known.to,
        (None, None, DefaultEnd::Clock) => clock(),
        (None, None, DefaultEnd::Required(sentence)) => return Err(Failure::usage(sentence)),
    };
    let from = match (from, length, known) {
        (Some(from), _, _) => from,
        (None, Some(length), _) => to.saturating_sub(length),
        (None, None, Some(known)) => to.saturating_add_ticks(known.ticks().saturating_neg()),
        (None, None, None) => to.saturating_sub(DAY),
    };
    Ok(Window { from, to })
}

/// The current time of this machine.
pub(crate) fn clock() -> Time {
    jiff::Timestamp::now().to_string().parse::<Time>().unwrap_or(Time::MAX)
}

/// The instant of an option.
pub(crate) fn instant(option: &str, text: Option<&str>) -> Result<Option<Time>, Failure> {
    text.map(|text| {
        text.parse::<Time>().map_err(|_| {
            Failure::usage(&format!("cannot use `{option} {text}`: expected a time such as 2025-08-05T12:00:00Z"))
        })
    })
    .transpose()
}

/// Parses `pattern`, `pattern@key=value,key=value`, or `pattern@value` with the finest key of the pattern's scope.
fn report(text: &str, rules: &RuleSet) -> Result<UserReport, Failure> {
    let (pattern, rest) = text.split_once('@').map_or((text, None), |(pattern, rest)| (pattern, Some(rest)));
    let mut report = UserReport::new(pattern);
    for part in rest.into_iter().flat_map(|rest| rest.split(',')) {
        match part.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                report.entity.insert(key.trim().to_owned(), value.trim().to_owned());
            }
            Some(_) => {
                return Err(Failure::usage(&format!("cannot use `--reported {text}`: `{part}` is not KEY=VALUE")));
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
    fn a_window_is_a_day_long_by_default() {
        let options = options(|options| options.now = Some("2025-08-05T12:00:00Z".to_owned()));
        let window = window(&options, None, &DefaultEnd::Required(String::new())).unwrap();
        assert_eq!(window, Window { from: at("2025-08-04T12:00:00Z"), to: at("2025-08-05T12:00:00Z") });
    }

    #[test]
    fn options_take_precedence_over_the_folder() {
        let known = Window { from: at("2025-08-05T00:00:00Z"), to: at("2025-08-05T12:00:00Z") };
        let default_end = DefaultEnd::Required(String::new());
        let moved = options(|options| options.now = Some("2025-08-05T06:00:00Z".to_owned()));
        assert_eq!(window(&moved, Some(known), &default_end).unwrap().from, at("2025-08-04T18:00:00Z"));
        let shorter = options(|options| options.last = Some("1h".to_owned()));
        assert_eq!(window(&shorter, Some(known), &default_end).unwrap().from, at("2025-08-05T11:00:00Z"));
    }

    #[test]
    fn a_missing_end_is_a_usage_error() {
        let failure = window(&Options::default(), None, &DefaultEnd::Required("give --now".to_owned())).unwrap_err();
        assert_eq!(failure.message, "amp-rules: give --now");
    }

    #[test]
    fn an_invalid_value_is_named_with_the_expected_form() {
        for (wrong, part) in [
            (options(|options| options.now = Some("noon".to_owned())), "`--now noon`: expected a time"),
            (options(|options| options.last = Some("24".to_owned())), "`--last 24`: expected a duration"),
            (options(|options| options.last = Some("0s".to_owned())), "`--last 0s`: expected a duration"),
        ] {
            let failure = window(&wrong, None, &DefaultEnd::Clock).unwrap_err();
            assert!(failure.message.contains(part), "{}", failure.message);
        }
    }
}
