//! The bound on how deep and how many values may be (1.1).

use serde_json::Value;

const MAX_DEPTH: u32 = 100;
const MAX_NODES: usize = 10_000;

/// Whether an object with these fields is nested too deeply or holds too many values. Judged level by
/// level, so that no input can exhaust the stack.
pub(super) fn is_too_deep<'a>(fields: impl Iterator<Item = &'a Value>) -> bool {
    let mut level: Vec<&Value> = fields.collect();
    let (mut nodes, mut depth) = (level.len(), 1);
    while !level.is_empty() {
        depth += 1;
        if depth > MAX_DEPTH || nodes > MAX_NODES {
            return true;
        }
        let mut next = Vec::new();
        for value in level {
            match value {
                Value::Array(elements) => next.extend(elements),
                Value::Object(fields) => next.extend(fields.values()),
                _ => {}
            }
        }
        nodes += next.len();
        level = next;
    }
    false
}
