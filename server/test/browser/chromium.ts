import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/** A browser, and the way to end it. */
export interface OpenBrowser {
  readonly browser: Browser;
  close(): Promise<void>;
}

/**
 * A headless Chromium that comes with the installed packages: nothing has to be on the machine. It is unpacked
 * into a folder of its own: under the name that the package uses, another user's lies in the way after a run of
 * theirs, and could be anything.
 */
export async function openBrowser(): Promise<OpenBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'guanjia-browser-'));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const browser = await playwright.launch({
      executablePath: await unpackInto(folder),
      args: [...chromium.args, '--disable-background-networking', '--disable-component-update'],
      headless: true,
    });
    const close = async () => {
      await browser.close();
      await remove();
    };
    return { browser, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The package unpacks into the folder for temporary files, and asks for its name when it does. */
async function unpackInto(folder: string): Promise<string> {
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = folder;
  try {
    return await chromium.executablePath();
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
}
