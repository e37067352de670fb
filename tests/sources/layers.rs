//! The library's layers, read from its sources: nothing imports through the crate root, nothing from a
//! layer above its own, and no files import each other in a circle. Names are followed through
//! re-exports to the file that defines them; tests within the sources are left out.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::Visit;

/// From the lowest: a file may import from its own layer and from those before it.
const LAYERS: [&[&str]; 24] = [
    &["names"],
    &["lazy", "lp", "rank", "reduce"], // know nothing else of ours
    &["quantise"],
    &["selection"],
    &["error"],
    &["checkpoint", "control"],
    &["progress", "random"],
    &["course"],
    &["features"],
    &["kernels"],
    &["plan"], // what work is called, and counted in
    &["products"],
    &["bench"], // what a device can do at best: for the command alone
    &["cpu"],
    &["gpu"],
    &["remote"], // a pool behind messages
    &["shards"],
    &["device"], // a pool by its name
    &["select"],
    &["worker"],     // a pool that answers messages
    &["duplicates"], // by what selectors find near rows with
    &["evaluate"],   // what a selection is worth
    &["compare"],    // what selectors are worth
    &["calibrate"],
];

/// A module and the names in it.
#[derive(Default)]
struct Module {
    file: PathBuf,
    children: BTreeSet<String>,
    /// What `use` brings in, by its name here.
    bindings: BTreeMap<String, Vec<String>>,
}

/// All modules by their path from the crate root, and the paths that each file names.
#[derive(Default)]
struct Sources {
    modules: BTreeMap<Vec<String>, Module>,
    /// Module, path.
    named: Vec<(Vec<String>, Vec<String>)>,
}

impl Sources {
    fn read() -> Self {
        let mut sources = Self::default();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        sources.add(&root.join("lib.rs"), &root, Vec::new());
        sources
    }

    /// Reads a file, and those of the modules that it declares.
    fn add(&mut self, file: &Path, folder: &Path, module: Vec<String>) {
        let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{file:?}: {e}"));
        let parsed = syn::parse_file(&text).unwrap();
        self.modules.entry(module.clone()).or_default().file = file.to_owned();
        let mut reader = Reader {
            sources: self,
            module: module.clone(),
        };
        reader.visit_file(&parsed);
        for child in self.modules[&module].children.clone() {
            let path = [module.clone(), vec![child.clone()]].concat();
            let (flat, nested) = (
                folder.join(format!("{child}.rs")),
                folder.join(&child).join("mod.rs"),
            );
            let file = if flat.exists() { flat } else { nested };
            self.add(&file, &folder.join(&child), path);
        }
    }

    /// The module that a path begins in, and what is left of it; none where it is no path of ours.
    fn start<'p>(
        &self,
        module: &[String],
        path: &'p [String],
    ) -> Option<(Vec<String>, &'p [String])> {
        let mut from = module.to_vec();
        match path.first()?.as_str() {
            "crate" => return Some((Vec::new(), &path[1..])),
            "self" => return Some((from, &path[1..])),
            "super" => {}
            first => {
                let here = &self.modules[module];
                // `use x::x` and `pub use x` bring in another crate's.
                let bound = here.bindings.get(first).is_some_and(|to| to[0] != first);
                let known = here.children.contains(first) || bound;
                return known.then_some((from, path));
            }
        }
        let ups = path
            .iter()
            .take_while(|segment| *segment == "super")
            .count();
        from.truncate(from.len() - ups);
        Some((from, &path[ups..]))
    }

    /// The file in which what a path names is defined. `at_root` is told of names that are had through
    /// the crate root.
    fn file_of(
        &self,
        module: &[String],
        path: &[String],
        at_root: &mut dyn FnMut(&str),
    ) -> Option<&Path> {
        let (mut at, mut rest) = self.start(module, path)?;
        while let Some((first, after)) = rest.split_first() {
            let here = &self.modules[&at];
            if here.children.contains(first) {
                at.push(first.clone());
            } else if let Some(target) = here.bindings.get(first) {
                if target[0] == *first {
                    return None;
                }
                if at.is_empty() && !module.is_empty() {
                    at_root(first);
                }
                let target = [target.as_slice(), after].concat();
                return self.file_of(&at, &target, at_root);
            } else {
                break; // an item of this module
            }
            rest = after;
        }
        Some(&self.modules[&at].file)
    }

    /// Which files each file imports from, and what is imported through the crate root.
    fn imports(&self) -> (BTreeMap<String, BTreeSet<String>>, Vec<String>) {
        let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut through_root = Vec::new();
        for (module, path) in &self.named {
            let from = name(&self.modules[module].file);
            let mut at_root = |item: &str| through_root.push(format!("{from}: {item}"));
            let Some(file) = self.file_of(module, path, &mut at_root) else {
                continue;
            };
            let to = name(file);
            if from != to && from != "lib.rs" {
                imports.entry(from).or_default().insert(to);
            }
        }
        (imports, through_root)
    }
}

/// A file by its path within `src/`.
fn name(file: &Path) -> String {
    let file = file.to_str().unwrap().replace('\\', "/");
    file.rsplit_once("/src/").unwrap().1.to_owned()
}

