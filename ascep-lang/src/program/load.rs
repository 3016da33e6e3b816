//! Programs as files: JSON with a version, checked when it is read so that nothing later has to doubt it.

use serde::Deserialize;

use super::{InvalidProgram, LANGUAGE_VERSION, PROGRAM_VERSION, Program};

/// Why a file is not a program that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not JSON, or not the JSON of a program.
    #[error("cannot be read as a program")]
    Json(#[from] serde_json::Error),
    /// Written by another version.
    #[error("has format {format} and language {language}; this version reads format {PROGRAM_VERSION} and language {LANGUAGE_VERSION}")]
    Version {
        /// The version of the form.
        format: u32,
        /// The version of the language.
        language: u32,
    },
    /// Read, and found to be inconsistent.
    #[error("is not a valid program")]
    Invalid(#[from] InvalidProgram),
}

/// What every version has.
#[derive(Deserialize)]
struct Head {
    version: u32,
    language: u32,
}

impl Program {
    /// The program as one line of JSON, for [`Program::from_json`]; without its warnings.
    ///
    /// # Errors
    /// Never for a program of the compiler or the builder; the error is that of the JSON writer.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads a program that [`Program::to_json`] wrote, and checks it, so that a file from anywhere is safe to give to an engine.
    ///
    /// # Errors
    /// [`LoadError`] where the text is no program, is of another version, or is inconsistent.
    pub fn from_json(text: &str) -> Result<Self, LoadError> {
        let head: Head = serde_json::from_str(text)?;
        if (head.version, head.language) != (PROGRAM_VERSION, LANGUAGE_VERSION) {
            return Err(LoadError::Version { format: head.version, language: head.language });
        }
        let program: Self = serde_json::from_str(text)?;
        program.validate()?;
        Ok(program)
    }
}
