/** Sealing: what identifies a person is kept so that the database alone does not tell it. The front door. */
export * from './errors.ts';
export { BrokenKeyFile, KEY_FILE, keysInFolder, readKeyFile, rotateKeyFile } from './key-file.ts';
export { KEYS_ALLOWED, type KeyRing, parseKeys } from './key-ring.ts';
export { maskEnds, maskName } from './mask.ts';
export { type LookUpField, openSealer, type Sealer, type SealPlace } from './sealer.ts';
