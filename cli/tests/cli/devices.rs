//! Which device is taken, and what its driver prints.

use crate::place::{Place, stderr};
#[cfg(feature = "gpu")]
use crate::place::{f32s, matrix, npy};
use serde_json::Value;

#[test]
fn every_device_is_listed_and_one_is_what_auto_takes() {
    let place = Place::new();
    let table = place.done(&["devices"]);
    assert!(table.starts_with("number  auto  name"), "{table}");
    assert!(
        table
            .lines()
            .any(|line| line.contains("cpu") && line.contains("threads")),
        "{table}"
    );
    let devices = devices(&place);
    assert_eq!(
        devices.iter().filter(|d| d["auto"] == true).count(),
        1,
        "{devices:?}"
    );
    assert!(
        devices
            .iter()
            .all(|d| d["auto"] == false || d["software"] == false),
        "{devices:?}"
    );
    let (cpu, adapters) = devices.split_last().unwrap();
    assert_eq!(cpu["number"], Value::Null);
    for (number, adapter) in adapters.iter().enumerate() {
        assert_eq!(adapter["number"], number);
        let row = table.lines().nth(1 + number).unwrap();
        assert!(row.starts_with(&format!("{number} ")), "{table}");
    }
}

fn devices(place: &Place) -> Vec<Value> {
    serde_json::from_str(&place.done(&["devices", "--json"])).unwrap()
}

#[test]
fn devices_are_opened_by_name_or_refused() {
    let place = Place::new();
    let run = |device: &str| {
        let device = format!("--device={device}");
        place.run(&["select", "x.npy", "--method=random", "--budget=1", &device])
    };
    let has_gpu = devices(&place)
        .iter()
        .any(|d| d["auto"] == true && d["name"] != "cpu");
    let auto = run("auto");
    assert!(auto.status.success(), "{}", stderr(&auto));
    assert_eq!(
        stderr(&auto).contains("device: cpu ("),
        !has_gpu,
        "{}",
        stderr(&auto)
    );
    let gpu = run("gpu");
    assert_eq!(
        gpu.status.code(),
        Some(if has_gpu { 0 } else { 1 }),
        "{}",
        stderr(&gpu)
    );
    if !has_gpu {
        let expected = if cfg!(feature = "gpu") {
            "no hardware GPU found"
        } else {
            "without the gpu feature"
        };
        assert!(stderr(&gpu).contains(expected), "{}", stderr(&gpu));
    }
    let named = run("no such adapter");
    assert_eq!(named.status.code(), Some(1));
    let expected = if cfg!(feature = "gpu") {
        "no adapter named \"no such adapter\" found, one of these expected: "
    } else {
        "\"no such adapter\" found, cpu expected (built without the gpu feature)"
    };
    assert!(stderr(&named).contains(expected), "{}", stderr(&named));
}

#[cfg(feature = "gpu")]
#[test]
fn words_that_tell_no_adapter_are_refused_with_the_list() {
    let place = Place::new();
    let listed: Vec<String> = (devices(&place).iter())
        .filter(|device| device["name"] != "cpu")
        .map(|device| {
            let (name, backend) = (&device["name"], &device["backend"]);
            let (name, backend) = (name.as_str().unwrap(), backend.as_str().unwrap());
            format!("{}: {name} ({backend})", device["number"])
        })
        .collect();
    let past = listed.len().to_string();
    let shown = listed.join(", ");
    for (code, word, message) in [
        (
            2,
            "",
            "\"\" found, auto, cpu, gpu, all, the number of an adapter or",
        ),
        (2, ")", "\")\" found, auto, cpu"),
        (2, "l", "\"l\" found, auto, cpu"),
        (2, "-1", "\"-1\" found, auto, cpu"),
        (2, "99999999999999999999", "\"99999999999999999999\" found"),
        (1, &*past, "device: no adapter of number "),
        (
            1,
            "cup",
            "device: no adapter named \"cup\" found, one of these",
        ),
    ] {
        for command in [
            &crate::place::RANDOM[..],
            &["bench", "--quick", "--device=cpu"],
        ] {
            let mut args: Vec<&str> = command.to_vec();
            args.retain(|&arg| arg != "--device=cpu");
            let option = format!("--device={word}");
            args.push(&option);
            let error = place.fails(code, &args);
            assert!(error.contains(message), "{message}\n{error}");
            assert!(error.contains(&shown), "{shown}\n{error}");
            // No driver has to do with a word that can be none's.
            assert!(
                code == 1 || error.starts_with("error: invalid value"),
                "{error}"
            );
        }
    }
}

