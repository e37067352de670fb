//! Every shader, as it is joined, through naga to each language that a driver may be given.
//! Needs no GPU.
//!
//! The joined sources are left in `wgsl/` of the target's temporary folder, for other compilers.

use naga::back::{PipelineConstants, glsl, hlsl, msl, pipeline_constants, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use std::collections::BTreeSet;
use std::path::Path;

/// Each kernel, and the files that make it.
const KERNELS: [(&str, &[&str]); 30] = [
    ("row_norms", &["row_norms"]),
    ("row_squares", &["three_words", "row_squares"]),
    ("quantise", &["three_words", "quantise"]),
    ("gather_rows", &["gather_rows"]),
    ("due_rows", &["row_state", "due_rows"]),
    ("deflate", &["row_state", "square_tile", "deflate"]),
    ("refresh", &["row_state", "refresh"]),
    (
        "store_similarities",
        &[
            "panel_shift",
            "tile_list",
            "integer_tile",
            "kernel_function",
            "store_similarities",
        ],
    ),
    (
        "row_sums",
        &[
            "tile_list",
            "integer_tile",
            "kernel_function",
            "tile_sums",
            "two_words",
            "row_sums",
        ],
    ),
    (
        "class_totals",
        &["tile_list", "class_tile", "two_words", "class_totals"],
    ),
    (
        "linear_row_sums",
        &["tile_list", "class_tile", "signed_words", "linear_row_sums"],
    ),
    (
        "count_within",
        &["tile_list", "integer_tile", "tile_sums", "count_within"],
    ),
    ("mark_within", &["tile_list", "integer_tile", "mark_within"]),
    (
        "nearest_other_label",
        &["tile_list", "integer_tile", "nearest_other_label"],
    ),
    (
        "sum_columns",
        &[
            "tile_list",
            "integer_tile",
            "kernel_function",
            "two_words",
            "sum_columns",
        ],
    ),
    (
        "columns",
        &["tile_list", "integer_tile", "kernel_function", "columns"],
    ),
    ("raise", &["cover", "raise"]),
    (
        "cover_rounds",
        &["panel_shift", "kept_panels", "cover", "cover_rounds"],
    ),
    ("gain_columns", &["two_words", "cover", "gain_columns"]),
    (
        "gain_stored",
        &[
            "panel_shift",
            "two_words",
            "kept_panels",
            "cover",
            "gain_stored",
        ],
    ),
    (
        "sum_stored",
        &[
            "panel_shift",
            "tile_list",
            "two_words",
            "kept_panels",
            "sum_stored",
        ],
    ),
    (
        "greedy_rounds",
        &["panel_shift", "kept_panels", "greedy_rounds"],
    ),
    ("assign", &["square_tile", "assign"]),
    (
        "about_centres",
        &["three_words", "signed_words", "about_centres"],
    ),
    ("k_nearest", &["square_tile", "k_nearest"]),
    ("ceiling_copy", &["ceiling_copy"]),
    ("ceiling_read", &["ceiling_read"]),
    ("ceiling_f32", &["ceiling_f32", "ceiling_chains"]),
    ("ceiling_f16", &["ceiling_f16", "ceiling_chains"]),
    ("ceiling_i32", &["ceiling_i32", "ceiling_chains"]),
];

/// Every override there is, with the sets of values that the host gives them.
const OVERRIDES: [&[(&str, f64)]; 3] = [
    &[
        ("NORM", 1.0),
        ("ROW_THREADS", 8.0),
        ("COLUMN_THREADS", 8.0),
        ("IN_FOURS", 1.0),
        ("PANEL_SHIFT", 8.0),
        ("FUNCTION", 1.0),
    ],
    &[
        ("NORM", 2.0),
        ("ROW_THREADS", 16.0),
        ("COLUMN_THREADS", 16.0),
        ("IN_FOURS", 0.0),
        ("PANEL_SHIFT", 24.0),
        ("FUNCTION", 0.0),
    ],
    &[
        ("NORM", 3.0),
        ("ROW_THREADS", 16.0),
        ("COLUMN_THREADS", 4.0),
        ("IN_FOURS", 1.0),
        ("PANEL_SHIFT", 29.0),
        ("FUNCTION", 2.0),
    ],
];

fn joined(parts: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let read = |part: &&str| {
        let path = folder.join(part).with_extension("wgsl");
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    parts.iter().map(read).collect()
}

/// Whether a shader needs what a device may lack: half precision, for a benchmark.
fn has_f16(source: &str) -> bool {
    source.contains("\nenable f16;")
}

/// Parses and validates without any optional capability but f16 where it is enabled, with those of
/// the overrides set that there are.
fn compiled(name: &str, source: &str, overrides: &[(&str, f64)]) -> (naga::Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(source)));
    let mut capabilities = Capabilities::default();
    capabilities.set(Capabilities::SHADER_FLOAT16, has_f16(source));
    let validate = |module: &naga::Module| {
        Validator::new(ValidationFlags::all(), capabilities)
            .validate(module)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(source)))
    };
    let info = validate(&module);
    let has = |name: &str| {
        let mut names = module.overrides.iter().map(|(_, o)| o.name.as_deref());
        names.any(|found| found == Some(name))
    };
    let constants: PipelineConstants = overrides
        .iter()
        .filter(|(name, _)| has(name))
        .map(|&(name, value)| (name.to_owned(), value))
        .collect();
    let (module, info) =
        pipeline_constants::process_overrides(&module, &info, None, &constants).expect("overrides");
    (module.into_owned(), info.into_owned())
}

