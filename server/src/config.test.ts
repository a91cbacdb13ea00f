import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigurationError, readConfig, renderConfigurationReference } from './config.ts';

test('without variables, everything has a default', () => {
  expect(readConfig({})).toEqual({
    dataDir: resolve('./data'),
    host: '127.0.0.1',
    port: 7070,
    baseUrl: undefined,
    databaseUrl: undefined,
    databaseAdminUrl: undefined,
    startedByNpm: false,
    databaseConnections: 10,
    batchConnections: 8,
    sandboxBankPort: 7071,
    webhooksToPrivate: false,
    logLevel: 'info',
    sealKeys: undefined,
  });
  expect(readConfig({ GUANJIA_PORT: ' ' }).port).toBe(7070);
});

test('values are read, and an address loses its last slash', () => {
  const config = readConfig({
    GUANJIA_PORT: '0',
    GUANJIA_BASE_URL: 'https://pay.example.com/',
    DATABASE_URL: 'postgresql://u:p@db/guanjia',
    GUANJIA_LOG_LEVEL: 'warn',
  });
  expect(config.port).toBe(0);
  expect(config.baseUrl).toBe('https://pay.example.com');
  expect(config.databaseUrl).toBe('postgresql://u:p@db/guanjia');
  expect(config.logLevel).toBe('warn');
});

test.each([
  [{ GUANJIA_PORT: '70000' }, 'GUANJIA_PORT must be a whole number from 0 to 65535; it is "70000"'],
  [{ GUANJIA_PORT: '80.5' }, 'GUANJIA_PORT must be'],
  [{ GUANJIA_LOG_LEVEL: 'loud' }, 'GUANJIA_LOG_LEVEL must be one of trace, debug'],
  [{ GUANJIA_BASE_URL: 'ftp://x' }, 'GUANJIA_BASE_URL must be an http or https address'],
  [{ GUANJIA_BATCH_CONNECTIONS: '0' }, 'GUANJIA_BATCH_CONNECTIONS must be a whole number from 1'],
])('what is not allowed is refused by name: %o', (env, message) => {
  expect(() => readConfig(env)).toThrow(ConfigurationError);
  expect(() => readConfig(env)).toThrow(message);
});

test('all that is wrong is said at once, and no password is repeated', () => {
  const env = { GUANJIA_PORT: 'x', DATABASE_URL: 'mysql://root:hunter2@db' };
  try {
    readConfig(env);
    expect.unreachable();
  } catch (error) {
    expect(String(error)).toMatch(/GUANJIA_PORT[\s\S]*DATABASE_URL/);
    expect(String(error)).not.toContain('hunter2');
  }
});

test('keys are read, the current one first, and a wrong one is not repeated', () => {
  const key = 'A'.repeat(43);
  const { sealKeys } = readConfig({ GUANJIA_SEAL_KEYS: `b:${key}=,a:${key}` });
  expect(sealKeys?.all.map(({ id }) => id)).toEqual(['b', 'a']);
  const short = { GUANJIA_SEAL_KEYS: 'a:hunter2' };
  expect(() => readConfig(short)).toThrow('GUANJIA_SEAL_KEYS must be 1 to 8 keys');
  expect(() => readConfig(short)).not.toThrow('hunter2');
});

test('the reference page names every variable', () => {
  const page = renderConfigurationReference();
  for (const variable of ['GUANJIA_DATA_DIR', 'GUANJIA_PORT', 'DATABASE_URL', 'GUANJIA_LOG_LEVEL'])
    expect(page).toContain(`\`${variable}\``);
});
