//! How long files and functions are: what is longer than one reader holds in mind is divided.

use std::collections::BTreeSet;
use std::path::Path;
use syn::visit::Visit;

/// Lines of a file, and of a function from its `fn` to its last brace.
const FILE: usize = 400;
const FUNCTION: usize = 60;

/// Where there are sources.
const FOLDERS: [&str; 7] = ["src", "tests", "benches", "examples", "io", "cli", "python"];

/// What is still longer: a file, or a file and a function. The list may only get shorter.
const STILL_LONG: [&str; 10] = [
    "cli/tests/bench_report/compare.rs adapters_stand_side_by_side_with_ratios_to_the_first",
    "cli/tests/bench_report/table.rs the_table_says_what_was_measured",
    "cli/tests/cli/bad_input.rs bad_features",
    "cli/tests/cli/bad_input.rs bad_labelled_rows_and_budgets",
    "cli/tests/cli/bad_input.rs bad_options",
    "cli/tests/cli/lists.rs what_may_be_misread_is_refused",
    "cli/tests/cli/sas.rs bad_files",
    "cli/tests/cli/sas.rs bad_options",
    "cli/tests/cli/system.rs what_is_no_file_is_refused_at_once",
    "cli/tests/cli/values.rs centered_is_less_the_mean_row",
];

/// What is too long, and how long that is.
type Found = Vec<(String, usize)>;

/// Looks at all sources of a folder.
fn look(folder: &Path, found: &mut Found) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            let name = name.to_str().unwrap().replace('\\', "/");
            measure(&name, &text, found);
        }
    }
}

/// Measures a file and its functions.
fn measure(file: &str, text: &str, found: &mut Found) {
    let lines = text.lines().count();
    if lines > FILE {
        found.push((file.to_owned(), lines));
    }
    let parsed = syn::parse_file(text).unwrap_or_else(|e| panic!("{file}: {e}"));
    Functions { file, found }.visit_file(&parsed);
}

/// Finds the functions of a file that are too long.
struct Functions<'a> {
    file: &'a str,
    found: &'a mut Found,
}

impl Functions<'_> {
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        let lines = last - first + 1;
        if lines > FUNCTION {
            let name = format!("{} {}", self.file, signature.ident);
            self.found.push((name, lines));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

#[test]
fn files_and_functions_are_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in FOLDERS {
        look(&root.join(folder), &mut found);
    }
    found.sort();
    let is_new = |(name, _): &&(String, usize)| !STILL_LONG.contains(&name.as_str());
    let new: Vec<_> = found.iter().filter(is_new).collect();
    assert!(
        new.is_empty(),
        "lines, at most {FILE} a file and {FUNCTION} a function: {new:#?}"
    );
    let still: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let listed = BTreeSet::from(STILL_LONG);
    assert_eq!(
        still, listed,
        "what has been divided is struck off the list"
    );
}

/// Whoever measures sees what is too long: a file, functions, methods, and those within others.
#[test]
fn what_is_too_long_is_found() {
    let long = format!("fn f() {{{}}}", "\n".repeat(FUNCTION));
    let short = format!("fn g() {{{}}}", "\n".repeat(FUNCTION - 1));
    let text = format!(
        "{long}\n{short}\nimpl X {{ {long} }}\ntrait T {{ {long} fn h(); }}\nmod m {{ {long} }}\n\
         fn outer() {{ {long} }}"
    );
    let mut found = Vec::new();
    measure("x.rs", &text, &mut found);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "x.rs f",
            "x.rs f",
            "x.rs f",
            "x.rs f",
            "x.rs outer",
            "x.rs f"
        ]
    );
    assert!(found.iter().all(|&(_, lines)| lines == FUNCTION + 1));
    found.clear();
    measure("y.rs", &"\n".repeat(FILE), &mut found);
    measure("z.rs", &"\n".repeat(FILE + 1), &mut found);
    assert_eq!(found, [("z.rs".to_owned(), FILE + 1)]);
}
