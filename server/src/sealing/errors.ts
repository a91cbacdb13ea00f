import { defineError } from '../kernel/error.ts';

/** The server was started without the key that this needs. `keyId`: the key's name; null when it has no key at all. */
export const sealKeyMissing = defineError<{ keyId: string | null }>()({
  code: 'seal_key_missing',
  kind: 'internal',
  title: { en: 'The key of sealed data is not there', zh: '缺少密封数据的密钥' },
  remedy: {
    en: 'Start the server with the key of that name in GUANJIA_SEAL_KEYS, or with the seal.key of its data folder.',
    zh: '请在 GUANJIA_SEAL_KEYS 中配置该名称的密钥，或恢复数据目录中的 seal.key 后重启服务。',
  },
});

/** A sealed value was changed, or moved from another row, column, table or platform. */
export const sealBroken = defineError<{ table: string; column: string; row: string }>()({
  code: 'seal_broken',
  kind: 'internal',
  title: { en: 'Sealed data was tampered with', zh: '密封数据已被改动' },
  remedy: {
    en: 'Look at who changed the row outside of the server; restore the value from a backup.',
    zh: '请排查绕过服务修改该行的操作，并从备份恢复该值。',
  },
});
