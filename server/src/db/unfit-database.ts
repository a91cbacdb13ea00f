/** Databases that answer, and on which the server cannot work before somebody changes them. */
import pg from 'pg';
import { errorCode } from '../kernel/error-code.ts';

/** The database is not one to work on. The message says why, and what to do, in two languages. */
export class UnfitDatabase extends Error {
  override readonly name = 'UnfitDatabase';
}

/** SQLSTATEs of a name that is taken: of a table or an index, of a function, of anything else. */
const NAME_TAKEN = ['42P07', '42723', '42710'];
const NO_SCHEMA = '3F000';

/** What an error of the first migration says of the database; undefined where it says nothing of the kind. */
export function unfitFor(error: unknown): UnfitDatabase | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const code = errorCode(error) ?? '';
  if (NAME_TAKEN.includes(code)) {
    return new UnfitDatabase(
      `The database has something of another program in it (${error.message}): create an empty database for Guanjia and name it in DATABASE_URL. Nothing was changed.\n` +
        `数据库中已有其他程序的内容（${error.message}）：请为管家新建一个空数据库，并在 DATABASE_URL 中指定。未更改任何内容。`,
      { cause: error },
    );
  }
  if (code !== NO_SCHEMA) return undefined;
  return new UnfitDatabase(
    'The tables of Guanjia stand in the schema `public`, which is not there or which this role may not use: run `create schema if not exists public` and `grant usage, create on schema public to …` in the database. Nothing was changed.\n' +
      '管家的表位于模式 public，而该模式不存在或当前角色无权使用：请在该数据库中执行 create schema if not exists public 与 grant usage, create on schema public to …。未更改任何内容。',
    { cause: error },
  );
}

/** Throws UnfitDatabase where the database cannot hold every character. */
export function refuseEncoding(encoding: string): void {
  if (encoding === 'UTF8') return;
  throw new UnfitDatabase(
    `The database has the encoding ${encoding}, and Guanjia needs UTF8: make another with \`create database guanjia encoding 'UTF8' template template0\` and name it in DATABASE_URL. Nothing was changed.\n` +
      `数据库编码为 ${encoding}，而管家需要 UTF8：请用 create database guanjia encoding 'UTF8' template template0 新建数据库，并在 DATABASE_URL 中指定。未更改任何内容。`,
  );
}