fn translate(name: &str, module: &naga::Module, info: &ModuleInfo) {
    let words = spv::write_vec(module, info, &spv::Options::default(), None)
        .unwrap_or_else(|e| panic!("{name} to SPIR-V: {e}"));
    assert!(words.len() > 100, "{name} to SPIR-V");

    let options = msl::Options {
        fake_missing_bindings: true,
        ..msl::Options::default()
    };
    let (text, _) = msl::write_string(module, info, &options, &msl::PipelineOptions::default())
        .unwrap_or_else(|e| panic!("{name} to MSL: {e}"));
    assert!(text.contains("kernel void"), "{name} to MSL");

    let options = hlsl::Options {
        fake_missing_bindings: true,
        ..hlsl::Options::default()
    };
    let mut text = String::new();
    hlsl::Writer::new(&mut text, &options, &hlsl::PipelineOptions::default())
        .write(module, info, None)
        .unwrap_or_else(|e| panic!("{name} to HLSL: {e}"));
    assert!(text.contains("numthreads"), "{name} to HLSL");
}

fn translate_to_glsl(name: &str, module: &naga::Module, info: &ModuleInfo) {
    let options = glsl::Options {
        version: glsl::Version::new_gles(310),
        ..glsl::Options::default()
    };
    let pipeline = glsl::PipelineOptions {
        shader_stage: naga::ShaderStage::Compute,
        entry_point: name.to_owned(),
        multiview: None,
    };
    let mut text = String::new();
    glsl::Writer::new(
        &mut text,
        module,
        info,
        &options,
        &pipeline,
        naga::proc::BoundsCheckPolicies::default(),
    )
    .and_then(|mut writer| writer.write())
    .unwrap_or_else(|e| panic!("{name} to GLSL: {e}"));
    assert!(text.contains("void main"), "{name} to GLSL");
}

#[test]
fn every_kernel_translates() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wgsl");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    for (name, parts) in KERNELS {
        let source = joined(parts);
        let path = folder.join(name).with_extension("wgsl");
        std::fs::write(path, &source).expect("the target folder can be written");
        for overrides in OVERRIDES {
            let (module, info) = compiled(name, &source, overrides);
            assert_eq!(module.entry_points[0].name, name);
            translate(name, &module, &info);
            // GLSL has no half precision.
            if !has_f16(&source) {
                translate_to_glsl(name, &module, &info);
            }
        }
    }
}

#[test]
fn every_file_is_part_of_a_kernel() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder of shaders")
        .map(|file| {
            file.expect("a file")
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let parts: BTreeSet<String> = KERNELS
        .iter()
        .flat_map(|(_, parts)| parts.iter().map(|&p| p.to_owned()))
        .collect();
    assert_eq!(files, parts);
}

/// The check must be able to fail.
#[test]
#[should_panic(expected = "broken")]
fn a_broken_shader_is_refused() {
    compiled(
        "broken",
        "@compute @workgroup_size(64) fn broken() { let x: u32 = 1.5; }",
        &[],
    );
}
