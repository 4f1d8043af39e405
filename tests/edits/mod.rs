//! Applies edits the plain way.

use bedrock_messages::json::Edit;

/// The text that the edits make of `text`.
pub fn apply(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    for edit in edits {
        match edit {
            Edit::Drop(range) => {
                out.extend_from_slice(&text[at..range.start as usize]);
                at = range.end as usize;
            }
            Edit::Insert(place, inserted) => {
                out.extend_from_slice(&text[at..*place as usize]);
                out.extend_from_slice(inserted);
                at = *place as usize;
            }
        }
    }
    out.extend_from_slice(&text[at..]);
    out
}
