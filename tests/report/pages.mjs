// Which pages are looked at, and pages in which something is wrong that must be found.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

// Names, and the options that make them.
export function pages(root, folder) {
  const data = (name) => join(root, 'examples', 'data', name);
  const select = (features, ...options) => ['select', data(features), '--device=cpu', ...options];
  const picks = [10, 50].map((count) => join(folder, `${count}.txt`));
  picks.forEach((path, at) => writeFileSync(path, Array.from({ length: [10, 50][at] }, (_, row) => 7 * row).join('\n')));
  const [images, texts] = examples(data('digits.npy'), folder);
  return [
    ['images', select('digits.npy', '--method=gram-schmidt', '--budget=100', `--images=${images}`)],
    ['texts', select('digits.npy', '--method=typiclust', '--budget=12', `--texts=${texts}`)],
    ['sas', select('digits.npy', '--method=sas', `--classes=${data('digits_labels.npy')}`, '--budget=10%')],
    ['coverage', select('fmnist_simclr_2000.npy', '--budget=20')],
    ['many', select('fmnist_simclr_2000.npy', '--method=norm', '--budget=80%', '--clusters=40')],
    ['evaluate', ['evaluate', data('digits.npy'), ...picks.map((path) => `--picks=${path}`), `--labels=${data('digits_labels.npy')}`, `--classes=${data('digits_labels.npy')}`, '--delta=0.5', '--fid-ridge=0.01', '--device=cpu', `--out=${join(folder, 'worth.json')}`]],
    ['compare', ['compare', data('digits.npy'), `--labels=${data('digits_labels.npy')}`, '--device=cpu', '--methods=random,coverage,gram-schmidt', '--budgets=10..30', '--seeds=3', `--out=${join(folder, 'compared.json')}`]],
    ['none', select('digits.npy', '--method=random', '--budget=0')],
    ['one', select('digits.npy', '--method=random', '--budget=1')],
  ];
}

// Every digit as an image and as a text, but for one image that is none; their lists.
function examples(path, folder) {
  const DOTS = 8;
  const bytes = readFileSync(path);
  const values = bytes.subarray(10 + bytes.readUInt16LE(8));
  const rows = values.length / (4 * DOTS * DOTS);
  const [images, texts] = [[], []];
  for (let row = 0; row < rows; row += 1) {
    const grey = Array.from({ length: DOTS * DOTS }, (_, at) => 16 * values.readFloatLE(4 * (row * DOTS * DOTS + at)));
    const name = `digit-${row}.png`;
    writeFileSync(join(folder, name), row === 0 ? 'no image' : png(grey, DOTS));
    images.push(name);
    texts.push(`The digit of row ${row}, <b>in words</b>: ${'dark & light, '.repeat(row % 50)}and no more.`);
  }
  const lists = ['images.txt', 'texts.txt'].map((name) => join(folder, name));
  writeFileSync(lists[0], images.join('\n'));
  writeFileSync(lists[1], texts.join('\n'));
  return lists;
}

// A grey image of as many dots a side.
function png(grey, side) {
  const crc = (chunk) => {
    let sum = 0xffffffff;
    for (const byte of chunk) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return (sum ^ 0xffffffff) >>> 0;
  };
  const chunk = (name, content) => {
    const named = Buffer.concat([Buffer.from(name), content]);
    const [size, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(content.length);
    check.writeUInt32BE(crc(named));
    return Buffer.concat([size, named, check]);
  };
  const lines = [];
  for (let line = 0; line < side; line += 1) lines.push(0, ...grey.slice(line * side, (line + 1) * side).map((v) => Math.min(v, 255)));
  const head = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 0, 0, 0, 0]);
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const content = deflateSync(Buffer.from(lines.map(Math.round)));
  return Buffer.concat([start, chunk('IHDR', head), chunk('IDAT', content), chunk('IEND', Buffer.alloc(0))]);
}

const page = (style, body) =>
  `<!DOCTYPE html><html lang="en"><head><link rel="icon" href="data:,"><style>body{color:#111}${style}</style></head><body>${body}</body></html>`;
const drawing = (content) =>
  `<svg width="300" viewBox="0 0 300 100" role="img" aria-labelledby="t"><title id="t">a</title><desc>b</desc>${content}</svg>`;

// What is wrong, the page, and what must be said of it.
export const badPages = [
  ['faint text', page('p{color:#888}', '<p>words</p>'), 'contrast 3.5'],
  ['faint text in a drawing', page('text{fill:#999}', drawing('<text x="9" y="50">words</text>')), 'contrast 2.8'],
  ['a wide box', page('div{width:500px}', '<div>words</div>'), 'pixels wide'],
  ['text that leaves its drawing', page('', drawing('<text x="290" y="50">words</text>')), 'out of its drawing'],
  ['text over text', page('', drawing('<text x="9" y="50">words</text><text x="19" y="50">more</text>')), 'lies over'],
  ['small text', page('p{font-size:8px}', '<p>words</p>'), 'pixels high'],
  ['an image from elsewhere', page('', '<img alt="a" src="http://localhost:9/a.png">'), 'asks for http'],
  ['an image that is none', page('', '<img alt="a" src="data:image/png;base64,AAAA">'), 'not shown'],
  ['a script', page('', '<script>1</script>'), 'a script'],
];
