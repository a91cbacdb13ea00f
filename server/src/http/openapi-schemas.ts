import { isRecord } from './record.ts';

/** Anything that JSON can say. */
export type Json = unknown;

/** Titles that name a schema: one word, as types are named. */
const TYPE_NAME = /^[A-Z][A-Za-z]+$/;

/**
 * Moves each schema whose title is a type's name to `schemas`, and puts a reference in its place, so that
 * clients get named types. Throws when two different schemas have one title.
 */
export function hoistTitled(value: Json, schemas: Record<string, Json>): Json {
  if (Array.isArray(value)) return value.map((each) => hoistTitled(each, schemas));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, each]): [string, Json] => [
    key,
    key === 'example' || key === 'examples' ? each : hoistTitled(each, schemas),
  ]);
  // `x-allowed` is what a 400 quotes; the document has the pattern itself.
  const { nullable, 'x-allowed': _, ...copy }: Record<string, Json> = Object.fromEntries(entries);
  // The serializer's word for it; JSON Schema, which OpenAPI 3.1 speaks, has a type for null.
  if (nullable === true) copy['type'] = [copy['type'], 'null'];
  const { title } = copy;
  if (typeof title !== 'string' || !TYPE_NAME.test(title) || copy['type'] === undefined)
    return copy;
  const { title: _title, ...schema } = copy;
  const known = schemas[title];
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
    throw new Error(`two different schemas are titled ${title}`);
  schemas[title] = schema;
  return { $ref: `#/components/schemas/${title}` };
}
