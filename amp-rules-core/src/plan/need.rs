//! What a request is planned for.

/// The part of a symptom that a request provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The symptom itself; the numerator of a ratio.
    Main,
    /// The denominator of a ratio.
    Denominator,
    /// The sibling metric whose presence makes an absent counter 0.
    Sibling,
    /// The marker of planned occurrences.
    Marker,
    /// A step of a sequence, by its position.
    Step(u32),
}

/// The reason for a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A symptom, by its index in the rule set.
    Symptom(usize, Part),
    /// A heartbeat: table, metric, cadence in ticks of 100 ns.
    Heartbeat(String, Option<String>, i64),
    /// Error lines of a table that no symptom matches.
    Unmatched(String),
}
