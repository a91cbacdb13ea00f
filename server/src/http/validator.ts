import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { AppError } from '../kernel/error.ts';
import { invalidRequest } from './errors.ts';
import { fieldErrors } from './field-errors.ts';
import { errorFinder } from './find-errors.ts';
import { recordOf } from './record.ts';

/**
 * Compiles a schema into a check. Bodies, paths and headers are taken as they are; a query is text, so
 * numbers and booleans are read from it and defaults filled in. What does not fit is `invalid_request`.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'body' }) => {
  const check = Compile(schema);
  const errorsOf = errorFinder(schema);
  const read = httpPart === 'querystring' ? queryReader(schema) : undefined;
  return (given: unknown) => {
    const value = read ? read(given) : given;
    if (check.Check(value)) return { value };
    const errors = fieldErrors(errorsOf(value), { schema, place: httpPart });
    return { error: new AppError(invalidRequest, { errors }) };
  };
};

/** Reads the fields of a query that are numbers or booleans from their text. */
function queryReader(schema: TSchema): (query: unknown) => unknown {
  const fields = Object.entries(recordOf(recordOf(schema)['properties'])).map(([name, field]) => {
    const { type, default: fallback } = recordOf(field);
    return { name, type, fallback };
  });
  return (query) => {
    const values: Record<string, unknown> = { ...recordOf(query) };
    for (const { name, type, fallback } of fields) {
      const text = values[name];
      if (text === undefined) {
        if (fallback !== undefined) values[name] = fallback;
      } else if (typeof text === 'string') values[name] = fromText(text, type);
    }
    return values;
  };
}

function fromText(text: string, type: unknown): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
