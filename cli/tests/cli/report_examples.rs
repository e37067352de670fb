//! `--images` and `--texts`: the picked examples on the page.

use crate::place::{Place, RANDOM, stderr};
use image::{Rgb, RgbImage};
use std::fs;

const PAGE: &str = "--report=p.html";

/// A folder with three images, one of them none, and a list that names them in turn.
fn with_images() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("in")).unwrap();
    RgbImage::from_pixel(300, 200, Rgb([9, 99, 199]))
        .save(place.path("in/a.png"))
        .unwrap();
    RgbImage::from_pixel(8, 8, Rgb([9, 9, 9]))
        .save(place.path("in/b c.jpg"))
        .unwrap();
    place.put("in/c.png", b"no image");
    let names = ["a.png", "b c.jpg", "c.png", ""];
    let list: Vec<_> = (0..12).map(|row| names[row % 4]).collect();
    place.put("in/list.txt", (list.join("\r\n") + "\r\n").as_bytes());
    place
}

#[test]
fn picked_images_are_on_the_page() {
    let place = with_images();
    let args = ["--images=in/list.txt", "--budget=12", PAGE];
    let output = place.run(&[&RANDOM[..4], &args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = place.text("p.html");
    for (part, times) in [
        (r#"alt="a.png""#, 3),
        (r#"alt="b c.jpg""#, 3),
        (">c.png: neither PNG nor JPEG</div>", 3),
        (">no image named<", 3),
        (r#"src="data:image/jpeg;base64,"#, 3),
        (r#"src="data:image/png;base64,"#, 3),
    ] {
        assert_eq!(page.matches(part).count(), times, "{part}");
    }
    let said = "report: 6 of 12 images cannot be shown";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    assert!(page.contains("6 of 12 images cannot be shown"));
    assert!(page.contains("weight ") && page.contains("1 · row "));
}

#[test]
fn picked_texts_are_on_the_page() {
    let place = Place::new();
    let lines: Vec<_> = (0..12).map(|row| format!("text <{row}> é")).collect();
    let bytes = [b"\xef\xbb\xbf", lines.join("\n").as_bytes()].concat();
    place.put("t.txt", &bytes);
    place.done(&[&RANDOM[..], &["--texts=t.txt", PAGE]].concat());
    let page = place.text("p.html");
    let picks = place.done(&RANDOM);
    for row in picks.lines() {
        let text = format!("<blockquote>text &lt;{row}&gt; é</blockquote>");
        assert!(page.contains(&text), "{text}");
    }
    assert_eq!(page.matches("<blockquote>").count(), 5);
    // By the numbers of all rows, whichever are left out; and of a line that never ends only what is shown.
    place.put("no.txt", b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
    let long = [&bytes[..], &[b'x'; 100_000]].concat();
    place.put("t.txt", &long);
    let args = ["--budget=1", "--exclude=no.txt", "--texts=t.txt", PAGE];
    place.done(&[&RANDOM[..4], &args].concat());
    let page = place.text("p.html");
    assert!(page.contains("<blockquote>text &lt;11&gt; éxxx") && page.len() < 40_000);
}

#[test]
fn lists_that_do_not_fit_are_refused_before_anything_is_chosen() {
    let place = Place::new();
    place.put("short.txt", b"a\nb\n");
    place.put("list.html", b"of value");
    for (code, more, said) in [
        (
            2,
            &["--images=short.txt"][..],
            "--images: no --report found, one expected",
        ),
        (
            2,
            &["--texts=short.txt"],
            "--texts: no --report found, one expected",
        ),
        (
            2,
            &[PAGE, "--texts=short.txt", "--images=short.txt"],
            "cannot be used with",
        ),
        (
            1,
            &[PAGE, "--texts=short.txt"],
            "short.txt: texts: 2 lines found, one for each of 12 rows expected",
        ),
        (
            1,
            &[PAGE, "--images=short.txt"],
            "short.txt: images: 2 lines found, one for each of 12 rows expected",
        ),
        (
            1,
            &[PAGE, "--images=none.txt"],
            "none.txt: images: cannot open the file",
        ),
        (
            1,
            &["--report=list.html", "--images=list.html"],
            "list.html: report: the same file as images (list.html) found",
        ),
    ] {
        let error = place.fails(code, &[&RANDOM[..], more].concat());
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(place.text("list.html"), "of value");
}

/// The page is not written over an image that it was to show, whatever that is called.
#[test]
fn a_page_never_takes_the_place_of_an_image() {
    let place = with_images();
    fs::rename(place.path("in/a.png"), place.path("in/a.html")).unwrap();
    place.put("in/list.txt", "a.html\n".repeat(12).as_bytes());
    let before = fs::read(place.path("in/a.html")).unwrap();
    let args = ["--images=in/list.txt", "--report=in/a.html"];
    let output = place.run(&[&RANDOM[..], &args].concat());
    assert_eq!(output.status.code(), Some(1));
    let said =
        "in/a.html: report: the same file as an image of the list found, one of its own expected";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).lines().count(),
        5,
        "the picks are there"
    );
    assert_eq!(fs::read(place.path("in/a.html")).unwrap(), before);
}
