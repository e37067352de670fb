//! What a file is, by its first bytes.

/// Bytes that tell.
pub(crate) const HEAD: u64 = 16;

/// A kind of file that is read, or that is known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Npy,
    Zip,
    Safetensors,
    Parquet,
    EncryptedParquet,
    ArrowFile,
    ArrowStream,
    Gzip,
    Hdf5,
    Pickle,
}

impl Form {
    /// What begins with these bytes, [`HEAD`] of them or all that there are.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let begins = |magic: &[u8]| head.starts_with(magic);
        Some(match head {
            _ if begins(b"\x93NUMPY") => Self::Npy,
            _ if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") => Self::Zip,
            _ if begins(b"PAR1") => Self::Parquet,
            _ if begins(b"PARE") => Self::EncryptedParquet,
            _ if begins(b"ARROW1\0\0") => Self::ArrowFile,
            _ if begins(&[0xff; 4]) => Self::ArrowStream,
            _ if begins(b"\x1f\x8b\x08") => Self::Gzip,
            _ if begins(b"\x89HDF\r\n\x1a\n") => Self::Hdf5,
            // The length of a JSON object, and how that begins.
            [_, _, _, _, _, 0, 0, 0, b'{', b'"', ..] => Self::Safetensors,
            [0x80, 2..=5, ..] => Self::Pickle,
            _ => return None,
        })
    }

    /// Whether no build reads it.
    pub(crate) fn is_foreign(self) -> bool {
        matches!(
            self,
            Self::EncryptedParquet | Self::Gzip | Self::Hdf5 | Self::Pickle
        )
    }

    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Npy => "a .npy file",
            Self::Zip => "a zip archive (.npz)",
            Self::Safetensors => "a safetensors file",
            Self::Parquet => "a parquet file",
            Self::EncryptedParquet => "an encrypted parquet file",
            Self::ArrowFile => "an Arrow file",
            Self::ArrowStream => "an Arrow stream",
            Self::Gzip => "a gzip file",
            Self::Hdf5 => "an HDF5 file",
            Self::Pickle => "a Python pickle",
        }
    }
}
