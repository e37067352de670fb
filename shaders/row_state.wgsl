// row_state: a row's working state, its hazard rate, and the totals of a workgroup. Joined before a kernel
// whose uniform `shape` has `power` and `slack`; no entry point.

struct RowState {
    // Squared residual length; negative while the row is masked.
    residual_sq: f32,
    // Hazard left until the row fires, rounded down.
    left: f32,
    // With it, residual_sq is at least the true squared residual length.
    guard: f32,
    // Squared length of the row itself.
    norm_sq: f32,
}

// Squared lengths below 2^-110 count as that: what was added to them and to their guards may
// have been taken for zero by the device. A rate is at least 2^-125 for the same reason.
const SMALLEST_BOUND = 7.703719777548943e-34;
const SMALLEST_RATE = 2.350988701644575e-38;

// slack * bound_sq^(power / 2), or more where that is too small for f32.
// Mirror: `Rate::of` in src/kernels/residuals.rs.
fn rate(bound_sq: f32) -> f32 {
    let bound = max(bound_sq, SMALLEST_BOUND);
    var length = bound;
    if shape.power == 1.0 {
        length = sqrt(bound);
    } else if shape.power != 2.0 {
        length = pow(bound, 0.5 * shape.power);
    }
    return max(shape.slack * length, SMALLEST_RATE);
}

// What a squared length changes, at most, when a length of c is off by delta.
// Mirror: `slip` in src/kernels/rounding.rs.
fn slip(c: f32, delta: f32) -> f32 {
    return delta * (2.0 * abs(c) + delta);
}

// A row's part of the totals.
fn part(state: RowState) -> vec2<f32> {
    if state.residual_sq < 0.0 {
        return vec2(0.0, 0.0);
    }
    return vec2(rate(state.residual_sq + state.guard), state.residual_sq);
}

var<workgroup> sums: array<vec2<f32>, 64>;

// The totals of a workgroup of 64 threads, in thread 0.
fn totals(of_thread: vec2<f32>, thread: u32) -> vec2<f32> {
    sums[thread] = of_thread;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
            sums[thread] += sums[thread + half];
        }
    }
    return sums[thread];
}
