// row_state: a row's working state and its hazard rate. Joined before a kernel whose uniform
// `shape` has `power` and `slack`; no entry point.

struct RowState {
    // Squared residual length; negative while the row is masked.
    residual_sq: f32,
    // Hazard left until the row fires, rounded down.
    left: f32,
    // residual_sq + guard is at least the true squared residual length.
    guard: f32,
    // Squared length of the row itself.
    norm_sq: f32,
}

// slack * bound_sq^(power / 2). Mirror: `Rate::of` in src/pool.rs.
fn rate(bound_sq: f32) -> f32 {
    if bound_sq <= 0.0 {
        return 0.0; // pow goes by way of a logarithm
    }
    if shape.power == 1.0 {
        return shape.slack * sqrt(bound_sq);
    }
    if shape.power == 2.0 {
        return shape.slack * bound_sq;
    }
    return shape.slack * pow(bound_sq, 0.5 * shape.power);
}
