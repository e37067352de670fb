//! The worker's side: it loads its share, and serves it.

use super::frame;
use super::share::{Loaded, Setup, Share};
use crate::features::FeatureFile;
use crate::features::mean::SUMMED;
use crate::loaded::{self, Room};
use coresift::worker::{Link, serve};
use coresift::{Device, Error, Features, LeftOut, Others, Stop};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// Loads what the first message says, and serves it until there are no more messages. `open` opens a device by its
/// name, within so many bytes of its own; a kernel that is at work ends once `stop` is stopped.
pub fn work(link: &mut dyn Link, stop: Stop, open: impl Fn(&Share) -> Result<Device, String>) {
    while let Some(message) = link.next() {
        // Devices first: `open` also says how many threads there are, by which rows are read.
        let made = loading(&message).and_then(|share| Ok((open(&share)?, load(&share)?)));
        let (device, file) = match made {
            Ok(made) => made,
            Err(reason) => {
                link.answer(answered(&Err::<Loaded, _>(reason)));
                continue;
            }
        };
        return file.serve(&device, stop, link);
    }
}

/// The share that a message says to load.
fn loading(message: &[u8]) -> Result<Share, String> {
    const OWN: &str = env!("CARGO_PKG_VERSION");
    match postcard::from_bytes(message) {
        Ok(Setup::Load(version, share)) if version == OWN => Ok(share),
        Ok(Setup::Load(version, _)) => Err(format!(
            "a driver of coresift {version} found, one of {OWN} expected, as this worker is"
        )),
        _ => Err(format!(
            "a message of {} bytes found that says nothing to load, one of coresift {OWN} expected",
            message.len()
        )),
    }
}

/// A share's rows, in memory or to be read.
struct Held {
    file: Arc<FeatureFile>,
    rows: loaded::Loaded,
    /// What is left out of the rows as they are.
    left_out: LeftOut,
    /// Whether rows of zeros are left out once the mean is subtracted.
    skips_zeros: bool,
}

fn load(share: &Share) -> Result<Held, String> {
    let raw = share.raw.as_ref().map(|raw| raw.parse()).transpose()?;
    let [first, end] = share.rows.map(|row| row as usize);
    let file = FeatureFile::open(&share.features, "features", raw)
        .and_then(|file| file.part(first..end))
        .map(Arc::new)
        .map_err(|error| error.to_string())?;
    let rows = Room::of(&file, share.memory)
        .and_then(|room| loaded::Loaded::new(&file, room, |_| {}))
        .map_err(|error| error.to_string())?;
    let excluded = share.exclude.iter().map(|&row| row as usize);
    let own = excluded.filter(|row| (first..end).contains(row));
    let [invalid, skips_zeros] = share.skip;
    let left_out = LeftOut {
        rows: own.map(|row| row - first).collect(),
        invalid,
        zeros: skips_zeros && !share.center,
    };
    Ok(Held {
        file,
        rows,
        left_out,
        skips_zeros,
    })
}

impl Held {
    /// Tells what is loaded, and serves it once the parts have agreed on a unit, and on a mean.
    fn serve(self, device: &Device, stop: Stop, link: &mut dyn Link) {
        let shape = [self.file.rows, self.file.dim];
        let features = match Features::without(self.rows.rows(), shape, &self.left_out) {
            // Others have rows.
            Err(Error::Argument {
                argument: "features",
                ..
            }) => {
                return link.answer(answered(&Ok::<_, String>(self.about(None, device))));
            }
            checked => checked.map_err(|error| self.file.refused(error).to_string()),
        };
        let features = match features {
            Ok(features) => features,
            Err(reason) => return link.answer(answered(&Err::<Loaded, _>(reason))),
        };
        link.answer(answered(&Ok::<_, String>(
            self.about(Some(&features), device),
        )));
        while let Some(message) = link.next() {
            match postcard::from_bytes(&message) {
                Ok(Setup::Sums(from)) => link.answer(answered(&self.sums(&features, from))),
                Ok(Setup::First(count, sum)) => {
                    link.answer(answered(&self.add_first(&features, count, sum)));
                }
                Ok(Setup::Center(mean)) => {
                    let others = features.others();
                    drop(features);
                    return match self.less(mean, others) {
                        Ok(centered) => centered.serve(device, stop, link),
                        Err(reason) => link.answer(answered(&Err::<Loaded, _>(reason))),
                    };
                }
                Ok(Setup::Begin(unit)) => {
                    let pool = device.pool(features.in_unit(unit), self.rows.memory, stop);
                    return match pool {
                        Ok(pool) => {
                            link.answer(answered(&Ok::<_, String>(())));
                            serve(&*pool, link);
                        }
                        Err(error) => link.answer(answered(&Err::<(), _>(error.to_string()))),
                    };
                }
                _ => {
                    let reason = "a message that does not begin the work found".to_owned();
                    return link.answer(answered(&Err::<(), _>(reason)));
                }
            }
        }
    }

