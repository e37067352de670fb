//! Mirror of `shaders/sum_columns.wgsl`.
