//! The worker's side: it loads its share, and serves it.

use super::frame;
use super::share::{Loaded, Setup, Share};
use crate::features::FeatureFile;
use crate::loaded::{self, Room};
use coresift::worker::{Link, serve};
use coresift::{Device, Error, Features, LeftOut, Pool, Stop};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// Loads what the first message says, and serves it until there are no more messages. `open` opens a device by its
/// name, within so many bytes of its own; a kernel that is at work ends once `stop` is stopped.
pub fn work(link: &mut dyn Link, stop: Stop, open: impl Fn(&Share) -> Result<Device, String>) {
    while let Some(message) = link.next() {
        let made = loading(&message).and_then(|share| Ok((load(&share)?, open(&share)?)));
        let (file, device) = match made {
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
    left_out: LeftOut,
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
    let left_out = LeftOut {
        rows: own.map(|row| row - first).collect(),
        invalid: share.skip[0],
        zeros: share.skip[1],
    };
    Ok(Held {
        file,
        rows,
        left_out,
    })
}

impl Held {
    /// Tells what is loaded, and serves it once the parts have agreed on a unit.
    fn serve(&self, device: &Device, stop: Stop, link: &mut dyn Link) {
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
        let Some(message) = link.next() else {
            return;
        };
        match self.begin(&message, features, device, stop) {
            Ok(pool) => {
                link.answer(answered(&Ok::<_, String>(())));
                serve(&*pool, link);
            }
            Err(reason) => link.answer(answered(&Err::<(), _>(reason))),
        }
    }

    fn begin<'a>(
        &'a self,
        message: &[u8],
        features: Features<'a>,
        device: &Device,
        stop: Stop,
    ) -> Result<Box<dyn Pool + 'a>, String> {
        let Ok(Setup::Begin(unit)) = postcard::from_bytes::<Setup>(message) else {
            return Err("a message that does not begin the work found".to_owned());
        };
        let pool = device.pool(features.in_unit(unit), self.rows.memory, stop);
        pool.map_err(|error| error.to_string())
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
