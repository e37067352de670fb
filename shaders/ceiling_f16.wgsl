// ceiling_f16: the rate of multiply-adds of f16, where a device offers them. Joined before ceiling_chains.

enable f16;

alias Number = f16;

fn number(bits: u32) -> Number {
    return f16(bitcast<f32>(bits));
}

fn word(value: Number) -> u32 {
    return bitcast<u32>(f32(value));
}

@compute @workgroup_size(THREADS)
fn ceiling_f16(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    chains(group.y * grid.x + group.x, lane);
}
