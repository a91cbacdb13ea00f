export type { EmbeddedDatabase, EmbeddedLog, EmbeddedOptions } from './start.ts';
export { startEmbedded } from './start.ts';
