import { AppError } from '../../../kernel/error.ts';
import { statementMalformed } from '../../errors.ts';
import type { StatementLimits } from '../limits.ts';
import { createXmlReader, localName, type TextReader } from '../xml-reader.ts';
import type { Attributes, ElementNode } from './element-tree.ts';

/** Version 1 has its number in the name of the message element. */
const MESSAGE = /^BkToCstmrStmt(?:V\d\d)?$/;

/**
 * Walks the tree below each message element, at whatever depth an envelope has put it. `complete` is asked at the
 * end, with the number of the last line, whether there was a statement.
 */
export function walkMessages(
  root: ElementNode,
  limits: StatementLimits,
  complete: (line: number) => boolean,
): TextReader {
  // The looked-at elements that are open; empty outside of a message.
  const open: ElementNode[] = [];
  let current: ElementNode | undefined;
  let ignored = 0;
  let collected = '';
  const line = () => reader.line();
  const openElement = (name: string, attributes: Attributes) => {
    if (!current) {
      if (!MESSAGE.test(localName(name))) return;
      current = root;
      open.push(root);
      return;
    }
    const { children } = current;
    const child = ignored === 0 ? (children.get(name) ?? children.get(localName(name))) : undefined;
    if (!child) {
      ignored += 1;
      return;
    }
    open.push(child);
    current = child;
    collected = '';
    child.begin?.(attributes, line);
  };
  const closeElement = () => {
    if (!current) return;
    if (ignored > 0) {
      ignored -= 1;
      return;
    }
    if (current.text) current.text(collected.trim(), current.path);
    current.end?.(line);
    collected = '';
    open.pop();
    current = open.at(-1);
  };
  const text = (piece: string) => {
    if (current?.text && ignored === 0) collected += piece;
  };
  const reader = createXmlReader({ open: openElement, close: closeElement, text }, limits);
  return {
    write: reader.write,
    end() {
      reader.end();
      if (complete(line())) return;
      const problem = 'a camt.053 message without a statement (BkToCstmrStmt/Stmt)';
      throw new AppError(statementMalformed, { problem, found: '' });
    },
  };
}
