//! Mirror of `shaders/similarities.wgsl`.
