//! The models: one row each, the newest first.
//!
//! Base ids and prefixes are those that LiteLLM 1.109.1 lists (`model_prices_and_context_window.json`); what is deprecated or
//! retired is so for Anthropic's own SDK (2.12.0) or there. A new model is a new row; nothing else knows their names.

use super::Prefix::{Apac, Au, Eu, Global, Jp, Us, UsGov};
use super::{Lifecycle, Model};

/// Of a model whose release date is not known (Anthropic's "Get a Model": `created_at` may be an epoch value then).
pub const UNKNOWN_DATE: &str = "1970-01-01T00:00:00Z";

/// What most models up to 4.6 have in common.
const ARN_VERSIONED: Model = Model {
    name: "",
    dated: None,
    aliases: &[],
    display_name: "",
    created_at: UNKNOWN_DATE,
    base_id: "",
    mantle_id: "",
    prefixes: &[],
    count_tokens: true,
    generation_4_7: false,
    lifecycle: Lifecycle::Active,
};

/// What the models since 4.7, Fable and Mythos have in common.
const GENERATION_4_7: Model = Model { count_tokens: false, generation_4_7: true, ..ARN_VERSIONED };

pub(super) const MODELS: &[Model] = &[
    Model {
        name: "claude-haiku-5-5",
        display_name: "Claude Haiku 5.5",
        created_at: "2026-10-07T00:00:00Z",
        base_id: "anthropic.claude-haiku-5-5",
        mantle_id: "anthropic.claude-haiku-5-5",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us, UsGov],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-opus-5-5",
        display_name: "Claude Opus 5.5",
        base_id: "anthropic.claude-opus-5-5",
        mantle_id: "anthropic.claude-opus-5-5",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us, UsGov],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-sonnet-5-5",
        display_name: "Claude Sonnet 5.5",
        base_id: "anthropic.claude-sonnet-5-5",
        mantle_id: "anthropic.claude-sonnet-5-5",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us, UsGov],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-fable-5-1",
        display_name: "Claude Fable 5.1",
        created_at: "2026-09-01T00:00:00Z",
        base_id: "anthropic.claude-fable-5-1",
        mantle_id: "anthropic.claude-fable-5-1",
        prefixes: &[Eu, Global, Us, UsGov],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-mythos-5-1",
        display_name: "Claude Mythos 5.1",
        base_id: "anthropic.claude-mythos-5-1",
        mantle_id: "anthropic.claude-mythos-5-1",
        prefixes: &[Global, Us],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-opus-5",
        display_name: "Claude Opus 5",
        created_at: "2026-07-24T00:00:00Z",
        base_id: "anthropic.claude-opus-5",
        mantle_id: "anthropic.claude-opus-5",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us, UsGov],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-sonnet-5",
        display_name: "Claude Sonnet 5",
        created_at: "2026-06-30T00:00:00Z",
        base_id: "anthropic.claude-sonnet-5",
        mantle_id: "anthropic.claude-sonnet-5",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us, UsGov],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-fable-5",
        display_name: "Claude Fable 5",
        created_at: "2026-06-09T00:00:00Z",
        base_id: "anthropic.claude-fable-5",
        mantle_id: "anthropic.claude-fable-5",
        prefixes: &[Apac, Au, Eu, Global, Us],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-mythos-5",
        display_name: "Claude Mythos 5",
        created_at: "2026-06-09T00:00:00Z",
        base_id: "anthropic.claude-mythos-5",
        mantle_id: "anthropic.claude-mythos-5",
        prefixes: &[Us],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-opus-4-8",
        display_name: "Claude Opus 4.8",
        created_at: "2026-05-28T00:00:00Z",
        base_id: "anthropic.claude-opus-4-8",
        mantle_id: "anthropic.claude-opus-4-8",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us, UsGov],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-opus-4-7",
        display_name: "Claude Opus 4.7",
        created_at: "2026-04-16T00:00:00Z",
        base_id: "anthropic.claude-opus-4-7",
        mantle_id: "anthropic.claude-opus-4-7",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us],
        ..GENERATION_4_7
    },
    Model {
        name: "claude-mythos-preview",
        display_name: "Claude Mythos Preview",
        base_id: "anthropic.claude-mythos-preview",
        mantle_id: "anthropic.claude-mythos-preview",
        prefixes: &[Apac, Au, Us],
        lifecycle: Lifecycle::Deprecated,
        ..GENERATION_4_7
    },
    Model {
        name: "claude-sonnet-4-6",
        display_name: "Claude Sonnet 4.6",
        created_at: "2026-02-17T00:00:00Z",
        base_id: "anthropic.claude-sonnet-4-6",
        mantle_id: "anthropic.claude-sonnet-4-6",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us],
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-opus-4-6",
        display_name: "Claude Opus 4.6",
        created_at: "2026-02-04T00:00:00Z",
        base_id: "anthropic.claude-opus-4-6-v1",
        mantle_id: "anthropic.claude-opus-4-6",
        prefixes: &[Au, Eu, Global, Us],
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-opus-4-5",
        dated: Some("claude-opus-4-5-20251101"),
        display_name: "Claude Opus 4.5",
        created_at: "2025-11-01T00:00:00Z",
        base_id: "anthropic.claude-opus-4-5-20251101-v1:0",
        mantle_id: "anthropic.claude-opus-4-5",
        prefixes: &[Eu, Global, Us],
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-haiku-4-5",
        dated: Some("claude-haiku-4-5-20251001"),
        display_name: "Claude Haiku 4.5",
        created_at: "2025-10-01T00:00:00Z",
        base_id: "anthropic.claude-haiku-4-5-20251001-v1:0",
        mantle_id: "anthropic.claude-haiku-4-5",
        prefixes: &[Apac, Au, Eu, Global, Jp, Us],
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-sonnet-4-5",
        dated: Some("claude-sonnet-4-5-20250929"),
        display_name: "Claude Sonnet 4.5",
        created_at: "2025-09-29T00:00:00Z",
        base_id: "anthropic.claude-sonnet-4-5-20250929-v1:0",
        mantle_id: "anthropic.claude-sonnet-4-5",
        prefixes: &[Au, Eu, Global, Jp, Us, UsGov],
        lifecycle: Lifecycle::Deprecated,
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-opus-4-1",
        dated: Some("claude-opus-4-1-20250805"),
        display_name: "Claude Opus 4.1",
        created_at: "2025-08-05T00:00:00Z",
        base_id: "anthropic.claude-opus-4-1-20250805-v1:0",
        mantle_id: "anthropic.claude-opus-4-1",
        prefixes: &[Eu, Us],
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-opus-4-0",
        dated: Some("claude-opus-4-20250514"),
        aliases: &["claude-opus-4", "claude-4-opus-20250514"],
        display_name: "Claude Opus 4",
        created_at: "2025-05-14T00:00:00Z",
        base_id: "anthropic.claude-opus-4-20250514-v1:0",
        mantle_id: "anthropic.claude-opus-4",
        prefixes: &[Eu, Us],
        lifecycle: Lifecycle::Retired,
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-sonnet-4-0",
        dated: Some("claude-sonnet-4-20250514"),
        aliases: &["claude-sonnet-4", "claude-4-sonnet-20250514"],
        display_name: "Claude Sonnet 4",
        created_at: "2025-05-14T00:00:00Z",
        base_id: "anthropic.claude-sonnet-4-20250514-v1:0",
        mantle_id: "anthropic.claude-sonnet-4",
        prefixes: &[Apac, Eu, Global, Us],
        lifecycle: Lifecycle::Deprecated,
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-3-7-sonnet",
        dated: Some("claude-3-7-sonnet-20250219"),
        display_name: "Claude Sonnet 3.7",
        created_at: "2025-02-19T00:00:00Z",
        base_id: "anthropic.claude-3-7-sonnet-20250219-v1:0",
        mantle_id: "anthropic.claude-3-7-sonnet",
        prefixes: &[Eu, Us],
        lifecycle: Lifecycle::Retired,
        ..ARN_VERSIONED
    },
    Model {
        name: "claude-3-5-haiku",
        dated: Some("claude-3-5-haiku-20241022"),
        display_name: "Claude Haiku 3.5",
        created_at: "2024-10-22T00:00:00Z",
        base_id: "anthropic.claude-3-5-haiku-20241022-v1:0",
        mantle_id: "anthropic.claude-3-5-haiku",
        prefixes: &[Eu, Us],
        lifecycle: Lifecycle::Deprecated,
        ..ARN_VERSIONED
    },
];
