//! Reads the `given:` of a case or of a `story.yaml` into a story.
//!
//! Input: what stands in the file, the schema of the pack and the backgrounds beside it. Output: a [`Story`] in which
//! every group is written out, every time is an instant and every notation is read. Nothing here makes a row.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::plan::UserReport;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::{
    EntityText, GivenText, ReportText, RowsText, SeriesText, Spanned, TableState, TimeSpec, read_story,
};
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::time::{Time, Window};

use super::expand::guess;
use super::notation::names;
use super::{Alive, Events, Keys, Lines, Notation, Samples, Sequence, Story, StoryError, Times};
use crate::declared::{Declarations, Declared, State, missing_kind, partial_reason};

/// The instant of a story that names none: a Wednesday at midnight, in no way special.
const NOW: &str = "2025-01-01T00:00:00Z";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a story needs besides its own text.
#[derive(Clone, Debug)]
pub struct Stage<'a> {
    /// The telemetry model of the pack.
    pub schema: &'a Schema,
    /// The backgrounds that a story may name.
    pub backgrounds: &'a BTreeMap<String, GivenText>,
}

/// The backgrounds among the files of a pack: `<name>.story.yaml`, by name.
///
/// # Errors
///
/// A background that does not fit the format, with what is wrong, as lines of text.
pub fn background(files: &[RuleFile]) -> Result<BTreeMap<String, GivenText>, String> {
    let mut found = BTreeMap::new();
    for file in files {
        let last = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let Some(name) = last.strip_suffix(".story.yaml") else { continue };
        let (story, problems) = read_story(file);
        let Some(story) = story else { return Err(problems.concise()) };
        found.insert(name.to_owned(), story.given);
    }
    Ok(found)
}

/// The declarations that a `tables:` section makes.
///
/// # Errors
///
/// A word that is no reason.
pub(crate) fn declarations(
    tables: &[(Spanned<String>, TableState)],
    inventory_partial: bool,
    now: Time,
) -> Result<Declarations, StoryError> {
    let missing = |word: &Spanned<String>| {
        missing_kind(&word.value)
            .ok_or_else(|| StoryError(format!("`{}` is no reason for something to be missing", word.value)))
    };
    let mut all = BTreeMap::new();
    for (name, state) in tables {
        let mut declared = Declared::default();
        match state {
            TableState::Complete => {}
            TableState::Missing(reason) => declared.state = State::Missing(missing(reason)?),
            TableState::MissingParts(parts) => {
                for part in parts {
                    let kind = missing(&part.reason)?;
                    if let Some(metric) = &part.metric {
                        declared.missing_metrics.insert(metric.value.clone(), kind);
                    }
                    if let Some(component) = &part.component {
                        declared.missing_components.insert(component.value.clone(), kind);
                    }
                }
            }
            TableState::Partial(how, from, to) => {
                let reason = partial_reason(&how.value)
                    .ok_or_else(|| StoryError(format!("`{}` is no way for an answer to be partial", how.value)))?;
                let range = (from.is_some() || to.is_some()).then(|| Window {
                    from: from.map_or(Time::MIN, |moment| moment.instant(now)),
                    to: to.map_or(Time::MAX, |moment| moment.instant(now)),
                });
                declared.state = State::Partial(reason, range);
            }
        }
        all.insert(name.value.clone(), declared);
    }
    Ok(Declarations { tables: all, inventory_partial })
}

/// What somebody reported.
pub(crate) fn reports(reported: &[ReportText], now: Time) -> Vec<UserReport> {
    let instant = |moment: Option<TimeSpec>| moment.map(|moment| moment.instant(now));
    reported
        .iter()
        .map(|report| UserReport {
            pattern: report.pattern.value.clone(),
            entity: report.entity.clone(),
            since: instant(report.since),
            until: instant(report.until),
        })
        .collect()
}

