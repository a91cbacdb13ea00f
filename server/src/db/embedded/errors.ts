import { defineError } from '../../kernel/error.ts';

/** The embedded PostgreSQL cannot be run here at all: no binaries, no permission, no user to run as. */
export const embeddedDatabaseUnusable = defineError<{ reason: string; path?: string }>()({
  code: 'embedded_database_unusable',
  kind: 'unavailable',
  title: {
    en: 'The embedded database cannot be run here',
    zh: '内嵌数据库无法在此运行',
  },
  remedy: {
    en: 'Do what the reason says, or set DATABASE_URL to a PostgreSQL of your own.',
    zh: '按原因处理，或将 DATABASE_URL 设为自有的 PostgreSQL。',
  },
});

/** PostgreSQL was started and did not come up, or went down and could not be brought back. */
export const embeddedDatabaseFailed = defineError<{
  reason: string;
  logFile: string;
  lastLines: readonly string[];
}>()({
  code: 'embedded_database_failed',
  kind: 'unavailable',
  title: { en: 'The embedded database does not run', zh: '内嵌数据库未能运行' },
  remedy: {
    en: 'Read the last lines of its log, remove the cause (disk full, memory, permissions), start again.',
    zh: '查看日志末尾，排除原因（磁盘满、内存、权限）后重新启动。',
  },
});

/** A backup could not be made, is damaged, or may not be restored there. Nothing was changed. */
export const backupRefused = defineError<{ reason: string; path: string }>()({
  code: 'backup_refused',
  kind: 'refused',
  title: { en: 'The backup cannot be made or restored', zh: '无法备份或恢复' },
  remedy: {
    en: 'Do what the reason says and repeat. Nothing was changed.',
    zh: '按原因处理后重试。未作任何更改。',
  },
});
