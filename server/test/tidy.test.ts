// Goal: the repository's own manners, where no linter looks. Method: read the files. Each rule says what to do
// instead of what it found.
import { existsSync, readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
/** A ratchet: these numbers only ever get smaller. */
const MAX_LINES = 300;
const MAX_TEST_LINES = 600;
const MAX_AVERAGE_LINES = 110;

/** Written by `npm run generate`, so nobody keeps them short. */
const GENERATED = ['sdk/src/api.ts', 'server/src/db/tables.ts'];
/** Words and arithmetic that everybody imports one by one, and edges that are wired rather than called. */
const WITHOUT_FRONT_DOOR = ['kernel', 'db', 'http'];

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
}

async function filesOf(...patterns: string[]): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for await (const path of glob(patterns, {
    cwd: ROOT,
    exclude: (name) => name.includes('node_modules'),
  })) {
    if (GENERATED.includes(path)) continue;
    const text = await readFile(join(ROOT, path), 'utf8');
    found.push({ path, text, lines: text.trimEnd().split('\n').length });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const code = await filesOf('{server,sdk,sandbox-bank,scripts,bench}/**/*.{ts,mjs,js}');
const isTest = ({ path }: SourceFile) => /\.test\.ts$|^server\/test\/|^bench\//.test(path);
const source = code.filter(({ path }) => path.startsWith('server/src/'));
const product = source.filter((file) => !isTest(file));

test('there is a repository to look at', () => {
  expect(product.length).toBeGreaterThan(100);
  expect(code.filter(isTest).length).toBeGreaterThan(20);
});

describe('sizes', () => {
  test('a file fits in a head', () => {
    const long = code
      .filter((file) => file.lines > (isTest(file) ? MAX_TEST_LINES : MAX_LINES))
      .map(({ path, lines }) => `${path} has ${lines} lines: give part of it a name and a file`);
    expect(long).toEqual([]);
  });

  test('most files are short', () => {
    const average = product.reduce((sum, { lines }) => sum + lines, 0) / product.length;
    expect(average).toBeLessThanOrEqual(MAX_AVERAGE_LINES);
  });
});

interface Ban {
  readonly found: RegExp;
  readonly instead: string;
  readonly files: readonly SourceFile[];
}

const BANS: readonly Ban[] = [
  {
    found:
      /\b(now\(\)|current_(date|time|timestamp)\b|(clock|statement|transaction)_timestamp\(\))/i,
    instead: 'pass the clock (kernel/clock.ts), so that no comparison mixes two clocks',
    // A doc comment may speak of them; a clock has a method of the name.
    files: product.map(({ text, ...file }) => ({
      ...file,
      text: text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|\.now\(\)|\bnow\(\): Date/g, ''),
    })),
  },
  {
    found: /\bparseFloat\(|\.toFixed\(/,
    instead: 'use kernel/decimal.ts: no float touches money',
    files: product,
  },
  {
    found: /\b(FIXME|TODO|XXX|HACK)\b/,
    instead: 'do it now, or say in docs what is left out',
    files: code,
  },
  {
    found: /\b(describe|test|it)\.(only|skip|todo)\(/,
    instead: 'run it, or delete it',
    files: code,
  },
  {
    found: /^\s*(export )?(const )?enum /m,
    instead: 'use a union of texts: types are stripped, not compiled',
    files: code,
  },
  { found: /^export default /m, instead: 'export it by its name', files: source },
  {
    found: /@ts-(ignore|nocheck|expect-error)/,
    instead: 'make the types say what is so',
    files: code,
  },
  {
    found: /setTimeout\(|pause\(|sleep\(/,
    instead: 'wait for what should happen, not for time to pass',
    files: productTests(),
  },
];

/** Tests whose point is not time itself. */
function productTests(): SourceFile[] {
  return source.filter(
    (file) => /\.test\.ts$/.test(file.path) && !file.path.includes('/embedded/'),
  );
}

const SELF = relative(ROOT, import.meta.filename);

test.each(BANS)('banned: $found; $instead', ({ found, files, instead }) => {
  const offenders = files
    .filter(({ path, text }) => path !== SELF && found.test(text))
    .map(({ path }) => `${path}: ${instead}`);
  expect(offenders).toEqual([]);
});

describe('modules', () => {
  const modules = new Set(
    product.flatMap(({ path }) => /^server\/src\/([^/]+)\//.exec(path)?.[1] ?? []),
  );

  test('each has a front door', () => {
    const closed = [...modules].filter(
      (name) =>
        !WITHOUT_FRONT_DOOR.includes(name) &&
        !existsSync(join(ROOT, `server/src/${name}/index.ts`)),
    );
    expect(closed).toEqual([]);
  });

  test('errors are defined in errors.ts, where the catalogue finds them', () => {
    const elsewhere = product
      .filter(
        ({ path, text }) =>
          /\bdefineError[<(]/.test(text) && !/\/errors\.ts$|kernel\/error\.ts$/.test(path),
      )
      .map(({ path }) => path);
    expect(elsewhere).toEqual([]);
  });

  test('no file is called service, manager, handler, helper or utils', () => {
    const vague =
      /(^|[/-])(services?|managers?|handlers?|helpers?|utils?|common|misc)(-[^/]*)?\.ts$/;
    expect(code.filter(({ path }) => vague.test(path)).map(({ path }) => path)).toEqual([]);
  });
});

describe('documents', async () => {
  const documents = await filesOf(
    'docs/**/*.md',
    '*.md',
    '{server,sdk,sandbox-bank,console,examples,bench}/*.md',
  );

  test('no link goes nowhere', () => {
    const broken = documents.flatMap(({ path, text }) =>
      linksIn(text)
        .filter((link) => !leadsSomewhere(path, link))
        .map((link) => `${path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test('decisions are numbered without gaps, and listed', () => {
    const names = documents.flatMap(
      ({ path }) => /^docs\/adr\/((\d{4})-[a-z0-9-]+\.md)$/.exec(path)?.[1] ?? [],
    );
    const numbers = names.map((name) => Number(name.slice(0, 4)));
    expect(names.length).toBeGreaterThan(0);
    expect(numbers).toEqual(names.map((_, i) => i + 1));
    const list = documents.find(({ path }) => path === 'docs/adr/README.md')?.text ?? '';
    expect(names.filter((name) => !list.includes(name))).toEqual([]);
  });
});

/** Targets of links and images, outside of code. */
function linksIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '');
  const inline = Array.from(
    prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g),
    ([, target]) => target,
  );
  const named = Array.from(prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm), ([, target]) => target);
  const html = Array.from(prose.matchAll(/(?:href|src)="([^"]+)"/g), ([, target]) => target);
  return [...inline, ...named, ...html].filter((target) => target !== undefined);
}

/** Links into the repository lead to a file, and to a heading or anchor that is in it. */
function leadsSomewhere(from: string, link: string): boolean {
  if (/^(https?|mailto):/.test(link)) return true;
  const [path = '', anchor] = decodeURI(link).split('#');
  const target = path === '' ? join(ROOT, from) : join(ROOT, dirname(from), path);
  if (!existsSync(target)) return false;
  if (anchor === undefined || !target.endsWith('.md')) return true;
  const text = readFileSync(target, 'utf8');
  return text.includes(`id="${anchor}"`) || headingsIn(text).includes(anchor);
}

/** Anchors that GitHub gives headings. */
function headingsIn(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}
