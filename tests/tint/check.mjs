// Compiles every shader with Tint, which refuses what naga lets pass: above all a barrier behind
// a condition that may differ between invocations. Dawn's null backend needs no driver.
//
//     node check.mjs [FOLDER]        shaders/ of this repository unless told otherwise
//
// Every entry point of every file becomes a pipeline, with every value of its overrides, under
// WebGPU's default limits and without any optional feature.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);

// Values that the host gives to overrides without a default.
const OVERRIDES = { NORM: [1, 2, 3] };

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, '..', '..', 'shaders');
const files = readdirSync(folder).filter((name) => name.endsWith('.wgsl')).sort();

// Block comments do not nest in these shaders.
const uncommented = (code) => code.replace(/\/\*[^]*?\*\//g, ' ').replace(/\/\/.*/g, '');
const entryPoints = (code) =>
  [...code.matchAll(/@compute\s*@workgroup_size\s*\([^)]*\)\s*fn\s+(\w+)/g)].map((match) => match[1]);
const openOverrides = (code) =>
  [...code.matchAll(/\boverride\s+(\w+)\s*(?::\s*\w+\s*)?;/g)].map((match) => match[1]);
const settings = (names) =>
  names.reduce(
    (sets, name) => sets.flatMap((set) => OVERRIDES[name].map((value) => ({ ...set, [name]: value }))),
    [{}],
  );

const gpu = create(['backend=null']);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Dawn gave no null adapter');
const device = await adapter.requestDevice();

let pipelines = 0;
const faults = [];

async function check(file) {
  const code = readFileSync(join(folder, file), 'utf8');
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: file, code });
  const { messages } = await module.getCompilationInfo();
  const refused = await device.popErrorScope();
  for (const { type, lineNum, linePos, message } of messages) {
    const line = `${file}:${lineNum}:${linePos}: ${type}: ${message}`;
    if (type === 'error') faults.push(line);
    else console.log(line);
  }
  if (messages.some((message) => message.type === 'error')) return;
  if (refused) return faults.push(`${file}: ${refused.message}`);

  const bare = uncommented(code);
  const names = entryPoints(bare);
  if (names.length === 0) return faults.push(`${file}: no entry point found`);
  const unknown = openOverrides(bare).filter((name) => !(name in OVERRIDES));
  if (unknown.length > 0) return faults.push(`${file}: no values known for override ${unknown}`);
  for (const entryPoint of names) {
    for (const constants of settings(openOverrides(bare))) {
      device.pushErrorScope('validation');
      device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint, constants } });
      const fault = await device.popErrorScope();
      if (fault) faults.push(`${file}: ${entryPoint} ${JSON.stringify(constants)}: ${fault.message}`);
      pipelines += 1;
    }
  }
}

for (const file of files) await check(file);
if (files.length === 0) faults.push(`no shaders found in ${folder}`);
for (const fault of faults) console.error(fault);
console.log(`Tint: ${files.length} shaders, ${pipelines} pipelines, ${faults.length} faults`);
device.destroy();
process.exit(faults.length > 0 ? 1 : 0);
