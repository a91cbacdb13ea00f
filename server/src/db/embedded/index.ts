export { type BackupProgress, type BackupSummary, backup } from './backup.ts';
export { prepareDataDir } from './cluster.ts';
export { type Restored, restore } from './restore.ts';
export {
  type EmbeddedDatabase,
  type EmbeddedLog,
  type EmbeddedOptions,
  startEmbedded,
} from './start.ts';
