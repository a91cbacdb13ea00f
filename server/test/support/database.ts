import { afterAll, inject } from 'vitest';
import { copyTemplate, type TestDatabase } from './postgres.ts';

export type { TestDatabase } from './postgres.ts';

/**
 * A migrated, empty database of its own for a test file: call it at the top of the file. It is dropped after
 * the file, with whatever connections are left.
 */
export async function freshDatabase(): Promise<TestDatabase> {
  const database = await copyTemplate(inject('postgres'));
  afterAll(() => database[Symbol.asyncDispose]());
  return database;
}
