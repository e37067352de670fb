//! Mirror of `shaders/store_similarities.wgsl`.
