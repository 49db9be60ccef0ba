//! The program's own commands.

use std::process::Command;

fn kernel() -> Command {
    Command::new(crate::program())
}

#[test]
fn install_writes_a_kernelspec_that_names_this_program_and_says_where() {
    let prefix = tempfile::tempdir().unwrap();
    let output = kernel()
        .args(["install", "--name", "carnet-test", "--prefix"])
        .arg(prefix.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let folder = prefix.path().join("share/jupyter/kernels/carnet-test");
    assert!(String::from_utf8_lossy(&output.stdout).contains(&folder.display().to_string()));
    let spec: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("kernel.json")).unwrap()).unwrap();
    assert_eq!(spec["display_name"], "Rust (Carnet)");
    assert_eq!(spec["language"], "rust");
    assert_eq!(spec["interrupt_mode"], "message");
    assert!(spec["argv"][0].as_str().unwrap().ends_with("carnet-kernel"));
    let toolkit = std::path::Path::new(spec["env"]["CARNET_TOOLKIT_DIR"].as_str().unwrap());
    assert!(toolkit.join("libcarnet_toolkit.so").is_file());
    assert!(std::path::Path::new(spec["env"]["CARNET_RUSTC"].as_str().unwrap()).is_file());
}

#[test]
fn a_bad_connection_file_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connection.json");
    for content in [None, Some("not json"), Some("{\"ip\": 1}")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let output = kernel()
            .arg("--connection-file")
            .arg(&file)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(
            message.contains("connection.json") && !message.contains("panicked"),
            "{message}"
        );
    }
}
