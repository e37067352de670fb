// Opens the pages that --report writes in Chromium: narrow and wide, light and dark. Nothing may be cut off, lie over
// another text, be too small or too faint to read, or come from elsewhere.
//
//     node check.mjs COMMAND [FOLDER]        the pages and their pictures are kept in FOLDER, where one is named

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { open } from './browser.mjs';
import { problems } from './look.mjs';
import { badPages, pages } from './pages.mjs';

const MOST_BYTES = 2_000_000;
const WIDTHS = [400, 1600];
const SCHEMES = ['light', 'dark'];

function browserThere() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  for (const name of names) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // The next, then.
    }
  }
  throw new Error(`no browser found, one of ${names.join(', ')} or CHROMIUM=PATH expected`);
}

// Has a tab tell what goes wrong in it; `heard` gets a line each.
async function listen(tab, heard) {
  for (const room of ['Page', 'Runtime', 'Network', 'Log']) await tab.send(`${room}.enable`);
  tab.on('Log.entryAdded', ({ entry }) => entry.level === 'error' && heard(`log: ${entry.text}`));
  tab.on('Runtime.consoleAPICalled', ({ type, args }) => type === 'error' && heard(`console: ${args[0]?.value}`));
  tab.on('Runtime.exceptionThrown', ({ exceptionDetails }) => heard(`script: ${exceptionDetails.text}`));
  tab.on('Network.requestWillBeSent', ({ request: { url } }) => {
    if (!url.startsWith('file:') && !url.startsWith('data:')) heard(`asks for ${url}`);
  });
}

// Shows a page at a width, in light or in dark; tells what is wrong with it.
async function look(tab, path, width, scheme, picture) {
  await tab.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false });
  await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  const loaded = tab.once('Page.loadEventFired');
  await tab.send('Page.navigate', { url: pathToFileURL(path).href });
  await loaded;
  if (picture) {
    const { cssContentSize } = await tab.send('Page.getLayoutMetrics');
    const clip = { ...cssContentSize, scale: 1 };
    const { data } = await tab.send('Page.captureScreenshot', { captureBeyondViewport: true, clip });
    writeFileSync(picture, Buffer.from(data, 'base64'));
  }
  const { result } = await tab.send('Runtime.evaluate', { expression: `(${problems})()`, returnByValue: true });
  if (!Array.isArray(result.value)) throw new Error(`${path}: ${result.description}`);
  return result.value;
}

const [command, kept] = process.argv.slice(2);
if (!command) throw new Error('usage: node check.mjs COMMAND [FOLDER]');
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = kept ? resolve(kept) : mkdtempSync(join(tmpdir(), 'coresift-pages-'));
mkdirSync(folder, { recursive: true });
const { tab, close } = await open(browserThere());
let wrong = 0;
const complain = (words) => {
  console.error(words);
  wrong += 1;
};
try {
  let heard = [];
  await listen(tab, (problem) => heard.push(problem));
  const all = async (...page) => {
    heard = [];
    const found = await look(tab, ...page);
    return [...new Set([...heard, ...found])];
  };
  for (const [name, html, expected] of badPages) {
    const path = join(folder, 'bad.html');
    writeFileSync(path, html);
    const found = await all(path, 400, 'light');
    if (!found.some((problem) => problem.includes(expected))) {
      complain(`a page with ${name} is not refused for that: ${JSON.stringify(found)}`);
    }
  }
  for (const [name, args] of pages(root, folder)) {
    const path = join(folder, `${name}.html`);
    execFileSync(resolve(command), [...args, '--quiet', `--report=${path}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    const bytes = statSync(path).size;
    if (bytes > MOST_BYTES) complain(`${name}: ${bytes} bytes found, at most ${MOST_BYTES} expected`);
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) {
        const picture = kept && `${path}.${width}.${scheme}.png`;
        const found = await all(path, width, scheme, picture);
        found.forEach((problem) => complain(`${name} at ${width} in ${scheme}: ${problem}`));
      }
    }
    console.log(`${name}: ${bytes} bytes`);
  }
} finally {
  await close();
  if (!kept) rmSync(folder, { recursive: true });
}
process.exitCode = wrong > 0 ? 1 : 0;