/// The number of a software adapter.
#[cfg(feature = "gpu")]
fn software(place: &Place) -> Value {
    let devices = devices(place);
    let software = devices.iter().find(|device| device["software"] == true);
    let software = software.expect("a software adapter (Debian: mesa-vulkan-drivers)");
    software["number"].clone()
}

/// Features of twice the memory that the device may take, and of far more.
#[cfg(feature = "gpu")]
#[test]
fn a_bound_on_device_memory_holds_and_changes_no_pick() {
    let place = Place::new();
    let (rows, dim) = (900, 40);
    let values = matrix(rows, dim);
    let shape = format!("({rows}, {dim})");
    place.put("m.npy", &npy("<f4", false, &shape, &f32s(&values)));
    let device = format!("--device={}", software(&place));
    for method in ["gram-schmidt", "sas", "typiclust", "probcover"] {
        let method = format!("--method={method}");
        let select = ["select", "m.npy", &method, "--budget=12", "--quiet"];
        let want = place.done(&[&select[..], &["--device=cpu"]].concat());
        let bound = ["--device-memory=70KiB", &device];
        assert_eq!(
            place.done(&[&select[..], &bound].concat()),
            want,
            "{method}"
        );
        let bound = ["--device-memory=3KiB", &device];
        let said = place.fails(1, &[&select[..], &bound].concat());
        assert!(said.contains("available"), "{said}");
    }
}

/// Vulkan's loader says much where it is asked to, and stands for drivers that say it unasked.
#[cfg(all(feature = "gpu", unix))]
#[test]
fn what_drivers_print_is_shown_where_a_run_fails_and_only_there() {
    let place = Place::new();
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        command.env("VK_LOADER_DEBUG", "all");
        command.env_remove("XDG_RUNTIME_DIR").output().unwrap()
    };
    let device = format!("--device={}", software(&place));
    let select = |budget: &'static str, device| {
        [
            "select",
            "x.npy",
            "--method=norm",
            budget,
            device,
            "--quiet",
        ]
    };
    let good = run(&select("--budget=5", &device));
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    assert_eq!(stderr(&good), "");
    let bad = run(&select("--budget=13", &device));
    assert_eq!(bad.status.code(), Some(1));
    let said = stderr(&bad);
    assert!(said.starts_with("drivers say:\n"), "{said}");
    assert!(said.contains("Vulkan") || said.contains("DRIVER"), "{said}");
    let error = said.lines().last().unwrap();
    assert!(error.starts_with("error: budget: 13 picks"), "{said}");
    assert_eq!(stderr(&run(&["devices"])), "");
    // Where no adapter is asked for none is opened.
    let cpu = stderr(&run(&select("--budget=13", "--device=cpu")));
    assert!(cpu.starts_with("error: budget: 13 picks"), "{cpu}");
}

/// Several devices share the rows, and pick the same.
#[test]
fn devices_with_commas_between_share_the_rows() {
    let place = Place::new();
    let on = |device: &str| {
        let device = format!("--device={device}");
        let args = [
            "select",
            "x.npy",
            &device,
            "--method=gram-schmidt",
            "--budget=3",
        ];
        let output = place.run(&args);
        (
            output.status.code(),
            String::from_utf8(output.stdout.clone()).unwrap(),
            stderr(&output),
        )
    };
    let (_, whole, _) = on("cpu");
    let (code, shared, said) = on("cpu, cpu,cpu");
    assert_eq!((code, shared), (Some(0), whole));
    let note = "device: cpu, cpu, cpu (cpu is there 3 times)\n";
    assert!(said.starts_with(note), "{said}");
    #[cfg(feature = "gpu")]
    {
        let software = devices(&place);
        let software = (software.iter().find(|device| device["software"] == true))
            .expect("a software adapter (Debian: mesa-vulkan-drivers)");
        let (number, name) = (&software["number"], software["name"].as_str().unwrap());
        let part: String = name.chars().take(8).collect();
        let (code, again, said) = on(&format!("cpu,{number},{part}"));
        assert_eq!((code, again), (Some(0), on("cpu").1), "{said}");
        assert!(said.contains("is there 2 times)\n"), "{said}");
        let (_, _, said) = on(&format!("cpu,{number}"));
        assert!(!said.contains("is there"), "{said}");
    }
    for (device, problem) in [
        ("cpu,", "\"\" found, auto, cpu"),
        (
            "cpu,auto",
            "\"auto\" among others found, cpu or adapters expected",
        ),
    ] {
        let (code, _, said) = on(device);
        assert_eq!(code, Some(2), "{device}");
        assert!(said.contains(problem), "{said}");
    }
}
