// ceiling_f32: the rate of multiply-adds of f32. Joined before ceiling_chains.

alias Number = f32;

fn number(bits: u32) -> Number {
    return bitcast<f32>(bits);
}

fn word(value: Number) -> u32 {
    return bitcast<u32>(value);
}

@compute @workgroup_size(THREADS)
fn ceiling_f32(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    chains(group.y * grid.x + group.x, lane);
}
