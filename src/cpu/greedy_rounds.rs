//! Mirror of `shaders/greedy_rounds.wgsl`.
