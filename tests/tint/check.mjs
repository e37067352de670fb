// Compiles every shader with Tint, which refuses what naga lets pass: above all a barrier behind
// a condition that may differ between invocations. Dawn's null backend needs no driver.
//
//     node check.mjs [FOLDER]        shaders/ of this repository unless told otherwise
//
// Every kernel becomes a pipeline, with every value of its overrides, under WebGPU's default limits
// and without any optional feature but f16, where a benchmark's shader enables it. Which files make a kernel is read from KERNELS in ../shaders.rs,
// whose tests see that no file is left out.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);

// Values that the host gives to overrides.
const OVERRIDES = {
  NORM: [1, 2, 3],
  ROW_THREADS: [8, 16],
  COLUMN_THREADS: [4, 8, 16],
  IN_FOURS: [0, 1],
  PANEL_SHIFT: [8, 24, 29],
  FUNCTION: [0, 1, 2],
  RULE: [1, 2],
};

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, '..', '..', 'shaders');
const list = readFileSync(join(here, '..', 'shaders.rs'), 'utf8').match(/const KERNELS[^=]*=([^;]*);/)[1];
const kernels = [...list.matchAll(/\(\s*"(\w+)",\s*&\[([^\]]*)\]/g)].map(([, name, parts]) => ({
  name,
  parts: [...parts.matchAll(/\w+/g)].map(([part]) => part),
}));

// Block comments do not nest in these shaders.
const uncommented = (code) => code.replace(/\/\*[^]*?\*\//g, ' ').replace(/\/\/.*/g, '');
const entryPoints = (code) =>
  [...code.matchAll(/@compute\s*@workgroup_size\s*\([^)]*\)\s*fn\s+(\w+)/g)].map((match) => match[1]);
const overrides = (code) => [...code.matchAll(/\boverride\s+(\w+)/g)].map((match) => match[1]);
const settings = (names) =>
  names.reduce(
    (sets, name) => sets.flatMap((set) => OVERRIDES[name].map((value) => ({ ...set, [name]: value }))),
    [{}],
  );

const gpu = create(['backend=null']);
const open = async (requiredFeatures) => {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('Dawn gave no null adapter');
  return adapter.requestDevice({ requiredFeatures });
};
const plain = await open([]);
const half = await open(['shader-f16']);

let pipelines = 0;
const faults = [];

async function check({ name, parts }) {
  const label = parts.join(' + ');
  const code = parts.map((part) => readFileSync(join(folder, `${part}.wgsl`), 'utf8')).join('');
  const device = /^enable f16;/m.test(uncommented(code)) ? half : plain;
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
  const entries = entryPoints(uncommented(code));
  if (entries.join() !== name) faults.push(`${label}: entry point ${name} expected, ${entries} found`);
  for (const entryPoint of entries) {
    for (const constants of settings(names)) {
      device.pushErrorScope('validation');
      device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint, constants } });
      const fault = await device.popErrorScope();
      if (fault) faults.push(`${label}: ${entryPoint} ${JSON.stringify(constants)}: ${fault.message}`);
      pipelines += 1;
    }
  }
}

for (const kernel of kernels) await check(kernel);
if (kernels.length === 0) faults.push('no kernels found in shaders.rs');
for (const fault of faults) console.error(fault);
console.log(`Tint: ${kernels.length} kernels, ${pipelines} pipelines, ${faults.length} faults`);
plain.destroy();
half.destroy();
process.exit(faults.length > 0 ? 1 : 0);
