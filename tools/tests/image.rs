//! `image`: the same bytes each time, a layout whose blobs are what their names say, what Envoy Gateway looks for.

use std::io::Read;
use std::path::Path;

use bedrock_messages_tools::image::{Error, Image, Options, Place, PushError, run};
use flate2::read::GzDecoder;
use oci_spec::image::{ImageIndex, ImageManifest, MediaType};
use sha2::{Digest, Sha256};

const MODULE: &[u8] = b"\0asm\x01\0\0\0 a module";

fn options(folder: &Path) -> Options {
    let module = folder.join("module.wasm");
    std::fs::write(&module, MODULE).expect("a folder");
    Options { module, layout: Some(folder.join("layout")), push: None, plain_http: false }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn the_same_module_gives_the_same_image() {
    let (one, other) = (Image::new(MODULE).expect("an image"), Image::new(MODULE).expect("an image"));
    assert_eq!(one.manifest.bytes, other.manifest.bytes);
    assert_eq!(one.layer.bytes, other.layer.bytes);
    assert_ne!(one.manifest.digest(), Image::new(b"\0asm other").expect("an image").manifest.digest());
}

#[test]
fn envoy_gateway_finds_the_module() {
    let image = Image::new(MODULE).expect("an image");
    let manifest: ImageManifest = serde_json::from_slice(&image.manifest.bytes).expect("a manifest");
    assert_eq!(manifest.media_type(), &Some(MediaType::ImageManifest));
    let [layer] = manifest.layers().as_slice() else { panic!("one layer") };
    assert_eq!(layer.media_type().to_string(), "application/vnd.oci.image.layer.v1.tar+gzip");
    // No time, no name, no operating system in the header of gzip.
    assert_eq!(&image.layer.bytes[..4], [0x1f, 0x8b, 8, 0]);
    assert_eq!(&image.layer.bytes[4..8], [0; 4]);
    assert_eq!(image.layer.bytes[9], 255);
    let mut archive = tar::Archive::new(GzDecoder::new(image.layer.bytes.as_slice()));
    let mut entries = archive.entries().expect("a tar");
    let mut file = entries.next().expect("a file").expect("a file");
    assert_eq!(file.path().expect("a path").as_ref(), Path::new("plugin.wasm"));
    let header = file.header();
    assert_eq!(
        (header.mtime().ok(), header.uid().ok(), header.gid().ok(), header.mode().ok()),
        (Some(0), Some(0), Some(0), Some(0o644))
    );
    let mut module = Vec::new();
    file.read_to_end(&mut module).expect("a file");
    assert_eq!(module, MODULE);
    assert!(entries.next().is_none());
}

#[test]
fn the_layout_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    let report = run(&options).expect("an image");
    // A second one in its place leaves nothing of the first.
    std::fs::write(&options.module, b"\0asm other").expect("a file");
    let second = run(&options).expect("an image");
    assert_ne!(report, second);
    let layout = options.layout.expect("a layout");
    let read = |path: &str| std::fs::read(layout.join(path)).expect("a file");
    assert_eq!(read("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#);
    let index: ImageIndex = serde_json::from_slice(&read("index.json")).expect("an index");
    let [manifest] = index.manifests().as_slice() else { panic!("one manifest") };
    let blob = |digest: &str| read(&format!("blobs/sha256/{}", digest.trim_start_matches("sha256:")));
    let document = blob(manifest.digest().as_ref());
    let parsed: ImageManifest = serde_json::from_slice(&document).expect("a manifest");
    let mut named = vec![(manifest.digest().to_string(), manifest.size())];
    for descriptor in parsed.layers().iter().chain([parsed.config()]) {
        named.push((descriptor.digest().to_string(), descriptor.size()));
    }
    for (digest, size) in &named {
        let bytes = blob(digest);
        assert_eq!(format!("sha256:{}", sha256(&bytes)), *digest);
        assert_eq!(bytes.len() as u64, *size);
    }
    assert_eq!(std::fs::read_dir(layout.join("blobs/sha256")).expect("a folder").count(), named.len());
    let config: serde_json::Value = serde_json::from_slice(&blob(parsed.config().digest().as_ref())).expect("JSON");
    let mut tar = Vec::new();
    GzDecoder::new(blob(parsed.layers()[0].digest().as_ref()).as_slice()).read_to_end(&mut tar).expect("gzip");
    assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", sha256(&tar)));
    assert!(second.contains(&format!("sha256: \"{}\"", sha256(&document))), "{second}");
}

#[test]
fn what_is_no_module_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    std::fs::write(&options.module, "<html>").expect("a folder");
    assert!(matches!(run(&options), Err(Error::NoModule(_))));
    std::fs::remove_file(&options.module).expect("a file");
    assert!(matches!(run(&options), Err(Error::File(..))));
}

#[test]
fn places_are_read() {
    for (text, expected) in [
        ("ghcr.io/example/bedrock-messages:0.1.0", Some(("ghcr.io", "example/bedrock-messages", "0.1.0"))),
        ("127.0.0.1:5000/filter:a", Some(("127.0.0.1:5000", "filter", "a"))),
        ("oci://localhost:5000/filter", Some(("localhost:5000", "filter", "latest"))),
        ("filter:a", None),
        ("example/filter:a", None),
        ("ghcr.io/a b:c", None),
        ("ghcr.io/a/../b?x:c", None),
    ] {
        let parts = |place: &Place| (place.registry.clone(), place.repository.clone(), place.tag.clone());
        let place = Place::parse(text);
        let expected = expected.map(|(registry, repository, tag): (&str, &str, &str)| {
            (registry.to_owned(), repository.to_owned(), tag.to_owned())
        });
        assert_eq!(place.as_ref().ok().map(parts), expected, "{text}");
        assert!(place.is_ok() || place == Err(PushError::Place));
    }
}
