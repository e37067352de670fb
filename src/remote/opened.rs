//! A handle on a worker, to whoever drives.

use super::connection::Connection;
use super::message::{Ask, OfPool};
use super::wire::{Array, Wire};
use crate::error::Error;
use crate::progress::Pass;
use serde::de::DeserializeOwned;

/// A handle that is open on a worker, until this is dropped.
pub(super) struct Opened<'a> {
    pub(super) connection: &'a Connection,
    pub(super) number: u32,
}

impl<'a> Opened<'a> {
    /// Opens one on a pool, by its number; and what is to be known of it.
    pub(super) fn new<'m, T: DeserializeOwned>(
        connection: &'a Connection,
        pool: u32,
        ask: impl FnOnce(u32) -> OfPool<'m>,
    ) -> Result<(Self, T), Error> {
        let number = connection.number();
        let opened = Self { connection, number };
        let about = connection.ask(Ask::Pool(pool, ask(number)))?;
        Ok((opened, about))
    }

    /// What is asked, by an array.
    pub(super) fn array<T: Wire>(&self, ask: Ask<'_>) -> Result<Vec<T>, Error> {
        Ok(self.connection.ask::<Array<'_, T>>(ask)?.into_vec())
    }

    /// The same, of a kernel that meets pairs; the pass is told of those.
    pub(super) fn array_of_pass<T: Wire>(
        &self,
        ask: Ask<'_>,
        pass: &Pass<'_>,
    ) -> Result<Vec<T>, Error> {
        let (found, met): (Array<'_, T>, u64) = self.connection.ask(ask)?;
        pass.met(met)?;
        Ok(found.into_vec())
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.connection.close(self.number);
    }
}

/// Row numbers as messages have them: no worker has more rows.
pub(super) fn narrow(rows: &[usize]) -> Vec<u32> {
    rows.iter().map(|&row| row as u32).collect()
}
