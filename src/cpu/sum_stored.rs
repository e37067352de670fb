//! Mirror of `shaders/sum_stored.wgsl`.