impl Stage<'_> {
    /// The story that a `given:` tells.
    ///
    /// # Errors
    ///
    /// A group, a background or a key that does not exist, a notation that cannot be read, a time without an end.
    pub fn story(&self, given: &GivenText) -> Result<Story, StoryError> {
        let now = given.now.or_else(|| Time::parse(NOW)).unwrap_or(Time::from_ticks(0));
        let window = given.window.unwrap_or(DAY);
        let mut story = Story {
            now,
            window,
            subject: self.subject(&given.subject),
            logs: Vec::new(),
            metrics: Vec::new(),
            events: Vec::new(),
            named: BTreeSet::new(),
            alive: None,
            attributes: given.attributes.clone(),
            background: Vec::new(),
            tables: declarations(&given.tables, given.inventory_partial, now)?,
            reported: reports(&given.reported, now),
            set: given.set.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect(),
        };
        let cast = self.cast(given)?;
        story.named.clone_from(&cast.named);
        self.tell(given, &cast, &mut story, false)?;
        if let Some(alive) = &given.alive {
            let mut lives = Vec::new();
            for life in alive {
                let span = Window {
                    from: life.from.map_or(now.saturating_sub(window), |from| from.instant(now)),
                    to: life.to.map_or(now, |to| to.instant(now)),
                };
                let tables =
                    (!life.tables.is_empty()).then(|| life.tables.iter().map(|table| table.value.clone()).collect());
                lives.push(Alive { entities: cast.who(&life.entity)?, span, tables, columns: life.columns.clone() });
            }
            story.alive = Some(lives);
        }
        for name in &given.background {
            let background = self.backgrounds.get(&name.value).ok_or_else(|| {
                StoryError(format!(
                    "there is no background `{0}`: no file `{0}.story.yaml`{1}",
                    name.value,
                    guess(&name.value, self.backgrounds.keys())
                ))
            })?;
            for (attribute, value) in &background.attributes {
                story.attributes.entry(attribute.clone()).or_insert_with(|| value.clone());
            }
            let groups = self.groups(background)?;
            self.tell(background, &Cast { groups, named: cast.named.clone(), schema: self.schema }, &mut story, true)?;
        }
        Ok(story)
    }

    /// The keys of the subject: those given, and for every other key of a coarsest kind a made-up value.
    fn subject(&self, given: &Keys) -> Keys {
        let kinds = self.schema.entities.iter().filter(|kind| kind.within.is_none());
        let mut subject: Keys =
            kinds.flat_map(|kind| &kind.keys).map(|key| (key.clone(), "the-subject".to_owned())).collect();
        subject.extend(given.clone());
        subject
    }

    fn groups(&self, given: &GivenText) -> Result<BTreeMap<String, Vec<Keys>>, StoryError> {
        let mut cast = Cast { groups: BTreeMap::new(), named: BTreeSet::new(), schema: self.schema };
        for (name, who) in &given.entities {
            let members = cast.who(who)?;
            cast.named.extend(members.iter().cloned());
            cast.groups.insert(name.clone(), members);
        }
        Ok(cast.groups)
    }

    /// Everybody who is named anywhere.
    fn cast(&self, given: &GivenText) -> Result<Cast<'_>, StoryError> {
        let groups = self.groups(given)?;
        let named = groups.values().flatten().cloned().collect();
        let mut cast = Cast { groups, named, schema: self.schema };
        let rows = given.logs.iter().chain(&given.events).flat_map(|(_, rows)| rows).map(|rows| &rows.entity);
        let series = given.metrics.iter().map(|series| &series.entity);
        let alive = given.alive.iter().flatten().map(|life| &life.entity);
        for who in rows.chain(series).chain(alive).flatten() {
            if let EntityText::Keys(keys, _) = who
                && !keys.values().flatten().any(|value| value.contains('*'))
            {
                let members = cast.keys(keys)?;
                cast.named.extend(members);
            }
        }
        cast.named.remove(&Keys::new());
        Ok(cast)
    }

    fn tell(&self, given: &GivenText, cast: &Cast<'_>, story: &mut Story, background: bool) -> Result<(), StoryError> {
        for (table, all) in &given.logs {
            for rows in all {
                story.logs.push(Lines {
                    table: table.value.clone(),
                    times: times(rows, story.now)?,
                    entities: cast.whose(&rows.entity)?,
                    component: rows.component.as_ref().map(|component| component.value.clone()),
                    lines: rows.lines.clone(),
                    with: sequences(&rows.with),
                    weight: u64::from(rows.weight),
                    columns: rows.columns.clone(),
                });
            }
        }
        for (table, all) in &given.events {
            for rows in all {
                story.events.push(Events {
                    table: table.value.clone(),
                    times: times(rows, story.now)?,
                    entities: cast.whose(&rows.entity)?,
                    weight: u64::from(rows.weight),
                    columns: rows.columns.clone(),
                    with: sequences(&rows.with),
                });
            }
        }
        for series in &given.metrics {
            let samples = samples(series, cast, story)?;
            if background { story.background.push(samples) } else { story.metrics.push(samples) }
        }
        Ok(())
    }
}

fn sequences(with: &BTreeMap<String, String>) -> BTreeMap<String, Sequence> {
    with.iter().map(|(name, text)| (name.clone(), Sequence::parse(text))).collect()
}

fn times(rows: &RowsText, now: Time) -> Result<Times, StoryError> {
    let from = rows.from.instant(now);
    match (rows.every, rows.to) {
        (None, Some(_)) => Err(StoryError("rows with a `to` need an `every`".to_owned())),
        (every, to) => Ok(Times { from, to: to.map_or(now, |to| to.instant(now)), every, pulse: rows.pulse }),
    }
}