    /// The sums of rows that are not left out, from one of them on.
    fn sums(&self, features: &Features<'_>, from: u64) -> Result<Vec<f64>, String> {
        let sums = self.file.sums(features.numbers(), from as usize);
        sums.map_err(|error| error.to_string())
    }

    /// The first of them, added to a sum.
    fn add_first(
        &self,
        features: &Features<'_>,
        count: u64,
        mut sum: Vec<f64>,
    ) -> Result<Vec<f64>, String> {
        let (rows, dim) = (features.rows(), self.file.dim);
        let count = count as usize;
        if count > rows.min(SUMMED) || sum.len() != dim {
            let found = sum.len();
            return Err(format!("{count} rows and a sum of {found} values found"));
        }
        let added = self.file.add_first(features.numbers(), count, &mut sum);
        added.map(|()| sum).map_err(|error| error.to_string())
    }

    /// The same rows less a mean.
    fn less(self, mean: Vec<f64>, others: Option<Others>) -> Result<Self, String> {
        if mean.len() != self.file.dim {
            let (found, dim) = (mean.len(), self.file.dim);
            return Err(format!("a mean of {found} values found, {dim} expected"));
        }
        let asked = LeftOut {
            zeros: self.skips_zeros,
            ..self.left_out
        };
        let left_out = match &others {
            Some(others) => others.left_out(&asked),
            None => asked,
        };
        let rows = self.rows.less(&self.file, mean);
        Ok(Self {
            rows: rows.map_err(|error| error.to_string())?,
            left_out,
            ..self
        })
    }

    /// What is to be known of the rows that are not left out.
    fn about(&self, features: Option<&Features<'_>>, device: &Device) -> Loaded {
        let numbers = match features {
            Some(features) => features.numbers().map(<[usize]>::to_vec),
            None => Some(Vec::new()),
        };
        Loaded {
            numbers: numbers.map(|of| of.iter().map(|&row| row as u32).collect()),
            rows: features.map_or(0, Features::rows) as u64,
            dim: self.file.dim as u64,
            unit: features.map(Features::unit),
            squared_lengths: features.map_or(Vec::new(), |of| of.squared_lengths().to_vec()),
            device: device.name(),
        }
    }
}

/// An answer.
fn answered<T: serde::Serialize>(answer: &Result<T, String>) -> Vec<u8> {
    // Memory takes every byte.
    postcard::to_stdvec(answer).unwrap_or_default()
}

/// Messages from a stream and answers to another. A thread reads ahead, so that the work stops once the driver is
/// gone.
pub struct Pipe<W> {
    messages: Receiver<Vec<u8>>,
    to: W,
}

impl<W: Write> Pipe<W> {
    /// Between these streams; `stop` is stopped at the end of the first.
    pub fn new(mut from: impl Read + Send + 'static, to: W, stop: Stop) -> Self {
        let (heard, messages) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(message)) = frame::read(&mut from) {
                if heard.send(message).is_err() {
                    break;
                }
            }
            stop.stop();
        });
        Self { messages, to }
    }
}

impl<W: Write> Link for Pipe<W> {
    fn next(&mut self) -> Option<Vec<u8>> {
        self.messages.recv().ok()
    }

    fn answer(&mut self, answer: Vec<u8>) {
        // A driver that is gone sends no more, which ends the work.
        let _: io::Result<()> = frame::write(&mut self.to, &answer);
    }
}
