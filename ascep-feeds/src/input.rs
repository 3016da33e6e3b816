//! Bytes of a file, decompressed by what they are (the first bytes decide, not the name), and cut into lines of bounded length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

use crate::error::SourceError;
use crate::source::Progress;

const BUFFER: usize = 256 << 10;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// How the bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What the name of a file promises.
    fn of_name(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some(e) if e.eq_ignore_ascii_case("gz") => Self::Gzip,
            Some(e) if e.eq_ignore_ascii_case("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// The bytes as they were before they were packed.
fn unpack(name: &str, mut reader: impl Read + Send + 'static) -> io::Result<(Box<dyn BufRead + Send>, Packing)> {
    let mut head = Vec::new();
    (&mut reader).take(4).read_to_end(&mut head)?;
    let packing = if head.starts_with(GZIP) {
        Packing::Gzip
    } else if head.starts_with(ZSTD) {
        Packing::Zstd
    } else if head.is_empty() {
        // Nothing at all is a cut file where the name promises packed data.
        Packing::of_name(name)
    } else {
        Packing::Plain
    };
    let empty = head.is_empty();
    let raw = BufReader::with_capacity(BUFFER, Cursor::new(head).chain(reader));
    let reader: Box<dyn BufRead + Send> = match packing {
        Packing::Gzip => Box::new(BufReader::with_capacity(BUFFER, Members(Some(GzDecoder::new(raw))))),
        Packing::Zstd if empty => Box::new(BufReader::new(Cut)),
        Packing::Zstd => Box::new(BufReader::with_capacity(BUFFER, zstd::Decoder::with_buffer(raw)?)),
        Packing::Plain => Box::new(raw),
    };
    Ok((reader, packing))
}

/// All bytes of a source, at most `max` of them and one more.
pub(crate) fn whole(name: &str, reader: impl Read + Send + 'static, max: usize) -> Result<Vec<u8>, SourceError> {
    let file = name.to_owned();
    let (reader, packing) = unpack(name, reader).map_err(|error| SourceError::Open { file: file.clone(), error, hint: None })?;
    let mut bytes = Vec::new();
    match reader.take(max as u64 + 1).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => {
            let line = memchr::memchr_iter(b'\n', &bytes).count() as u64;
            Err(broken(file, line, packing, error))
        }
    }
}

/// Why reading stopped after a line.
fn broken(file: String, line: u64, packing: Packing, error: io::Error) -> SourceError {
    if error.kind() == io::ErrorKind::UnexpectedEof && packing != Packing::Plain {
        SourceError::Truncated { file, line, format: packing.name() }
    } else {
        SourceError::Read { file, line, error }
    }
}

/// Lines of a file or of any reader.
pub(crate) struct Lines {
    name: String,
    reader: Box<dyn BufRead + Send>,
    packing: Packing,
    buffer: Vec<u8>,
    /// A line that was looked at and not taken yet.
    peeked: bool,
    number: u64,
    max_line: usize,
    too_long: bool,
    read: Arc<AtomicU64>,
    total: u64,
}

/// One line without its end.
#[derive(Debug, PartialEq)]
pub(crate) enum Line<'a> {
    Bytes(&'a [u8]),
    TooLong,
}

impl Lines {
    /// Opens a file.
    pub(crate) fn open(path: &Path, max_line: usize) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let failed = |error| SourceError::Open { file: name.clone(), error, hint: None };
        let file = File::open(path).map_err(failed)?;
        let total = file.metadata().map_or(0, |meta| meta.len());
        let mut lines = Self::new(&name, file, max_line).map_err(failed)?;
        lines.total = total;
        Ok(lines)
    }

    /// Reads from anything; the name is for messages.
    pub(crate) fn new(name: &str, reader: impl Read + Send + 'static, max_line: usize) -> io::Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let (reader, packing) = unpack(name, Counted { inner: reader, read: Arc::clone(&read) })?;
        Ok(Self {
            name: name.to_owned(),
            reader,
            packing,
            buffer: Vec::new(),
            peeked: false,
            number: 0,
            max_line: max_line.max(1),
            too_long: false,
            read,
            total: 0,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The number of the last line given, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn max_line(&self) -> usize {
        self.max_line
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress { read: self.read.load(Ordering::Relaxed), total: self.total }
    }

    /// The next line, which [`Lines::next`] will give again.
    pub(crate) fn peek(&mut self) -> Result<Option<Line<'_>>, SourceError> {
        if !self.peeked {
            self.peeked = self.fill()?;
            if !self.peeked {
                return Ok(None);
            }
        }
        Ok(Some(self.current()))
    }

    /// The next line; its number is then [`Lines::number`].
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, SourceError> {
        if !std::mem::take(&mut self.peeked) && !self.fill()? {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(self.current()))
    }

    fn current(&self) -> Line<'_> {
        if self.too_long {
            return Line::TooLong;
        }
        let bytes = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        // A byte order mark can only stand at the very start.
        let first = self.number == u64::from(!self.peeked);
        let bytes = if first { bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes) } else { bytes };
        if bytes.len() > self.max_line { Line::TooLong } else { Line::Bytes(bytes) }
    }

    /// Reads one line into the buffer; false at the end. A piece of a line before a read error is dropped: its last number may be cut.
    fn fill(&mut self) -> Result<bool, SourceError> {
        self.buffer.clear();
        self.too_long = false;
        let mut any = false;
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(self.name.clone(), self.number, self.packing, error)),
            };
            if chunk.is_empty() {
                return Ok(any);
            }
            any = true;
            let end = memchr::memchr(b'\n', chunk);
            let taken = end.map_or(chunk.len(), |at| at + 1);
            // Two more bytes for the end of the line.
            if self.too_long || self.buffer.len() + taken > self.max_line + 2 {
                self.too_long = true;
                self.buffer.clear();
            } else {
                self.buffer.extend_from_slice(chunk.get(..taken).unwrap_or_default());
            }
            self.reader.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// The members of a gzip file one after the other. What follows the last one and is no member is an error of its own, not a cut.
