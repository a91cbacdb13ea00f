// Runs before `npm start` and `npm test`, on whatever Node (20 or later) the machine has: installs what the
// lock file says when it is not there. Quiet and quick when it is. Plain JavaScript with no dependencies,
// because before the first install there are none, and an older Node does not strip types.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MANIFESTS = ['package.json', 'server/package.json', 'sdk/package.json'];
const LOCK = 'package-lock.json';
const WANTED_NODE = 24;
// What npm says of engines is about packages that run on the Node 24 that is being installed.
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

const at = (path) => join(ROOT, path);
const MARKER = at('node_modules/.guanjia-install');
// npm's own record of what it has put into node_modules.
const INSTALLED = at('node_modules/.package-lock.json');

const wanted = fingerprint();
if (read(MARKER) !== wanted) {
  const why = whyInstall();
  if (why) {
    console.log(`Installing dependencies: ${why}.`);
    install();
  }
  ensureNode();
  writeFileSync(MARKER, wanted);
}

/** What the installation depends on. The paths are in it, so that a moved line is not overlooked. */
function fingerprint() {
  const hash = createHash('sha256');
  hash.update(`${process.platform} ${process.arch}\n`);
  for (const path of [LOCK, ...MANIFESTS]) hash.update(`${path}\n${read(at(path)) ?? ''}\n`);
  return hash.digest('hex');
}

/** Why `npm ci` is due, or nothing when node_modules holds what the lock file says. */
function whyInstall() {
  const text = read(INSTALLED);
  if (text === undefined) return 'there is no node_modules yet';
  const lock = JSON.parse(read(at(LOCK)) ?? '{"packages":{}}').packages;
  for (const path of MANIFESTS) {
    const manifest = JSON.parse(read(at(path)) ?? '{}');
    const locked = lock[path === 'package.json' ? '' : dirname(path)] ?? {};
    if (!sameDependencies(manifest, locked)) return `${path} has changed`;
  }
  const installed = JSON.parse(text).packages;
  for (const [path, entry] of Object.entries(lock)) {
    if (!path.startsWith('node_modules/') || entry.link) continue;
    const there = installed[path];
    // Optional packages of other platforms are in the lock file and not on the disk.
    if (there ? there.version !== entry.version : !entry.optional) return `${path} has changed`;
  }
  return undefined;
}

function sameDependencies(manifest, locked) {
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
  return kinds.every((kind) => sorted(manifest[kind]) === sorted(locked[kind]));
}

function sorted(dependencies) {
  return JSON.stringify(Object.entries(dependencies ?? {}).sort());
}

/**
 * The project runs on Node 24, which comes as the npm package `node`; its install script fetches the program.
 * Where install scripts are off (`ignore-scripts`, or an npm that asks first) we run that one script.
 */
function ensureNode() {
  if (nodeWorks()) return;
  if (Number(process.versions.node.split('.')[0]) >= WANTED_NODE) return;
  const folder = at('node_modules/node');
  console.log('Installing Node 24 for this project: its install script was not run.');
  spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder, stdio: 'inherit' });
  const link = at('node_modules/.bin/node');
  if (!existsSync(link) && existsSync(join(folder, 'bin/node')))
    symlinkSync('../node/bin/node', link);
  if (nodeWorks()) return;
  console.error(
    [
      'Node 24 is needed and could not be installed into node_modules.',
      `This is Node ${process.versions.node}. Either allow install scripts and repeat:`,
      '  npm ci --ignore-scripts=false',
      'or install Node 24 yourself (https://nodejs.org) and run npm with it.',
    ].join('\n'),
  );
  process.exit(1);
}

function nodeWorks() {
  const program = at(
    process.platform === 'win32' ? 'node_modules/node/bin/node.exe' : 'node_modules/.bin/node',
  );
  if (!existsSync(program)) return false;
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * `npm ci` installs exactly the lock file, and refuses a lock file that it cannot check whole: a registry that
 * does not carry every other platform's optional packages is enough. Then `npm install` does, which installs
 * the same locked versions without asking for those, and leaves the lock file as it is.
 */
function install() {
  const exactly = npm(['ci', ...QUIET], 'pipe');
  if (exactly.status === 0) return;
  const { status, error } = npm(['install', '--no-save', ...QUIET], 'inherit');
  if (status === 0) return;
  console.error(error ? `npm cannot be run: ${error.message}` : `npm ci said:\n${exactly.stderr}`);
  process.exit(status || 1);
}

/** Runs the npm that runs us, else the one on the path. */
function npm(args, stderr) {
  const cli = process.env.npm_execpath;
  const isScript = cli !== undefined && /\.[cm]?js$/.test(cli);
  const [program, first] = isScript ? [process.execPath, [cli]] : ['npm', []];
  return spawnSync(program, [...first, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['inherit', 'inherit', stderr],
    shell: !isScript && process.platform === 'win32',
  });
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
