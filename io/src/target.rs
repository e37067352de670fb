//! Files whose form their names tell.

use std::path::PathBuf;
use std::str::FromStr;

/// A form of index list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// int64, rank 1.
    Npy,
    /// An array or an object.
    Json,
    /// Columns with a title.
    Csv,
    /// Columns, mostly one.
    Txt,
}

/// A path whose extension names a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The path.
    pub path: PathBuf,
    /// Its form.
    pub format: Format,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let format = match extension.to_str() {
            Some("npy") => Format::Npy,
            Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            Some("txt") => Format::Txt,
            _ => {
                return Err(format!(
                    "{text:?} found, a name in .npy, .json, .csv or .txt expected"
                ));
            }
        };
        Ok(Self { path, format })
    }
}

impl Target {
    /// Where a selection goes that was cut short.
    pub fn partial(&self) -> Self {
        let mut path = self.path.clone().into_os_string();
        path.push(".partial");
        Self {
            path: path.into(),
            format: self.format,
        }
    }
}
