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

// Bounds and rates are at least this: a device may take what is smaller for zero.
const SMALLEST_RATE = 2.3509887016445750e-38; // 2^-125

// slack * bound_sq^(power / 2), or more where that leaves the range of f32.
// Mirror: `Rate::of` in src/pool.rs.
fn rate(bound_sq: f32) -> f32 {
    let base = max(bound_sq, SMALLEST_RATE);
    var power = base;
    if shape.power == 1.0 {
        power = sqrt(base);
    } else if shape.power != 2.0 {
        power = pow(base, 0.5 * shape.power);
    }
    return max(shape.slack * power, SMALLEST_RATE);
}
