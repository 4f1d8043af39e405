//! Tools around the filter: a checker of deployments, a converter from Envoy AI Gateway, a builder of the filter's image.

pub mod check;
pub mod convert;
pub mod document;
pub mod image;
pub mod input;
pub mod places;
pub mod value;
