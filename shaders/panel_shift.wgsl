// panel_shift: where a group of four similarities lies that store_similarities has left: in one of
// up to five panels, a binding each. Joined before all other parts, since naga 30 wants named
// overrides before sizes that come of overrides; no entry point.

// Groups of a panel, as a power of two.
override PANEL_SHIFT: u32 = 24u;

fn panel_of(at: u32) -> u32 {
    return at >> PANEL_SHIFT;
}

fn place_in_panel(at: u32) -> u32 {
    return at & ((1u << PANEL_SHIFT) - 1u);
}