struct Members<R: BufRead>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.0 else { return Ok(0) };
            let n = member.read(out)?;
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            let Some(mut raw) = self.0.take().map(GzDecoder::into_inner) else { return Ok(0) };
            match raw.fill_buf()? {
                [] => return Ok(0),
                rest if rest.iter().zip(GZIP).all(|(a, b)| a == b) => self.0 = Some(GzDecoder::new(raw)),
                _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "what follows the gzip data is no gzip data")),
            }
        }
    }
}

/// Packed data of no bytes at all.
struct Cut;

impl Read for Cut {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use std::io::Write;

    use super::*;

    fn all(name: &str, bytes: Vec<u8>, max: usize) -> (Vec<String>, Option<SourceError>) {
        let mut lines = Lines::new(name, Cursor::new(bytes), max).unwrap();
        let mut out = Vec::new();
        loop {
            match lines.next() {
                Ok(Some(Line::Bytes(bytes))) => out.push(String::from_utf8_lossy(bytes).into_owned()),
                Ok(Some(Line::TooLong)) => out.push("<too long>".to_owned()),
                Ok(None) => return (out, None),
                Err(error) => return (out, Some(error)),
            }
        }
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn ends_of_lines_and_marks() {
        let (lines, error) = all("x", b"\xef\xbb\xbfa\r\n\nb\xff\nlast".to_vec(), 100);
        assert_eq!(lines, ["a", "", "b\u{fffd}", "last"]);
        assert!(error.is_none());
    }

    #[test]
    fn long_lines_do_not_fill_the_memory() {
        let text = format!("ok\n{}\nten bytes.\n{}", "x".repeat(100_000), "y".repeat(11));
        let (lines, _) = all("x", text.into_bytes(), 10);
        assert_eq!(lines, ["ok", "<too long>", "ten bytes.", "<too long>"]);
    }

    #[test]
    fn packed_in_several_members() {
        let mut bytes = gzip("a\nb");
        bytes.extend(gzip("c\nd\n"));
        assert_eq!(all("x", bytes, 100).0, ["a", "bc", "d"]);
        let bytes = zstd::encode_all(&b"a\nb\n"[..], 1).unwrap();
        assert_eq!(all("x", bytes, 100).0, ["a", "b"]);
    }

    #[test]
    fn what_follows_packed_data_is_no_cut() {
        for junk in ["x", "junk after the data, and more than a header is long", "\0\0\0\0"] {
            let mut bytes = gzip("a\nb\n");
            bytes.extend(junk.as_bytes());
            let (lines, error) = all("x", bytes, 100);
            assert_eq!(lines, ["a", "b"]);
            let error = error.unwrap();
            assert!(matches!(error, SourceError::Read { line: 2, .. }) && error.to_string().contains("no gzip data"), "{error}");
        }
        let mut bytes = gzip("a\n");
        bytes.extend(&gzip("b\n")[..12]);
        assert!(matches!(all("x", bytes, 100).1, Some(SourceError::Truncated { .. })));
    }

    #[test]
    fn cut_data_give_what_is_whole_and_say_so() {
        let text: String = (0..20_000).map(|i| format!("line {i} {}\n", i * 7919 % 10_007)).collect();
        for packed in [gzip(&text), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
            let whole = all("x", packed.clone(), 100);
            assert_eq!(whole.0.len(), 20_000);
            assert!(whole.1.is_none());
            for cut in [packed.len() / 2, packed.len() - 1, 5] {
                let (lines, error) = all("x", packed[..cut].to_vec(), 100);
                assert!(matches!(error, Some(SourceError::Truncated { .. })), "{error:?}");
                assert_eq!(lines[..], whole.0[..lines.len()]);
            }
        }
        assert!(matches!(all("x.csv.gz", Vec::new(), 100).1, Some(SourceError::Truncated { format: "gzip", .. })));
        assert!(matches!(all("x.csv.zst", Vec::new(), 100).1, Some(SourceError::Truncated { format: "zstd", .. })));
        assert!(all("x.csv", Vec::new(), 100).1.is_none());
    }
}
