//! A syntax tree as a list in source order: parents and subtrees by index, no recursion, no quadratic `parent()`.

use std::ops::Range;
use std::sync::LazyLock;
use tree_sitter::{Language, Node, Tree};

/// Trees with more nodes than this are cut off, so that hostile input cannot take all memory (about 200 MB).
const MAX_NODES: usize = 3_000_000;

struct Entry<'t> {
    node: Node<'t>,
    parent: u32,
    /// One past the last node of the subtree.
    end: u32,
    depth: u32,
    field: Option<&'t str>,
}

/// The nodes of a tree, parents before children.
pub struct Flat<'t> {
    source: &'t str,
    entries: Vec<Entry<'t>>,
    line_starts: Vec<usize>,
    truncated: bool,
}

impl<'t> Flat<'t> {
    /// Lists a tree over the text that its offsets refer to.
    pub fn new(tree: &'t Tree, source: &'t str) -> Flat<'t> {
        let line_starts = std::iter::once(0)
            .chain(source.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        let mut flat = Flat {
            source,
            entries: Vec::new(),
            line_starts,
            truncated: false,
        };
        let mut cursor = tree.walk();
        let mut path: Vec<u32> = Vec::new();
        loop {
            flat.truncated = flat.entries.len() >= MAX_NODES;
            if flat.truncated {
                break;
            }
            let index = flat.entries.len() as u32;
            let parent = path.last().copied().unwrap_or(0);
            let (node, field) = (cursor.node(), cursor.field_name());
            flat.entries.push(Entry {
                node,
                parent,
                end: index + 1,
                depth: path.len() as u32,
                field,
            });
            if cursor.goto_first_child() {
                path.push(index);
                continue;
            }
            let mut done = false;
            while !cursor.goto_next_sibling() {
                let Some(closed) = path.pop() else {
                    done = true;
                    break;
                };
                flat.entries[closed as usize].end = flat.entries.len() as u32;
                cursor.goto_parent();
            }
            if done {
                break;
            }
        }
        let end = flat.entries.len() as u32;
        path.into_iter().for_each(|open| flat.entries[open as usize].end = end);
        flat
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// A tree always has a root, so this is never true of a listed one.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether nodes were left out because there were too many.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// The whole text.
    pub fn source(&self) -> &'t str {
        self.source
    }

    pub fn node(&self, i: usize) -> Node<'t> {
        self.entries[i].node
    }

    /// The grammar's name of the node: `always_construct`, or the text itself for keywords and operators.
    pub fn kind(&self, i: usize) -> &'t str {
        self.entries[i].node.kind()
    }

    /// [`Flat::kind`], outliving the tree: names belong to the grammar.
    pub fn static_kind(&self, i: usize) -> &'static str {
        let node = self.entries[i].node;
        if node.is_error() {
            return "ERROR";
        }
        LANGUAGE.node_kind_for_id(node.kind_id()).unwrap_or("")
    }

    /// The source text of a node; empty where the tree does not fit the text.
    pub fn text(&self, i: usize) -> &'t str {
        self.source.get(self.bytes(i)).unwrap_or("")
    }

    pub fn bytes(&self, i: usize) -> Range<usize> {
        self.entries[i].node.byte_range()
    }

    pub fn start(&self, i: usize) -> usize {
        self.entries[i].node.start_byte()
    }

    pub fn end(&self, i: usize) -> usize {
        self.entries[i].node.end_byte()
    }

    pub fn depth(&self, i: usize) -> u32 {
        self.entries[i].depth
    }

    pub fn parent(&self, i: usize) -> Option<usize> {
        (i > 0).then(|| self.entries[i].parent as usize)
    }

    /// Parent, grandparent and so on, up to the root.
    pub fn ancestors(&self, i: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.parent(i), |&p| self.parent(p))
    }

    /// The nearest ancestor (or the node itself) of a kind.
    pub fn enclosing(&self, i: usize, kinds: &[&str]) -> Option<usize> {
        std::iter::once(i)
            .chain(self.ancestors(i))
            .find(|&a| kinds.contains(&self.kind(a)))
    }

    /// Children that are not comments.
    pub fn children(&self, i: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.entries[i].end as usize;
        let first = (i + 1 < end).then_some(i + 1);
        let next = move |&c: &usize| Some(self.entries[c].end as usize).filter(|&n| n < end);
        std::iter::successors(first, next).filter(|&c| !self.is_comment(c))
    }

    /// The first child of a kind.
    pub fn child(&self, i: usize, kind: &str) -> Option<usize> {
        self.children(i).find(|&c| self.kind(c) == kind)
    }

    /// The child in a field of the grammar (`left`, `operator`, `name` …).
    pub fn field(&self, i: usize, name: &str) -> Option<usize> {
        self.children(i).find(|&c| self.entries[c].field == Some(name))
    }

    /// The node and all below it.
    pub fn descendants(&self, i: usize) -> Range<usize> {
        i..self.entries[i].end as usize
    }

    /// The first node of a kind, at or below `i`.
    pub fn find(&self, i: usize, kind: &str) -> Option<usize> {
        self.descendants(i).find(|&d| self.kind(d) == kind)
    }

    pub fn is_leaf(&self, i: usize) -> bool {
        self.entries[i].end as usize == i + 1
    }

    pub fn is_comment(&self, i: usize) -> bool {
        matches!(self.kind(i), "comment" | "one_line_comment" | "block_comment")
    }

    /// Nodes without children, in source order, comments included.
    pub fn leaves(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&i| self.is_leaf(i))
    }

    /// 1-based line of a byte.
    pub fn line_at(&self, byte: usize) -> u32 {
        self.line_starts.partition_point(|&s| s <= byte) as u32
    }
}

/// The grammar, kept for good so that its names are.
static LANGUAGE: LazyLock<Language> = LazyLock::new(|| tree_sitter_systemverilog::LANGUAGE.into());

#[cfg(test)]
mod tests {
    use crate::domains::verilog::syntax::parse;

    #[test]
    fn list_agrees_with_tree() {
        let parsed = parse("module m; assign y = a & (b | c); endmodule\n").expect("parses");
        let flat = parsed.flat();
        for i in 1..flat.len() {
            let parent = flat.parent(i).expect("not the root");
            assert_eq!(flat.node(i).parent().map(|p| p.id()), Some(flat.node(parent).id()));
            assert!(flat.descendants(parent).contains(&i));
        }
        assert_eq!(flat.line_at(0), 1);
        assert_eq!(flat.descendants(0), 0..flat.len());
    }
}
