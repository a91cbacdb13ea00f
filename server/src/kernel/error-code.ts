/** The code that the system or PostgreSQL gave an error (`ENOENT`, `57P03`); undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
