import type { FieldError } from '../kernel/error.ts';

/**
 * Finds a field that an object of a JSON text names twice: a parser keeps the last one and says nothing, so
 * whoever looked at the first one has seen another amount. `value` is what the text was parsed to.
 *
 * Each field has a colon, and so may text: where a text has as many colons as its value has fields, no field
 * was lost, and counting is all there is to do. Otherwise the text is read once more, with its names.
 */
export function duplicateName(text: string, value: unknown): FieldError | undefined {
  if (occurrences(text, ':') === valuesIn(value, { items: false })) return undefined;
  const pointer = namedTwice(text);
  return pointer === undefined ? undefined : { pointer, detail: 'is given more than once' };
}

/** How often a text has a mark. */
export function occurrences(text: string, mark: string): number {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) count += 1;
  return count;
}

/**
 * How many fields there are, at any depth, and `items` of lists too if they count. A list of what is yet to be
 * counted, because depth has no limit.
 */
export function valuesIn(value: unknown, { items }: { readonly items: boolean }): number {
  let count = 0;
  const open: unknown[] = [value];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (typeof each !== 'object' || each === null) continue;
    const parts: unknown[] = Array.isArray(each) ? each : Object.values(each);
    if (items || parts !== each) count += parts.length;
    for (const part of parts) if (typeof part === 'object' && part !== null) open.push(part);
  }
  return count;
}

/** An object or list that is being read: `names` of an object, and where in it the reading is. */
interface Open {
  readonly names: Set<string> | undefined;
  at: string | number;
}

const STRUCTURE = /["{}[\],]/g;

/** The pointer of the first field that is named twice. The text is known to be valid JSON. */
function namedTwice(text: string): string | undefined {
  const path: Open[] = [];
  for (let next = 0; ; ) {
    STRUCTURE.lastIndex = next;
    const at = STRUCTURE.exec(text)?.index;
    if (at === undefined) return undefined;
    next = at + 1;
    const inside = path.at(-1);
    switch (text[at]) {
      case '{':
        path.push({ names: new Set(), at: '' });
        break;
      case '[':
        path.push({ names: undefined, at: 0 });
        break;
      case '}':
      case ']':
        path.pop();
        break;
      case ',':
        if (typeof inside?.at === 'number') inside.at += 1;
        break;
      default: {
        next = endOfText(text, at);
        if (!inside?.names || !isName(text, next)) break;
        const name = String(JSON.parse(text.slice(at, next)));
        inside.at = name;
        if (inside.names.has(name)) return pointerTo(path);
        inside.names.add(name);
      }
    }
  }
}

/** The position behind the text that begins with the quotation mark at `start`. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const end = text.indexOf('"', at);
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
    at = end;
  }
}

/** A text with a colon behind it is a name. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return text[at] === ':';
}

const pointerTo = (path: readonly Open[]): string =>
  path.map(({ at }) => `/${String(at).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
