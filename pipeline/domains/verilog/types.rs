//! What the parts of the Verilog domain hand to each other.

use serde::{Deserialize, Serialize};

/// A file of a package, as the linker sees it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The sample's id.
    pub sample: String,
    pub path: String,
    pub text: String,
}

/// What a file needs from its own package, in the order in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Links {
    /// Modules declared in the file, in order.
    pub modules: Vec<ModuleInfo>,
    /// Files needed (transitively) to elaborate it: indices into the package's files.
    pub needs: Vec<Need>,
    /// Instantiated module or included file names that the package does not hold.
    pub unresolved: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// Index into the slice of files that was linked.
    pub file: usize,
    /// `module` (compiled beside the file) or `include` (found by path).
    pub role: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleInfo {
    pub name: String,
    /// 1-based inclusive lines in the file.
    pub lines: (u32, u32),
    /// Names of modules it instantiates, sorted, distinct.
    pub instances: Vec<String>,
}

/// The four categories of the defect taxonomy (PAPER: 4 categories, 20 types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Syntax,
    Type,
    Timing,
    Logic,
}

/// The twenty defect types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefectType {
    MissingSemicolon,
    MissingEnd,
    UnclosedBracket,
    IllegalKeyword,
    BadLiteral,
    BitWidthMismatch,
    FaultyIndexing,
    TypeError,
    UndefinedModule,
    ModuleConnection,
    SensitivityList,
    BlockingMisuse,
    ResetLogic,
    StateMachine,
    Race,
    NonSynthesizable,
    Algorithm,
    GateLogic,
    Condition,
    LatchInference,
}

impl DefectType {
    pub fn category(self) -> Category {
        use DefectType::*;
        match self {
            MissingSemicolon | MissingEnd | UnclosedBracket | IllegalKeyword | BadLiteral => Category::Syntax,
            BitWidthMismatch | FaultyIndexing | TypeError | UndefinedModule | ModuleConnection => Category::Type,
            SensitivityList | BlockingMisuse | ResetLogic | StateMachine | Race | NonSynthesizable => Category::Timing,
            Algorithm | GateLogic | Condition | LatchInference => Category::Logic,
        }
    }
}

/// One change to a correct file that makes it wrong (or, sometimes, leaves it equivalent).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mutation {
    pub defect: DefectType,
    /// The operator, finer than the defect: `negate_condition`, `off_by_one_range`, …
    pub operator: String,
    /// tree-sitter kind of the node changed.
    pub node_kind: String,
    /// Byte range in the original text that is replaced.
    pub start: usize,
    pub end: usize,
    pub replacement: String,
    /// 1-based inclusive lines in the original that the change touches.
    pub lines: (u32, u32),
    /// The source text replaced, and the construct around it (assigned signal, condition, instance …), which
    /// the explanation is composed from.
    pub original: String,
    /// Name of the signal, instance or module that the changed construct drives or names, where there is one.
    pub subject: Option<String>,
    /// The innermost enclosing statement of the original (a whole assign, if header, port connection …), trimmed.
    pub context: String,
    /// Whether it is expected to compile (only then can it count for an oracle).
    pub semantic: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Input,
    Output,
    Inout,
}

/// A port with its elaborated width (parameters resolved).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Port {
    pub name: String,
    pub direction: Direction,
    /// Bits.
    pub width: u32,
    pub signed: bool,
    /// What the port is to the testbench.
    pub role: PortRole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortRole {
    Clock,
    /// A further clock, driven at another rate.
    AuxClock,
    ResetHigh,
    ResetLow,
    Data,
}

/// The first thing that went wrong in a simulation, as the testbench printed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// 0-based cycle.
    pub cycle: u32,
    /// `before_edge` (settled inputs, before the active clock edge) or `after_edge`.
    pub phase: String,
    pub signal: String,
    /// Verilog literals, e.g. `8'h5c`.
    pub expected: String,
    pub got: String,
}
