//! The image as a folder: an OCI image layout.

use std::fs;
use std::io;
use std::path::Path;

use oci_spec::image::{ImageIndexBuilder, MediaType, SCHEMA_VERSION};

use super::build::{Blob, Image};

/// Writes the layout; what the folder has of an earlier one is replaced.
pub fn write(folder: &Path, image: &Image, tag: &str) -> io::Result<()> {
    let blobs = folder.join("blobs").join("sha256");
    if folder.join("oci-layout").exists() {
        fs::remove_dir_all(&blobs)?;
    }
    fs::create_dir_all(&blobs)?;
    for blob in image.blobs().into_iter().chain([&image.manifest]) {
        write_blob(&blobs, blob)?;
    }
    let mut descriptor = image.manifest.descriptor().map_err(io::Error::other)?;
    descriptor.set_annotations(Some([("org.opencontainers.image.ref.name".to_owned(), tag.to_owned())].into()));
    let index = ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(vec![descriptor])
        .build()
        .map_err(io::Error::other)?;
    fs::write(folder.join("index.json"), serde_json::to_vec(&index).map_err(io::Error::other)?)?;
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)
}

fn write_blob(blobs: &Path, blob: &Blob) -> io::Result<()> {
    fs::write(blobs.join(blob.digest().trim_start_matches("sha256:")), &blob.bytes)
}
