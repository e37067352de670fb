//! The sources themselves: what may import what, and how long files and functions are.

mod layers;
mod sizes;
