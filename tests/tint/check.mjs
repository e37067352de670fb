// Compiles every shader with Tint, which refuses what naga lets pass: above all a barrier behind
// a condition that may differ between invocations. Dawn's null backend needs no driver.
//
//     node check.mjs [FOLDER]        shaders/ of this repository unless told otherwise
//
// Every entry point of every file becomes a pipeline, with every value of its overrides, under
// WebGPU's default limits and without any optional feature. A file without an entry point is a
// part, joined to the files that use what it declares.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);

// Values that the host gives to overrides.
const OVERRIDES = { NORM: [1, 2, 3] };

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, '..', '..', 'shaders');
const files = readdirSync(folder).filter((name) => name.endsWith('.wgsl')).sort();

// Block comments do not nest in these shaders.
const uncommented = (code) => code.replace(/\/\*[^]*?\*\//g, ' ').replace(/\/\/.*/g, '');
const entryPoints = (code) =>
  [...code.matchAll(/@compute\s*@workgroup_size\s*\([^)]*\)\s*fn\s+(\w+)/g)].map((match) => match[1]);
const overrides = (code) => [...code.matchAll(/\boverride\s+(\w+)/g)].map((match) => match[1]);
// What stands in a file at the start of a line, perhaps after attributes.
const declared = (code) =>
  [...code.matchAll(/^(?:@.*\s)?(?:fn|struct|const|override|alias|var(?:<[^>]*>)?)\s+(\w+)/gm)].map((match) => match[1]);
const uses = (code, part) =>
  declared(part).some((name) => !declared(code).includes(name) && new RegExp(`\\b${name}\\b`).test(code));
const settings = (names) =>
  names.reduce(
    (sets, name) => sets.flatMap((set) => OVERRIDES[name].map((value) => ({ ...set, [name]: value }))),
    [{}],
  );

const gpu = create(['backend=null']);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Dawn gave no null adapter');
const device = await adapter.requestDevice();

const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
const bare = new Map(files.map((file) => [file, uncommented(texts.get(file))]));
const parts = files.filter((file) => entryPoints(bare.get(file)).length === 0);
const joined = new Set();

// The kernel's own text last, as the host joins it: so line numbers of faults are off by the parts.
function sources(file) {
  const chosen = [file];
  for (const one of chosen) {
    const wanted = parts.filter((part) => !chosen.includes(part) && uses(bare.get(one), bare.get(part)));
    chosen.push(...wanted);
    wanted.forEach((part) => joined.add(part));
  }
  return chosen.reverse();
}

let pipelines = 0;
const faults = [];

async function check(file) {
  const from = sources(file);
  const label = from.join(' + ');
  const code = from.map((one) => texts.get(one)).join('\n');
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code });
  const { messages } = await module.getCompilationInfo();
  const refused = await device.popErrorScope();
  for (const { type, lineNum, linePos, message } of messages) {
    const line = `${label}:${lineNum}:${linePos}: ${type}: ${message}`;
    if (type === 'error') faults.push(line);
    else console.log(line);
  }
  if (messages.some((message) => message.type === 'error')) return;
  if (refused) return faults.push(`${label}: ${refused.message}`);

  const names = overrides(uncommented(code));
  const unknown = names.filter((name) => !(name in OVERRIDES));
  if (unknown.length > 0) return faults.push(`${label}: no values known for override ${unknown}`);
  for (const entryPoint of entryPoints(uncommented(code))) {
    for (const constants of settings(names)) {
      device.pushErrorScope('validation');
      device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint, constants } });
      const fault = await device.popErrorScope();
      if (fault) faults.push(`${label}: ${entryPoint} ${JSON.stringify(constants)}: ${fault.message}`);
      pipelines += 1;
    }
  }
}

for (const file of files) if (!parts.includes(file)) await check(file);
for (const part of parts) if (!joined.has(part)) faults.push(`${part}: no entry point, and used by no shader`);
if (files.length === parts.length) faults.push(`no shaders found in ${folder}`);
for (const fault of faults) console.error(fault);
console.log(`Tint: ${files.length} files, ${pipelines} pipelines, ${faults.length} faults`);
device.destroy();
process.exit(faults.length > 0 ? 1 : 0);
