//! What the name of a container's image tells.

/// The tag, if it can be the value of a label. An image that is named by digest alone has none.
pub(super) fn version(image: &str) -> Option<&str> {
    let named = image.split_once('@').map_or(image, |(named, _)| named);
    // A colon before the last slash is that of a registry's port.
    let (_, tag) = named.rsplit_once('/').unwrap_or(("", named)).1.split_once(':')?;
    is_label_value(tag).then_some(tag)
}

/// Whether the API server takes a text as a label's value. Tags may be longer, and begin and end with a mark.
fn is_label_value(text: &str) -> bool {
    const LONGEST: usize = 63;
    let is_inner = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let is_outer = |character: char| character.is_ascii_alphanumeric();
    text.len() <= LONGEST && text.chars().all(is_inner) && text.starts_with(is_outer) && text.ends_with(is_outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_tag_if_it_can_be_a_label() {
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(version("silhouette:0.1.0"), Some("0.1.0"));
        assert_eq!(version("registry.example:5000/silhouette:v1"), Some("v1"));
        assert_eq!(version(&format!("registry.example/silhouette:v1@{digest}")), Some("v1"));
        assert_eq!(version("registry.example:5000/silhouette"), None);
        assert_eq!(version(&format!("silhouette@{digest}")), None);
        assert_eq!(version("silhouette:_build"), None, "a label's value begins with a letter or number");
        assert_eq!(version(&format!("silhouette:{}", "1".repeat(64))), None, "nor is it that long");
    }
}
