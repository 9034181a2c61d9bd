//! Reading XML of services.

use roxmltree::{Document, Node};

use super::SourceError;

const NONE: SourceError = SourceError::Malformed("it is no XML");

/// A document. One with a definition of its own type is refused, as are nested entities with it.
pub(super) fn document(text: &str) -> Result<Document<'_>, SourceError> {
    Document::parse(text).map_err(|_| NONE)
}

/// The only child with this name.
pub(super) fn only_child<'a, 'input>(
    node: Node<'a, 'input>,
    name: &str,
) -> Result<Node<'a, 'input>, SourceError> {
    let mut found = children(node, name);
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(SourceError::Malformed("an element is missing, or there more than once")),
    }
}

/// All children with this name.
pub(super) fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}
