//! Holds Rust and WGSL to one layout, for the kernels' tests. No GPU.

use super::directions::{COLUMNS, DIRECTIONS_OF_BLOCK, ROWS, Width};
use crate::kernels::residuals::RowState;
use naga::TypeInner;
use std::mem::offset_of;

/// Asserts that struct `name` of the shader has these members at these offsets, and this size.
pub(super) fn assert_struct(wgsl: &str, name: &str, members: &[(&str, usize)], size: usize) {
    let module = naga::front::wgsl::parse_str(wgsl).expect("the shader parses");
    let found = module.types.iter().find_map(|(_, ty)| match &ty.inner {
        TypeInner::Struct { members, span } if ty.name.as_deref() == Some(name) => {
            let member = |m: &naga::StructMember| (m.name.clone().unwrap_or_default(), m.offset);
            Some((
                members.iter().map(member).collect::<Vec<_>>(),
                *span as usize,
            ))
        }
        _ => None,
    });
    let (found, span) = found.expect("the struct is in the shader");
    let members: Vec<_> = members
        .iter()
        .map(|&(n, o)| (n.to_owned(), o as u32))
        .collect();
    assert_eq!(found, members, "{name}");
    assert_eq!(span, size, "{name}");
}

/// Asserts that the shader's `RowState` is ours.
pub(super) fn assert_row_state(wgsl: &str) {
    let members = [
        ("residual_sq", offset_of!(RowState, residual_sq)),
        ("left", offset_of!(RowState, left)),
        ("guard", offset_of!(RowState, guard)),
        ("norm_sq", offset_of!(RowState, norm_sq)),
    ];
    assert_struct(wgsl, "RowState", &members, size_of::<RowState>());
}

/// Asserts that the shader's blocks of directions are those that `directions` packs.
pub(super) fn assert_tile(wgsl: &str) {
    assert_eq!(constant(wgsl, "ROWS"), ROWS);
    assert_eq!(4 * constant(wgsl, "QUADS"), DIRECTIONS_OF_BLOCK as u64);
    assert_eq!(constant(wgsl, "COLUMNS"), COLUMNS as u64);
}

/// Asserts that the shader has the f32 tile, in both widths one entry point of this name with these bindings.
pub(super) fn assert_square_kernel(wgsl: &str, name: &str, bindings: &[&str]) {
    for width in [Width::Narrow, Width::Wide] {
        let wgsl = overridden(wgsl, &[("COLUMN_THREADS", width.threads())]);
        assert_entry(&wgsl, name, 8 * width.threads() as u32, bindings);
    }
    assert_tile(wgsl);
}

/// Asserts that the shader has one entry point, of this name and so many threads, and these
/// bindings in group 0.
pub(super) fn assert_entry(wgsl: &str, name: &str, threads: u32, bindings: &[&str]) {
    let module = naga::front::wgsl::parse_str(wgsl).expect("the shader parses");
    let mut bound: Vec<_> = module
        .global_variables
        .iter()
        .filter_map(|(_, v)| Some((v.binding?, v.name.clone().unwrap_or_default())))
        .collect();
    bound.sort_unstable();
    let names: Vec<&str> = bound.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, bindings);
    let numbers = bound
        .iter()
        .map(|(binding, _)| (binding.group, binding.binding));
    assert!(
        numbers.eq((0..bindings.len() as u32).map(|binding| (0, binding))),
        "{bound:?}"
    );
    let [entry] = &module.entry_points[..] else {
        panic!("{name}: one entry point expected")
    };
    assert_eq!(
        (entry.name.as_str(), entry.workgroup_size),
        (name, [threads, 1, 1])
    );
}

/// The shader with values in the place of overrides.
pub(super) fn overridden(wgsl: &str, values: &[(&str, usize)]) -> String {
    let mut text = wgsl.to_owned();
    for (name, value) in values {
        let start = text
            .find(&format!("override {name}:"))
            .expect("the override is in the shader");
        let end = start + text[start..].find(';').expect("a declaration ends");
        text.replace_range(start..end, &format!("const {name}: u32 = {value}u"));
    }
    text
}

/// The value of an integer constant of the shader.
pub(super) fn constant(wgsl: &str, name: &str) -> u64 {
    let module = naga::front::wgsl::parse_str(wgsl).expect("the shader parses");
    let constant = module
        .constants
        .iter()
        .find(|(_, c)| c.name.as_deref() == Some(name));
    let init = constant.expect("the constant is in the shader").1.init;
    match module.global_expressions[init] {
        naga::Expression::Literal(naga::Literal::U32(value)) => value.into(),
        ref other => panic!("{name}: {other:?}"),
    }
}
