//! Starting: what cannot be served ends the program with exit code 1 and a message that names the file.

use crate::server::{artefact, command};
use std::path::Path;

fn refused(model: &Path) -> String {
    let output = command()
        .arg("--model")
        .arg(model)
        .args(["--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(output.stdout.is_empty(), "nothing is listened on");
    assert!(told.contains(&model.display().to_string()), "{told}");
    told
}

#[test]
fn an_artefact_that_is_not_there_or_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(&folder.path().join("nothing.carnet"));
    refused(folder.path());
    for (name, bytes) in [
        ("empty", &b""[..]),
        (
            "text",
            b"this is no artefact, but longer than a header would be ........",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        refused(&path);
    }
}

#[test]
fn an_artefact_with_one_byte_changed_anywhere_is_refused() {
    let whole = std::fs::read(artefact()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.carnet");
    let last = whole.len() - 1;
    for at in [0, 8, 20, 60, 200, whole.len() / 2, last] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        refused(&path);
    }
    std::fs::write(&path, &whole[..last]).unwrap();
    refused(&path);
}

#[test]
fn a_wrong_address_is_refused_and_a_wrong_flag_is_explained() {
    let output = command()
        .arg("--model")
        .arg(artefact())
        .args(["--listen", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot listen on nowhere")
    );
    let output = command().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("--model")
    );
}
