//! Prints the JSON Schema of the configuration: what `docs/configuration.schema.json` holds.

fn main() {
    println!("{:#}", bedrock_messages::config::schema().as_value());
}
