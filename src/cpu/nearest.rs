//! Mirror of `shaders/nearest.wgsl`.
