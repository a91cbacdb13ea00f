#!/usr/bin/env node
// The command `guanjia`. The program is TypeScript that Node 24 runs as it is; an older Node hands over to
// the Node 24 that is installed with the project. Plain JavaScript, because an older Node reads it.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WANTED_NODE = 24;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

if (Number(process.versions.node.split('.')[0]) >= WANTED_NODE) {
  await import('../src/cli/main.ts');
} else {
  handOver();
}

/** Runs this file again with the project's Node, and ends as it ends. */
function handOver() {
  const child = spawn(findNode(), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to both of us: the child decides what it means, and we wait for it.
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  for (const signal of SIGNALS) process.on(signal, () => passOn(child, signal, ended));
  child.on('error', (error) => {
    console.error(`Node ${WANTED_NODE} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal) process.exit(128 + constants.signals[signal]);
    process.exit(code ?? 1);
  });
}

function passOn(child, signal, ended) {
  const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
  if (!fromTerminal && !ended()) child.kill(signal);
}

function findNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const name = process.platform === 'win32' ? 'node.exe' : 'node';
    return join(dirname(manifest), 'bin', name);
  } catch {
    console.error(
      `This is Node ${process.versions.node}; ${WANTED_NODE} is needed. Run npm ci in the project, or install Node ${WANTED_NODE}.`,
    );
    process.exit(1);
  }
}
