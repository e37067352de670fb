//! Columns of lists as rows: what parquet and Arrow files have in common.

use super::names::{choose, no_such};
use super::{ID_COLUMN, Kind, Source, Stored, narrow, too_large, widen};
use crate::error::{Error, Origin};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float16Type, Float32Type, Float64Type, Int8Type, UInt8Type};
use arrow_array::{Array, ArrayRef, downcast_integer_array};
use arrow_schema::{DataType, Schema};
use serde_json::Value;
use std::fmt;
use std::ops::Range;

/// A file of columns, read by position.
pub(super) trait Table: fmt::Debug + Send + Sync {
    /// Names and types of its columns.
    fn schema(&self) -> &Schema;

    /// The first row of each part that is stored by itself, and the number of all rows.
    fn firsts(&self) -> &[usize];

    /// Number of rows.
    fn rows(&self) -> usize {
        self.firsts()[self.firsts().len() - 1]
    }

    /// The number of the part that a row is in.
    fn part(&self, row: usize) -> usize {
        self.firsts().partition_point(|&first| first <= row) - 1
    }

    /// The rows that are stored together with this one.
    fn block(&self, row: usize) -> Range<usize> {
        let part = self.part(row);
        self.firsts()[part]..self.firsts()[part + 1]
    }

    /// Hands over the entries of a column for some rows, in order and in pieces; what is wrong with the
    /// file else, or with what it was handed over to.
    fn column(
        &self,
        column: usize,
        rows: Range<usize>,
        take: &mut dyn FnMut(&dyn Array) -> Result<(), String>,
    ) -> Result<(), String>;
}

/// A column of lists, all of one length, of numbers.
#[derive(Debug)]
pub(super) struct Lists<T> {
    table: T,
    column: usize,
    kind: Kind,
    dim: usize,
    origin: Origin,
}

impl<T: Table> Lists<T> {
    /// The column called `key`, or without a key the only one of lists of such numbers.
    pub(super) fn open(table: T, key: Option<&str>, origin: &Origin) -> Result<Self, Error> {
        let fields = table.schema().fields();
        let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
        let is_fit = |(_, field): &(_, _)| {
            list(AsRef::<arrow_schema::Field>::as_ref(field).data_type()).is_some()
        };
        let fit = names.iter().zip(fields).filter(is_fit);
        let fit: Vec<String> = fit.map(|(name, _)| name.clone()).collect();
        let key = choose("column", key, &names, &fit, origin)?;
        let origin = origin.of(&key);
        let column = names.iter().position(|name| *name == key).unwrap_or(0);
        let data_type = fields[column].data_type();
        let Some((kind, length)) = list(data_type) else {
            return Err(origin.failure(format!(
                "a column of {data_type} found, one of lists of float16, float32, float64, int8 or uint8 expected"
            )));
        };
        let mut lists = Self {
            table,
            column,
            kind,
            dim: 0,
            origin,
        };
        if lists.table.rows() == 0 {
            return Err(lists.origin.failure("no rows found, at least one expected"));
        }
        lists.dim = match length {
            Some(length) => usize::try_from(length).unwrap_or(0),
            None => lists.first_length()?,
        };
        if lists.dim == 0 {
            let problem = "rows of no values found, at least one expected";
            return Err(lists.origin.failure(problem));
        }
        Ok(lists)
    }

    /// How many values the first row has, of a column whose type does not say so.
    fn first_length(&self) -> Result<usize, Error> {
        let mut first = 0;
        let mut take = |array: &dyn Array| {
            if null(array) == Some(0) {
                return Err("null found in place of row 0, a list of values expected".to_owned());
            }
            first = length(array, 0);
            Ok(())
        };
        let read = self.table.column(self.column, 0..1, &mut take);
        read.map_err(|problem| self.origin.failure(problem))?;
        Ok(first)
    }

    /// Reads as many rows as `out` has room for; `convert` writes values to their place there.
    fn values<V>(
        &self,
        first_row: usize,
        out: &mut [V],
        convert: impl Fn(&dyn Array, &mut [V]) -> Option<(usize, f64)>,
    ) -> Result<(), Error> {
        let dim = self.dim;
        let (mut row, mut rest) = (first_row, out);
        let end = first_row + rest.len() / dim;
        let mut take = |array: &dyn Array| {
            let values = entries(array, dim, row)?;
            let (here, after) = std::mem::take(&mut rest)
                .split_at_mut_checked(values.len())
                .ok_or("more rows found than the file says that it has")?;
            if let Some((at, value)) = convert(&*values, here) {
                return Err(too_large(value, row + at / dim, at % dim));
            }
            row += array.len();
            rest = after;
            Ok(())
        };
        let read = self.table.column(self.column, first_row..end, &mut take);
        read.map_err(|problem| self.origin.failure(problem))?;
        if row < end {
            let problem = format!("{row} rows found, at least {end} expected, as the file says");
            return Err(self.origin.failure(problem));
        }
        Ok(())
    }
}

