//! Lists in JSON.

use crate::columns::{Fault, room};
use crate::entry::Entry;
use crate::fields::most_numbers;
use serde::de::{self, DeserializeSeed, Error as _, IgnoredAny, Unexpected};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::marker::PhantomData;

/// The `N` lists of a JSON list, each entry of which has a number of each.
pub(crate) fn json<T: Entry, const N: usize>(
    file: File,
    entry: &str,
    is_record_allowed: bool,
) -> Result<[Vec<T>; N], Fault> {
    let mut file = BufReader::new(file);
    let mut lists = room(most_numbers(&mut file)? / N)?;
    let each = Each {
        lists: &mut lists,
        is_record_allowed,
    };
    list(file, entry, each)?;
    Ok(lists)
}

/// Reads a JSON list, each entry of which is one of these in words.
pub(crate) fn list<S>(mut file: BufReader<File>, entry: &str, list: S) -> Result<(), Fault>
where
    S: for<'de> DeserializeSeed<'de, Value = ()>,
{
    if file.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
        file.consume(3);
    }
    let mut json = serde_json::Deserializer::from_reader(file);
    let read = list.deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|e| match e.classify() {
        serde_json::error::Category::Io => Fault::System(e.into()),
        _ => Fault::Content(format!(
            "no list found ({e}), a list expected, each entry a {entry}"
        )),
    })
}

/// Fills lists as a JSON list is read: they have room already, which one of serde's would not.
struct Each<'a, T, const N: usize> {
    lists: &'a mut [Vec<T>; N],
    /// Whether the list may be the `picks` of an object.
    is_record_allowed: bool,
}

impl<'de, T: Entry, const N: usize> DeserializeSeed<'de> for Each<'_, T, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T: Entry, const N: usize> Visitor<'de> for Each<'_, T, N> {
    type Value = ();

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(Numbers(numbers)) = list.next_element::<Numbers<T, N>>()? {
            for (list, number) in self.lists.iter_mut().zip(numbers) {
                list.push(number);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        if !self.is_record_allowed {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        }
        let mut picks = Some(Each {
            is_record_allowed: false,
            ..self
        });
        while let Some(key) = object.next_key::<String>()? {
            if key != "picks" {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            let picks = (picks.take()).ok_or_else(|| A::Error::duplicate_field("picks"))?;
            object.next_value_seed(picks)?;
        }
        match picks {
            Some(_) => Err(A::Error::missing_field("picks")),
            None => Ok(()),
        }
    }
}

/// An entry: a number, or a list of `N`.
struct Numbers<T, const N: usize>([T; N]);

impl<'de, T: Entry, const N: usize> Deserialize<'de> for Numbers<T, N> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(NumbersVisitor(PhantomData))
    }
}

struct NumbersVisitor<T, const N: usize>(PhantomData<T>);

impl<T: Entry, const N: usize> NumbersVisitor<T, N> {
    fn one<E: de::Error>(
        &self,
        number: Option<T>,
        found: Unexpected<'_>,
    ) -> Result<Numbers<T, N>, E> {
        let number = number.filter(|_| N == 1);
        let number = number.ok_or_else(|| E::invalid_type(found, self))?;
        Ok(Numbers([number; N]))
    }
}

impl<'de, T: Entry, const N: usize> Visitor<'de> for NumbersVisitor<T, N> {
    type Value = Numbers<T, N>;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        match N {
            1 => write!(words, "a {}", T::NUMBER),
            _ => write!(words, "a list of two {}s", T::NUMBER),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Numbers<T, N>, E> {
        self.one(T::whole(number.into()), Unexpected::Unsigned(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Numbers<T, N>, E> {
        self.one(T::whole(number.into()), Unexpected::Signed(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Numbers<T, N>, E> {
        self.one(T::real(number), Unexpected::Float(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers<T, N>, A::Error> {
        if N == 1 {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        let mut numbers = [T::default(); N];
        for (at, number) in numbers.iter_mut().enumerate() {
            let Numbers([next]) = (list.next_element::<Numbers<T, 1>>()?)
                .ok_or_else(|| A::Error::invalid_length(at, &self))?;
            *number = next;
        }
        Ok(Numbers(numbers))
    }

    // serde would repeat it in its message, however long.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Numbers<T, N>, E> {
        Err(E::invalid_type(Unexpected::Other("a string"), &self))
    }
}
