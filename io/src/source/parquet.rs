//! Parquet files, row group by row group.

use super::Source;
use super::table::{Lists, Table};
use crate::error::{Error, Origin};
use crate::stretch::{Reader, Stretch};
use arrow_array::Array;
use arrow_schema::Schema;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{BufReader, Seek as _, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows that are decoded at a time.
const BATCH: usize = 1 << 10;

/// An open file, and what it says of itself.
#[derive(Debug)]
struct Parquet {
    bytes: Stretch,
    metadata: ArrowReaderMetadata,
    /// The first row of each row group, and the number of all.
    firsts: Vec<usize>,
}

/// The column called `key`, or without a key the only one of lists of floats.
pub(super) fn open(
    bytes: Stretch,
    key: Option<&str>,
    origin: &Origin,
) -> Result<Box<dyn Source>, Error> {
    let refused = |problem: String| origin.failure(problem);
    let metadata = guarded(|| {
        let metadata = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new());
        metadata.map_err(|e| broken(&e))
    });
    let metadata = metadata.map_err(refused)?;
    let mut firsts = vec![0usize];
    for group in metadata.metadata().row_groups() {
        let rows = usize::try_from(group.num_rows()).ok();
        let next = rows.and_then(|rows| firsts[firsts.len() - 1].checked_add(rows));
        let next =
            next.ok_or_else(|| refused("row groups of impossible lengths found".to_owned()))?;
        firsts.push(next);
    }
    let table = Parquet {
        bytes,
        metadata,
        firsts,
    };
    Ok(Box::new(Lists::open(table, key, origin)?))
}

impl Parquet {
    /// Checks that the columns of some row groups lie within the file.
    fn check(&self, groups: Range<usize>) -> Result<(), String> {
        let groups = &self.metadata.metadata().row_groups()[groups];
        for column in groups.iter().flat_map(RowGroupMetaData::columns) {
            let start = column
                .dictionary_page_offset()
                .unwrap_or(column.data_page_offset());
            let place = u64::try_from(start)
                .ok()
                .zip(u64::try_from(column.compressed_size()).ok());
            if place
                .and_then(|(start, length)| self.bytes.part(start, length))
                .is_none()
            {
                return Err(broken(&ParquetError::EOF(
                    "a column outside of it".to_owned(),
                )));
            }
        }
        Ok(())
    }
}

impl Table for Parquet {
    fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    fn firsts(&self) -> &[usize] {
        &self.firsts
    }

    fn column(
        &self,
        column: usize,
        rows: Range<usize>,
        take: &mut dyn FnMut(&dyn Array) -> Result<(), String>,
    ) -> Result<(), String> {
        let groups = self.part(rows.start)..self.part(rows.end - 1) + 1;
        guarded(|| {
            self.check(groups.clone())?;
            let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [column]);
            let (bytes, metadata) = (self.bytes.clone(), self.metadata.clone());
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata)
                .with_projection(mask)
                .with_row_groups(groups.clone().collect())
                .with_batch_size(BATCH.min(rows.len()))
                .with_offset(rows.start - self.firsts[groups.start])
                .with_limit(rows.len())
                .build();
            for batch in reader.map_err(|e| broken(&e))? {
                let batch = batch.map_err(|e| broken(&e.into()))?;
                take(batch.column(0))?;
            }
            Ok(())
        })
    }
}

/// Runs what may panic: so does the crate where a damaged file contradicts itself.
fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // Nothing that a reader leaves half-way is looked at again.
    let read = catch_unwind(AssertUnwindSafe(read));
    read.unwrap_or_else(|_| {
        Err(broken(&ParquetError::General(
            "it contradicts itself".to_owned(),
        )))
    })
}

fn broken(error: &ParquetError) -> String {
    format!(
        "a parquet file that cannot be read found ({error}), a whole one, not encrypted, expected"
    )
}

impl Length for Stretch {
    fn len(&self) -> u64 {
        Self::len(self)
    }
}

impl ChunkReader for Stretch {
    type T = BufReader<Reader>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let mut reader = self.reader();
        reader.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(reader))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        Ok(self.bytes(start, length as u64)?.into())
    }
}
