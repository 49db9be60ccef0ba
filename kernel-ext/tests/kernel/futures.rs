//! Cells that wait: `.await` at the top level, tasks that outlive their cell, one runtime for all.

use crate::frontend::{Frontend, Shown, run};

#[test]
fn a_cell_awaits_and_its_variables_outlive_it() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let base = vec![1, 2];\nasync fn later(n: u32) -> Result<u32, std::num::ParseIntError> { tokio::time::sleep(std::time::Duration::from_millis(1)).await; n.to_string().parse() }")
            .await
            .good();
        let ran = lab
            .execute(
                "let got = later(40).await?;\nprintln!(\"{}\", base.len());\ngot + later(2).await?",
            )
            .await;
        assert_eq!(
            ran.good().shown,
            [
                Shown::Stdout("2\n".to_owned()),
                Shown::Result("42".to_owned())
            ]
        );
        assert_eq!(lab.execute("(got, &base)").await.result(), "(40, [1, 2])");
        let ran = lab
            .execute("let never = \"x\".parse::<u8>()?; later(never.into()).await?;")
            .await;
        assert_eq!(ran.failed().name, "ParseIntError");
        assert_eq!(lab.execute("base.len()").await.result(), "2");
        lab.finish().await;
    });
}

#[test]
fn what_one_cell_spawns_a_later_one_talks_to() {
    run(async {
        let mut lab = Frontend::start().await;
        let server = "let listener = tokio::net::TcpListener::bind(\"127.0.0.1:0\").await?;\nlet address = listener.local_addr()?;\n\
                      tokio::spawn(async move { loop { let (socket, _) = listener.accept().await.unwrap(); socket.writable().await.unwrap(); socket.try_write(b\"hello\").unwrap(); } });";
        lab.execute(server).await.good();
        let client = "let socket = tokio::net::TcpStream::connect(address).await?;\nsocket.readable().await?;\nlet mut bytes = [0; 16];\nlet n = socket.try_read(&mut bytes)?;\nString::from_utf8_lossy(&bytes[..n]).into_owned()";
        assert_eq!(lab.execute(client).await.result(), "\"hello\"");
        // The blocking form of the library works inside a cell that awaits, and so does a runtime of the user's own.
        let nested = "tokio::task::yield_now().await;\nlet store = Store::open_file(\":memory:\");\nstore.is_ok()";
        let ran = lab
            .execute(&format!("use carnet::prelude::*;\n{nested}"))
            .await;
        assert!(ran.good().shown.len() == 1);
        let own = "let own = tokio::runtime::Builder::new_current_thread().build()?;\nown.block_on(async { 7 })";
        assert_eq!(lab.execute(own).await.result(), "7");
        lab.finish().await;
    });
}
