//! The state of binding, and the diagnostics shared by all parts of the binder.
//!
//! The other files of `bind` extend [`Binder`] with one `impl` block per operator family; every one needs the visible
//! names, the definitions and the diagnostics.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::Name;
use crate::bind::catalog::Catalog;
use crate::bind::scope::{Names, Typed};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::nearest::nearest;
use crate::plan::{Aggregation, Definition, Window};
use crate::registry::ResultColumn;
use crate::span::Span;

/// Maximum nesting of user function calls, subqueries and materialised tables.
pub(crate) const DEPTH: usize = 48;
/// Maximum nesting of expressions, including those substituted for names; chains of `and` and `or` are flat.
pub(crate) const HEIGHT: usize = 200;
/// Maximum number of operators and expressions of a query after its functions are expanded.
pub(crate) const NODES: usize = 200_000;

/// A construct outside the subset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOnly {
    /// The name of the construct in the language.
    pub construct: String,
    /// The place of the construct in the query text.
    pub span: Span,
}

/// The aggregates of an operator while its expressions are bound.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) calls: Vec<Aggregation>,
    /// The number of columns before the next aggregate: the keys and the results of earlier aggregates.
    pub(crate) width: usize,
    /// Whether the arguments of an aggregate are being bound; they are resolved in the input rows.
    pub(crate) within: bool,
    /// The input columns that are keys unchanged; `*` excludes them.
    pub(crate) keys: Vec<usize>,
}

pub(crate) struct Binder<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) names: Names<'a>,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) live_only: Vec<LiveOnly>,
    pub(crate) depth: usize,
    pub(crate) height: usize,
    pub(crate) nodes: usize,
    /// Collects aggregates while the expressions of a `summarize` are bound.
    pub(crate) aggregates: Option<Collected>,
    /// Collects window functions where they are allowed.
    pub(crate) windows: Option<Vec<Window>>,
    /// The first use of the instant of evaluation.
    pub(crate) uses_now: Option<Span>,
    /// The unknown tables of an open catalogue that the query uses, each with the columns that it uses.
    pub(crate) inferred: BTreeMap<String, BTreeSet<String>>,
    /// The columns of the call that was bound last, if it has several.
    pub(crate) columns: Option<Vec<ResultColumn>>,
    /// The steps of the `scan` that is bound, and the number of columns that each has.
    pub(crate) scan: Option<(Vec<&'a str>, usize)>,
}

impl<'a> Binder<'a> {
    /// A binder for a catalogue, without any bindings yet.
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            names: Names::default(),
            definitions: Vec::new(),
            diagnostics: Vec::new(),
            live_only: Vec::new(),
            depth: 0,
            height: 0,
            nodes: 0,
            aggregates: None,
            windows: None,
            uses_now: None,
            inferred: BTreeMap::new(),
            columns: None,
            scan: None,
        }
    }

    pub(crate) fn define(&mut self, definition: Definition) -> usize {
        self.definitions.push(definition);
        self.definitions.len() - 1
    }

    pub(crate) fn diagnostic(&mut self, kind: DiagnosticCode, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(kind, span, message));
    }

    pub(crate) fn type_error(&mut self, span: Span, kusto: &'static str, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(DiagnosticCode::Type, span, message).kusto(kusto));
    }

    pub(crate) fn unsupported(&mut self, construct: impl Into<String>, span: Span) {
        let construct = construct.into();
        self.diagnostics.push(
            Diagnostic::new(
                DiagnosticCode::Unsupported,
                span,
                format!("`{construct}` is not part of the subset that runs offline"),
            )
            .help("the query runs on a service only"),
        );
        self.live_only.push(LiveOnly { construct, span });
    }

    pub(crate) fn forbidden(&mut self, construct: &str, span: Span) {
        self.diagnostics.push(Diagnostic::new(
            DiagnosticCode::Forbidden,
            span,
            format!("`{construct}` accesses data outside the query's own database"),
        ));
    }

    /// Reports an unknown name, with the nearest known name as help.
    pub(crate) fn unknown<'n>(
        &mut self,
        kind: DiagnosticCode,
        kusto: &'static str,
        name: &Name,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let what = match kind {
            DiagnosticCode::UnknownTable => "table",
            DiagnosticCode::UnknownFunction => "function",
            _ => "column or variable",
        };
        let diagnostic = Diagnostic::new(kind, name.span, format!("unknown {what} `{}`", name.item)).kusto(kusto);
        self.diagnostics.push(match nearest(&name.item, known) {
            Some(guess) => diagnostic.help(format!("did you mean `{guess}`?")),
            None => diagnostic,
        });
    }

    /// Adds to the node count and returns whether the query is too large, which is reported once.
    pub(crate) fn is_too_large(&mut self, nodes: usize, span: Span) -> bool {
        let before = self.nodes;
        self.nodes = self.nodes.saturating_add(nodes);
        if before <= NODES && self.nodes > NODES {
            self.unsupported(format!("a query of more than {NODES} nodes"), span);
        }
        self.nodes > NODES
    }

    /// Reports an expression that is nested too deeply.
    pub(crate) fn too_deep(&mut self, span: Span) -> Typed {
        if !self.live_only.iter().any(|one| one.span == span) {
            self.unsupported(format!("an expression nested deeper than {HEIGHT} levels"), span);
        }
        Typed::invalid()
    }

    /// Runs `inner` one level deeper, or reports that the query is nested too deeply.
    pub(crate) fn deeper<T>(&mut self, span: Span, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            self.unsupported(format!("a query nested deeper than {DEPTH} levels"), span);
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        Some(result)
    }
}
