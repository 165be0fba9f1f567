//! Errors of the YAML parser in messages for authors of rules.

use serde_yaml::granit_parser::ErrorKind;

/// Returns how to fix a mistake that the line where parsing stopped shows.
pub(super) fn suggest_from_line(line: &str) -> Option<String> {
    let (key, value) = line.trim_start().trim_start_matches("- ").split_once(": ")?;
    let value = value.trim();
    if value.starts_with(['\'', '"', '|', '>', '{', '[']) || key.contains(['{', '[']) {
        return None;
    }
    if value.contains(": ") || value.ends_with(':') {
        return Some(format!("`: ` inside a value needs quotes: `{key}: '{}'`", value.replace('\'', "''")));
    }
    if value.starts_with(['*', '&', '%', '@', '`', '!']) {
        return Some(format!(
            "a value that starts with `{}` needs quotes: `{key}: '{}'`",
            value.chars().next()?,
            value.replace('\'', "''")
        ));
    }
    None
}

/// An error of the YAML parser as a diagnostic; `expected` and `help` can be empty.
pub(super) struct Explanation {
    pub(super) message: &'static str,
    pub(super) expected: &'static str,
    pub(super) help: &'static str,
}

/// Explains an error of the YAML parser to authors of rules.
pub(super) fn explain(kind: &ErrorKind) -> Explanation {
    let (message, expected, help) = match kind {
        ErrorKind::UnclosedQuotedScalar => {
            ("unclosed quote", "the closing quote", "inside single quotes, write a quote twice: `''`")
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("unclosed bracket", "`]` or `}`", "the file may be truncated")
        }
        ErrorKind::UnexpectedEof | ErrorKind::UnexpectedEofBlockMapping | ErrorKind::UnexpectedEofBlockSequence => {
            ("unexpected end of file", "more text", "the file may be truncated")
        }
        ErrorKind::ExpectedFlowMappingSeparator => (
            "invalid map in braces",
            "`,` or `}`",
            "a comma may be missing, or a text with a comma or a brace needs quotes",
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => (
            "invalid list in brackets",
            "`,` or `]`",
            "a comma may be missing, or a text with a comma or a bracket needs quotes",
        ),
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            ("unmatched closing bracket", "", "a regex or a text with brackets needs single quotes")
        }
        ErrorKind::TabInIndentation
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            ("a tab where YAML does not allow one", "spaces", "YAML indents with spaces only")
        }
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => (
            "unknown escape in double quotes",
            "an escape such as `\\n` or `\\\\`",
            "write regexes in single quotes, where a backslash is not an escape",
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement | ErrorKind::MappingKeyNotAllowed => {
            ("a `:` where no value is allowed", "", "the indentation may be wrong, or a text with `: ` needs quotes")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "this is not `key: value`",
            "a key and a `:`",
            "the indentation may be wrong, a `:` missing, or a quote missing in a line above",
        ),
        ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::InvalidBlockEntryWhitespace => {
            ("invalid list", "`- ` at the indentation of the other entries", "")
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidFlowScalarIndent => {
            ("the indentation matches no line above", "the indentation of an entry above", "")
        }
        ErrorKind::UnknownAnchor => {
            ("an alias without an anchor", "an anchor `&name` above", "a text that starts with `*` needs quotes")
        }
        ErrorKind::UnexpectedCharacter { .. } => ("a value cannot start with this character", "", "quote the value"),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            ("text after a closing quote", "the end of the value", "inside single quotes, write a quote twice: `''`")
        }
        ErrorKind::CommentNotSeparated | ErrorKind::CommentInterceptedScalar => {
            ("a `#` in the middle of a text", "", "quote the text, or put a space before the comment")
        }
        ErrorKind::RecursionLimitExceeded => ("nested too deeply", "fewer levels", "a bracket is probably not closed"),
        ErrorKind::BomInsideDocument => {
            ("a byte order mark inside the file", "", "two files may have been joined: remove the invisible character")
        }
        _ => ("this is not valid YAML", "", "the indentation, a quote or a bracket may be wrong"),
    };
    Explanation { message, expected, help }
}
