//! Mirror of `shaders/integer_tile.wgsl`.
