//! Which files of a package each file needs: modules that it instantiates, files that it includes.
//!
//! A name declared in several files goes to the file itself, then to what it includes, then to the nearest folder, then
//! to the first path. Every file is parsed once.

use super::syntax::{Piece, module_info, parse, scan, units};
use super::types::{Links, ModuleInfo, Need, SourceFile};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What one file declares and names.
#[derive(Default)]
struct Facts {
    modules: Vec<ModuleInfo>,
    /// Everything that can be referred to: modules, interfaces, packages, primitives.
    declares: BTreeSet<String>,
    /// Names referred to, by the unit that does so.
    uses: BTreeMap<String, BTreeSet<String>>,
    includes: Vec<String>,
}

/// A parsed package.
pub struct Package<'f> {
    files: &'f [SourceFile],
    facts: Vec<Facts>,
    declared: BTreeMap<String, Vec<usize>>,
}

/// Links each file of a package; the results are in the order of `files`.
pub fn link(files: &[SourceFile]) -> Vec<Links> {
    let package = Package::new(files);
    (0..files.len()).map(|f| package.links(f)).collect()
}

impl<'f> Package<'f> {
    /// Parses every file once. A file that cannot be parsed declares nothing.
    pub fn new(files: &'f [SourceFile]) -> Package<'f> {
        let facts: Vec<Facts> = files.iter().map(|f| facts(&f.text)).collect();
        let mut declared: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, name) in facts
            .iter()
            .enumerate()
            .flat_map(|(i, f)| f.declares.iter().map(move |n| (i, n)))
        {
            declared.entry(name.clone()).or_default().push(index);
        }
        Package { files, facts, declared }
    }

    /// What all modules of a file need.
    pub fn links(&self, file: usize) -> Links {
        let units: Vec<&str> = self.facts[file].uses.keys().map(String::as_str).collect();
        self.walk(file, &units)
    }

    /// What one module of a file needs: a file may hold others that need more.
    pub fn module_links(&self, file: usize, module: &str) -> Links {
        self.walk(file, &[module])
    }

    fn walk(&self, file: usize, start: &[&str]) -> Links {
        let mut walk = Walk {
            package: self,
            root: file,
            needs: Vec::new(),
            missing: Vec::new(),
            seen: BTreeSet::new(),
        };
        walk.include(file);
        let mut queue: VecDeque<(usize, String)> = start.iter().map(|u| (file, u.to_string())).collect();
        while let Some((at, unit)) = queue.pop_front() {
            if !walk.seen.insert((at, unit.clone())) {
                continue;
            }
            for name in self.facts[at].uses.get(&unit).into_iter().flatten() {
                queue.extend(walk.resolve(at, name).map(|f| (f, name.clone())));
            }
        }
        Links {
            modules: self.facts[file].modules.clone(),
            needs: walk.needs,
            unresolved: walk.missing,
        }
    }

    /// The candidate nearest to a file: the longest common folder, then the shortest way down, then path order.
    fn nearest(&self, from: usize, candidates: impl Iterator<Item = usize>) -> Option<usize> {
        let here = folder(&self.files[from].path);
        candidates.min_by_key(|&c| {
            let there = folder(&self.files[c].path);
            let common = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
            (std::cmp::Reverse(common), there.len(), &self.files[c].path, c)
        })
    }
}

fn folder(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    parts
}

struct Walk<'p, 'f> {
    package: &'p Package<'f>,
    root: usize,
    needs: Vec<Need>,
    missing: Vec<String>,
    seen: BTreeSet<(usize, String)>,
}

impl Walk<'_, '_> {
    /// The file that declares a name used in `at`; it becomes a need unless it is there already.
    fn resolve(&mut self, at: usize, name: &str) -> Option<usize> {
        let p = self.package;
        let declares = |f: usize| p.facts[f].declares.contains(name);
        let chosen = self.needs.iter().map(|n| n.file).find(|&f| declares(f));
        let near = || p.nearest(at, p.declared.get(name).into_iter().flatten().copied());
        let found = [at, self.root]
            .into_iter()
            .find(|&f| declares(f))
            .or(chosen)
            .or_else(near);
        match found {
            Some(f) => self.need(f, "module"),
            None => self.miss(name),
        }
        found
    }

    fn need(&mut self, file: usize, role: &str) {
        if file == self.root || self.needs.iter().any(|n| n.file == file) {
            return;
        }
        self.needs.push(Need {
            file,
            role: role.into(),
        });
        self.include(file);
    }