/// The folder or file directly in `src/` that a file belongs to.
fn room(file: &str) -> &str {
    let first = file.split('/').next().unwrap();
    first.trim_end_matches(".rs")
}

fn layer(file: &str) -> usize {
    let layer = LAYERS.iter().position(|layer| layer.contains(&room(file)));
    layer.unwrap_or_else(|| panic!("{file} is in no layer"))
}

/// Collects what a file names.
struct Reader<'a> {
    sources: &'a mut Sources,
    module: Vec<String>,
}

impl Reader<'_> {
    fn name(&mut self, path: Vec<String>) {
        self.sources.named.push((self.module.clone(), path));
    }

    /// All leaves of a `use`.
    fn tree(&mut self, tree: &syn::UseTree, mut path: Vec<String>) {
        let mut bind = |name: String, path: Vec<String>| {
            let here = self.sources.modules.get_mut(&self.module).unwrap();
            here.bindings.insert(name, path.clone());
            self.sources.named.push((self.module.clone(), path));
        };
        match tree {
            syn::UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.tree(&part.tree, path);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, path.clone());
                }
            }
            syn::UseTree::Name(leaf) if leaf.ident == "self" => {
                bind(path.last().unwrap().clone(), path);
            }
            syn::UseTree::Name(leaf) => {
                path.push(leaf.ident.to_string());
                bind(leaf.ident.to_string(), path);
            }
            syn::UseTree::Rename(leaf) => {
                path.push(leaf.ident.to_string());
                bind(leaf.rename.to_string(), path);
            }
            syn::UseTree::Glob(_) => self.name(path),
        }
    }

    /// Paths among the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Vec::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 || path.is_empty() => {
                    path.push(ident.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
            if path.len() > 1 {
                self.name(std::mem::take(&mut path));
            }
            (path, colons) = (Vec::new(), 0);
        }
        if path.len() > 1 {
            self.name(path);
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    let test = |attribute: &syn::Attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    };
    attributes.iter().any(test)
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_test(&item.attrs) {
            return;
        }
        let name = item.ident.to_string();
        if item.content.is_none() {
            let here = self.sources.modules.get_mut(&self.module).unwrap();
            here.children.insert(name);
            return;
        }
        // An inline module stands for the file that it is in.
        syn::visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.tree(&item.tree, Vec::new());
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_fn(self, item);
        }
    }

    /// Who may see an item is no import.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|s| s.ident.to_string());
        let segments: Vec<String> = segments.collect();
        if path.leading_colon.is_none() && segments.len() > 1 {
            self.name(segments);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }
}

/// Groups of files of which each imports, by way of others, from all of its group.
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach = |from: &String| {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = left.pop() {
            for to in imports.get(&file).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    left.push(to.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        imports.keys().map(|f| (f, reach(f))).collect();
    let mut circles = BTreeSet::new();
    for (file, reached_from) in &reached {
        if reached_from.contains(*file) {
            let mutual = reached_from
                .iter()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(*file)));
            circles.insert(mutual.cloned().collect::<Vec<_>>());
        }
    }
    circles.into_iter().collect()
}

#[test]
fn nothing_is_imported_through_the_crate_root() {
    let (_, through_root) = Sources::read().imports();
    assert!(through_root.is_empty(), "{through_root:#?}");
}

#[test]
fn nothing_is_imported_from_a_layer_above() {
    let (imports, _) = Sources::read().imports();
    assert!(imports.len() > 50, "the sources have been read");
    let pairs = imports
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let upward: Vec<_> = pairs.filter(|(from, to)| layer(to) > layer(from)).collect();
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let (imports, _) = Sources::read().imports();
    let circles = circles(&imports);
    assert!(circles.is_empty(), "{circles:#?}");
}

/// The reader sees what it is to find.
#[test]
fn faults_are_found() {
    let mut sources = Sources::default();
    let mut file = |path: &[&str], file: &str, text: &str| {
        let module: Vec<String> = path.iter().map(|&s| s.to_owned()).collect();
        let entry = sources.modules.entry(module.clone()).or_default();
        entry.file = PathBuf::from(format!("/src/{file}"));
        let mut reader = Reader {
            sources: &mut sources,
            module,
        };
        reader.visit_file(&syn::parse_str(text).unwrap());
    };
    file(
        &[],
        "lib.rs",
        "mod sums; mod error; mod select; pub use error::Error; pub use select::Sas;",
    );
    file(
        &["sums"],
        "sums.rs",
        "use crate::Error; fn f() -> crate::select::sas::Sas { loop {} }",
    );
    file(
        &["error"],
        "error.rs",
        "fn f() { call!(super::select::sas::g(1)) }",
    );
    file(&["select"], "select/mod.rs", "mod sas; pub use sas::Sas;");
    file(
        &["select", "sas"],
        "select/sas.rs",
        "use crate::error; #[cfg(test)] mod tests { use crate::Error; } pub(in crate::select) fn f() {}",
    );
    let (imports, through_root) = sources.imports();
    assert_eq!(through_root, ["sums.rs: Error"]);
    let of = |file: &str| imports[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("sums.rs"), ["error.rs", "select/sas.rs"]);
    assert_eq!(of("error.rs"), ["select/sas.rs"]);
    assert_eq!(circles(&imports), [["error.rs", "select/sas.rs"]]);
}
