//! The keys of a CadQuery task's `check`, with their defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// CadQuery: the script is run, and the solid that it leaves is measured. It must be valid, closed, manifold and of
/// positive volume, whatever else is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CadqueryCheck {
    /// The variable that holds the solid; `result` by default.
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"), length(max = 64))]
    pub result: String,
    /// Volume in cubic millimetres, within `tolerance`; by default any.
    #[schemars(range(min = 0.0))]
    pub volume: Option<f64>,
    /// Extents of the bounding box along x, y and z in millimetres, within `tolerance`; by default any.
    pub bbox: Option<[f64; 3]>,
    /// Centre of mass in millimetres, each coordinate within `tolerance` of the part's longest extent; by default any.
    pub center_of_mass: Option<[f64; 3]>,
    /// Number of solids; by default any.
    pub solids: Option<u32>,
    /// Number of faces; by default any.
    pub faces: Option<u32>,
    /// Number of edges; by default any.
    pub edges: Option<u32>,
    /// How far volume and extents may be off, as a share of the wanted value; 0.01 by default.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub tolerance: f64,
    /// Volume of the intersection over that of the union with the solid of the file of role `reference`, at least;
    /// by default it is measured, where there is a reference, and does not decide.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_iou: Option<f64>,
    /// How the solid is moved before it is compared with the reference; `none` by default. The evidence holds the pose.
    /// It is never scaled.
    pub align: Align,
}

impl Default for CadqueryCheck {
    fn default() -> Self {
        CadqueryCheck {
            result: "result".into(),
            volume: None,
            bbox: None,
            center_of_mass: None,
            solids: None,
            faces: None,
            edges: None,
            tolerance: 0.01,
            min_iou: None,
            align: Align::None,
        }
    }
}

/// What may be done to a solid's pose before it is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// Nothing: it must lie where the reference lies.
    #[default]
    None,
    /// Its centre of mass is moved to the reference's.
    Center,
    /// The same, and its principal axes of inertia are turned to the reference's, if that fits better.
    Principal,
}
