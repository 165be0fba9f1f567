//! Opens a file of rows and decompresses it: plain, gzip or zstd.
//!
//! Input: a path, or a place in a ZIP archive. Output: a reader of decompressed bytes that fails at a limit, and lines of bounded length. The first bytes
//! of the file, not its name, determine the compression. Nothing here holds more than one line in memory.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use crate::input::{self, Limit, Limits, Reason};

/// The size of the read buffers in bytes.
const BUFFER: usize = 256 << 10;

/// How much of a file is read to see what it is, in bytes. A reader's first chunk has at least as much, or the whole file.
const START: u64 = 8 << 10;

/// Callback that receives the number of bytes read from disk since its last call.
pub(crate) type OnBytesRead<'a> = &'a (dyn Fn(u64) + Sync);

/// The consumption of one pass over the files of one table.
#[derive(Debug)]
pub(crate) struct Usage {
    pub(crate) limits: Limits,
    /// Decompressed bytes so far.
    bytes: Cell<u64>,
}

impl Usage {
    /// Nothing consumed yet.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, bytes: Cell::new(0) }
    }
}

/// Counts the bytes read from disk.
struct Metered<'a, R> {
    inner: R,
    on_bytes_read: OnBytesRead<'a>,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let many = self.inner.read(buffer)?;
        self.read.set(self.read.get() + many as u64);
        (self.on_bytes_read)(many as u64);
        Ok(many)
    }
}

/// Fails where the decompressed bytes exceed a limit.
struct Bounded<'a, R> {
    inner: R,
    usage: &'a Usage,
    on_disk: Rc<Cell<u64>>,
    /// Decompressed bytes of this file.
    bytes: u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let many = self.inner.read(buffer)? as u64;
        self.bytes += many;
        let Usage { limits, bytes } = self.usage;
        bytes.set(bytes.get() + many);
        let exceeded = |limit, found| Err(io::Error::other(Reason::TooLarge { limit, most: limits.get(limit), found }));
        if bytes.get() > limits.get(Limit::TableBytes) {
            return exceeded(Limit::TableBytes, None);
        }
        let ratio = self.bytes / self.on_disk.get().max(1);
        if self.bytes > limits.get(Limit::RatioFrom) && ratio > limits.get(Limit::Ratio) {
            return exceeded(Limit::Ratio, Some(ratio));
        }
        Ok(usize::try_from(many).unwrap_or(0))
    }
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The path of the file, or of the archive that has it.
    pub(crate) path: PathBuf,
    /// The index of the file in a ZIP archive.
    pub(crate) entry: Option<usize>,
}

/// A file in a ZIP archive.
pub(crate) struct ArchiveEntry {
    /// Its index.
    pub(crate) index: usize,
    /// Its name, with `/` between the parts. It never leads out of the archive.
    pub(crate) name: String,
    /// Its size after decompression in bytes, as the archive states it.
    pub(crate) bytes: u64,
}

