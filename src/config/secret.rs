//! Secrets: the file names where they are, never what they are.

/// Longest secret, in bytes: no venue's password is longer.
const SECRET_BYTES_MAX: usize = 4_096;

/// Whether a key holds a secret.
pub(super) fn is_secret(key: &str) -> bool {
    key.ends_with("_password")
}

/// The secret that `reference` names: `env:NAME` or `file:PATH`. A line end behind it does not belong to it.
///
/// # Errors
/// Why it cannot be had and what to do; neither says anything of the secret itself.
pub(super) fn resolve(reference: &str) -> Result<String, (String, &'static str)> {
    const REMEDY: &str = "write env:NAME or file:PATH, so that the file itself holds no secret";
    let (text, remedy) = if let Some(name) = reference.strip_prefix("env:") {
        let text = std::env::var(name).map_err(|_| format!("the environment has no `{name}`"));
        (text, "set it before starting")
    } else if let Some(path) = reference.strip_prefix("file:") {
        let text = std::fs::read_to_string(path).map_err(|error| format!("`{path}`: {error}"));
        (text, "make it readable to this user")
    } else {
        return Err(("a secret in the file itself".to_owned(), REMEDY));
    };
    let text = text.map_err(|why| (why, remedy))?;
    if text.len() > SECRET_BYTES_MAX {
        return Err((format!("longer than {SECRET_BYTES_MAX} bytes"), remedy));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_by_variable_or_file() {
        let path = std::env::temp_dir().join(format!("waveletd-secret-{}", std::process::id()));
        std::fs::write(&path, "hunter2\n").unwrap();
        let reference = format!("file:{}", path.display());
        assert_eq!(resolve(&reference).as_deref(), Ok("hunter2"));
        std::fs::remove_file(&path).unwrap();
        assert!(resolve(&reference).is_err());
        assert!(resolve("env:PATH").is_ok());
        assert!(resolve("env:WAVELETD_NO_SUCH_VARIABLE").is_err());
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        let (why, _) = resolve("hunter2").unwrap_err();
        assert!(!why.contains("hunter2"));
    }
}
