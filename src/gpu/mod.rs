//! The GPU room.
