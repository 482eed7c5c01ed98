use leakgate_hooks::*;
#[test]
fn manual() {
    let site = Site {
        hooks_dir: std::env::var("H").unwrap().into(),
        binary: std::env::var("B").unwrap().into(),
    };
    let r = if std::env::var("U").is_ok() {
        uninstall(&site, &Event::ALL)
    } else {
        install(&site, &Event::ALL)
    };
    match r {
        Ok(c) => {
            for c in c {
                println!("{c}")
            }
        }
        Err(e) => println!("{e}"),
    }
}
