import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder of the repository. */
export const ROOT = join(import.meta.dirname, '../../..');

/** A command of a guide, as a reader would paste it, and what the guide says that it prints. */
export interface Step {
  readonly command: string;
  /** Undefined when the guide does not show what comes. */
  readonly output: string | undefined;
  /** Where the command begins in the guide: a line, from 1. */
  readonly line: number;
}

/**
 * The steps of a guide: each block fenced as `sh`, with the block fenced as `text` that follows it, if one does
 * before the next command. Blocks of other languages are for reading.
 */
export async function readSteps(path: string): Promise<readonly Step[]> {
  const markdown = await readFile(join(ROOT, path), 'utf8');
  const steps: Step[] = [];
  for (const { language, text, line } of fencedBlocks(markdown)) {
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ command: text, output: undefined, line });
    if (language === 'text' && last && last.output === undefined) {
      steps[steps.length - 1] = { ...last, output: text };
    }
  }
  return steps;
}

/** What two guides in two languages must have in common. */
export function commandsOf(steps: readonly Step[]): readonly Omit<Step, 'line'>[] {
  return steps.map(({ command, output }) => ({ command, output }));
}

interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

function fencedBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; lines: string[]; line: number } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open && fence) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
      open = undefined;
    } else if (fence) open = { language: fence[1] ?? '', lines: [], line: index + 2 };
    else open?.lines.push(line);
  }
  if (open) throw new Error(`the block of line ${open.line} is not closed`);
  return blocks;
}