fn samples(series: &SeriesText, cast: &Cast<'_>, story: &Story) -> Result<Samples, StoryError> {
    let name = &series.name.value;
    let read = |text: &Spanned<String>| {
        Notation::parse(&text.value).map_err(|what| StoryError(format!("the values of `{name}`: {what}")))
    };
    let values = read(&series.values)?;
    let length = series.every.saturating_mul(u32::try_from(values.len()).unwrap_or(u32::MAX));
    let from = match (series.from, series.to) {
        (Some(from), _) => from.instant(story.now),
        (None, None) => story.now.saturating_sub(length),
        (None, Some(_)) => {
            let start = story.now.saturating_sub(story.window);
            let aligned = start.floor(series.every);
            if aligned < start { aligned.saturating_add(series.every) } else { start }
        }
    };
    Ok(Samples {
        table: series.table.as_ref().map(|table| table.value.clone()),
        name: name.clone(),
        entities: cast.whose(&series.entity)?,
        from,
        to: series.to.map(|to| to.instant(story.now)),
        every: series.every,
        values,
        weights: series.weight.as_ref().map(read).transpose()?,
        columns: series.columns.clone(),
    })
}

/// Who can be meant: groups by name, and everybody who is named.
struct Cast<'a> {
    groups: BTreeMap<String, Vec<Keys>>,
    named: BTreeSet<Keys>,
    schema: &'a Schema,
}

impl Cast<'_> {
    /// The entities of a row; the subject itself where nothing is said.
    fn whose(&self, who: &[EntityText]) -> Result<Vec<Keys>, StoryError> {
        if who.is_empty() { Ok(vec![Keys::new()]) } else { self.who(who) }
    }

    fn who(&self, who: &[EntityText]) -> Result<Vec<Keys>, StoryError> {
        let mut all = Vec::new();
        for one in who {
            let members = match one {
                EntityText::Keys(keys, _) => self.keys(keys)?,
                EntityText::Group(name) => self.group(&name.value)?,
            };
            for keys in members {
                if !all.contains(&keys) {
                    all.push(keys);
                }
            }
        }
        Ok(all)
    }

    /// `rs` and `rs/*`: all of a group; `rs/1..3` and `rs/2`: by position, from 1; `rs/name`: who has this value.
    fn group(&self, text: &str) -> Result<Vec<Keys>, StoryError> {
        let (name, part) = text.split_once('/').unwrap_or((text, "*"));
        let members = self.groups.get(name).ok_or_else(|| {
            StoryError(format!("there is no group `{name}` among `entities:`{}", guess(name, self.groups.keys())))
        })?;
        if part == "*" {
            return Ok(members.clone());
        }
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) {
            let chosen = first.checked_sub(1).and_then(|start| members.get(start..last));
            return chosen.map(<[Keys]>::to_vec).ok_or_else(|| {
                StoryError(format!("the group `{name}` has {} members, not those of `{text}`", members.len()))
            });
        }
        let chosen: Vec<Keys> =
            members.iter().filter(|keys| keys.values().any(|value| glob(part, value))).cloned().collect();
        if chosen.is_empty() {
            Err(StoryError(format!("nobody in the group `{name}` is called `{part}`")))
        } else {
            Ok(chosen)
        }
    }

    /// Every combination of the values; with a `*` those of everybody named who fits.
    fn keys(&self, keys: &BTreeMap<String, Vec<String>>) -> Result<Vec<Keys>, StoryError> {
        let known: BTreeSet<&String> = self
            .schema
            .entities
            .iter()
            .flat_map(|kind| &kind.keys)
            .chain(self.schema.tables.values().flat_map(|table| table.keys.keys()))
            .collect();
        if let Some(key) = keys.keys().find(|key| !known.contains(key)) {
            return Err(StoryError(format!("no entity has a key `{key}`{}", guess(key, known.into_iter()))));
        }
        if keys.values().flatten().any(|value| value.contains('*')) {
            let fits = |entity: &&Keys| {
                keys.iter().all(|(key, values)| {
                    entity.get(key).is_some_and(|value| values.iter().any(|pattern| glob(pattern, value)))
                })
            };
            let chosen: BTreeSet<Keys> = self
                .named
                .iter()
                .filter(fits)
                .map(|entity| {
                    entity
                        .iter()
                        .filter(|(key, _)| keys.contains_key(*key))
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect()
                })
                .collect();
            return Ok(chosen.into_iter().collect());
        }
        let mut all = vec![Keys::new()];
        for (key, values) in keys {
            let mut written = Vec::new();
            for value in values {
                written.extend(names(value).map_err(StoryError)?);
            }
            all = all
                .iter()
                .flat_map(|keys| {
                    written.iter().map(move |value| {
                        let mut keys = keys.clone();
                        keys.insert(key.clone(), value.clone());
                        keys
                    })
                })
                .collect();
        }
        Ok(all)
    }
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            tail.is_empty()
                || rest
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([rest.len()])
                    .any(|at| rest.get(at..).is_some_and(|rest| glob(tail, rest)))
        }),
    }
}
