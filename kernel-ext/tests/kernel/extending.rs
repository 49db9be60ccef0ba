//! Implementations for types and traits of earlier cells.

use crate::frontend::{Frontend, run};

#[test]
fn a_type_of_an_earlier_cell_gets_methods_and_traits_and_its_values_stay() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("#[derive(Debug, Clone, PartialEq)]\nstruct P { x: i32, name: String }\nfn twice(p: &P) -> i32 { p.x * 2 }")
            .await
            .good();
        lab.execute("let p = P { x: 1, name: \"a\".to_owned() };\nlet all = vec![p.clone(), P { x: 2, name: \"b\".to_owned() }];")
            .await
            .good();
        lab.execute("impl P { fn sum(&self) -> i32 { self.x + self.name.len() as i32 } }\nlet direct = p.sum();")
            .await
            .good();
        lab.execute("impl std::fmt::Display for P {\n    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"<{}>\", self.name) }\n}")
            .await
            .good();
        let ran = lab
            .execute("let texts: Vec<String> = all.iter().map(P::to_string).collect();\n(p.sum(), direct, twice(&p), texts.join(\"\"), p == all[0])")
            .await;
        assert_eq!(ran.result(), "(2, 2, 2, \"<a><b>\", true)");
        lab.finish().await;
    });
}

#[test]
fn an_implementation_that_runs_again_takes_the_place_of_the_earlier_one() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("struct Counter(u32);\nlet mut counter = Counter(0);")
            .await
            .good();
        for step in [1, 10] {
            let cell = format!(
                "impl Counter {{ fn step(&mut self) -> u32 {{ self.0 += {step}; self.0 }} }}"
            );
            lab.execute(&cell).await.good();
            lab.execute("counter.step();").await.good();
        }
        assert_eq!(lab.execute("counter.0").await.result(), "11");
        lab.finish().await;
    });
}

#[test]
fn a_trait_of_an_earlier_cell_is_implemented_for_types_of_others() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute(
            "trait Area { fn area(&self) -> f64; fn double(&self) -> f64 { self.area() * 2.0 } }",
        )
        .await
        .good();
        lab.execute("struct Square(f64);\nimpl Area for Square { fn area(&self) -> f64 { self.0 * self.0 } }\nlet shapes: Vec<Box<dyn Area>> = vec![Box::new(Square(2.0))];")
            .await
            .good();
        lab.execute("impl Area for f64 { fn area(&self) -> f64 { *self } }")
            .await
            .good();
        let ran = lab
            .execute(
                "(shapes.iter().map(|s| s.area()).sum::<f64>(), 1.5.double(), Square(3.0).area())",
            )
            .await;
        assert_eq!(ran.result(), "(4.0, 3.0, 9.0)");
        lab.finish().await;
    });
}

#[test]
fn generics_and_what_borrows_them_are_extended_too() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("#[derive(Debug, Default)]\nstruct Stack<T> { items: Vec<T> }\nlet mut stack: Stack<String> = Stack::default();")
            .await
            .good();
        lab.execute("impl<T> Stack<T> { fn push(&mut self, item: T) -> &mut Self { self.items.push(item); self } }\nstack.push(\"a\".to_owned()).push(\"b\".to_owned());")
            .await
            .good();
        lab.execute(
            "impl<T: Clone> Stack<T> { fn top(&self) -> Option<T> { self.items.last().cloned() } }",
        )
        .await
        .good();
        assert_eq!(lab.execute("stack.top()").await.result(), "Some(\"b\")");
        assert_eq!(
            lab.execute("stack.push(\"c\".into()); stack")
                .await
                .result(),
            "Stack { items: [\"a\", \"b\", \"c\"] }"
        );
        lab.finish().await;
    });
}

#[test]
fn a_type_whose_parts_mean_something_else_now_is_not_compiled_again() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("struct Q { x: u64 }\nstruct P { q: Q }\nlet p = P { q: Q { x: 7 } };")
            .await
            .good();
        lab.execute("struct Q { x: &'static u8 }").await.good();
        let read = "impl P { fn read(&self) -> u64 { *self.q.x as u64 } }";
        let ran = lab.execute(read).await;
        let text = &ran.failed().text;
        assert!(
            text.contains("compiles `P` of cell [1] once more")
                && text.contains("`Q` would not mean"),
            "{text}"
        );
        assert_eq!(lab.execute("p.q.x").await.result(), "7");
        // The way out that the message names.
        lab.execute("struct Q { x: u64 }\nstruct P { q: Q }\nlet p = P { q: Q { x: 8 } };")
            .await
            .good();
        lab.execute("impl P { fn read(&self) -> u64 { self.q.x } }")
            .await
            .good();
        assert_eq!(lab.execute("p.read()").await.result(), "8");
        lab.finish().await;
    });
}

#[test]
fn what_a_value_may_be_built_on_is_not_given_another_meaning() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("struct Up(u64);\nimpl Iterator for Up {\n    type Item = u64;\n    fn next(&mut self) -> Option<u64> { self.0 += 1; Some(self.0) }\n}\nlet mut ahead = Up(1).peekable();\nahead.peek();")
            .await
            .good();
        // The value holds an item of the type that it was.
        let other = "impl Iterator for Up {\n    type Item = &'static str;\n    fn next(&mut self) -> Option<&'static str> { None }\n}";
        let ran = lab.execute(other).await;
        let text = &ran.failed().text;
        assert!(
            text.contains("gives `Item` another meaning, on which `ahead` of cell [1] may be"),
            "{text}"
        );
        assert_eq!(lab.execute("ahead.next()").await.result(), "Some(2)");
        // The way out that the message names.
        lab.execute("drop(ahead);").await.good();
        lab.execute(other).await.good();
        lab.finish().await;
    });
}

#[test]
fn a_static_that_would_lose_what_it_holds_is_named() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("use std::sync::Mutex;\nstruct P(u8);\nstatic ALL: Mutex<Vec<P>> = Mutex::new(Vec::new());\nALL.lock().unwrap().push(P(1));")
            .await
            .good();
        let ran = lab
            .execute("impl P { fn get(&self) -> u8 { self.0 } }")
            .await;
        assert!(
            ran.failed()
                .text
                .contains("a `static` would lose what it holds"),
            "{}",
            ran.failed().text
        );
        assert_eq!(lab.execute("ALL.lock().unwrap().len()").await.result(), "1");
        lab.finish().await;
    });
}
