/** The settings of the server: the environment, read and checked once. Nothing else reads process.env. */
import { resolve } from 'node:path';
import { KEYS_ALLOWED, type KeyRing, parseKeys } from './sealing/index.ts';

/** What the server is run with. */
export interface Config {
  /** Where the embedded database, sandbox.json and the books of the sandbox bank are. Absolute. */
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How callers reach the server; undefined when host and port say it. */
  readonly baseUrl: string | undefined;
  /** Started by `npm start`: then the shell between npm and us does not pass signals on. */
  readonly startedByNpm: boolean;
  /** A PostgreSQL of one's own; undefined runs the embedded one. */
  readonly databaseUrl: string | undefined;
  /** The same as its owner, for migrations; undefined when `databaseUrl` may do that too. */
  readonly databaseAdminUrl: string | undefined;
  readonly databaseConnections: number;
  readonly batchConnections: number;
  /** Where the sandbox bank listens; 0 takes any free port, 'off' runs none. */
  readonly sandboxBankPort: number | 'off';
  /** Webhooks may go to private and loopback addresses, and over plain http. */
  readonly webhooksToPrivate: boolean;
  readonly logLevel: LogLevel;
  /** What identifies people is sealed with these; undefined: with those of seal.key in the data folder. */
  readonly sealKeys: KeyRing | undefined;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** How much is logged: this level and above. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Something in the environment cannot be used. The message names each variable and what is allowed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

interface Setting<T> {
  readonly variable: string;
  readonly fallback: T;
  /** As it is documented, where the value itself does not say it. */
  readonly fallbackText?: string;
  readonly meaning: { readonly en: string; readonly zh: string };
  /** What is allowed: the end of the sentence "must be …". */
  readonly allowed: string;
  /** The value; undefined for a text that is not allowed. */
  readonly read: (text: string) => T | undefined;
}

type Settings = { readonly [Name in keyof Omit<Config, 'startedByNpm'>]: Setting<Config[Name]> };

const SETTINGS: Settings = {
  dataDir: {
    variable: 'GUANJIA_DATA_DIR',
    fallback: resolve('./data'),
    fallbackText: './data',
    meaning: {
      en: 'Folder of the embedded database and of sandbox.json',
      zh: '内嵌数据库与 sandbox.json 所在目录',
    },
    allowed: 'a path',
    read: (text) => resolve(text),
  },
  port: {
    variable: 'GUANJIA_PORT',
    fallback: 7070,
    meaning: { en: 'Port to listen on; 0 takes any free one', zh: '监听端口；0 表示任一空闲端口' },
    allowed: 'a whole number from 0 to 65535',
    read: wholeNumber(0, 65_535),
  },
  host: {
    variable: 'GUANJIA_HOST',
    fallback: '127.0.0.1',
    meaning: {
      en: 'Address to listen on; 0.0.0.0 for all, behind TLS of your own',
      zh: '监听地址；0.0.0.0 表示全部（须自备 TLS）',
    },
    allowed: 'an address or a host name',
    read: (text) => (/^[\w.:-]+$/.test(text) ? text : undefined),
  },
  baseUrl: {
    variable: 'GUANJIA_BASE_URL',
    fallback: undefined,
    fallbackText: 'http://<host>:<port>',
    meaning: { en: 'How callers reach the server', zh: '调用方访问本服务的地址' },
    allowed: 'an http or https address, such as https://guanjia.example.com',
    read: (text) => urlOf(text, ['http:', 'https:'])?.replace(/\/+$/, ''),
  },
  databaseUrl: {
    variable: 'DATABASE_URL',
    fallback: undefined,
    fallbackText: 'the embedded database',
    meaning: { en: 'A PostgreSQL of your own, 15 to 18', zh: '自有的 PostgreSQL（15 至 18）' },
    allowed: 'an address such as postgresql://user:password@host:5432/guanjia',
    read: (text) => urlOf(text, ['postgres:', 'postgresql:']),
  },
  databaseAdminUrl: {
    variable: 'GUANJIA_DATABASE_ADMIN_URL',
    fallback: undefined,
    fallbackText: 'DATABASE_URL',
    meaning: {
      en: 'The same as the owner of its tables, for migrations only',
      zh: '以表所有者身份访问同一数据库，仅用于迁移',
    },
    allowed: 'an address such as postgresql://owner:password@host:5432/guanjia',
    read: (text) => urlOf(text, ['postgres:', 'postgresql:']),
  },
  databaseConnections: {
    variable: 'GUANJIA_DATABASE_CONNECTIONS',
    fallback: 10,
    meaning: { en: 'Connections for ordinary reads and writes', zh: '普通读写的连接数' },
    allowed: 'a whole number from 1 to 200',
    read: wholeNumber(1, 200),
  },
  batchConnections: {
    variable: 'GUANJIA_BATCH_CONNECTIONS',
    fallback: 8,
    meaning: { en: 'Connections for batches of the ledger', zh: '账务批次的连接数' },
    allowed: 'a whole number from 1 to 200',
    read: wholeNumber(1, 200),
  },
  sandboxBankPort: {
    variable: 'GUANJIA_SANDBOX_BANK_PORT',
    fallback: 7071,
    meaning: {
      en: 'Port of the sandbox bank, which runs beside a sandbox platform; 0 takes any free one',
      zh: '沙箱银行端口（随沙箱平台启动）；0 表示任一空闲端口',
    },
    allowed: 'off, or a whole number from 0 to 65535',
    read: (text) => (text === 'off' ? text : wholeNumber(0, 65_535)(text)),
  },
  webhooksToPrivate: {
    variable: 'GUANJIA_WEBHOOKS_TO_PRIVATE',
    fallback: false,
    fallbackText: 'no',
    meaning: {
      en: 'Webhooks may go to private and loopback addresses, and over plain http: whoever manages webhooks can then reach your network',
      zh: '允许 Webhook 发往内网与回环地址及明文 http：届时可管理 Webhook 者即可触及内网',
    },
    allowed: 'yes or no',
    read: (text) => ({ yes: true, no: false })[text],
  },
  logLevel: {
    variable: 'GUANJIA_LOG_LEVEL',
    fallback: 'info',
    meaning: { en: 'What is logged: this level and above', zh: '日志级别' },
    allowed: `one of ${LOG_LEVELS.join(', ')}`,
    read: (text) => LOG_LEVELS.find((level) => level === text),
  },
  sealKeys: {
    variable: 'GUANJIA_SEAL_KEYS',
    fallback: undefined,
    fallbackText: '`seal.key` in the data folder, made at the first start',
    meaning: {
      en: 'Keys that seal what identifies people; the first seals, the others still open',
      zh: '密封个人身份信息的密钥；首个用于加密，其余仅用于解密',
    },
    allowed: KEYS_ALLOWED,
    read: parseKeys,
  },
};

/**
 * Reads the settings. An empty variable is one that is not set. Throws ConfigurationError, which names every
 * variable that cannot be used.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const wrong: string[] = [];
  const read = <T>({ variable, fallback, allowed, read: parse }: Setting<T>): T => {
    const text = env[variable]?.trim();
    if (!text) return fallback;
    const value = parse(text);
    if (value === undefined)
      wrong.push(`${variable} must be ${allowed}; it is ${shown(variable, text)}`);
    return value ?? fallback;
  };
  const config: Config = {
    dataDir: read(SETTINGS.dataDir),
    host: read(SETTINGS.host),
    port: read(SETTINGS.port),
    baseUrl: read(SETTINGS.baseUrl),
    startedByNpm: env['npm_lifecycle_event'] === 'start',
    databaseUrl: read(SETTINGS.databaseUrl),
    databaseAdminUrl: read(SETTINGS.databaseAdminUrl),
    databaseConnections: read(SETTINGS.databaseConnections),
    batchConnections: read(SETTINGS.batchConnections),
    sandboxBankPort: read(SETTINGS.sandboxBankPort),
    webhooksToPrivate: read(SETTINGS.webhooksToPrivate),
    logLevel: read(SETTINGS.logLevel),
    sealKeys: read(SETTINGS.sealKeys),
  };
  if (wrong.length > 0) throw new ConfigurationError(wrong.join('\n'));
  return config;
}

/** The reference page of the settings, in Markdown: `docs/reference/configuration.md`. */
export function renderConfigurationReference(): string {
  const rows = Object.values(SETTINGS).map(
    ({ variable, fallback, fallbackText, meaning, allowed }) =>
      `| \`${variable}\` | ${fallbackText ?? textOf(fallback)} | ${meaning.en}<br>${meaning.zh} | ${allowed} |`,
  );
  return [
    '# Configuration 配置',
    '',
    'The server reads these environment variables when it starts. An empty one is one that is not set. A value',
    'that is not allowed stops the start with a message that names the variable.',
    '',
    '服务启动时读取以下环境变量；空值视为未设置；取值不合规时拒绝启动并指出变量名。',
    '',
    '| variable 变量 | default 默认 | meaning 含义 | allowed 取值 |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

const textOf = (fallback: Config[keyof Settings]) =>
  typeof fallback === 'object' ? '' : String(fallback);

function wholeNumber(min: number, max: number) {
  return (text: string): number | undefined => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
    return value !== undefined && value >= min && value <= max ? value : undefined;
  };
}

function urlOf(text: string, protocols: readonly string[]): string | undefined {
  const url = URL.parse(text);
  return url && protocols.includes(url.protocol) ? text : undefined;
}

/** Addresses of databases have passwords in them: those and keys are not repeated. */
function shown(variable: string, text: string): string {
  const isSecret = variable === 'GUANJIA_SEAL_KEYS' || /DATABASE.*URL$/.test(variable);
  return isSecret ? 'none such' : JSON.stringify(text);
}
