//! Opens a file and gives its bytes as text was written: plain, gzip or zstd.
//!
//! Input: a path. Output: a reader of decoded bytes, and lines of bounded length. Which compression it is, the first
//! bytes say, not the name. Nothing here holds more than one line in memory, and no line longer than [`LONGEST`].

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// A row longer than this (in bytes) is no row: the services cut a row far below.
pub(crate) const LONGEST: usize = 32 << 20;

const BUFFER: usize = 256 << 10;

/// Told how many more bytes of the file (as it lies on disk) have been read.
pub(crate) type Meter<'a> = &'a (dyn Fn(u64) + Sync);

struct Metered<'a, R> {
    inner: R,
    meter: Meter<'a>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let many = self.inner.read(buffer)?;
        (self.meter)(many as u64);
        Ok(many)
    }
}

/// The decoded bytes of a file.
pub(crate) fn open<'a>(path: &Path, meter: Meter<'a>) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut file = Metered { inner: File::open(path)?, meter };
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

/// What [`next_line`] found.
pub(crate) enum Line {
    /// A line stands in the buffer, without its end.
    Text,
    /// A line longer than [`LONGEST`] was passed over.
    TooLong,
    /// There is no more.
    End,
}

/// Reads one line into `buffer`, which is cleared first. An unfinished last line is a line.
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
            if buffer.len() + text.len() > LONGEST {
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
