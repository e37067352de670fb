//! Bytes of messages: numbers lowest byte first, arrays in one piece.

use crate::error::Error;
use crate::kernels::assigner::Assignment;
use crate::kernels::neighbours::NearMasks;
use crate::kernels::residuals::RowState;
use bytemuck::Pod;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// The first byte of every message and answer: it changes whenever their meaning does.
pub(crate) const PROTOCOL: u8 = 5;

/// What is sent as bytes: of components of so many bytes.
pub(crate) trait Wire: Pod {
    const WIDTH: usize = size_of::<Self>();
}

impl Wire for u8 {}
impl Wire for i16 {}
impl Wire for u16 {}
impl Wire for i32 {}
impl Wire for u32 {}
impl Wire for f32 {}
impl Wire for i64 {}
impl Wire for u64 {}
impl Wire for f64 {}
impl Wire for RowState {
    const WIDTH: usize = 4;
}
impl Wire for NearMasks {
    const WIDTH: usize = 4;
}
impl Wire for Assignment {
    const WIDTH: usize = 4;
}

/// An array of numbers, as it lies in memory.
#[derive(Clone, Debug)]
pub(crate) struct Array<'a, T: Wire>(pub(super) Cow<'a, [T]>);

impl<T: Wire> Array<'_, T> {
    pub(crate) fn into_vec(self) -> Vec<T> {
        self.0.into_owned()
    }

    /// So many values, or the error that an answer has others.
    pub(crate) fn exactly(self, count: usize) -> Result<Vec<T>, Error> {
        match self.0.len() == count {
            true => Ok(self.into_vec()),
            false => Err(Error::Device(format!(
                "an answer of {} values found, {count} expected",
                self.0.len()
            ))),
        }
    }
}

impl<T: Wire> std::ops::Deref for Array<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T: Wire> From<&'a [T]> for Array<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Self(Cow::Borrowed(values))
    }
}

impl<T: Wire> From<Vec<T>> for Array<'_, T> {
    fn from(values: Vec<T>) -> Self {
        Self(Cow::Owned(values))
    }
}

impl<T: Wire> Serialize for Array<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.0);
        if cfg!(target_endian = "little") {
            return serializer.serialize_bytes(bytes);
        }
        let mut turned = bytes.to_vec();
        turn::<T>(&mut turned);
        serializer.serialize_bytes(&turned)
    }
}

impl<'de, T: Wire> Deserialize<'de> for Array<'_, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes(PhantomData))
    }
}

struct Bytes<'a, T>(PhantomData<&'a T>);

impl<'a, T: Wire> Visitor<'_> for Bytes<'a, T> {
    type Value = Array<'a, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes, {} a value", size_of::<T>())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        let mut values = vec![T::zeroed(); bytes.len() / size_of::<T>()];
        let to: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
        to.copy_from_slice(bytes);
        if cfg!(target_endian = "big") {
            turn::<T>(to);
        }
        Ok(values.into())
    }
}

/// Turns the bytes of every component round.
fn turn<T: Wire>(bytes: &mut [u8]) {
    bytes.chunks_exact_mut(T::WIDTH).for_each(<[u8]>::reverse);
}

/// A message or an answer.
pub(crate) fn encode(said: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(said, vec![PROTOCOL]).expect("memory is all that it takes")
}

/// What some bytes say.
///
/// # Errors
///
/// [`Error::Device`] for bytes of another protocol, for others than were expected, and for more of them.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let refuse = |found: String| Err(Error::Device(format!("message: {found}")));
    let Some((&protocol, said)) = bytes.split_first() else {
        return refuse("no bytes found, some expected".to_owned());
    };
    if protocol != PROTOCOL {
        return refuse(format!(
            "protocol {protocol} found, {PROTOCOL} expected: driver and workers must be of one version of coresift"
        ));
    }
    let not_understood = |why: String| {
        let bytes = bytes.len();
        refuse(format!(
            "{bytes} bytes that cannot be understood found ({why})"
        ))
    };
    match postcard::take_from_bytes(said) {
        Ok((said, [])) => Ok(said),
        Ok((_, rest)) => not_understood(format!("{} bytes more", rest.len())),
        Err(error) => not_understood(error.to_string()),
    }
}

/// Whether an answer is one, and no failure: the first variant of a `Result`.
pub(crate) fn is_ok(answer: &[u8]) -> bool {
    answer.starts_with(&[PROTOCOL, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_to_the_bit() {
        let values: Vec<f32> = vec![1.5, f32::MIN_POSITIVE / 4.0, -0.0, f32::INFINITY];
        let bytes = encode(&(7u8, Array::from(&values[..])));
        assert_eq!(bytes.len(), 1 + 1 + 1 + 16);
        assert_eq!(bytes[3..7], [0, 0, 0xc0, 0x3f], "lowest byte first");
        let (seven, back): (u8, Array<'_, f32>) = decode(&bytes).unwrap();
        assert_eq!(seven, 7);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back), bits(&values));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = encode(&Array::from(vec![1u32, 2]));
        let refused = |bytes: &[u8]| decode::<Array<'_, u32>>(bytes).unwrap_err().to_string();
        assert!(refused(&[]).contains("no bytes"));
        let mut of_another = bytes.clone();
        of_another[0] += 1;
        let said = refused(&of_another);
        let other = format!("protocol {} found, {PROTOCOL} expected", PROTOCOL + 1);
        assert!(said.contains(&other), "{said}");
        for cut in 1..bytes.len() {
            assert!(refused(&bytes[..cut]).contains("cannot be understood"));
        }
        assert!(refused(&[&bytes[..], &[0]].concat()).contains("1 bytes more"));
        assert!(decode::<Array<'_, i64>>(&encode(&Array::from(vec![1u32]))).is_err());
    }
}
