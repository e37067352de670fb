// ceiling_i32: the rate of multiply-adds of i32, by which the integer tile is judged. Joined before ceiling_chains.

alias Number = i32;

fn number(bits: u32) -> Number {
    return bitcast<i32>(bits);
}

fn word(value: Number) -> u32 {
    return bitcast<u32>(value);
}

@compute @workgroup_size(THREADS)
fn ceiling_i32(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    chains(group.y * grid.x + group.x, lane);
}
