/** Platforms (平台商户) and their API keys: the front door. */
export {
  type ApiKey,
  createApiKey,
  type KeyDeps,
  listApiKeys,
  revokeApiKey,
} from './api-keys.ts';
export { type Authenticator, openAuthenticator, type Session } from './authenticator.ts';
export { keyTextId } from './key-text.ts';
export {
  listPlatforms,
  openPlatform,
  type Platform,
  platformTextId,
  readPlatform,
} from './platform.ts';
export { SCOPES, type Scope } from './scope.ts';
