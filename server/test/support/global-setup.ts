import type { TestProject } from 'vitest/node';
import { givenCluster, type TestCluster, temporaryCluster } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgres: TestCluster;
  }
}

/**
 * Starts one PostgreSQL for the whole run, embedded unless GUANJIA_TEST_DATABASE_URL names another, with a
 * migrated template that every test file copies. Stopped and removed at the end, failed tests or not.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['GUANJIA_TEST_DATABASE_URL'];
  // Workers, and the servers that they start, inherit what is set here: none may reach a database of somebody's own.
  for (const name of ['DATABASE_URL', 'GUANJIA_DATABASE_ADMIN_URL']) delete process.env[name];
  const cluster = given ? await givenCluster(given) : await temporaryCluster();
  const { adminUrl, serverUrl, template } = cluster;
  project.provide('postgres', { adminUrl, serverUrl, template });
  return () => cluster[Symbol.asyncDispose]();
}
