//! Secrets of several lines: key blocks and vaults, also cut off or damaged.

use std::ops::Range;

use memchr::memmem;

use super::shape::REPLACED;
use super::values::until;

/// The body of a block that a `BEGIN` line opens: up to the `END` line, or, if it was cut off, as long as it is base64.
pub(super) fn after_begin(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(at.start..)?;
    let close = memmem::find_iter(rest.as_bytes(), b"----").map(|at| rest.get(at..).unwrap_or_default()).next();
    let is_end = |close: &&str| close.trim_start_matches(['-', ' ', '+']).starts_with("END");
    let end = match close.filter(is_end) {
        Some(close) => text.len() - close.len(),
        None => until(text, at.start, |c| !(c.is_ascii_alphanumeric() || c.is_whitespace() || "+/=\\".contains(c))).end,
    };
    let start = text.len() - after_line_ends(text.get(at.start..)?).len();
    let mut body = text.get(start..end)?.trim_end();
    while let Some(rest) = ["\\n", "\\r", "\\"].iter().find_map(|end| body.strip_suffix(end)) {
        body = rest.trim_end();
    }
    let replaced = text.get(start..)?.starts_with(REPLACED);
    (!body.is_empty() && !replaced).then(|| start..start + body.len())
}

/// The body of a block of Ansible Vault: hexadecimal digits, broken anywhere. A block that was cut off or damaged counts too.
pub(super) fn vault(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    /// The maximum number of other characters within a body.
    const MAX_DAMAGE: usize = 16;
    let mut body: Option<Range<usize>> = None;
    let (mut next, mut damage) = (at.start, 0);
    while let Some(first) = text.get(next..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(next..)?;
        let run = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let ends_line = rest.get(run..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['\n', '\r', '\\']));
        if run >= 16 || (damage == 0 && (run >= 8 || (run > 1 && ends_line && body.is_some()))) {
            body = Some(body.map_or(next, |body| body.start)..next + run);
            (next, damage) = (next + run, 0);
            continue;
        }
        let is_escape = matches!(first, 'n' | 'r') && text.get(..next).is_some_and(|before| before.ends_with('\\'));
        damage += usize::from(!(first.is_whitespace() || first == '\\' || is_escape));
        if damage > MAX_DAMAGE {
            break;
        }
        next += first.len_utf8();
    }
    body
}

/// A text without the ends of lines, written as escapes too, at its start.
fn after_line_ends(mut text: &str) -> &str {
    loop {
        let rest = text.trim_start();
        let escape = rest.trim_start_matches('\\');
        text = match escape.strip_prefix(['n', 'r']).filter(|_| escape.len() < rest.len()) {
            Some(next) => next,
            None => return rest,
        };
    }
}
