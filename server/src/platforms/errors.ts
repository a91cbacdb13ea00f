import { defineError } from '../kernel/error.ts';

/** The platform has no key with that id. */
export const apiKeyNotFound = defineError<{ apiKey: string }>()({
  code: 'api_key_not_found',
  kind: 'not_found',
  title: { en: 'There is no such API key', zh: 'API 密钥不存在' },
  remedy: {
    en: 'Use an `id` from the list of keys; it is not the secret.',
    zh: '请使用密钥列表中的 id（不是密钥本身）。',
  },
});
