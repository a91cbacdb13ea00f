// The facts of every problem, as a caller sees them in JSON: read from the types of the error catalogue.
import { join } from 'node:path';
import ts from 'typescript';

const CATALOGUE = join(import.meta.dirname, '../../server/src/errors.ts');
/** The union of all error definitions, in the catalogue. */
const DEFINITION = 'Definition';
/** Told as `Retry-After`, and not in the body. */
const IN_A_HEADER = 'retryAfterSeconds';

/** Writes the type of each problem's facts, by its code, sorted. */
export function renderProblemFacts(): string {
  const program = ts.createProgram([CATALOGUE], {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true },
    ...{ target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.NodeNext, types: [] },
    exactOptionalPropertyTypes: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(CATALOGUE);
  const alias = source?.statements.find(
    (each) => ts.isTypeAliasDeclaration(each) && each.name.text === DEFINITION,
  );
  if (!alias) throw new Error(`${CATALOGUE} has no type ${DEFINITION}`);
  const definitions = checker.getTypeAtLocation(alias);
  if (!definitions.isUnion()) throw new Error(`${DEFINITION} is no union`);
  const facts = new Map<string, string>();
  for (const definition of definitions.types) {
    const code = typeOf(checker, definition, 'code');
    if (!code?.isStringLiteral()) throw new Error('an error has a code');
    const told = typeOf(checker, definition, 'facts');
    facts.set(code.value, told ? asJson(checker, checker.getNonNullableType(told)) : '{}');
  }
  const lines = Array.from(facts, ([code, type]) => `    ${code}: ${type};\n`).sort();
  return `/** What a problem says beside its code, by the code. Amounts are minor units. */
export interface ProblemFacts {
${lines.join('')}}
`;
}

function typeOf(checker: ts.TypeChecker, type: ts.Type, name: string): ts.Type | undefined {
  const property = type.getProperty(name);
  return property && checker.getTypeOfSymbol(property);
}

/** A type as it is after its way through JSON: bigints are integers, dates are texts. */
function asJson(checker: ts.TypeChecker, type: ts.Type): string {
  const inner = (each: ts.Type) => asJson(checker, each);
  if (type.flags & ts.TypeFlags.BooleanLike) return 'boolean';
  if (type.isStringLiteral()) return JSON.stringify(type.value);
  if (type.isNumberLiteral()) return `${type.value}`;
  if (type.flags & ts.TypeFlags.StringLike) return 'string';
  if (type.flags & (ts.TypeFlags.BigIntLike | ts.TypeFlags.NumberLike)) return 'number';
  if (type.flags & ts.TypeFlags.Null) return 'null';
  if (type.isUnion()) {
    const told = type.types.filter((each) => !(each.flags & ts.TypeFlags.Undefined));
    // Their order in the compiler depends on what it has seen before.
    return Array.from(new Set(told.map(inner)))
      .sort()
      .join(' | ');
  }
  // A number or a text with a brand.
  if (type.isIntersection()) return inner(type.types[0] ?? type);
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    return `readonly (${item ? inner(item) : 'unknown'})[]`;
  }
  if (type.symbol?.name === 'Date') return 'string';
  return type.flags & ts.TypeFlags.Object ? objectAsJson(checker, type) : 'unknown';
}

function objectAsJson(checker: ts.TypeChecker, type: ts.Type): string {
  const told = checker.getPropertiesOfType(type).filter(({ name }) => name !== IN_A_HEADER);
  const fields = told.map((property) => {
    const mark = property.flags & ts.SymbolFlags.Optional ? '?' : '';
    return `readonly ${property.name}${mark}: ${asJson(checker, checker.getTypeOfSymbol(property))}`;
  });
  const [values] = checker.getIndexInfosOfType(type);
  if (fields.length === 0 && values && !(values.type.flags & ts.TypeFlags.Never)) {
    return `Readonly<Record<string, ${asJson(checker, values.type)}>>`;
  }
  return fields.length === 0 ? 'Record<never, never>' : `{ ${fields.join('; ')} }`;
}
