//! Which tokens have a space before them when they stand on one line, and where a line may be broken.
//!
//! All of it follows from the tokens, except that stars and the words of operators that the subset does not have keep
//! touching each other where they did.

use super::super::lexer::{Kind, Token};
use super::super::words;

/// What is known of every token.
pub(super) struct Spacing {
    /// Whether there is a space before it.
    pub(super) space: Vec<bool>,
    /// Whether a line may be broken before it.
    pub(super) soft: Vec<bool>,
    /// For the bracket that opens the values of a `datatable`: how many make a row.
    pub(super) rows: Vec<usize>,
    /// Whether it opens the body of a function that has several lines.
    pub(super) bodies: Vec<bool>,
    /// Whether it belongs to an operator whose words are not read: its brackets stay on their line.
    pub(super) frozen: Vec<bool>,
}

/// What stands around a token.
#[derive(Clone, Copy, Default)]
struct Frame<'t> {
    /// The operator that the token belongs to.
    operator: &'t str,
    /// Whether the words of the operator are not read.
    verbatim: bool,
    /// Whether that is so of everything in these brackets.
    inherited: bool,
    /// How many tokens the name of an operator still has.
    name: usize,
    /// Whether an operator or a head may begin.
    begins: bool,
}

/// Looks at all tokens of a text.
pub(super) fn of(text: &str, tokens: &[Token]) -> Spacing {
    let count = tokens.len();
    let mut spacing = Spacing {
        space: vec![false; count],
        soft: vec![false; count],
        rows: vec![0; count],
        bodies: vec![false; count],
        frozen: vec![false; count],
    };
    let reader = Reader { text, tokens };
    let mut frames = vec![Frame { begins: true, ..Frame::default() }];
    for number in 0..count {
        if reader.closes(number) && frames.len() > 1 {
            frames.pop();
        }
        let Some(frame) = frames.last_mut() else { break };
        if frame.begins {
            reader.begin(number, frame);
        }
        let named = frame.name > 0;
        frame.name = frame.name.saturating_sub(1);
        let frame = *frame;
        let space = number > 0 && reader.space(number, &frame, named && frame.name > 0, named);
        set(&mut spacing.space, number, space);
        set(&mut spacing.soft, number, reader.soft(number, &frame));
        set(&mut spacing.rows, number, if frame.verbatim { 0 } else { reader.row(number) });
        set(&mut spacing.bodies, number, !frame.verbatim && reader.is_long_body(number));
        set(&mut spacing.frozen, number, frame.verbatim);
        let separates = reader.is(number, "|") || reader.is(number, ";");
        if let Some(frame) = frames.last_mut()
            && separates
        {
            let inherited = frame.inherited;
            *frame = Frame { begins: true, verbatim: inherited, inherited, operator: "", name: 0 };
        }
        // `let x = union …`: the head of a pipeline begins behind the sign.
        if let Some(frame) = frames.last_mut()
            && frame.operator == "let"
            && reader.is(number, "=")
        {
            *frame = Frame { begins: true, ..*frame };
        }
        if reader.opens(number) {
            let (operator, inherited) = (frame.operator, frame.verbatim);
            frames.push(Frame { begins: true, verbatim: inherited, inherited, operator, name: 0 });
        }
    }
    spacing
}

fn set<T>(values: &mut [T], number: usize, value: T) {
    if let Some(slot) = values.get_mut(number) {
        *slot = value;
    }
}

struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Reader<'t> {
    fn token(&self, number: usize) -> Option<&'t Token> {
        self.tokens.get(number)
    }

    fn kind(&self, number: usize) -> Option<Kind> {
        self.token(number).map(|token| token.kind)
    }

    fn show(&self, number: usize) -> &'t str {
        self.token(number).and_then(|token| self.text.get(token.span.start..token.span.end)).unwrap_or_default()
    }

    fn is(&self, number: usize, mark: &str) -> bool {
        self.kind(number) == Some(Kind::Mark) && self.show(number) == mark
    }

    fn word(&self, number: usize) -> Option<&'t str> {
        (self.kind(number) == Some(Kind::Word)).then(|| self.show(number))
    }

    fn opens(&self, number: usize) -> bool {
        self.token(number).and_then(|token| token.partner).is_some_and(|partner| partner > number)
    }

    fn closes(&self, number: usize) -> bool {
        self.token(number).and_then(|token| token.partner).is_some_and(|partner| partner < number)
    }

    fn touches(&self, number: usize) -> bool {
        let last = number.checked_sub(1).and_then(|last| self.token(last)).map(|last| last.span.end);
        last.is_some() && last == self.token(number).map(|token| token.span.start)
    }

    /// Reads the name of an operator or head that begins here.
    fn begin(&self, number: usize, frame: &mut Frame<'t>) {
        frame.begins = false;
        if self.kind(number) != Some(Kind::Word) {
            return;
        }
        let mut end = number;
        while self.is(end + 1, "-") && self.touches(end + 1) && self.word(end + 2).is_some() && self.touches(end + 2) {
            end += 2;
        }
        let behind_pipe = number.checked_sub(1).is_some_and(|last| self.is(last, "|"));
        let span = |end| self.token(number).zip(self.token(end)).map(|(first, last)| first.span.to(last.span));
        let up_to = |end| span(end).and_then(|span| self.text.get(span.start..span.end)).unwrap_or_default();
        // A statement begins with one word; what touches it behind a hyphen is taken away from it.
        if !behind_pipe && !words::is_unsupported_source(up_to(end)) {
            end = number;
        }
        let name = up_to(end);
        let head = matches!(name, "print" | "union" | "datatable" | "let" | "set" | "declare")
            || (name == "range" && !self.is(number + 1, "("))
            || (words::is_unsupported_source(name) && !self.is(number + 1, "|"));
        if behind_pipe || head {
            let unknown =
                if behind_pipe { words::is_unsupported_operator(name) } else { words::is_unsupported_source(name) };
            frame.operator = name;
            frame.verbatim |= unknown;
            frame.name = end - number + 1;
        }
    }

    /// Whether a space stands before a token. `more` is said of all tokens of an operator's name but the last.
    fn space(&self, number: usize, frame: &Frame<'t>, more: bool, named: bool) -> bool {
        let last = number - 1;
        if named && (more || self.is(last, "-")) && self.is_inside_name(number) {
            return false;
        }
        let separates = !frame.inherited && (self.is(number, "|") || self.is(number, ";"));
        if frame.verbatim && !named && !separates {
            return !self.touches(number);
        }
        if let Some(space) = self.star_space(number, frame) {
            return space;
        }
        if self.kind(last) == Some(Kind::Mark) {
            match self.show(last) {
                "(" | "[" | "." => return false,
                "{" => return self.is_body(last),
                "=" if self.is_tight(last, frame) => return false,
                "-" if self.is_granny(last) => return false,
                "-" | "+" if self.is_sign(last, frame) => return false,
                _ => {}
            }
        }
        if self.kind(number) != Some(Kind::Mark) {
            return true;
        }
        match self.show(number) {
            ")" | "]" | "," | ";" | ":" => false,
            "}" => self.is_body_end(number),
            // A number with a dot behind it would be another number.
            "." => matches!(self.kind(last), Some(Kind::Long | Kind::Real)),
            "(" => !self.is_called(last, frame),
            // What stands in brackets behind the value of a setting is the next thing and no index.
            "[" => !self.is_indexed(last) || (last > 0 && self.is(last - 1, "=") && self.is_tight(last - 1, frame)),
            "=" => !self.is_tight(number, frame),
            "-" => !self.is_granny(number),
            _ => true,
        }
    }

    /// Whether a space stands between a star and a name, where a name can hold stars.
    fn star_space(&self, number: usize, frame: &Frame<'t>) -> Option<bool> {
        let names = matches!(frame.operator, "project-away" | "project-keep" | "project-reorder" | "union");
        let part = |number: usize| self.is(number, "*") || matches!(self.kind(number), Some(Kind::Word | Kind::Long));
        let star = self.is(number, "*") || self.is(number - 1, "*");
        (names && star && part(number) && part(number - 1)).then(|| !self.touches(number))
    }

    fn is_inside_name(&self, number: usize) -> bool {
        self.is(number, "-") || self.is(number - 1, "-")
    }

    /// `granny-asc`
    fn is_granny(&self, hyphen: usize) -> bool {
        let before = hyphen.checked_sub(1).and_then(|before| self.word(before));
        before == Some("granny") && self.touches(hyphen) && self.touches(hyphen + 1)
    }

    /// Whether a sign belongs to what follows and stands between no two operands.
    fn is_sign(&self, sign: usize, frame: &Frame<'t>) -> bool {
        let Some(last) = sign.checked_sub(1) else { return true };
        match self.kind(last) {
            Some(Kind::Mark) => !matches!(self.show(last), ")" | "]" | "}"),
            Some(Kind::Word) => self.is_keyword(last, frame),
            _ => false,
        }
    }

    /// Whether a word belongs to the language here: brackets behind it are no arguments.
    fn is_keyword(&self, number: usize, frame: &Frame<'t>) -> bool {
        let Some(word) = self.word(number) else { return false };
        if number.checked_sub(1).is_some_and(|last| self.is(last, ".")) {
            return false;
        }
        let function = matches!(word, "toscalar" | "totable" | "materialize" | "dynamic" | "typeof")
            || words::type_named(word).is_some();
        let begins = number == 0 || self.is(number - 1, "|") || self.is(number - 1, "-");
        let operator = begins && !frame.operator.is_empty() && frame.operator.ends_with(word);
        let other =
            matches!(word, "on" | "from" | "step" | "limit" | "default" | "with" | "regex" | "query_parameters");
        !function && (words::is_reserved(word) || operator || other || (word == "view" && self.is(number + 1, "(")))
    }

    /// Whether a bracket behind a token holds arguments.
    fn is_called(&self, last: usize, frame: &Frame<'t>) -> bool {
        match self.kind(last) {
            Some(Kind::Word) => !self.is_keyword(last, frame),
            Some(Kind::Mark) => self.show(last) == "]",
            _ => false,
        }
    }

    /// Whether a bracket behind a token holds an index, or follows another bracket.
    fn is_indexed(&self, last: usize) -> bool {
        match self.kind(last) {
            Some(Kind::Word) => {
                let plain = !words::is_reserved(self.show(last)) && !words::is_operator(self.show(last));
                plain && !matches!(self.show(last), "let" | "on" | "from" | "step" | "with" | "limit" | "default")
            }
            Some(Kind::Mark) => match self.show(last) {
                "]" => true,
                ")" => !self.follows_datatable(last),
                _ => false,
            },
            Some(Kind::Text) => true,
            _ => false,
        }
    }

    /// Whether a bracket closes the columns of a `datatable`.
    fn follows_datatable(&self, closing: usize) -> bool {
        let opening = self.token(closing).and_then(|token| token.partner);
        opening.and_then(|opening| opening.checked_sub(1)).and_then(|before| self.word(before)) == Some("datatable")
    }

    /// Whether an equals sign gives a setting its value: `kind=inner`, `hint.strategy=shuffle`, `default=0`.
    fn is_tight(&self, equals: usize, frame: &Frame<'t>) -> bool {
        let Some(word) = equals.checked_sub(1).and_then(|word| self.word(word)) else { return false };
        let hint = equals.checked_sub(3).is_some_and(|hint| self.word(hint) == Some("hint") && self.is(hint + 1, "."));
        let known: &[&str] = match frame.operator {
            "join" | "lookup" => &["kind"],
            "union" => &["kind", "withsource", "with_source", "isfuzzy"],
            "mv-expand" | "mvexpand" => &["kind", "bagexpansion", "with_itemindex"],
            "parse" | "parse-where" => &["kind", "flags"],
            "make-series" => &["kind", "default"],
            "render" => return true,
            _ => &[],
        };
        hint || known.contains(&word)
    }

    fn soft(&self, number: usize, frame: &Frame<'t>) -> bool {
        match self.word(number) {
            Some("and" | "or") => true,
            Some("by") => matches!(frame.operator, "summarize" | "make-series"),
            _ => false,
        }
    }

    /// Whether a brace opens the body of a function.
    fn is_body(&self, number: usize) -> bool {
        self.is(number, "{") && number.checked_sub(1).is_some_and(|last| self.is(last, ")"))
    }

    fn is_body_end(&self, number: usize) -> bool {
        self.token(number).and_then(|token| token.partner).is_some_and(|opening| self.is_body(opening))
    }

    /// Whether a brace opens a body with statements or operators.
    fn is_long_body(&self, opening: usize) -> bool {
        if !self.is_body(opening) {
            return false;
        }
        let Some(closing) = self.token(opening).and_then(|token| token.partner) else { return false };
        let mut number = opening + 1;
        while number < closing {
            if self.is(number, "|") || self.is(number, ";") {
                return true;
            }
            number =
                self.token(number).and_then(|token| token.partner).filter(|inner| *inner > number).unwrap_or(number)
                    + 1;
        }
        false
    }

    /// For the bracket that opens the values of a `datatable`: how many columns there are.
    fn row(&self, opening: usize) -> usize {
        let columns = opening.checked_sub(1).filter(|columns| self.is(opening, "[") && self.is(*columns, ")"));
        let Some(closing) = columns.filter(|columns| self.follows_datatable(*columns)) else { return 0 };
        let first = self.token(closing).and_then(|token| token.partner).unwrap_or(closing);
        1 + (first..closing).filter(|number| self.is(*number, ",")).count()
    }
}
