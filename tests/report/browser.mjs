// Chromium without a window, spoken to by the DevTools protocol through a pipe: no package is needed for that.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE = 120_000;

// Starts a browser; gives a tab of it, and what ends it.
export async function open(executable) {
  const profile = mkdtempSync(join(tmpdir(), 'coresift-browser-'));
  const options = [
    '--headless',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    // Root has no sandbox, and the pages are our own.
    '--no-sandbox',
  ];
  const browser = spawn(executable, options, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const waiting = new Map();
  const listeners = new Map();
  let last = 0;
  let rest = '';
  const refuse = (why) => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  browser.on('error', (error) => refuse(`${executable}: ${error.message}`));
  const ended = new Promise((resolve) => browser.on('exit', resolve));
  ended.then(() => refuse(`${executable} has ended`));
  browser.stdio[3].on('error', (error) => refuse(error.message));
  browser.stdio[4].setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop();
    for (const message of messages.map((json) => JSON.parse(json))) {
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (asked && message.error) asked.reject(new Error(`${asked.method}: ${message.error.message}`));
      else if (asked) asked.resolve(message.result);
      else for (const listener of listeners.get(message.method) ?? []) listener(message.params);
    }
  });

  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      last += 1;
      const id = last;
      const timer = setTimeout(() => reject(new Error(`${method}: no answer in ${PATIENCE / 1000} s`)), PATIENCE);
      const done = (settle) => (value) => {
        clearTimeout(timer);
        settle(value);
      };
      waiting.set(id, { method, resolve: done(resolve), reject: done(reject) });
      browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });

  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const tab = {
    send: (method, params) => send(method, params, sessionId),
    on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    // Waits for an event that has not come yet.
    once: (event) =>
      new Promise((resolve) => {
        const listener = (params) => {
          listeners.set(event, listeners.get(event).filter((other) => other !== listener));
          resolve(params);
        };
        listeners.set(event, [...(listeners.get(event) ?? []), listener]);
      }),
  };
  const close = async () => {
    await send('Browser.close').catch(() => browser.kill());
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { tab, close };
}
