import { afterAll, expect, test } from 'vitest';
import { buildHttp, openApp } from '../../src/app.ts';
import { openLog } from '../../src/logging.ts';
import { freshDatabase } from '../support/database.ts';
import { openBrowser } from './chromium.ts';

// Goal: what a newcomer opens in a browser works as served, with nothing from another host. Method: a real
// Chromium on the real server; every request it makes and every complaint of the page is looked at.
const { url } = await freshDatabase();
const app = await openApp({ url, log: openLog({ level: 'silent' }) });
const http = await buildHttp(app);
const address = await http.listen({ port: 0, host: '127.0.0.1' });
const { browser, close } = await openBrowser();
afterAll(async () => {
  await close();
  await http.close();
  await app.close();
});

async function openPage(path: string) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const hosts = new Set<string>();
  const complaints: string[] = [];
  page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(address + path);
  return { page, hosts, complaints };
}

test('the API reference shows the operations, and loads nothing from elsewhere', async () => {
  const { page, hosts, complaints } = await openPage('/docs');
  await page
    .getByRole('heading', { name: /Guanjia/ })
    .first()
    .waitFor();
  await page.getByText('The platform of this API key', { exact: false }).first().click();
  await page.getByText('/v1/platform', { exact: true }).first().waitFor();
  expect(complaints).toEqual([]);
  expect([...hosts].filter((host) => host.startsWith('http'))).toEqual([address]);
});

test('the page of an error says in two languages what to do, and leads to the others', async () => {
  const { page, hosts, complaints } = await openPage('/problems/insufficient_funds');
  await page.getByText('insufficient_funds').first().waitFor();
  expect(await page.textContent('body')).toMatch(/[\u4e00-\u9fff].*available/s);
  await page.getByRole('link', { name: /all errors/ }).click();
  await page.waitForURL(/\/problems$/);
  expect(await page.textContent('body')).toContain('request_id_reused');
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual([address]);
});