    /// Adds what a file includes, and what that includes.
    fn include(&mut self, file: usize) {
        let p = self.package;
        for name in &p.facts[file].includes {
            let wanted = name.trim_start_matches("./").trim_start_matches("../");
            let fits = |f: &usize| {
                let rest = p.files[*f].path.strip_suffix(wanted);
                *f != file && rest.is_some_and(|r| r.is_empty() || r.ends_with('/'))
            };
            match p.nearest(file, (0..p.files.len()).filter(fits)) {
                Some(found) => self.need(found, "include"),
                None => self.miss(name),
            }
        }
    }

    fn miss(&mut self, name: &str) {
        if !self.missing.iter().any(|m| m == name) {
            self.missing.push(name.into());
        }
    }
}

fn facts(text: &str) -> Facts {
    let Ok(parsed) = parse(text) else {
        return Facts::default();
    };
    let flat = parsed.flat();
    let mut facts = Facts {
        includes: includes(&parsed.live.text),
        ..Facts::default()
    };
    for unit in units(&flat) {
        let info = module_info(&flat, &unit);
        let mut uses: BTreeSet<String> = info.instances.iter().cloned().collect();
        for i in unit
            .nodes
            .clone()
            .filter(|&i| matches!(flat.kind(i), "package_scope" | "package_import_item"))
        {
            uses.extend(flat.find(i, "simple_identifier").map(|n| flat.text(n).to_string()));
        }
        facts.declares.insert(unit.name.clone());
        facts.uses.entry(unit.name.clone()).or_default().extend(uses);
        if unit.keyword == "module" {
            facts.modules.push(info);
        }
    }
    facts
}

/// Names of included files, in order, distinct.
fn includes(text: &str) -> Vec<String> {
    let pieces = scan(text);
    let mut found: Vec<String> = Vec::new();
    for pair in pieces.windows(2) {
        if let [Piece::Directive(d), Piece::Text(t)] = pair
            && &text[d.clone()] == "`include"
        {
            let name = text[t.clone()].trim_matches('"').to_string();
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Vec<SourceFile> {
        let file = |(path, text): &(&str, &str)| SourceFile {
            sample: path.to_string(),
            path: path.to_string(),
            text: text.to_string(),
        };
        list.iter().map(file).collect()
    }

    fn needs(links: &Links) -> Vec<(usize, &str)> {
        links.needs.iter().map(|n| (n.file, n.role.as_str())).collect()
    }

    #[test]
    fn nearest_folder_wins_and_needs_are_transitive() {
        let files = files(&[
            (
                "a/top.v",
                "`include \"defs.vh\"\nmodule top; leaf u(); and g(x, y, z); RAM64 r(); endmodule",
            ),
            ("b/leaf.v", "module leaf; endmodule"),
            (
                "a/sub/leaf.v",
                "module leaf; deep d(); endmodule module other; gone g(); endmodule",
            ),
            ("c/deep.v", "module deep; endmodule"),
            ("inc/defs.vh", "`define X 1\n"),
        ]);
        let links = link(&files);
        assert_eq!(needs(&links[0]), [(4, "include"), (2, "module"), (3, "module")]);
        assert_eq!(links[0].unresolved, ["RAM64"]);
        assert_eq!(links[2].unresolved, ["gone"]);
        assert!(Package::new(&files).module_links(2, "leaf").unresolved.is_empty());
    }

    #[test]
    fn same_file_comes_first_and_cycles_end() {
        let files = files(&[
            ("x.v", "module a; b u(); endmodule module b; c v(); endmodule"),
            ("b.v", "module b; endmodule"),
            ("c.v", "`include \"x.v\"\nmodule c; a u(); endmodule"),
        ]);
        let links = link(&files);
        assert_eq!(needs(&links[0]), [(2, "module")]);
        assert_eq!(needs(&links[2]), [(0, "include")]);
    }

    #[test]
    fn dead_branches_need_nothing() {
        let files = files(&[(
            "x.v",
            "module a;\n`ifdef VENDOR\n PRIM p();\n`include \"v.vh\"\n`endif\nendmodule",
        )]);
        assert_eq!(
            link(&files)[0],
            Links {
                unresolved: vec![],
                ..link(&files)[0].clone()
            }
        );
        assert!(link(&files)[0].needs.is_empty());
    }
}
