//! The image's parts: one layer with one file, a configuration, a manifest. The same module gives the same bytes.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use oci_spec::image::{
    Arch, ConfigBuilder, Descriptor, DescriptorBuilder, Digest, ImageConfigurationBuilder, ImageManifestBuilder,
    MediaType, Os, RootFsBuilder, SCHEMA_VERSION,
};
use sha2::{Digest as _, Sha256};

/// The name that Envoy Gateway looks for, in the last layer.
const FILE: &str = "plugin.wasm";

/// Bytes with a type, named by their digest.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Its type.
    pub media_type: MediaType,
    /// What it is.
    pub bytes: Vec<u8>,
}

/// An image of one manifest: of an index Envoy Gateway takes the child for amd64, and compares that one's digest.
#[derive(Clone, Debug)]
pub struct Image {
    /// A tar with the module, compressed.
    pub layer: Blob,
    /// The configuration.
    pub config: Blob,
    /// The manifest.
    pub manifest: Blob,
}

impl Blob {
    /// `sha256:…`.
    pub fn digest(&self) -> String {
        digest(&self.bytes)
    }

    /// What refers to it.
    pub fn descriptor(&self) -> Result<Descriptor, String> {
        let digest: Digest = self.digest().parse().map_err(|error| format!("{error}"))?;
        let builder = DescriptorBuilder::default().media_type(self.media_type.clone()).digest(digest);
        builder.size(self.bytes.len() as u64).build().map_err(|error| error.to_string())
    }
}

impl Image {
    /// Of a module.
    pub fn new(module: &[u8]) -> Result<Self, String> {
        let tar = archive(module).map_err(|error| error.to_string())?;
        let layer =
            Blob { media_type: MediaType::ImageLayerGzip, bytes: compressed(&tar).map_err(|error| error.to_string())? };
        let root = RootFsBuilder::default().typ("layers").diff_ids(vec![digest(&tar)]).build();
        // The module runs anywhere; Envoy Gateway looks for this platform everywhere.
        let config = ImageConfigurationBuilder::default()
            .architecture(Arch::Amd64)
            .os(Os::Linux)
            .config(ConfigBuilder::default().build().map_err(|error| error.to_string())?)
            .rootfs(root.map_err(|error| error.to_string())?)
            .build()
            .map_err(|error| error.to_string())?;
        let config = Blob { media_type: MediaType::ImageConfig, bytes: json(&config)? };
        let manifest = ImageManifestBuilder::default()
            .schema_version(SCHEMA_VERSION)
            .media_type(MediaType::ImageManifest)
            .config(config.descriptor()?)
            .layers(vec![layer.descriptor()?])
            .annotations([
                ("org.opencontainers.image.title".to_owned(), "bedrock-messages".to_owned()),
                ("org.opencontainers.image.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ])
            .build()
            .map_err(|error| error.to_string())?;
        // By way of `Value`, whose keys are in order: the annotations are a hash map.
        let manifest = serde_json::to_value(&manifest).map_err(|error| error.to_string())?;
        Ok(Self { layer, config, manifest: Blob { media_type: MediaType::ImageManifest, bytes: json(&manifest)? } })
    }

    /// Everything but the manifest.
    pub fn blobs(&self) -> [&Blob; 2] {
        [&self.layer, &self.config]
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// A tar with nothing of this machine in it.
fn archive(module: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(module.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, FILE, module)?;
    archive.into_inner()
}

fn compressed(tar: &[u8]) -> std::io::Result<Vec<u8>> {
    // 255: no operating system, so that the same bytes come out on all of them.
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    encoder.write_all(tar)?;
    encoder.finish()
}
