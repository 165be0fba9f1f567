//! Opens a file and decompresses it: plain, gzip or zstd.
//!
//! Input: a path. Output: a reader of decompressed bytes, and lines of bounded length. The first bytes of the file, not its
//! name, determine the compression. Nothing here holds more than one line in memory, at most [`MAX_LINE`] bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// The maximum length of a row in bytes. The services truncate rows at far smaller sizes.
pub(crate) const MAX_LINE: usize = 32 << 20;

/// The size of the read buffers in bytes.
const BUFFER: usize = 256 << 10;

/// Callback that receives the number of bytes read from disk since its last call.
pub(crate) type OnBytesRead<'a> = &'a (dyn Fn(u64) + Sync);

struct Metered<'a, R> {
    inner: R,
    on_bytes_read: OnBytesRead<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let many = self.inner.read(buffer)?;
        (self.on_bytes_read)(many as u64);
        Ok(many)
    }
}

/// Opens a file for reading its decompressed bytes.
///
/// # Errors
///
/// The file cannot be opened, or its first bytes cannot be read.
pub(crate) fn open<'a>(path: &Path, on_bytes_read: OnBytesRead<'a>) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut file = Metered { inner: File::open(path)?, on_bytes_read };
    let mut magic = Vec::with_capacity(4);
    Read::by_ref(&mut file).take(4).read_to_end(&mut magic)?;
    let whole: Chain<Cursor<Vec<u8>>, Metered<'a, File>> = Cursor::new(magic.clone()).chain(file);
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole))))
        }
        [0x28, 0xb5, 0x2f, 0xfd] => {
            Box::new(BufReader::with_capacity(BUFFER, zstd::stream::read::Decoder::new(whole)?))
        }
        _ => Box::new(BufReader::with_capacity(BUFFER, whole)),
    })
}

/// The result of [`next_line`].
pub(crate) enum Line {
    /// The buffer holds a line, without its line break.
    Text,
    /// A line longer than [`MAX_LINE`] was skipped.
    TooLong,
    /// The end of the file.
    End,
}

/// Reads one line into `buffer`, which is cleared first. A last line without a line break counts.
///
/// # Errors
///
/// The file cannot be read further.
pub(crate) fn next_line(reader: &mut dyn BufRead, buffer: &mut Vec<u8>) -> io::Result<Line> {
    buffer.clear();
    let mut seen = false;
    let mut too_long = false;
    loop {
        let (used, done) = {
            let chunk = match reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                break;
            }
            seen = true;
            let end = memchr::memchr(b'\n', chunk);
            let text = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            if buffer.len() + text.len() > MAX_LINE {
                too_long = true;
                buffer.clear();
            } else if !too_long {
                buffer.extend_from_slice(text);
            }
            (end.map_or(chunk.len(), |end| end + 1), end.is_some())
        };
        reader.consume(used);
        if done {
            break;
        }
    }
    if buffer.last() == Some(&b'\r') {
        buffer.pop();
    }
    Ok(if too_long {
        Line::TooLong
    } else if seen {
        Line::Text
    } else {
        Line::End
    })
}
