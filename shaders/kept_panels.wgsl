// kept_panels: reads the similarities that store_similarities has left. Joined after panel_shift
// and before a kernel with bindings 0 to 3 of its own; no entry point.

@group(0) @binding(4) var<storage, read> panel_0: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> panel_1: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read> panel_2: array<vec2<u32>>;
@group(0) @binding(7) var<storage, read> panel_3: array<vec2<u32>>;
@group(0) @binding(8) var<storage, read> panel_4: array<vec2<u32>>;

// Group `at` of four similarities.
fn kept(at: u32) -> vec2<u32> {
    let place = place_in_panel(at);
    switch panel_of(at) {
        case 0u: { return panel_0[place]; }
        case 1u: { return panel_1[place]; }
        case 2u: { return panel_2[place]; }
        case 3u: { return panel_3[place]; }
        default: { return panel_4[place]; }
    }
}
