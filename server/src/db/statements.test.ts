// Goal: no statement of the product crosses platforms; on a sharded database one shard answers it. Method: read
// the source. Every SQL text, and every statement of the query builder, that names a tenant table must name
// platform_id as often as it names such tables. A query log would see only what the tests happen to run.
import { readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..');
const SCHEMA = readFileSync(join(import.meta.dirname, '../../schema.sql'), 'utf8');

/** `platform` itself is the list of platforms: who works through all of them must be able to read it. */
const TABLES = Array.from(SCHEMA.matchAll(/^create table (\w+) \(/gm), ([, name]) => name).filter(
  (name) => name !== undefined && name !== 'platform',
);
const NAMED = TABLES.join('|');
const IN_SQL = new RegExp(
  `\\b(?:from|join|into|update|using|copy|truncate)\\s+(?:only\\s+)?(?:${NAMED})\\b`,
  'gi',
);
const BUILDER = new RegExp(
  `\\.(?:selectFrom|insertInto|updateTable|deleteFrom|innerJoin|leftJoin|rightJoin|fullJoin|mergeInto)\\(\\s*['"](?:${NAMED})\\b`,
  'g',
);

/** Texts of the file that are statements: templates, strings, and chains of the query builder. */
function statementsOf(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isText = ts.isTemplateExpression(node) || ts.isStringLiteralLike(node);
    const text = node.getText(file);
    if (isText && text.match(IN_SQL)) found.push(text);
    // The outermost call of a chain: what it is called on is part of its text.
    const isChain = ts.isCallExpression(node) && !ts.isPropertyAccessExpression(node.parent);
    if (isChain && startsStatement(node, file)) found.push(text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** True when the chain itself, not something in its arguments, names a table. */
function startsStatement(call: ts.CallExpression, file: ts.SourceFile): boolean {
  let node: ts.Expression = call;
  while (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) {
    if (ts.isCallExpression(node)) {
      const name = ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : '';
      const args = node.arguments.map((argument) => argument.getText(file)).join(', ');
      if (`.${name}(${args}`.match(BUILDER)) return true;
    }
    node = node.expression;
  }
  return false;
}

function crosses(statement: string): boolean {
  const tables = [...statement.matchAll(IN_SQL), ...statement.matchAll(BUILDER)].length;
  const bounds = statement.match(/platform_id/g)?.length ?? 0;
  return bounds < tables;
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
}

test('every statement on a tenant table names platform_id', async () => {
  const offenders: string[] = [];
  let seen = 0;
  for await (const name of glob('**/*.ts', { cwd: SOURCE })) {
    if (/\.(test|fixture)\.ts$|(^|\/)testing\//.test(name)) continue;
    const statements = statementsOf(parse(await readFile(join(SOURCE, name), 'utf8')));
    seen += statements.length;
    offenders.push(...statements.filter(crosses).map((statement) => `${name}: ${statement}`));
  }
  expect(offenders).toEqual([]);
  expect(seen).toBeGreaterThan(50);
});

// The rule itself, on statements that it must tell apart.
test.each([
  ['const q = sql`select * from transfer where amount > 1`;', true],
  ['const q = sql`select * from transfer where platform_id = $1`;', false],
  [
    'const q = sql`select * from transfer t join account a using (account_id) where t.platform_id = $1`;',
    true,
  ],
  ['const q = sql`delete from account_delta using account where account.platform_id = 1`;', true],
  ["const q = 'update hold set remaining = 0';", true],
  ["const q = db.selectFrom('account').selectAll().where('account_id', '=', id).execute();", true],
  ["const q = db.selectFrom('account').selectAll().where('platform_id', '=', p).execute();", false],
  ["const q = db.insertInto('member').values({ platform_id: p, name }).execute();", false],
  ["const q = db.insertInto('member').values({ name }).execute();", true],
  ["const q = db.selectFrom('platform').selectAll().execute();", false],
])('%s', (source, isOffender) => {
  expect(statementsOf(parse(source)).some(crosses)).toBe(isOffender);
});
