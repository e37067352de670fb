//! tmp
use coresift::*;
use std::time::Instant;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (n, d, s): (usize, usize, usize) = (
        a[1].parse().unwrap(),
        a[2].parse().unwrap(),
        a[3].parse().unwrap(),
    );
    let number = |at: u64| {
        let z = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((z ^ (z >> 29)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let x: Vec<f32> = (0..n * d)
        .map(|i| (number((i / d % 20 * d + i % d) as u64) + number((i + 20 * d) as u64)).max(0.0))
        .collect();
    let t = Instant::now();
    let f = Features::new(&x, n, d).unwrap();
    println!("features {:?}", t.elapsed());
    let pool = CpuPool::new(f);
    for _ in 0..4 {
        let t = Instant::now();
        let r = pool.row_norms(Lp::L2).unwrap();
        print!("norms {:?} {} ", t.elapsed(), r.len());
        let t = Instant::now();
        let r = Norm::default().select(&pool, s).unwrap();
        print!("norm {:?} {} ", t.elapsed(), r.picks.len());
        let t = Instant::now();
        let r = GramSchmidt {
            seed: 1,
            ..Default::default()
        }
        .select(&pool, s)
        .unwrap();
        print!(
            "gs {:?} passes {} epochs {:?} ",
            t.elapsed(),
            r.passes,
            r.epochs
        );
        let t = Instant::now();
        let r = GramSchmidt {
            seed: 1,
            greedy: true,
            ..Default::default()
        }
        .select(&pool, s)
        .unwrap();
        println!(
            "greedy {:?} passes {} {:?}",
            t.elapsed(),
            r.passes,
            &r.picks[..5]
        );
    }
}
