//! The state of binding, and the diagnostics that every part of the binder reports.

use crate::ast::Name;
use crate::bind::catalog::Catalog;
use crate::bind::scope::{Names, Typed};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::nearest::nearest;
use crate::plan::{Aggregation, Definition, Window};
use crate::span::Span;

/// How deep calls of user functions, subqueries and materialised tables may be nested.
pub(crate) const DEPTH: usize = 48;
/// How deep expressions may be nested, those in place of names included; chains of `and` and `or` are no nesting.
pub(crate) const HEIGHT: usize = 200;
/// How many operators and expressions a query may come to once its functions are put in place.
pub(crate) const NODES: usize = 200_000;

/// A construct outside the subset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOnly {
    /// What the language calls it.
    pub construct: String,
    /// Where it stands.
    pub span: Span,
}

/// The aggregates of an operator while its expressions are bound.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) calls: Vec<Aggregation>,
    /// How many columns stand before the next aggregate: the keys, and what the calls give.
    pub(crate) width: usize,
    /// Whether the arguments of an aggregate are being bound, which see the columns of the rows.
    pub(crate) within: bool,
    /// The columns that are keys as they are; `*` leaves them out.
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
    /// Where aggregates are put, while the expressions of a `summarize` are bound.
    pub(crate) aggregates: Option<Collected>,
    /// Where functions of neighbouring rows are put, where they are allowed.
    pub(crate) windows: Option<Vec<Window>>,
    /// Where the instant of evaluation is asked for first.
    pub(crate) asks_now: Option<Span>,
}

impl<'a> Binder<'a> {
    /// A binder that has bound nothing yet.
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
            asks_now: None,
        }
    }

    pub(crate) fn define(&mut self, definition: Definition) -> usize {
        self.definitions.push(definition);
        self.definitions.len() - 1
    }

    pub(crate) fn diagnostic(&mut self, kind: DiagnosticCode, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(kind, span, message));
    }

    pub(crate) fn wrong(&mut self, span: Span, kusto: &'static str, message: impl Into<String>) {
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
            format!("`{construct}` reaches beyond the query's own database"),
        ));
    }

    /// Reports a name that is not there, with the nearest one that is.
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

    /// Counts one more node; whether there are too many, which is reported once.
    pub(crate) fn is_too_large(&mut self, nodes: usize, span: Span) -> bool {
        let before = self.nodes;
        self.nodes = self.nodes.saturating_add(nodes);
        if before <= NODES && self.nodes > NODES {
            self.unsupported(format!("a query of more than {NODES} nodes"), span);
        }
        self.nodes > NODES
    }

    /// Refuses an expression that is nested too deep.
    pub(crate) fn too_high(&mut self, span: Span) -> Typed {
        if !self.live_only.iter().any(|one| one.span == span) {
            self.unsupported(format!("an expression nested deeper than {HEIGHT} levels"), span);
        }
        Typed::wrong()
    }

    /// Runs `inner` one level deeper, or reports that it is too deep.
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