/// The files of a ZIP archive, sorted by name. Folders, links and names that lead out of the archive are left out.
///
/// # Errors
///
/// It cannot be read, is not a ZIP archive, or has more entries than a folder may have.
pub(crate) fn entries(path: &Path, limits: &Limits) -> Result<Vec<ArchiveEntry>, Reason> {
    let mut archive = archive(path)?;
    let (most, many) = (limits.get(Limit::Entries), archive.len() as u64);
    if many > most {
        return Err(Reason::TooLarge { limit: Limit::Entries, most, found: Some(many) });
    }
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| Reason::Io(io::Error::other(error)))?;
        let Some(name) = entry.enclosed_name().filter(|_| entry.is_file()) else { continue };
        let name = name.to_string_lossy().replace('\\', "/");
        found.push(ArchiveEntry { index, name, bytes: entry.size() });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn archive(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>, Reason> {
    let (file, _) = input::open(path).map_err(|error| error.reason)?;
    zip::ZipArchive::new(BufReader::new(file)).map_err(|error| Reason::Io(io::Error::other(error)))
}

/// The bytes of a file in an archive, which are held in memory.
fn entry_bytes(path: &Path, index: usize, limits: &Limits) -> Result<Vec<u8>, Reason> {
    let mut archive = archive(path)?;
    let entry = archive.by_index(index).map_err(|error| Reason::Io(io::Error::other(error)))?;
    let most = limits.get(Limit::TextBytes);
    let mut bytes = Vec::new();
    // The size that the archive states may be wrong.
    entry.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(Reason::Io)?;
    if bytes.len() as u64 > most {
        return Err(Reason::TooLarge { limit: Limit::TextBytes, most, found: None });
    }
    Ok(bytes)
}

/// Opens a file for reading its decompressed bytes, which count as consumed.
///
/// # Errors
///
/// The file cannot be opened, its first bytes cannot be read, or it is larger on disk than what the table may still consume.
pub(crate) fn open<'a>(
    place: &Place,
    usage: &'a Usage,
    on_bytes_read: OnBytesRead<'a>,
) -> Result<Box<dyn BufRead + 'a>, Reason> {
    let (file, found): (Box<dyn Read>, u64) = match place.entry {
        Some(index) => {
            let bytes = entry_bytes(&place.path, index, &usage.limits)?;
            let found = bytes.len() as u64;
            (Box::new(Cursor::new(bytes)), found)
        }
        None => {
            let (file, found) = input::open(&place.path).map_err(|error| error.reason)?;
            (Box::new(file), found.len())
        }
    };
    let so_far = usage.bytes.get();
    let most = usage.limits.get(Limit::TableBytes);
    if so_far.saturating_add(found) > most {
        let found = Some(so_far.saturating_add(found));
        return Err(Reason::TooLarge { limit: Limit::TableBytes, most, found });
    }
    let on_disk = Rc::new(Cell::new(0));
    let mut file = Metered { inner: file, on_bytes_read, read: Rc::clone(&on_disk) };
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(START).read_to_end(&mut start).map_err(Reason::Io)?;
    let whole: Chain<Cursor<Vec<u8>>, Metered<'a, Box<dyn Read>>> = Cursor::new(start.clone()).chain(file);
    let decoded: Box<dyn Read + 'a> = match start.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::new(whole).map_err(Reason::Io)?),
        _ => Box::new(whole),
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER, Bounded { inner: decoded, usage, on_disk, bytes: 0 })))
}

/// The result of [`Lines::next`].
pub(crate) enum Line {
    /// The buffer holds a line, without its line break.
    Text,
    /// A line longer than the limit was skipped.
    TooLong,
    /// The end of the file.
    End,
}

/// Lines that end in `\n`, `\r\n` or `\r`.
pub(crate) struct Lines<'a> {
    reader: &'a mut dyn BufRead,
    /// The maximum length of a line in bytes.
    most: usize,
    /// Whether the last line ended in `\r`, so that a `\n` right behind it belongs to that line break.
    after_return: bool,
    /// The number of the last line, from 1; 0 before the first.
    pub(crate) number: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(reader: &'a mut dyn BufRead, most: usize) -> Self {
        Self { reader, most, after_return: false, number: 0 }
    }

    /// Reads one line into `buffer`, which is cleared first. A last line without a line break counts.
    ///
    /// # Errors
    ///
    /// The file cannot be read further.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Line> {
        buffer.clear();
        let mut seen = false;
        let mut too_long = false;
        self.number += 1;
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let Some(first) = chunk.first() else { break };
            if self.after_return {
                self.after_return = false;
                if *first == b'\n' {
                    self.reader.consume(1);
                    continue;
                }
            }
            seen = true;
            let end = memchr::memchr2(b'\n', b'\r', chunk);
            let text = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            if buffer.len() + text.len() > self.most {
                too_long = true;
                buffer.clear();
            } else if !too_long {
                buffer.extend_from_slice(text);
            }
            self.after_return = end.is_some_and(|end| chunk.get(end) == Some(&b'\r'));
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        Ok(if too_long {
            Line::TooLong
        } else if seen {
            Line::Text
        } else {
            Line::End
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], chunk: usize) -> Vec<String> {
        let mut reader = BufReader::with_capacity(chunk, text);
        let mut lines = Lines::new(&mut reader, 4);
        let mut buffer = Vec::new();
        let mut found = Vec::new();
        loop {
            let number = lines.number + 1;
            match lines.next(&mut buffer).unwrap() {
                Line::Text => found.push(format!("{number}:{}", String::from_utf8_lossy(&buffer))),
                Line::TooLong => found.push(format!("{number}: too long")),
                Line::End => return found,
            }
        }
    }

    #[test]
    fn a_line_ends_in_any_line_break_wherever_a_chunk_ends() {
        for chunk in 1..8 {
            assert_eq!(lines(b"a\nb\r\nc\rd\r\re", chunk), ["1:a", "2:b", "3:c", "4:d", "5:", "6:e"], "{chunk}");
            assert_eq!(lines(b"a\r\n", chunk), ["1:a"], "{chunk}");
            assert_eq!(lines(b"12345\r\n1234", chunk), ["1: too long", "2:1234"], "{chunk}");
        }
    }
}
