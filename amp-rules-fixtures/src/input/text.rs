//! Whole texts: rule files, queries, lists, stdin.

use std::io::{self, Read};
use std::path::Path;

use super::error::{InputError, Reason};
use super::limits::{Limit, Limits};
use super::open::open;

/// Reads a text file as a whole, at most [`Limit::TextBytes`]. A byte order mark of UTF-8 is kept.
///
/// # Errors
///
/// It cannot be opened or read, is too large, or is not UTF-8.
pub fn read_text(path: &Path, limits: &Limits) -> Result<String, InputError> {
    let fail = |reason| InputError::new(path, reason);
    let (file, found) = open(path)?;
    let most = limits.get(Limit::TextBytes);
    if found.len() > most {
        return Err(fail(Reason::TooLarge { limit: Limit::TextBytes, most, found: Some(found.len()) }));
    }
    whole(file, most).map_err(fail)
}

/// Reads a text from stdin to its end, at most [`Limit::TextBytes`]. Waits for it: stdin may be a terminal or a pipe.
///
/// # Errors
///
/// It cannot be read, is too large, or is not UTF-8.
pub fn stdin_text(limits: &Limits) -> Result<String, InputError> {
    whole(io::stdin().lock(), limits.get(Limit::TextBytes)).map_err(|reason| InputError::new(Path::new("-"), reason))
}

/// The text of a reader that has at most this many bytes. Files of the kernel state a size of zero, so it is counted here.
fn whole(reader: impl Read, most: u64) -> Result<String, Reason> {
    let mut bytes = Vec::new();
    let read = reader.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(Reason::Io)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > most {
        return Err(Reason::TooLarge { limit: Limit::TextBytes, most, found: None });
    }
    decode(bytes)
}

/// Decodes UTF-8. In a text whose lines end in `\r` alone, each is read as `\n`, which keeps every position.
///
/// # Errors
///
/// [`Reason::Encoding`], at the first byte that is not UTF-8.
pub fn decode(bytes: Vec<u8>) -> Result<String, Reason> {
    if let Some(what) = foreign(&bytes) {
        return Err(Reason::Encoding { line: 1, column: 1, what });
    }
    let mut bytes = bytes;
    if memchr::memchr(b'\n', &bytes).is_none() {
        bytes.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = bytes.get(..at).unwrap_or_default();
        let start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |newline| newline + 1);
        let text = String::from_utf8_lossy(before);
        let line = String::from_utf8_lossy(before.get(start..).unwrap_or_default());
        let what = match bytes.get(at) {
            Some(byte) => format!("the byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"),
            None => "the text is not UTF-8; save the file as UTF-8".to_owned(),
        };
        Reason::Encoding { line: line_breaks(&text) + 1, column: line.chars().count() + 1, what }
    })
}

/// The number of line breaks: `\n`, `\r\n`, or `\r` alone.
fn line_breaks(text: &str) -> usize {
    let lone = |(at, _): &(usize, &str)| !text.get(at + 1..).is_some_and(|rest| rest.starts_with('\n'));
    text.matches('\n').count() + text.match_indices('\r').filter(lone).count()
}

/// What bytes are that start like another encoding than UTF-8, with the next step; `None` if they do not.
pub(crate) fn foreign(start: &[u8]) -> Option<String> {
    let is_utf_16 = matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] | [1..=0x7f, 0, ..]);
    is_utf_16.then(|| {
        "the text is UTF-16; convert it to UTF-8, such as with `iconv -f UTF-16 -t UTF-8`, or in PowerShell with `Out-File -Encoding utf8`"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        decode(bytes.to_vec()).unwrap_err().to_string()
    }

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_named_by_line_and_column() {
        assert!(refused(b"a: b\nc\xc3\xa9: \xff").starts_with("line 2, column 5: the byte 0xff is not UTF-8"));
        assert!(refused(b"one\rtwo\r\nthree\r\xff").starts_with("line 4, column 1: "));
        assert!(refused(b"\xe2\x82").starts_with("line 1, column 1: the byte 0xe2"));
    }

    #[test]
    fn utf_16_is_named() {
        for bytes in [b"\xff\xfea\0".as_slice(), b"\xfe\xff\0a", b"a\0b\0", b"\0a\0b"] {
            assert!(refused(bytes).starts_with("line 1, column 1: the text is UTF-16; convert"), "{bytes:?}");
        }
        assert_eq!(decode(b"\xef\xbb\xbfa".to_vec()).unwrap(), "\u{feff}a");
        assert_eq!(decode(b"\0".to_vec()).unwrap(), "\0");
    }

    #[test]
    fn lines_that_end_in_a_carriage_return_alone_are_lines() {
        assert_eq!(decode(b"one\rtwo\r".to_vec()).unwrap(), "one\ntwo\n");
        assert_eq!(decode(b"one\r\ntwo\r".to_vec()).unwrap(), "one\r\ntwo\r");
    }

    #[test]
    fn a_text_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "12345").unwrap();
        let read = |most| read_text(&path, &Limits::default().with(Limit::TextBytes, most));
        assert_eq!(read(5).unwrap(), "12345");
        let error = read(4).unwrap_err().to_string();
        assert!(error.contains("5 B, which is more than the limit `text-bytes` of 4 B"), "{error}");
        assert!(whole(io::repeat(b'x'), 4).unwrap_err().to_string().starts_with("more than the limit"));
    }
}
