import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { AppError } from '../../kernel/error.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createXmlReader } from './xml-reader.ts';

/** What a reader told: elements, texts joined as long as no tag is between them, and how it ended. */
class Log {
  readonly events: string[] = [];
  #text = '';

  open = (name: string, attributes: Readonly<Record<string, string>>) => {
    this.end();
    this.events.push(`<${name} ${JSON.stringify(attributes)}`);
  };
  close = () => {
    this.end();
    this.events.push('/');
  };
  text = (text: string) => {
    this.#text += text;
  };
  end = () => {
    if (this.#text !== '') this.events.push(`"${this.#text}"`);
    this.#text = '';
  };
}

/** What the parser alone says. */
function judged(text: string): readonly string[] {
  const log = new Log();
  const parser = new SaxesParser<{ position: boolean; xmlns: false }>({
    position: false,
    xmlns: false,
  });
  parser.on('error', ({ message }) => {
    throw new Error(`${message} in line ${parser.line}`);
  });
  parser.on('doctype', () => {
    throw new Error(`doctype in line ${parser.line}`);
  });
  parser.on('opentag', ({ name, attributes }) => log.open(name, attributes));
  parser.on('closetag', log.close);
  parser.on('text', log.text);
  parser.on('cdata', log.text);
  try {
    parser.write(text);
    parser.close();
  } catch (error) {
    log.events.push(String(error));
  }
  return told(log.events);
}

/** Outside of the root, what the parser says first and of which line depends on how the pieces fall. */
function told(events: readonly string[]): readonly string[] {
  let depth = 0;
  return events.map((event) => {
    if (event.startsWith('<')) depth += 1;
    if (event === '/') depth -= 1;
    return depth === 0 && event.startsWith('Error') ? 'Error outside of the root' : event;
  });
}

/** What the reader says of the same text in pieces. */
function read(text: string, sizes: readonly number[]): readonly string[] {
  const log = new Log();
  const reader = createXmlReader(log, DEFAULT_LIMITS);
  try {
    for (let from = 0, i = 0; from < text.length; i += 1) {
      const size = sizes[i % sizes.length] ?? 1;
      reader.write(text.slice(from, from + size));
      from += size;
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { problem, found, missing, line } = error.facts as Record<string, string>;
    const isDoctype = problem?.includes('DOCTYPE');
    log.events.push(`Error: ${isDoctype ? 'doctype' : (missing ?? found)} in line ${line}`);
  }
  return told(log.events);
}

const name = fc.constantFrom('a', 'b', 'n:c', 'Ntry', '_x.1');
const word = fc.constantFrom(
  ...[
    '',
    ' ',
    '\n',
    'text',
    '张三',
    'a > b',
    ']]',
    ']]>',
    '&amp;',
    '&#x20;',
    '&nope;',
    '&',
    '\r\n',
    '\u0007',
  ],
  ...[
    '😀',
    '\ufffe',
    '<![CDATA[ <a> ]]>',
    '<![CDATA[',
    '<!-- <a> -->',
    '<!-- -- -->',
    '<?pi a>b?>',
    '<',
    '>',
  ],
  ...['<!DOCTYPE a>', '<a', '</', '</a', '</b>', '<b>', '<a/>', '<1>', '<a b>', '<é>', '</é>'],
);
const attributes = fc.constantFrom(
  ...[
    '',
    '',
    '',
    ' Ccy="CNY"',
    ' x="1" y="2"',
    ' x="1" x="2"',
    " x='1'",
    ' x="a>b"',
    ' x="a&lt;b"',
    ' x="\n"',
    ' x = "1"',
  ],
  ...['  x="1" ', ' x="1"y="2"', ' x="<"', ' n:x="é"', '\n', ' /', ' __proto__="1"'],
);
const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .tuple(name, attributes, tie('content'), fc.constantFrom('', '', '', '', ' ', '\n', 'x'))
    .map(([tag, attribute, content, space]) => `<${tag}${attribute}>${content}</${tag}${space}>`),
  content: fc
    .array(
      fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('', 'plain', '\n'),
        word,
        tie('element'),
        tie('element'),
      ),
      {
        maxLength: 5,
      },
    )
    .map((parts) => parts.join('')),
}));
const document = fc.tuple(
  fc.constantFrom('', '<?xml version="1.0"?>\n', ' ', 'x'),
  element,
  fc.constantFrom('', '\n', 'x', '<a/>'),
);

// Goal: what is read without the parser is read as the parser would, refusals and their lines included. Method:
// texts that are mostly well-formed, in pieces of any size, against the parser alone.
test('a text in any pieces is read as the parser reads it whole', () => {
  fc.assert(
    fc.property(
      document,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      (parts, sizes) => {
        const text = parts.join('');
        expect(read(text, sizes)).toEqual(judged(text));
        expect(read(text, [text.length])).toEqual(judged(text));
      },
    ),
    { numRuns: 3_000, seed: 8 },
  );
});