impl<T: Table> Source for Lists<T> {
    fn rows(&self) -> usize {
        self.table.rows()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn stored(&self) -> Stored {
        Stored::plain(self.kind)
    }

    fn block(&self, row: usize) -> Range<usize> {
        self.table.block(row)
    }

    fn read(&self, first_row: usize, out: &mut [f32]) -> Result<(), Error> {
        self.values(first_row, out, |values, out| {
            match self.kind {
                Kind::F64 => return narrow(values.as_primitive::<Float64Type>().values(), out),
                kind => exact(kind, values, out),
            }
            None
        })
    }

    fn ids(&self, column: &str, rows: &[usize]) -> Result<Vec<Value>, Error> {
        let refused = |problem| Error::file(&self.origin.path, ID_COLUMN, problem);
        let at = id_column(self.table.schema(), column).map_err(refused)?;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&i| rows[i]);
        let mut ids = vec![Value::Null; rows.len()];
        // What is asked of a block, by the order of its rows.
        for here in order.chunk_by(|&a, &b| self.table.block(rows[a]).contains(&rows[b])) {
            let span = rows[here[0]]..rows[here[here.len() - 1]] + 1;
            let (mut row, mut left) = (span.start, here);
            let mut take = |array: &dyn Array| {
                let next = row + array.len();
                while let Some((&i, after)) = left.split_first().filter(|(i, _)| rows[**i] < next) {
                    ids[i] = id(array, rows[i] - row);
                    left = after;
                }
                row = next;
                Ok(())
            };
            self.table.column(at, span, &mut take).map_err(refused)?;
        }
        Ok(ids)
    }

    fn read_wide(&self, first_row: usize, out: &mut [f64]) -> Result<(), Error> {
        self.values(first_row, out, |values, out| {
            match self.kind {
                Kind::F64 => out.copy_from_slice(values.as_primitive::<Float64Type>().values()),
                kind => exact(kind, values, out),
            }
            None
        })
    }
}

/// The place of a column of ids, or why there is none.
fn id_column(schema: &Schema, name: &str) -> Result<usize, String> {
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let at = names.iter().position(|found| found == name);
    let at = at.ok_or_else(|| no_such("column", name, &names))?;
    let data_type = schema.field(at).data_type();
    let is_text = matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    );
    if !is_text && !data_type.is_integer() {
        return Err(format!(
            "a column of {data_type} found, one of text or of whole numbers expected"
        ));
    }
    Ok(at)
}

/// An entry of a column of ids.
fn id(ids: &dyn Array, at: usize) -> Value {
    if ids.is_null(at) {
        return Value::Null;
    }
    downcast_integer_array!(
        ids => Value::from(ids.value(at)),
        DataType::Utf8 => Value::from(ids.as_string::<i32>().value(at)),
        DataType::LargeUtf8 => Value::from(ids.as_string::<i64>().value(at)),
        DataType::Utf8View => Value::from(ids.as_string_view().value(at)),
        _ => Value::Null
    )
}

/// What lists of numbers hold, and how many of them where their type says so.
fn list(data_type: &DataType) -> Option<(Kind, Option<i32>)> {
    let (field, length) = match data_type {
        DataType::FixedSizeList(field, length) => (field, Some(*length)),
        DataType::List(field) | DataType::LargeList(field) => (field, None),
        _ => return None,
    };
    let kind = match field.data_type() {
        DataType::Int8 => Kind::I8,
        DataType::UInt8 => Kind::U8,
        DataType::Float16 => Kind::F16,
        DataType::Float32 => Kind::F32,
        DataType::Float64 => Kind::F64,
        _ => return None,
    };
    Some((kind, length))
}

/// Writes values of a type that `T` holds exactly.
fn exact<T>(kind: Kind, values: &dyn Array, out: &mut [T])
where
    T: From<i8> + From<u8> + From<half::f16> + From<f32>,
{
    match kind {
        Kind::I8 => widen(values.as_primitive::<Int8Type>().values(), out),
        Kind::U8 => widen(values.as_primitive::<UInt8Type>().values(), out),
        Kind::F16 | Kind::Bf16 => widen(values.as_primitive::<Float16Type>().values(), out),
        Kind::F32 | Kind::F64 => widen(values.as_primitive::<Float32Type>().values(), out),
    }
}

/// How many values a list has.
fn length(lists: &dyn Array, row: usize) -> usize {
    if let Some(lists) = lists.as_fixed_size_list_opt() {
        lists.value_length() as usize
    } else if let Some(lists) = lists.as_list_opt::<i32>() {
        lists.value_length(row) as usize
    } else {
        lists.as_list::<i64>().value_length(row) as usize
    }
}

/// The first entry that is null.
fn null(array: &dyn Array) -> Option<usize> {
    let mut entries = 0..array.len();
    (array.null_count() > 0).then(|| entries.find(|&at| array.is_null(at)))?
}

/// The values of lists, row after row, the first of which is row `first_row` of the file; what is wrong
/// where one has none, or not `dim` of them.
fn entries(lists: &dyn Array, dim: usize, first_row: usize) -> Result<ArrayRef, String> {
    if let Some(row) = null(lists) {
        let row = first_row + row;
        return Err(format!(
            "null found in place of row {row}, {dim} values expected"
        ));
    }
    if let Some(row) = (0..lists.len()).find(|&row| length(lists, row) != dim) {
        let (found, row) = (length(lists, row), first_row + row);
        return Err(format!(
            "{found} values found in row {row}, {dim} expected, as in row 0"
        ));
    }
    let (values, start) = if let Some(lists) = lists.as_fixed_size_list_opt() {
        (lists.values(), lists.value_offset_at(0))
    } else if let Some(lists) = lists.as_list_opt::<i32>() {
        (lists.values(), lists.value_offsets()[0] as usize)
    } else {
        let lists = lists.as_list::<i64>();
        (lists.values(), lists.value_offsets()[0] as usize)
    };
    let values = values.slice(start, lists.len() * dim);
    match null(&values) {
        Some(at) => {
            let (row, column) = (first_row + at / dim, at % dim);
            Err(format!(
                "null found at row {row}, column {column}, a value expected"
            ))
        }
        None => Ok(values),
    }
}
