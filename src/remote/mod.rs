//! Pools on other processes and machines, behind messages.
//!
//! A worker has a part of the rows in a pool of its own and [serves](crate::worker::serve) it; a [`RemotePool`] is that pool to
//! whoever drives, and several of them make [`Shards`](crate::Shards): selectors know no difference, and picks are
//! the same. What carries the messages is a [`Transport`]: pipes, sockets, MPI, Ray. A worker that is lost is
//! replaced, and its replacement told what its predecessor was; a selection goes on where it was.
//!
//! ```
//! use coresift::remote::{Lost, RemotePool, Transport};
//! use coresift::worker::serve;
//! use coresift::{CpuPool, Features, Norm, Selector, Shards, Stop};
//! use std::sync::mpsc::{Receiver, Sender, channel};
//! use std::sync::{Arc, Mutex};
//!
//! /// Messages to a thread, and answers from it.
//! struct Thread(Mutex<(Sender<Vec<u8>>, Receiver<Vec<u8>>)>);
//!
//! impl Transport for Thread {
//!     fn call(&self, _worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost> {
//!         let (to, from) = &*self.0.lock().unwrap();
//!         to.send(message.to_vec()).map_err(|e| Lost(e.to_string()))?;
//!         from.recv().map_err(|e| Lost(e.to_string()))
//!     }
//!
//!     fn revive(&self, _worker: usize) -> Result<(), Lost> {
//!         Err(Lost("a thread is not brought back".to_owned()))
//!     }
//! }
//!
//! let features = Features::from_owner(vec![9.0, 0.0, 8.0, 0.0, 0.0, 1.0], 3, 2)?;
//! let (to, messages) = channel();
//! let (answers, from) = channel();
//! let pool = CpuPool::new(features.clone());
//! std::thread::spawn(move || serve(&pool, &mut (messages, answers)));
//! let transport = Arc::new(Thread(Mutex::new((to, from))));
//! let remote = RemotePool::new(transport, 0, Stop::default())?;
//! let shards = Shards::new(vec![Box::new(remote)])?;
//! let picks = Norm::default().select(&shards, 2)?.picks;
//! assert_eq!(picks, Norm::default().select(&CpuPool::new(features), 2)?.picks);
//! # Ok::<(), coresift::Error>(())
//! ```

pub(crate) mod answer;
mod assigner;
mod connection;
mod kept;
mod log;
pub(crate) mod message;
mod neighbours;
mod opened;
mod pool;
mod residuals;
mod similarities;
mod steps;
mod transport;
mod visited;
pub(crate) mod wire;

pub use pool::RemotePool;
pub use transport::{Lost, Traffic, Transport};
