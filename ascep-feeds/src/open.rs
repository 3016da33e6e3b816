//! From a `--data` SPEC to a reader: the format is told by the name of the file, and where that says nothing by its first line.

use std::path::Path;

use crate::capture::{self, CaptureReader};
use crate::error::SourceError;
use crate::input::{Line, Lines};
use crate::native::{CsvReader, JsonlReader};
use crate::source::{EventSource, ReadOptions};
use crate::spec::DataSpec;
use crate::venue::Venue;

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Jsonl,
}

/// Opens recorded data.
///
/// # Errors
/// When the file can't be opened, its header is wrong, or it is a capture and no venue was named, or the reverse.
pub fn open_data(spec: &DataSpec, options: &ReadOptions) -> Result<Box<dyn EventSource + Send>, SourceError> {
    let mut lines = Lines::open(&spec.path, options.max_line).map_err(|error| hint(error, &spec.path))?;
    let options = options.clone();
    if let Some(venue) = spec.venue {
        return Ok(Box::new(CaptureReader::from_lines(lines, venue, options)?));
    }
    let first = match lines.peek()? {
        Some(Line::Bytes(line)) => {
            if capture::split(line).is_some_and(|(_, frame)| frame.first().is_some_and(|&b| matches!(b, b'{' | b'['))) {
                return Err(SourceError::WhoseCapture { file: lines.name().to_owned() });
            }
            line.iter().find(|b| !b.is_ascii_whitespace()).copied()
        }
        _ => None,
    };
    let format = by_name(&spec.path).unwrap_or(if first == Some(b'{') { Format::Jsonl } else { Format::Csv });
    Ok(match format {
        Format::Csv => Box::new(CsvReader::from_lines(lines, options)?),
        Format::Jsonl => Box::new(JsonlReader::from_lines(lines, options)),
    })
}

fn by_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(&name);
    match name.rsplit_once('.')?.1 {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
        _ => None,
    }
}

/// A path such as `binanse:x.gz` that is not there may be meant as venue and path.
fn hint(error: SourceError, path: &Path) -> SourceError {
    match error {
        SourceError::Open { file, error, hint: None } => {
            let venue = path.to_str().and_then(|path| path.split_once(':')).map(|(venue, _)| venue);
            let hint = venue.map(|venue| match Venue::nearest(venue) {
                Some(near) => format!("did you mean `{}:` for `{venue}:`?", near.name()),
                None => {
                    let known: Vec<&str> = Venue::ALL.iter().map(|venue| venue.name()).collect();
                    format!("`{venue}` is no venue whose captures can be read; those are: {}", known.join(", "))
                }
            });
            SourceError::Open { file, error, hint }
        }
        other => other,
    }
}
