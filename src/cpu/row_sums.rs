//! Mirror of `shaders/row_sums.wgsl`.
