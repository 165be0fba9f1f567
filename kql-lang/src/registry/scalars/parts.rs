//! Functions that take texts of a known form apart: CSV records, paths, command lines.

use std::sync::Arc;

use super::scalar;
use crate::registry::arguments::{at, one_of, returns, text, text_at};
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Bag, Type, Value};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "parse_csv",
        1..=1,
        returns!(Dynamic; text),
        parse_csv,
        "The fields of the first record of a text in CSV, as strings.",
    )
    .keeps_name(),
    scalar(
        "parse_path",
        1..=1,
        returns!(Dynamic; text),
        parse_path,
        "The parts of a path of a file: scheme, root, directories, name, extension, alternate data stream.",
    ),
    scalar(
        "parse_command_line",
        2..=2,
        command_line_kind,
        parse_command_line,
        "The arguments of a command line, split as Windows does.",
    )
    .keeps_name(),
];

fn parse_csv(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let source = match at(row, 0) {
        Value::Null => return Value::Null,
        _ => text_at(row, 0),
    };
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut characters = source.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            ',' if !quoted => fields.push(Value::text(std::mem::take(&mut field))),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !quoted => break,
            other => field.push(other),
        }
    }
    fields.push(Value::text(field));
    Value::array(fields)
}

fn parse_path(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let source = text_at(row, 0);
    let (scheme, path) = source.split_once("://").unwrap_or(("", &source));
    let is_separator = |character: char| matches!(character, '/' | '\\');
    let mut after_colon = path.chars().skip(1);
    let has_drive = path.starts_with(|first: char| first.is_ascii_alphabetic())
        && after_colon.next() == Some(':')
        && after_colon.next().is_none_or(is_separator);
    let root = if has_drive { path.get(..3).unwrap_or(path) } else { "" };
    let (directory, name) = match path.rfind(is_separator) {
        Some(place) => (path.get(..place).unwrap_or_default(), path.get(place + 1..).unwrap_or_default()),
        None => ("", path),
    };
    let (file, stream) = name.split_once(':').unwrap_or((name, ""));
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let folder = directory.rsplit(is_separator).next().unwrap_or_default();
    let folder = if has_drive && folder.ends_with(':') { "" } else { folder };
    let parts = [
        ("Scheme", scheme),
        ("RootPath", root),
        ("DirectoryPath", directory),
        ("DirectoryName", folder),
        ("Filename", file),
        ("Extension", extension),
        ("AlternateDataStreamName", stream),
    ];
    Value::bag(Bag::of(parts.into_iter().map(|(name, part)| (Arc::from(name), Value::text(part)))))
}

fn command_line_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    text(arguments, 0)?;
    one_of(arguments, 1, &["windows"])?;
    Ok(Type::Dynamic)
}

/// Windows splits at blanks outside quotes; backslashes are special only before a quote, where two stand for one.
fn parse_command_line(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let source = text_at(row, 0);
    if source.trim().is_empty() {
        return Value::Null;
    }
    let mut arguments = Vec::new();
    let mut argument = String::new();
    let (mut started, mut quoted, mut slashes) = (false, false, 0);
    for character in source.chars() {
        if character == '\\' {
            slashes += 1;
            started = true;
            continue;
        }
        if character == '"' {
            argument.extend(std::iter::repeat_n('\\', slashes / 2));
            if slashes % 2 == 1 {
                argument.push('"');
            } else {
                quoted = !quoted;
            }
            slashes = 0;
            started = true;
            continue;
        }
        argument.extend(std::iter::repeat_n('\\', std::mem::take(&mut slashes)));
        if matches!(character, ' ' | '\t') && !quoted {
            if std::mem::take(&mut started) {
                arguments.push(Value::text(std::mem::take(&mut argument)));
            }
        } else {
            argument.push(character);
            started = true;
        }
    }
    argument.extend(std::iter::repeat_n('\\', slashes));
    if started {
        arguments.push(Value::text(argument));
    }
    Value::array(arguments)
}
